"""The catalog's SQL and its values as PostgreSQL's driver takes them."""

import re
from functools import lru_cache

from carrel.storage.catalog import Parameters, Value, storable

_PIECE = re.compile(
    r"""
      '(?:[^']|'')*'  | "(?:[^"]|"")*" | --[^\n]*       # what is written there stays as it is
    | ::
    | \bNOT\s+IN\s+:(?P<none_of>[A-Za-z_]\w*)
    | \bIN\s+:(?P<one_of>[A-Za-z_]\w*)
    | :(?P<name>[A-Za-z_]\w*)
    | %
    """,
    re.VERBOSE | re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def in_its_words(sql: str) -> str:
    """Return a statement with psycopg's placeholders: ``%(id)s`` for ``:id``, an array for a list."""
    return _PIECE.sub(_placeholder, sql)


def _placeholder(piece: re.Match[str]) -> str:
    if name := piece["none_of"]:
        return f"<> ALL(%({name})s)"
    if name := piece["one_of"]:
        return f"= ANY(%({name})s)"
    if name := piece["name"]:
        return f"%({name})s"
    return piece[0].replace("%", "%%")


def bound(parameters: Parameters) -> dict[str, Value | list[Value]]:
    """Return parameters as the driver takes them: tuples as lists, which become arrays."""
    return {
        name: [storable(element) for element in value]
        if isinstance(value, (list, tuple))
        else storable(value)  # type: ignore[arg-type]  # a str is a sequence too, but one value
        for name, value in parameters.items()
    }
