"""The papers of a knowledge base a page at a time: searchable ones, and files on their way in."""

import string
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from carrel.core.ids import PaperId
from carrel.core.jobs import JobState
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ranking import PaperRecord
from carrel.storage.database import Row, Transaction, Value
from carrel.storage.papers import records_of

READY = "ready"
_ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class Order(StrEnum):
    """In which order papers are listed; ties by id."""

    NEWEST = "newest"  # came in last, first
    OLDEST = "oldest"
    TITLE = "title"
    YEAR = "year"  # newest first; without a year last


_KEYS = {
    Order.NEWEST: ("added_at", "DESC"),
    Order.OLDEST: ("added_at", "ASC"),
    Order.TITLE: ("title_key", "ASC"),
    Order.YEAR: ("year_key", "DESC"),
}
# A paper that is searchable and read anew is searchable; its job is told by the jobs.
_SEEN = """
    SELECT papers.*, seen.knowledge_base_id, seen.file_name, seen.passages, seen.added_at, seen.state,
        seen.error_kind, seen.error_message,
        lower(coalesce(titles.value, papers.title)) AS title_key,
        CASE WHEN years.value IS NULL THEN coalesce(papers.year, 0)
            WHEN years.value = '' THEN 0 ELSE CAST(years.value AS INTEGER) END AS year_key
    FROM (
        SELECT knowledge_base_id, paper_id, file_name, passages, added_at, 'ready' AS state,
            '' AS error_kind, '' AS error_message
        FROM holdings WHERE knowledge_base_id = :knowledge_base
        UNION ALL
        SELECT knowledge_base_id, paper_id, file_name, 0, created_at, state, error_kind, error_message
        FROM jobs
        WHERE knowledge_base_id = :knowledge_base AND generation = 0 AND state <> :done
            AND NOT EXISTS (
                SELECT 1 FROM holdings WHERE holdings.knowledge_base_id = jobs.knowledge_base_id
                    AND holdings.paper_id = jobs.paper_id
            )
    ) AS seen JOIN papers ON papers.id = seen.paper_id
    LEFT JOIN corrections AS titles ON titles.knowledge_base_id = seen.knowledge_base_id
        AND titles.paper_id = seen.paper_id AND titles.field = 'title'
    LEFT JOIN corrections AS years ON years.knowledge_base_id = seen.knowledge_base_id
        AND years.paper_id = seen.paper_id AND years.field = 'year'
"""
_TAGGED = """
    id IN (
        SELECT paper_id FROM paper_tags WHERE knowledge_base_id = :knowledge_base AND tag_key IN :tag_keys
        GROUP BY paper_id HAVING count(*) = :tag_count
    )
"""


@dataclass(frozen=True, slots=True)
class SeenPaper:
    """A paper of a knowledge base. ``state`` is ``ready``, or that of the job which brings it in."""

    record: PaperRecord
    state: str
    passages: int
    added_at: str
    sha256: str
    size: int  # bytes
    error_kind: str = ""
    error_message: str = ""
    key: str | int = ""  # its place in the order it was asked for in


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which papers, in which order, and after which place."""

    order: Order = Order.NEWEST
    state: str = ""  # "": any
    words: str = ""  # in title or file name
    after: tuple[str | int, str] | None = None
    tags: tuple[str, ...] = ()  # keys of labels, all of which the papers bear


def page(tx: Transaction, knowledge_base: KnowledgeBase, wanted: Wanted, limit: int) -> tuple[SeenPaper, ...]:
    """Return the first papers that are wanted."""
    key, direction = _KEYS[wanted.order]
    conditions = ["1 = 1"]
    values: dict[str, Value | Sequence[Value]] = {}
    if wanted.state:
        conditions.append("state = :state")
        values["state"] = wanted.state
    if wanted.words:
        either = []
        for number, spelling in enumerate(_spellings(wanted.words)):
            either += [f"{name} LIKE :words{number} ESCAPE '!'" for name in ("title_key", "lower(file_name)")]
            values[f"words{number}"] = f"%{_literal(spelling)}%"
        conditions.append(f"({' OR '.join(either)})")
    if wanted.tags:
        conditions.append(_TAGGED)
        values |= {"tag_keys": sorted(set(wanted.tags)), "tag_count": len(set(wanted.tags))}
    if wanted.after is not None:
        sign = "<" if direction == "DESC" else ">"
        conditions.append(f"({key}, id) {sign} (:after_key, :after_id)")
        values["after_key"], values["after_id"] = wanted.after
    rows = tx.rows(
        f"""
        SELECT * FROM ({_SEEN}) AS listed WHERE {" AND ".join(conditions)}
        ORDER BY {key} {direction}, id {direction} LIMIT :limit
        """,  # noqa: S608  # what is inserted are constants
        knowledge_base=knowledge_base.id,
        done=JobState.DONE,
        limit=limit,
        **values,
    )
    records = records_of(tx, rows, [knowledge_base.id], [row["id"] for row in rows])
    return tuple(_seen(row, key, record) for row, record in zip(rows, records, strict=True))


def counts(tx: Transaction, knowledge_base: KnowledgeBase) -> dict[str, int]:
    """Return how many papers of the knowledge base are in each state."""
    rows = tx.rows(
        f"SELECT state, count(*) AS papers FROM ({_SEEN}) AS listed GROUP BY state",  # noqa: S608
        knowledge_base=knowledge_base.id,
        done=JobState.DONE,
    )
    return {row["state"]: row["papers"] for row in rows}


def one(tx: Transaction, knowledge_base: KnowledgeBase, paper: PaperId) -> SeenPaper | None:
    """Return a paper of the knowledge base, searchable or not."""
    row = tx.row(
        f"SELECT * FROM ({_SEEN}) AS listed WHERE id = :paper",  # noqa: S608
        knowledge_base=knowledge_base.id,
        done=JobState.DONE,
        paper=paper,
    )
    if row is None:
        return None
    (record,) = records_of(tx, [row], [knowledge_base.id], [paper])
    return _seen(row, "added_at", record)


def about_key(tx: Transaction, knowledge_base: KnowledgeBase, paper: PaperId) -> str:
    """Return the key of the whole paper's vector in the cache; "" where there is none."""
    row = tx.row(
        "SELECT about_key FROM holdings WHERE knowledge_base_id = :knowledge_base AND paper_id = :paper",
        knowledge_base=knowledge_base.id,
        paper=paper,
    )
    return "" if row is None else str(row["about_key"])


def _spellings(words: str) -> list[str]:
    """Return the words as both databases' lower() may have them: it knows the letters of ASCII only."""
    spellings = (words, words.lower(), words.upper(), words.title())
    return list(dict.fromkeys(spelling.translate(_ASCII_LOWER) for spelling in spellings))


def _literal(text: str) -> str:
    """Return a text as LIKE takes it literally."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _seen(row: Row, key: str, record: PaperRecord) -> SeenPaper:
    return SeenPaper(
        record=record,
        state=row["state"],
        passages=row["passages"],
        added_at=row["added_at"],
        sha256=row["sha256"],
        size=row["bytes"],
        error_kind=row["error_kind"],
        error_message=row["error_message"],
        key=row[key],
    )
