"""Calibrations in the catalog: one row a knowledge base and generation. ``knowledge_bases`` reads them."""

from dataclasses import dataclass

from carrel.core.calibration import Calibration
from carrel.core.knowledge_base import KnowledgeBase
from carrel.storage import judgments, knowledge_bases
from carrel.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class Standing:
    """A knowledge base that nothing is on its way to, and how many judged queries count in it."""

    knowledge_base: KnowledgeBase
    queries: int


def put(
    tx: Transaction, knowledge_base: KnowledgeBase, found: Calibration, unless_changed: bool = False
) -> bool:
    """Note what was found out of the generation that the knowledge base had then; whether it was noted.

    Nothing where that is gone meanwhile, with its knowledge base or without it. ``unless_changed``: nor where
    another calibration stands there than the knowledge base had.
    """
    before = knowledge_base.calibration
    count = tx.run(
        """
        INSERT INTO calibrations (knowledge_base_id, generation, share, usual_share, sentences, judged,
            of_papers, of_queries, calibrated_at)
        SELECT id, CAST(:generation AS INTEGER), CAST(:share AS DOUBLE PRECISION),
            CAST(:usual AS DOUBLE PRECISION), CAST(:sentences AS INTEGER), CAST(:judged AS INTEGER),
            CAST(:papers AS INTEGER), CAST(:queries AS INTEGER), CAST(:at AS VARCHAR(32))
        FROM knowledge_bases WHERE id = :id AND generation = :generation
        ON CONFLICT (knowledge_base_id, generation) DO UPDATE SET share = excluded.share,
            usual_share = excluded.usual_share, sentences = excluded.sentences, judged = excluded.judged,
            of_papers = excluded.of_papers, of_queries = excluded.of_queries,
            calibrated_at = excluded.calibrated_at
            WHERE CAST(:anyhow AS INTEGER) = 1 OR calibrations.calibrated_at = :before
        """,
        id=knowledge_base.id,
        generation=knowledge_base.generation,
        share=found.share,
        usual=found.usual,
        sentences=found.sentences,
        judged=found.judged,
        papers=found.papers,
        queries=found.queries,
        at=found.at,
        anyhow=0 if unless_changed else 1,
        before=before.at if before else "",
    )
    return count > 0


def forget(tx: Transaction, knowledge_base_id: str, generation: int) -> None:
    """Delete what was found out of a generation that goes."""
    tx.run(
        "DELETE FROM calibrations WHERE knowledge_base_id = :id AND generation = :generation",
        id=knowledge_base_id,
        generation=generation,
    )


def at_rest(tx: Transaction) -> tuple[Standing, ...]:
    """Return the knowledge bases that no job waits or works for, by name."""
    busy = {
        row["id"]
        for row in tx.rows(
            """
            SELECT DISTINCT knowledge_base_id AS id FROM jobs
            WHERE state IN ('queued', 'running', 'handed')
            """
        )
    }
    judged = judgments.queries_by_keepers(tx)
    found = knowledge_bases.all_of_them(tx)
    return tuple(Standing(each, judged.get(each.id, 0)) for each in found if each.id not in busy)
