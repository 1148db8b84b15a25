"""Reading a query: what is asked, in a form that the stages can use."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from carrel.core.errors import EmptyQuery, InvalidFilter
from carrel.core.identifiers import identifier_of
from carrel.core.language import tr
from carrel.core.query_errors import TooManyConditions
from carrel.core.ranking import Filters
from carrel.core.text_language import language_of
from carrel.core.understanding import Asked, Condition, Part, Understood
from carrel.search.phrases import phrase
from carrel.search.query_language import YEARS_TO, conditions_in, says_something, text_left

_LANGUAGE = re.compile(r"([a-z]{2})(?:[-_][a-z0-9]+)*")  # zh-Hans-CN is zh
_LANGUAGES = {
    "english": "en", "英文": "en", "英语": "en", "英語": "en",
    "chinese": "zh", "中文": "zh", "汉语": "zh", "漢語": "zh",
    "german": "de", "德文": "de", "德语": "de", "德語": "de",
    "french": "fr", "法文": "fr", "法语": "fr", "法語": "fr",
    "spanish": "es", "西班牙语": "es", "西班牙語": "es",
    "japanese": "ja", "日文": "ja", "日语": "ja", "日語": "ja",
}  # fmt: skip
_YEAR = re.compile(rf"(\d{{4}})|(\d{{4}})?\.\.(\d{{4}})?|(\d{{4}})年?{YEARS_TO}(\d{{4}})")
_SHOWN = {"Cc": " ", "Cf": ""}
_JOINERS = "\u200c\u200d"
_WRITTEN = {  # examples of the fields whose values are words
    Part.TITLE: 'title:attention, title:"deep learning"',
    Part.AUTHOR: 'author:hinton, author:"Geoffrey Hinton"',
    Part.YEAR: "year:2019, year:2019..2021",
    Part.VENUE: 'venue:nips, venue:"Nature Communications"',
    Part.TAG: 'tag:"to read"',
}
# Beyond this a query is a document; models read far less, and the index caps the terms.
_LONGEST_QUERY = 100_000
# Letters' widths, of which a Chinese character is two: what is longer was pasted, unless most of it is
# conditions. About 60 words: abstracts have 100 and more, and nobody types that many between operators.
# A quote or a dash is an operator by its place alone, and stands in any sentence; a field by its name.
_PASTED = 400
_PASTED_WITHOUT_FIELDS = 200
_LONGEST_WITH_CONDITIONS = 4_000  # characters
# Each phrase or excluded word is looked up by itself, in some hundredths of a second to tenths.
MOST_CONDITIONS, MOST_OF_WORDS = 32, 16
_LANGUAGE_FROM = 2_000  # characters of a text that tell its language
_SCRIPTS = (
    ("ja", re.compile("[\u3041-\u30fa]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("zh", re.compile("[\u3400-\u9fff]")),
    ("ru", re.compile("[\u0400-\u04ff]")),
    ("en", re.compile("[A-Za-z]")),
)
_QUESTION = re.compile(
    r"(?:how|what|why|which|who|where|when|whether|is|are|do|does|did|can|could|should|will)\b"
    r"|.*[?？吗呢]$|.*(?:什么|如何|怎么|怎样|为什么|哪些|哪个|是否|什麼|怎麼|為什麼)",
    re.IGNORECASE,
)


def read(text: str, may_be_empty: bool = False, literal: bool = False) -> Understood:
    """Read a query in the query language; ``literal``: as it stands, without operators.

    ``may_be_empty``: liked papers say what is wanted.

    Raises:
        EmptyQuery: nothing is left that could be searched for.
        InvalidFilter: a condition's value is none; the error says how it is written.
        TooManyConditions: there are more than a search looks up.
    """
    source = _cleaned(text)
    if not may_be_empty and not any(c.isalnum() for c in source):
        raise EmptyQuery()
    conditions = () if literal or len(source) > _LONGEST_WITH_CONDITIONS else conditions_in(source)
    within = sum(each.end - each.start for each in conditions)
    named = any(each.part not in (Part.PHRASE, Part.WORD) for each in conditions)
    longest = _PASTED if named or not conditions else _PASTED_WITHOUT_FIELDS
    if pasted := _width(source) > longest and 2 * within < len(source):
        conditions = ()
    for each in conditions:
        _check(each)
    _count(conditions)
    left = text_left(source, conditions) if conditions else source
    left = left if any(c.isalnum() for c in left) else ""
    asked = Asked.QUESTION if _QUESTION.match(left) else Asked.KEYWORDS
    if pasted or not left:
        asked = Asked.PASTED if pasted else Asked.CONDITIONS
    return Understood(source, left, asked, _language_of(left), conditions, identifier_of(left))


def filters_of(understood: Understood, excluded: bool = False) -> Filters:
    """Return what the conditions say of years, authors, venues, languages and tags; of several years none.

    With ``excluded``, what they say that a paper must not be.
    """
    years = understood.values(Part.YEAR, excluded)
    return filters(
        years[0] if len(years) == 1 else "",
        understood.values(Part.AUTHOR, excluded),
        understood.values(Part.VENUE, excluded),
        understood.values(Part.LANGUAGE, excluded),
        understood.values(Part.TAG, excluded),
    )


def years_of(understood: Understood, excluded: bool = False) -> tuple[tuple[int | None, int | None], ...]:
    """Return the first and last years of each of its conditions on years; None is open."""
    return tuple(map(_years, understood.values(Part.YEAR, excluded)))


def _cleaned(text: str) -> str:
    """Return the query in NFC with white space folded and control characters taken for some.

    What is not seen goes: soft hyphens and zero-width spaces stand within words. Joiners stay, which some
    scripts and emoji are written with.
    """
    text = text[:_LONGEST_QUERY].encode("utf-8", "replace").decode("utf-8")
    text = "".join(_SHOWN.get(unicodedata.category(c), c) if c not in _JOINERS else c for c in text)
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _count(conditions: Sequence[Condition]) -> None:
    """Raise TooManyConditions where there are too many; those that ask for the same count once."""
    words = (Part.PHRASE, Part.WORD)
    of_words = {(c.excluded, phrase(c.value).words) for c in conditions if c.part in words}
    others = {(c.part, c.excluded, c.value) for c in conditions if c.part not in words}
    if len(of_words) > MOST_OF_WORDS or len(of_words) + len(others) > MOST_CONDITIONS:
        raise TooManyConditions(
            conditions=len(of_words) + len(others),
            of_words=len(of_words),
            most=MOST_CONDITIONS,
            most_of_words=MOST_OF_WORDS,
        )


def _check(condition: Condition) -> None:
    if condition.part is Part.YEAR and condition.value:
        _years(condition.value)
    elif condition.part is Part.LANGUAGE:
        _language(condition.value)
    elif condition.part is Part.DOI and not identifier_of(condition.value):
        raise InvalidFilter(name="doi", value=condition.value, expected="doi:10.1000/182")
    elif condition.part in _WRITTEN and not _can_be(condition):
        raise InvalidFilter(
            name=condition.part.value, value=condition.value, expected=_WRITTEN[condition.part]
        )


def _can_be(condition: Condition) -> bool:
    """Say whether anything can have this value: a tag any, the others what has letters or digits."""
    return bool(condition.value) if condition.part is Part.TAG else says_something(condition.value)


def _language_of(text: str) -> str:
    """Return the language of a query: by its words, and of a short one by its script; "" where it has none.

    Unaccented Latin letters that tell nothing else are taken for English, in which most is written.
    """
    text = text[:_LANGUAGE_FROM]
    if found := language_of(text) if text else "":
        return found
    found = next((language for language, letters in _SCRIPTS if letters.search(text)), "")
    return found if found != "en" or text.isascii() else ""


def _width(text: str) -> int:
    return (
        len(text)
        if text.isascii()
        else sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
    )


def filters(
    year: str = "",
    authors: Sequence[str] = (),
    venues: Sequence[str] = (),
    languages: Sequence[str] = (),
    tags: Sequence[str] = (),
) -> Filters:
    """Read filters as the user writes them: a year ``2019`` or a range ``2019..2021``, open at either end.

    Raises:
        InvalidFilter: the year is no year and no range, a language no code of two letters and no known name.
    """
    first, last = _years(year)
    codes = _named(map(_language, _named(languages)))
    return Filters(first, last, _named(authors), _named(venues), codes, _named(tags))


def _years(year: str) -> tuple[int | None, int | None]:
    match = _YEAR.fullmatch(year.strip()) if year.strip() else None
    if year.strip() and (match is None or year.strip() == ".."):
        raise InvalidFilter(name="year", value=year, expected=tr("2020, 2019..2021, 2019.. or ..2021"))
    if match is None:
        return None, None
    single, first, last, since, until = match.groups()
    first, last = first or since, last or until
    year_from, year_to = (_number(single), _number(single)) if single else (_number(first), _number(last))
    if year_from is not None and year_to is not None and year_from > year_to:
        raise InvalidFilter(name="year", value=year, expected=tr("the earlier year first"))
    return year_from, year_to


def _language(code: str) -> str:
    if known := _LANGUAGES.get(code.lower()):
        return known
    match = _LANGUAGE.fullmatch(code.lower())
    if match is None:
        raise InvalidFilter(name="language", value=code, expected="en, zh")
    return match.group(1)


def _named(names: Iterable[str]) -> tuple[str, ...]:
    """Return names without white space around them, each once, blank ones left out."""
    return tuple(dict.fromkeys(stripped for name in names if (stripped := name.strip())))


def _number(text: str | None) -> int | None:
    return int(text) if text else None
