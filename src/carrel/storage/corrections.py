"""Corrections of papers' metadata in the catalog: each within one knowledge base, whatever is read anew."""

from collections.abc import Collection, Iterable, Sequence

from carrel.core.corrections import Correction, corrected, read, written
from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.metadata import Metadata
from carrel.storage.database import Transaction, Value


def put(tx: Transaction, knowledge_base: KnowledgeBaseId, paper: PaperId, made: Iterable[Correction]) -> None:
    """Note corrections; one of a field takes the place of an earlier one."""
    for each in made:
        take_back(tx, knowledge_base, paper, [each.field])
        tx.run(
            """
            INSERT INTO corrections (knowledge_base_id, paper_id, field, value, user_id, user_name,
                corrected_at)
            VALUES (:knowledge_base, :paper, :field, :value, :user_id, :user_name, :at)
            """,
            knowledge_base=knowledge_base,
            paper=paper,
            field=each.field,
            value=written(each.field, each.value),
            user_id=each.user_id,
            user_name=each.user_name,
            at=each.at,
        )


def take_back(
    tx: Transaction, knowledge_base: KnowledgeBaseId, paper: PaperId, fields: Collection[str]
) -> None:
    """Let these fields be again what was read."""
    tx.run(
        """
        DELETE FROM corrections
        WHERE knowledge_base_id = :knowledge_base AND paper_id = :paper AND field IN :fields
        """,
        knowledge_base=knowledge_base,
        paper=paper,
        fields=list(fields),
    )


def of_papers(
    tx: Transaction, knowledge_bases: Sequence[str], papers: Sequence[PaperId] | None = None
) -> dict[tuple[str, str], tuple[Correction, ...]]:
    """Return the corrections in these knowledge bases, by (knowledge base id, paper id)."""
    chosen = "" if papers is None else "AND paper_id IN :papers"
    wanted: dict[str, Value | Sequence[Value]] = {} if papers is None else {"papers": list(papers)}
    rows = tx.rows(
        f"""
        SELECT knowledge_base_id, paper_id, field, value, user_id, user_name, corrected_at FROM corrections
        WHERE knowledge_base_id IN :knowledge_bases {chosen} ORDER BY field
        """,  # noqa: S608  # the inserted part is one of two constants
        knowledge_bases=list(knowledge_bases),
        **wanted,
    )
    found: dict[tuple[str, str], tuple[Correction, ...]] = {}
    for row in rows:
        key = (row["knowledge_base_id"], row["paper_id"])
        value = read(row["field"], row["value"])
        made = Correction(row["field"], value, row["user_id"], row["user_name"], row["corrected_at"])
        found[key] = (*found.get(key, ()), made)
    return found


def of_paper(tx: Transaction, knowledge_base: KnowledgeBaseId, paper: PaperId) -> tuple[Correction, ...]:
    """Return the corrections of one paper in one knowledge base."""
    return of_papers(tx, [knowledge_base], [paper]).get((knowledge_base, paper), ())


def applied(tx: Transaction, knowledge_base: KnowledgeBaseId, paper: PaperId, metadata: Metadata) -> Metadata:
    """Return a paper's metadata, as read, with what was corrected in the knowledge base."""
    return corrected(metadata, of_paper(tx, knowledge_base, paper))


def forget(tx: Transaction, paper: PaperId, knowledge_base: str | None = None) -> None:
    """Delete what is said of a paper in one knowledge base, or wherever it was."""
    chosen = "" if knowledge_base is None else "AND knowledge_base_id = :knowledge_base"
    wanted: dict[str, Value] = {} if knowledge_base is None else {"knowledge_base": knowledge_base}
    tx.run(f"DELETE FROM corrections WHERE paper_id = :paper {chosen}", paper=paper, **wanted)  # noqa: S608
