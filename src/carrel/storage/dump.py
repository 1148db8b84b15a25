"""The catalog's rows as lines of JSON and back, the same for every database.

A part is one line that names table and columns, then a line a row; bytes are written as base64. What only
matters while a process runs is left out (sessions, handed-over work), and so are notes of what is to be
deleted, and what publishing a paper writes anew (what its versions are recognised by, what it cites).
"""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from carrel.storage import holds
from carrel.storage.database import Row, Transaction, Value

_ROWS_A_PART = 2000


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the catalog: its columns, and how many of the first ones are its key."""

    name: str
    key: int
    columns: tuple[str, ...]


def _table(name: str, key: int, columns: str) -> Table:
    return Table(name, key, tuple(columns.split()))


TABLES = (  # those that others refer to come first
    _table(
        "knowledge_bases",
        1,
        """id name description domain embedder chunk_size chunk_overlap generation created_at
        chunk_references parser dimensions created_by paused""",
    ),
    _table(
        "papers",
        1,
        """id sha256 bytes pages title authors abstract year venue doi arxiv_id language keywords evidence
        quality""",
    ),
    _table("holdings", 2, "knowledge_base_id paper_id file_name passages added_at about_key published_at"),
    _table("corrections", 3, "knowledge_base_id paper_id field value user_id user_name corrected_at"),
    _table("paper_tags", 3, "knowledge_base_id paper_id tag_key label"),
    _table("judgments", 4, "knowledge_base_id query_key paper_id user_id query grade judged_at"),
    _table(
        "calibrations",
        2,
        """knowledge_base_id generation share usual_share sentences judged of_papers of_queries
        calibrated_at""",
    ),
    _table(
        "passages",
        3,
        """knowledge_base_id generation id paper_id ordinal first past section pages boxes text paragraph
        text_key""",
    ),
    _table(
        "jobs",
        1,
        """id number knowledge_base_id paper_id file_name state error_kind error_message updated_at generation
        turn attempts not_before worker lease_until stage done total pages created_by created_at""",
    ),
    _table(
        "users",
        1,
        "id name name_key password_hash administrator disabled must_change created_at signed_in_at",
    ),
    _table(
        "api_keys",
        1,
        "id user_id name token_hash hint scopes created_at expires_at used_at revoked_at",
    ),
    _table("members", 2, "knowledge_base_id user_id role"),
    _table("audit", 1, "number at user_id user_name action subject detail address"),
    _table("server_settings", 1, "name value secret"),
    _table("endpoints", 1, "id purpose model url api_key options updated_at"),
)
SAID_OF_HELD_PAPERS = ("corrections", "paper_tags", "judgments")
"""Tables of what people say of a paper within a knowledge base: it comes with the paper."""
LEFT_OUT = frozenset(
    [
        "alembic_version",
        "built",
        "cited_works",
        "generations",
        "handovers",
        "likeness_keys",
        "likenesses",
        "removals",
        "sessions",
        "sign_in_failures",
        "version_links",
    ]
)
"""Every other table; a test keeps the two lists complete."""

# What every driver (PEP 249) calls it when values or references make no sense.
_ROWS_TO_BLAME = frozenset(["IntegrityError", "DataError", "OverflowError"])
_BY_NAME = {table.name: table for table in TABLES}


def parts(tx: Transaction, table: Table) -> Iterator[bytes]:
    """Yield a table's rows in parts, in the order of its key; each read when it is asked for."""
    columns, keys = ", ".join(table.columns), table.columns[: table.key]
    order = ", ".join(keys)
    after: dict[str, Value] = {}
    while True:
        beyond = f"WHERE ({order}) > ({', '.join(':' + key for key in keys)})" if after else ""
        rows = tx.rows(
            f"SELECT {columns} FROM {table.name} {beyond} ORDER BY {order} LIMIT :limit",  # noqa: S608
            limit=_ROWS_A_PART,
            **after,
        )
        if not rows:
            return
        head = {"table": table.name, "columns": table.columns}
        yield "\n".join([json.dumps(head), *map(_line, rows), ""]).encode()
        after = {key: rows[-1][key] for key in keys}


def check(part: bytes) -> None:
    """Look at a part's first line. Raises ValueError: it is no part, or has an unknown table or column."""
    _described(part)


def rows_of(part: bytes) -> Iterator[Mapping[str, Value]]:
    """Yield the rows of a part. Raises ValueError where one is none."""
    _, columns, lines = _described(part)
    for line in lines:
        yield _row(line, columns)


