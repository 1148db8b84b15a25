"""Papers by what one field of theirs says: the database leaves out most, so that few values are read."""

from collections.abc import Collection, Iterator, Sequence
from typing import Literal

from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.storage.database import Row, Transaction, Value

Held = tuple[KnowledgeBaseId, PaperId]
"""A paper in a knowledge base: another may have corrected what is said of it."""
Years = tuple[int | None, int | None]
"""The first and the last; None is open."""

_NAMED = 2_000
_LIKE = {"%": "!%", "_": "!_", "!": "!!"}


def values_with(
    tx: Transaction,
    knowledge_base_ids: Sequence[KnowledgeBaseId],
    field: Literal["title", "authors", "doi", "arxiv_id"],
    wanted: Sequence[Sequence[str]],
) -> dict[Held, str]:
    """Return, as corrected, every value that holds all the pieces of one of ``wanted``, and some that do not.

    Pieces are in small letters and without diacritics (``core/folding``). No database folds as that does:
    what has letters beyond ASCII comes whatever it says. Authors come as the list in JSON that is stored.
    """
    groups = [tuple(pieces) for pieces in wanted if pieces]
    if not groups:
        return {}
    column = f"papers.{field}"
    either, pieces = [tx.not_ascii(column)], dict[str, Value]()
    for number, group in enumerate(groups):
        if all(map(str.isascii, group)):
            names = {f"piece_{number}_{each}": f"%{_escaped(piece)}%" for each, piece in enumerate(group)}
            either.append(" AND ".join(f"lower({column}) LIKE :{name} ESCAPE '!'" for name in names))
            pieces |= names
    condition = " OR ".join(f"({each})" for each in either)
    found = {
        _held(row): str(row["value"]) for row in _rows(tx, knowledge_base_ids, column, condition, pieces)
    }
    return found | dict(_corrections(tx, knowledge_base_ids, field))


def in_years(
    tx: Transaction, knowledge_base_ids: Sequence[KnowledgeBaseId], ranges: Sequence[Years]
) -> set[Held]:
    """Return the papers of which the year is known and within one of these ranges."""
    if not ranges:
        return set()
    column, bounds = "papers.year", dict[str, Value]()
    for number, (first, last) in enumerate(ranges):
        bounds |= {f"first_{number}": -9999 if first is None else first}
        bounds |= {f"last_{number}": 9999 if last is None else last}
    condition = " OR ".join(f"{column} BETWEEN :first_{n} AND :last_{n}" for n in range(len(ranges)))
    found = {_held(row) for row in _rows(tx, knowledge_base_ids, column, condition, bounds)}
    for held, year in _corrections(tx, knowledge_base_ids, "year"):
        found.discard(held)
        if year and any(
            (first is None or first <= int(year)) and (last is None or int(year) <= last)
            for first, last in ranges
        ):
            found.add(held)
    return found


def newest_first(
    tx: Transaction, knowledge_base_ids: Sequence[KnowledgeBaseId], only: Collection[PaperId] | None = None
) -> tuple[Held, ...]:
    """Return the searchable papers of these knowledge bases: newest first, then those that came last.

    ``only`` these, and perhaps others: many are not named to the database one by one.
    """
    named = only is not None and len(only) <= _NAMED
    chosen = "AND papers.id IN :only" if named else ""
    years = {held: int(year or 0) for held, year in _corrections(tx, knowledge_base_ids, "year")}
    rows = tx.rows(
        f"""
        SELECT holdings.knowledge_base_id, holdings.paper_id, holdings.added_at, papers.year AS value
        FROM holdings JOIN papers ON papers.id = holdings.paper_id
        WHERE holdings.knowledge_base_id IN :knowledge_bases {chosen}
        """,  # noqa: S608  # the inserted part is one of two constants
        knowledge_bases=knowledge_base_ids,
        **({"only": list(only or ())} if named else {}),
    )
    found = [(years.get(_held(row), row["value"] or 0), row["added_at"], _held(row)) for row in rows]
    found.sort(key=lambda each: (each[0], each[1], each[2][1]), reverse=True)
    return tuple(held for _, _, held in found)


def _rows(
    tx: Transaction, ids: Sequence[KnowledgeBaseId], column: str, condition: str, values: dict[str, Value]
) -> list[Row]:
    return tx.rows(
        f"""
        SELECT holdings.knowledge_base_id, holdings.paper_id, {column} AS value
        FROM papers JOIN holdings ON holdings.paper_id = papers.id
        WHERE holdings.knowledge_base_id IN :knowledge_bases AND ({condition})
        """,  # noqa: S608  # what is inserted are constants and names of parameters
        knowledge_bases=ids,
        **values,
    )


def _corrections(tx: Transaction, ids: Sequence[KnowledgeBaseId], field: str) -> Iterator[tuple[Held, str]]:
    """Yield every corrected value of a field, of papers that are searchable."""
    rows = tx.rows(
        """
        SELECT corrections.knowledge_base_id, corrections.paper_id, corrections.value
        FROM corrections JOIN holdings ON holdings.knowledge_base_id = corrections.knowledge_base_id
            AND holdings.paper_id = corrections.paper_id
        WHERE corrections.knowledge_base_id IN :knowledge_bases AND corrections.field = :field
        """,
        knowledge_bases=ids,
        field=field,
    )
    for row in rows:
        yield _held(row), str(row["value"])


def _held(row: Row) -> Held:
    return KnowledgeBaseId(row["knowledge_base_id"]), PaperId(row["paper_id"])


def _escaped(piece: str) -> str:
    return "".join(_LIKE.get(character, character) for character in piece)
