"""Generations of a knowledge base in the catalog: what the next index is built from, and the swap."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from carrel.core.ids import PaperId
from carrel.core.knowledge_base import ChunkSettings, KnowledgeBase
from carrel.storage import knowledge_bases, removals
from carrel.storage.database import Transaction
from carrel.storage.removals import Removal, What


@dataclass(frozen=True, slots=True)
class Held:
    """A paper in a knowledge base; equal as long as nobody removed it, be it to add it again."""

    passages: int
    added_at: str


@dataclass(frozen=True, slots=True)
class PassageRow:
    """What an index needs of a passage; ``text_key`` is empty in rows of before vectors were cached."""

    id: str
    section: str
    text: str
    text_key: str


@dataclass(frozen=True, slots=True)
class PaperRows:
    """What an index needs of a paper beside its metadata; ``about_key`` may be empty likewise."""

    file_name: str
    about_key: str
    passages: tuple[PassageRow, ...]  # in reading order

    @property
    def keys(self) -> tuple[str, ...]:
        """The key of every vector of the paper: its passages', then its own."""
        return (*(passage.text_key for passage in self.passages), self.about_key)


def held(tx: Transaction, knowledge_base: KnowledgeBase) -> dict[PaperId, Held]:
    """Return the papers of a knowledge base, oldest first."""
    rows = tx.rows(
        """
        SELECT paper_id, passages, added_at FROM holdings WHERE knowledge_base_id = :id
        ORDER BY added_at, paper_id
        """,
        id=knowledge_base.id,
    )
    return {PaperId(row["paper_id"]): Held(row["passages"], row["added_at"]) for row in rows}


def contents(
    tx: Transaction, knowledge_base: KnowledgeBase, papers: Sequence[PaperId]
) -> dict[PaperId, PaperRows]:
    """Return what the knowledge base's current generation holds of those of the papers that are in it."""
    names = tx.rows(
        """
        SELECT paper_id, file_name, about_key FROM holdings
        WHERE knowledge_base_id = :id AND paper_id IN :papers
        """,
        id=knowledge_base.id,
        papers=papers,
    )
    rows = tx.rows(
        """
        SELECT paper_id, id, section, text, text_key FROM passages
        WHERE knowledge_base_id = :id AND generation = :generation AND paper_id IN :papers
        ORDER BY paper_id, ordinal
        """,
        id=knowledge_base.id,
        generation=knowledge_base.generation,
        papers=papers,
    )
    found: dict[str, list[PassageRow]] = {}
    for row in rows:
        passage = PassageRow(row["id"], row["section"], row["text"], row["text_key"])
        found.setdefault(row["paper_id"], []).append(passage)
    return {
        PaperId(row["paper_id"]): PaperRows(
            row["file_name"], row["about_key"], tuple(found.get(row["paper_id"], ()))
        )
        for row in names
    }


def set_keys(
    tx: Transaction,
    knowledge_base: KnowledgeBase,
    paper: PaperId,
    text_keys: Mapping[str, str],
    about_key: str,
) -> None:
    """Note under which keys the vectors of a paper are cached: by passage id, and the paper's own."""
    tx.run_many(
        """
        UPDATE passages SET text_key = :key
        WHERE knowledge_base_id = :knowledge_base AND generation = :generation AND id = :id
        """,
        (
            {
                "knowledge_base": knowledge_base.id,
                "generation": knowledge_base.generation,
                "id": passage,
                "key": key,
            }
            for passage, key in text_keys.items()
        ),
    )
    tx.run(
        """
        UPDATE holdings SET about_key = :key
        WHERE knowledge_base_id = :knowledge_base AND paper_id = :paper
        """,
        key=about_key,
        knowledge_base=knowledge_base.id,
        paper=paper,
    )


def as_built(tx: Transaction, identifier: str, generation: int) -> KnowledgeBase | None:
    """Return a knowledge base as a generation of it is or was built; None where there is no such one."""
    for knowledge_base in knowledge_bases.with_ids(tx, [identifier]):
        if knowledge_base.generation == generation:
            return knowledge_base
        row = tx.row(
            "SELECT * FROM generations WHERE knowledge_base_id = :id AND generation = :generation",
            id=identifier,
            generation=generation,
        )
        if row is not None:
            return replace(
                knowledge_base,
                generation=generation,
                embedder=row["embedder"],
                dimensions=row["dimensions"],
                chunking=ChunkSettings(
                    row["chunk_size"], row["chunk_overlap"], references=bool(row["chunk_references"])
                ),
                parser=row["parser"],
            )
    return None


def has(tx: Transaction, identifier: str, generation: int, paper: PaperId) -> bool:
    """Whether a paper is whole in a generation, be it the one that serves."""
    row = tx.row(
        """
        SELECT 1 FROM knowledge_bases JOIN holdings ON knowledge_base_id = knowledge_bases.id
        WHERE knowledge_bases.id = :id AND generation = :generation AND paper_id = :paper
        UNION SELECT 1 FROM built
        WHERE knowledge_base_id = :id AND generation = :generation AND paper_id = :paper
        """,
        id=identifier,
        generation=generation,
        paper=paper,
    )
    return row is not None


def begin(tx: Transaction, after: KnowledgeBase) -> None:
    """Note, before it is built, that the next generation's index must go unless it is swapped in."""
    removals.note_generation(tx, after)


def swap(tx: Transaction, before: KnowledgeBase, after: KnowledgeBase) -> None:
    """Let the next generation serve, with its dimensions; note the index of the one before for removal."""
    parameters: dict[str, str | int] = {
        "id": before.id,
        "before": before.generation,
        "after": after.generation,
    }
    tx.run(
        "UPDATE passages SET generation = :after WHERE knowledge_base_id = :id AND generation = :before",
        **parameters,
    )
    tx.run(
        "UPDATE knowledge_bases SET generation = :after, dimensions = :dimensions WHERE id = :id",
        id=after.id,
        after=after.generation,
        dimensions=after.dimensions,
    )
    removals.cross_out(tx, Removal(What.INDEX, f"{after.id}/{after.generation}"))
    removals.note_index(tx, before)
