"""The swap: another generation of an index serves, with its settings and papers, from one moment on."""

from collections.abc import Mapping

from carrel.core.ids import PaperId
from carrel.core.jobs import JobState
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.rebuild import Generation, GenerationState, PaperFailure
from carrel.storage import generations, papers, rebuild_jobs
from carrel.storage.clock import now
from carrel.storage.database import Transaction, Value
from carrel.storage.readings import Reading, note


def swap(
    tx: Transaction, serving: KnowledgeBase, found: Generation, readings: Mapping[PaperId, Reading]
) -> None:
    """Let a whole generation serve and keep the one that did.

    Papers that were given up become failed files of the knowledge base, and are papers of it again when
    the generation that has them comes back. ``readings``: how it reads its papers, noted where
    that is not settled.
    """
    target = found.built_as
    given_up = rebuild_jobs.failures(tx, target, JobState.CANCELLED)
    tx.run(
        """
        INSERT INTO built (knowledge_base_id, generation, paper_id, passages, about_key)
        SELECT knowledge_base_id, CAST(:before AS INTEGER), paper_id, passages, about_key
        FROM holdings WHERE knowledge_base_id = :id
        """,
        id=target.id,
        before=serving.generation,
    )
    _hold_what_is_built(tx, target)
    tx.run(
        "DELETE FROM built WHERE knowledge_base_id = :id AND generation = :generation",
        id=target.id,
        generation=target.generation,
    )
    for each in given_up:
        if not papers.holds(tx, target, PaperId(each.paper_id)):
            _note_failed(tx, target, each)
    for paper, reading in readings.items():
        note(tx, target, paper, reading)
    generations.delete_jobs(tx, target)
    generations.set_settings(tx, target)
    before = next(f for f in generations.all_of(tx, serving) if f.number == serving.generation)
    generations.set_state(tx, before, GenerationState.KEPT)
    generations.set_state(tx, found, GenerationState.SERVING)


def _hold_what_is_built(tx: Transaction, target: KnowledgeBase) -> None:
    """Make the papers of a generation those that the knowledge base holds."""
    parameters: dict[str, Value] = {"id": target.id, "generation": target.generation}
    tx.run(
        """
        DELETE FROM holdings WHERE knowledge_base_id = :id AND NOT EXISTS (
            SELECT 1 FROM built WHERE built.knowledge_base_id = holdings.knowledge_base_id
                AND built.generation = :generation AND built.paper_id = holdings.paper_id
        )
        """,
        **parameters,
    )
    for column in ("passages", "about_key"):
        tx.run(
            f"""
            UPDATE holdings SET {column} = (
                SELECT built.{column} FROM built
                WHERE built.knowledge_base_id = holdings.knowledge_base_id
                    AND built.generation = :generation AND built.paper_id = holdings.paper_id
            ) WHERE knowledge_base_id = :id
            """,  # noqa: S608  # the inserted part is one of two constants
            **parameters,
        )
    # Those that were given up on the way to the generation that serves now are failed files of it.
    tx.run(
        """
        INSERT INTO holdings (knowledge_base_id, paper_id, file_name, passages, added_at, about_key)
        SELECT built.knowledge_base_id, built.paper_id, jobs.file_name, built.passages,
            CAST(:now AS VARCHAR(32)), built.about_key
        FROM built JOIN jobs ON jobs.knowledge_base_id = built.knowledge_base_id
            AND jobs.paper_id = built.paper_id AND jobs.generation = 0
        WHERE built.knowledge_base_id = :id AND built.generation = :generation AND NOT EXISTS (
            SELECT 1 FROM holdings WHERE holdings.knowledge_base_id = built.knowledge_base_id
                AND holdings.paper_id = built.paper_id
        )
        """,
        now=now(),
        **parameters,
    )


def _note_failed(tx: Transaction, target: KnowledgeBase, failure: PaperFailure) -> None:
    """Let a paper be a failed file of its knowledge base: it is shown, and can be tried again."""
    tx.run(
        "DELETE FROM jobs WHERE knowledge_base_id = :id AND paper_id = :paper AND generation = 0",
        id=target.id,
        paper=failure.paper_id,
    )
    tx.run(
        """
        UPDATE jobs SET generation = 0, state = :failed, updated_at = :now
        WHERE knowledge_base_id = :id AND paper_id = :paper AND generation = :generation
        """,
        id=target.id,
        paper=failure.paper_id,
        generation=target.generation,
        failed=JobState.FAILED,
        now=now(),
    )
