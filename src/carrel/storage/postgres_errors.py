"""What a PostgreSQL server and its driver complain of → Carrel's errors. The password is never among it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg.conninfo import conninfo_to_dict

from carrel.core.catalog_errors import (
    CatalogDiskFull,
    CatalogLoginRefused,
    CatalogNotWritable,
    CatalogUnreachable,
)
from carrel.core.errors import CatalogBusy, CatalogDamaged, InvalidSetting

_SCHEMES = ("postgresql://", "postgres://")
_EXPECTED = "postgresql://user:password@host/database"
_LONGEST = 300  # characters of what the driver says

# What a server that answers says when it lets nobody in. libpq gives no code for it, and a server may speak
# another language than English: then it counts as not reachable, and its words are shown all the same.
_REFUSED = re.compile(
    r"authentication failed|no password supplied|no pg_hba\.conf entry|does not exist|permission denied"
    r"|is not permitted to log in|certificate verify failed|does not support SSL"
)
_BUSY = {"55P03", "57014", "40001", "40P01"}  # lock timeout, cancelled, serialization failure, deadlock
_AWAY = {"57P01", "57P02", "57P03", "57P05", "25P03", "25P04", "53200", "53300"}
_FULL = {"53100"}
_NOT_WRITABLE = {"42501", "25006"}
_DAMAGED = {"XX001", "XX002"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the database is. ``parameters`` are libpq's, the password among them: never shown."""

    parameters: dict[str, str] = field(repr=False)

    @property
    def named(self) -> dict[str, str]:
        """Host and database, as the errors' parameters."""
        host = self.parameters.get("host") or self.parameters.get("hostaddr") or "localhost"
        return {"host": host, "database": self.parameters.get("dbname") or self.parameters.get("user", "")}

    @property
    def words(self) -> str:
        """Database and host, for a sentence."""
        return "{database} ({host})".format(**self.named)

    def told(self, error: psycopg.Error) -> str:
        """Return what the driver says, on one line and without the password."""
        text = " ".join(str(error).split())
        password = self.parameters.get("password")
        text = text.replace(password, "…") if password else text
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def place_of(url: str) -> Place:
    """Read a URL.

    Raises:
        InvalidSetting: it is none of PostgreSQL. Nothing of it is shown: its password may be anywhere in it.
    """
    try:
        found = conninfo_to_dict(url) if url.startswith(_SCHEMES) else None
    except psycopg.Error:
        found = None
    if found is None:
        raise InvalidSetting(name="catalog_url", value="…", expected=_EXPECTED)
    return Place({name: str(value) for name, value in found.items()})


@contextmanager
def translated(place: Place) -> Iterator[None]:
    """Turn the driver's errors into ours."""
    try:
        yield
    except psycopg.Error as error:
        raise typed(error, place) from error


def typed(error: psycopg.Error, place: Place) -> Exception:  # noqa: PLR0911  # a table in words
    """Return the error of ours that says the same; the driver's own where it is a fault of ours."""
    state, detail = error.sqlstate or "", place.told(error)
    if state in _BUSY:
        return CatalogBusy(path=place.words)
    if state in _FULL:
        return CatalogDiskFull(**place.named)
    if state in _NOT_WRITABLE:
        return CatalogNotWritable(**place.named, detail=detail)
    if state in _DAMAGED:
        return CatalogDamaged(path=place.words, detail=detail)
    if state.startswith("28") or state == "3D000" or (not state and _REFUSED.search(detail)):
        return CatalogLoginRefused(**place.named, detail=detail)
    if (
        state.startswith("08")
        or state in _AWAY
        or (not state and isinstance(error, psycopg.OperationalError))
    ):
        return CatalogUnreachable(**place.named, detail=detail)
    return error
