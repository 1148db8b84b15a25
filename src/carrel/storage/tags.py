"""Tags in the catalog: labels of papers within one knowledge base. A key is a label as it is compared."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.storage.database import Transaction, Value


@dataclass(frozen=True, slots=True)
class Tag:
    """A label, and how many papers of the knowledge base bear it."""

    label: str
    papers: int


def tag_key(label: str) -> str:
    """Return a label as it is compared: without case, forms of letters and superfluous spaces."""
    return " ".join(unicodedata.normalize("NFKC", label).casefold().split())


def add(
    tx: Transaction, knowledge_base: KnowledgeBaseId, papers: Sequence[PaperId], labels: Mapping[str, str]
) -> None:
    """Let papers bear labels, by key. A label that the knowledge base has is written as it is there."""
    rows = tx.rows(
        "SELECT tag_key, min(label) AS label FROM paper_tags "
        "WHERE knowledge_base_id = :knowledge_base AND tag_key IN :keys GROUP BY tag_key",
        knowledge_base=knowledge_base,
        keys=list(labels),
    )
    there = {row["tag_key"]: row["label"] for row in rows}
    tx.run_many(
        """
        INSERT INTO paper_tags (knowledge_base_id, paper_id, tag_key, label)
        VALUES (:knowledge_base, :paper, :key, :label) ON CONFLICT DO NOTHING
        """,
        [
            {"knowledge_base": knowledge_base, "paper": paper, "key": key, "label": there.get(key, label)}
            for paper in papers
            for key, label in labels.items()
        ],
    )


def remove(
    tx: Transaction, knowledge_base: KnowledgeBaseId, papers: Sequence[PaperId], keys: Sequence[str]
) -> None:
    """Take labels off papers."""
    tx.run(
        """
        DELETE FROM paper_tags
        WHERE knowledge_base_id = :knowledge_base AND paper_id IN :papers AND tag_key IN :keys
        """,
        knowledge_base=knowledge_base,
        papers=list(papers),
        keys=list(keys),
    )


def keys_of(tx: Transaction, knowledge_base: KnowledgeBaseId, paper: PaperId) -> frozenset[str]:
    """Return the keys of a paper's labels."""
    rows = tx.rows(
        "SELECT tag_key FROM paper_tags WHERE knowledge_base_id = :knowledge_base AND paper_id = :paper",
        knowledge_base=knowledge_base,
        paper=paper,
    )
    return frozenset(row["tag_key"] for row in rows)


def of_papers(
    tx: Transaction, knowledge_bases: Sequence[str], papers: Sequence[PaperId] | None = None
) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the labels in these knowledge bases by (knowledge base id, paper id), in order of the keys."""
    chosen = "" if papers is None else "AND paper_id IN :papers"
    wanted: dict[str, Value | Sequence[Value]] = {} if papers is None else {"papers": list(papers)}
    rows = tx.rows(
        f"""
        SELECT knowledge_base_id, paper_id, label FROM paper_tags
        WHERE knowledge_base_id IN :knowledge_bases {chosen} ORDER BY tag_key
        """,  # noqa: S608  # the inserted part is one of two constants
        knowledge_bases=list(knowledge_bases),
        **wanted,
    )
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        found.setdefault((row["knowledge_base_id"], row["paper_id"]), []).append(row["label"])
    return {key: tuple(labels) for key, labels in found.items()}


def counted(
    tx: Transaction, knowledge_bases: Sequence[str], only: Sequence[PaperId] | None = None
) -> tuple[Tag, ...]:
    """Return the labels of these knowledge bases in order of their keys; a paper of several counts once.

    With ``only``, of these papers alone.
    """
    chosen = "" if only is None else "AND paper_id IN :only"
    rows = tx.rows(
        f"""
        SELECT tag_key, min(label) AS label, count(DISTINCT paper_id) AS papers FROM paper_tags
        WHERE knowledge_base_id IN :knowledge_bases {chosen} GROUP BY tag_key ORDER BY tag_key
        """,  # noqa: S608  # what is inserted is a constant
        knowledge_bases=list(knowledge_bases),
        **({} if only is None else {"only": list(only)}),
    )
    return tuple(Tag(row["label"], int(row["papers"])) for row in rows)


def forget(tx: Transaction, paper: PaperId, knowledge_base: str | None = None) -> None:
    """Take every label off a paper in one knowledge base, or wherever it was."""
    chosen = "" if knowledge_base is None else "AND knowledge_base_id = :knowledge_base"
    wanted: dict[str, Value] = {} if knowledge_base is None else {"knowledge_base": knowledge_base}
    tx.run(f"DELETE FROM paper_tags WHERE paper_id = :paper {chosen}", paper=paper, **wanted)  # noqa: S608