def load(tx: Transaction, part: bytes) -> None:
    """Insert the rows of a part. Columns that it lacks get their defaults. Raises ValueError as ``check``."""
    table, columns, _ = _described(part)
    names, marks = ", ".join(columns), ", ".join(f":{column}" for column in columns)
    try:
        tx.run_many(
            f"INSERT INTO {table.name} ({names}) VALUES ({marks})",  # noqa: S608  # names of this module's
            rows_of(part),
        )
    except Exception as error:
        if not any(each.__name__ in _ROWS_TO_BLAME for each in type(error).__mro__):
            raise
        raise ValueError(f"rows of {table.name} that do not go together") from error


def add(tx: Transaction, table: str, row: Mapping[str, Value]) -> None:
    """Insert a row that ``rows_of`` gave, unless there is one of its key."""
    known = _BY_NAME[table]
    columns = [column for column in known.columns if column in row]
    names, marks = ", ".join(columns), ", ".join(f":{column}" for column in columns)
    tx.run(
        f"INSERT INTO {known.name} ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING",  # noqa: S608
        **{column: row[column] for column in columns},
    )


def settle(tx: Transaction) -> None:
    """Make the rows that were loaded those of an installation that nobody works in yet.

    Only the generation that serves is kept: its index is built anew. Passages of a knowledge base that was
    being deleted go. Jobs in hand wait again.
    """
    tx.run(
        """
        DELETE FROM passages WHERE NOT EXISTS (
            SELECT 1 FROM knowledge_bases WHERE knowledge_bases.id = passages.knowledge_base_id
                AND knowledge_bases.generation = passages.generation
        )
        """
    )
    tx.run("DELETE FROM jobs WHERE generation <> 0")
    tx.run(
        """
        DELETE FROM calibrations WHERE NOT EXISTS (
            SELECT 1 FROM knowledge_bases WHERE knowledge_bases.id = calibrations.knowledge_base_id
                AND knowledge_bases.generation = calibrations.generation
        )
        """
    )
    tx.run(
        """
        UPDATE jobs SET state = 'queued', worker = '', lease_until = '', stage = ''
        WHERE state IN ('running', 'handed')
        """
    )
    for prefix in (holds.PREFIX, holds.IMPORTING):
        tx.run(
            "DELETE FROM server_settings WHERE substr(name, 1, :length) = :prefix",
            length=len(prefix),
            prefix=prefix,
        )


def clear(tx: Transaction) -> None:
    """Delete every row that is left once knowledge bases and papers are gone; notes of removals stay."""
    for table in ("sessions", "sign_in_failures", *(known.name for known in reversed(TABLES))):
        tx.run(f"DELETE FROM {table}")  # noqa: S608


def is_empty(tx: Transaction) -> bool:
    """Whether there is nothing in the catalog that anybody made."""
    tables = ("knowledge_bases", "papers", "users", "endpoints")
    return all(tx.row(f"SELECT 1 FROM {table} LIMIT 1") is None for table in tables)  # noqa: S608


def count(tx: Transaction, table: str) -> int:
    """Return how many rows a table has."""
    row = tx.row(f"SELECT count(*) AS count FROM {_BY_NAME[table].name}")  # noqa: S608
    return 0 if row is None else int(row["count"])


def _line(row: Row) -> str:
    values = [
        {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value for value in row
    ]
    return json.dumps(values, ensure_ascii=False)


def _described(part: bytes) -> tuple[Table, list[str], list[str]]:
    """Return a part's table, its columns and its lines of rows."""
    head, *lines = part.decode().split("\n")
    described = json.loads(head)
    if not isinstance(described, dict) or not lines or lines.pop():
        raise ValueError("no part of a dump")
    table = _BY_NAME.get(str(described.get("table")))
    columns = described.get("columns")
    if table is None or not isinstance(columns, list) or not set(columns) <= set(table.columns):
        raise ValueError("an unknown table or column")
    return table, columns, lines


def _row(line: str, columns: list[str]) -> Mapping[str, Value]:
    values = json.loads(line)
    if not isinstance(values, list) or len(values) != len(columns):
        raise ValueError("a row of another length than its columns")
    return {column: _value(value) for column, value in zip(columns, values, strict=True)}


def _value(value: object) -> Value:
    if isinstance(value, dict) and set(value) == {"base64"}:
        return base64.b64decode(str(value["base64"]), validate=True)
    if value is None or isinstance(value, (str, int, float)):
        return value
    raise ValueError("a value that no column has")
