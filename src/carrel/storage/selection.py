"""Which papers of some knowledge bases meet conditions that no index knows of: venue, language and tags."""

from collections.abc import Sequence

from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.storage.database import Transaction
from carrel.storage.tags import tag_key

_CORRECTED = """
    holdings JOIN papers ON papers.id = holdings.paper_id
    LEFT JOIN corrections AS right_venue ON right_venue.knowledge_base_id = holdings.knowledge_base_id
        AND right_venue.paper_id = holdings.paper_id AND right_venue.field = 'venue'
    LEFT JOIN corrections AS right_language ON right_language.knowledge_base_id = holdings.knowledge_base_id
        AND right_language.paper_id = holdings.paper_id AND right_language.field = 'language'
"""
_VENUE = "coalesce(right_venue.value, papers.venue)"
_LANGUAGE = "coalesce(right_language.value, papers.language)"
_TAGGED = """
    EXISTS (
        SELECT 1 FROM paper_tags WHERE paper_tags.knowledge_base_id = holdings.knowledge_base_id
            AND paper_tags.paper_id = holdings.paper_id AND paper_tags.tag_key IN :tag_keys
    )
"""


def venues(tx: Transaction, knowledge_base_ids: Sequence[KnowledgeBaseId]) -> tuple[str, ...]:
    """Return every venue of the searchable papers of these knowledge bases, each once, as written."""
    rows = tx.rows(
        f"""
        SELECT DISTINCT {_VENUE} AS venue FROM {_CORRECTED}
        WHERE holdings.knowledge_base_id IN :knowledge_bases AND {_VENUE} <> '' ORDER BY venue
        """,  # noqa: S608  # what is inserted are constants
        knowledge_bases=knowledge_base_ids,
    )
    return tuple(row["venue"] for row in rows)


def sampled_languages(tx: Transaction, knowledge_base_id: KnowledgeBaseId, most: int) -> tuple[str, ...]:
    """Return the languages (ISO 639-1) of so many searchable papers of a knowledge base, each once a paper.

    They come by their ids, which are hashes, so that the first ones are as good as any.
    """
    rows = tx.rows(
        f"""
        SELECT {_LANGUAGE} AS language FROM {_CORRECTED}
        WHERE holdings.knowledge_base_id = :knowledge_base ORDER BY holdings.paper_id LIMIT :most
        """,  # noqa: S608  # what is inserted are constants
        knowledge_base=knowledge_base_id,
        most=most,
    )
    return tuple(row["language"] for row in rows)


def meeting(
    tx: Transaction,
    knowledge_base_ids: Sequence[KnowledgeBaseId],
    venues: Sequence[str] | None,
    languages: Sequence[str] | None,
    labels: Sequence[str] | None = None,
) -> dict[KnowledgeBaseId, frozenset[PaperId]]:
    """Return the searchable papers with one of these venues, languages and labels; None is any.

    Every knowledge base is a key, be it with no paper.
    """
    conditions = ["holdings.knowledge_base_id IN :knowledge_bases"]
    values: dict[str, Sequence[str]] = {"knowledge_bases": knowledge_base_ids}
    if venues is not None:
        conditions.append(f"{_VENUE} IN :venues")
        values["venues"] = venues
    if languages is not None:
        conditions.append(f"{_LANGUAGE} IN :languages")
        values["languages"] = languages
    if labels is not None:
        conditions.append(_TAGGED)
        values["tag_keys"] = sorted(set(map(tag_key, labels)))
    rows = tx.rows(
        f"""
        SELECT holdings.knowledge_base_id, holdings.paper_id
        FROM {_CORRECTED} WHERE {" AND ".join(conditions)}
        """,  # noqa: S608  # what is inserted are constants
        **values,
    )
    found: dict[KnowledgeBaseId, set[PaperId]] = {base: set() for base in knowledge_base_ids}
    for row in rows:
        found[row["knowledge_base_id"]].add(PaperId(row["paper_id"]))
    return {base: frozenset(papers) for base, papers in found.items()}
