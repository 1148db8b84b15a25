"""Reading a query: what is asked, in a form that the stages can use."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from carrel.core.errors import EmptyQuery, InvalidFilter
from carrel.core.ranking import Filters

_LANGUAGE = re.compile(r"([a-z]{2})(?:[-_][a-z0-9]+)*")  # zh-Hans-CN is zh
_YEAR = re.compile(r"(\d{4})|(\d{4})?\.\.(\d{4})?")
# Beyond this a query is a document; models read far less, and the index caps the terms.
_LONGEST_QUERY = 100_000


def normalised(text: str) -> str:
    """Return the query in NFC with white space folded and control characters dropped.

    Raises:
        EmptyQuery: nothing is left that could be searched for.
    """
    text = text[:_LONGEST_QUERY].encode("utf-8", "replace").decode("utf-8")
    text = "".join(" " if unicodedata.category(c) in ("Cc", "Cf") else c for c in text)
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    if not any(c.isalnum() for c in text):
        raise EmptyQuery()
    return text


def filters(
    year: str = "",
    authors: Sequence[str] = (),
    venues: Sequence[str] = (),
    languages: Sequence[str] = (),
    tags: Sequence[str] = (),
) -> Filters:
    """Read filters as the user writes them: a year ``2019`` or a range ``2019..2021``, open at either end.

    Raises:
        InvalidFilter: the year is no year and no range, a language no code of two letters.
    """
    first, last = _years(year)
    codes = _named(map(_language, _named(languages)))
    return Filters(first, last, _named(authors), _named(venues), codes, _named(tags))


def _years(year: str) -> tuple[int | None, int | None]:
    match = _YEAR.fullmatch(year.strip()) if year.strip() else None
    if year.strip() and (match is None or year.strip() == ".."):
        raise InvalidFilter(name="year", value=year, expected="2020, 2019..2021, 2019.. or ..2021")
    if match is None:
        return None, None
    single, first, last = match.groups()
    year_from, year_to = (_number(single), _number(single)) if single else (_number(first), _number(last))
    if year_from is not None and year_to is not None and year_from > year_to:
        raise InvalidFilter(name="year", value=year, expected="the earlier year first")
    return year_from, year_to


def _language(code: str) -> str:
    match = _LANGUAGE.fullmatch(code.lower())
    if match is None:
        raise InvalidFilter(name="language", value=code, expected="en, zh")
    return match.group(1)


def _named(names: Iterable[str]) -> tuple[str, ...]:
    """Return names without white space around them, each once, blank ones left out."""
    return tuple(dict.fromkeys(stripped for name in names if (stripped := name.strip())))


def _number(text: str | None) -> int | None:
    return int(text) if text else None
