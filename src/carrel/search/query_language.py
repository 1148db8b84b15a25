"""The query language: quotes, minus and fields in a line of text, and the same written back. Pure.

Whatever is no operator is ordinary text: ``pre-training``, ``C++``, ``12:30``, ``foo:bar``, a lone quote. So
are quotes within a sentence of Chinese, which stress a word: phrases are set off by spaces.
"""

import re
from collections.abc import Iterator, Sequence

from carrel.core.terms import FUNCTION_WORDS
from carrel.core.understanding import Condition, Part

FIELDS = {
    "title": Part.TITLE,
    "author": Part.AUTHOR,
    "year": Part.YEAR,
    "venue": Part.VENUE,
    "doi": Part.DOI,
    "tag": Part.TAG,
    "lang": Part.LANGUAGE,
    "language": Part.LANGUAGE,
    "标题": Part.TITLE,
    "標題": Part.TITLE,
    "题名": Part.TITLE,
    "作者": Part.AUTHOR,
    "年份": Part.YEAR,
    "期刊": Part.VENUE,
    "会议": Part.VENUE,
    "會議": Part.VENUE,
    "标签": Part.TAG,
    "標籤": Part.TAG,
    "语言": Part.LANGUAGE,
    "語言": Part.LANGUAGE,
}
_CLOSED_BY = {
    '"': '"”',
    "“": '”“"',
    "”": "”",
    "„": '“”"',
    "«": "»",
    "»": "«",
    "「": "」",
    "『": "』",
}
_QUOTES = "".join(_CLOSED_BY) + "」』"
_CJK = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_BOUNDARY = re.compile(r"[\s([{（【《，。；、：！？]")
_APART, _PARTS = " ([（", "，；、,;"
_FIELD = re.compile(rf"({'|'.join(FIELDS)})[:：](?=\S)", re.IGNORECASE)
_BARE = re.compile(r"[^\s，。；、？！]+")
_BARE_DOI = re.compile(r"[^\s，。；、]+")
YEARS_TO = "[-–—~～至到]"
"""What may stand between two years instead of two dots."""
# Years with which a sentence of Chinese goes on; not what makes open ranges of them: 2019年以来.
_YEARS_THEN = re.compile(
    rf"(\d{{4}}年?{YEARS_TO}\d{{4}}|\d{{4}}\.\.\d{{4}}|\d{{4}}\.\.|\.\.\d{{4}}|\d{{4}})"
    rf"(?:年(?![\d.]|{YEARS_TO}|[以之]?[前后後来來起])|(?![年至到以之前后後来來起])(?=[{_CJK}]))"
)
_WORD_OUT = re.compile(r"[^\W\d_][^\s，。；、？！\"“”„«»「」『』]*")
_BEHIND = ",;!?)]}"
_MAY_HAVE_OPERATORS = re.compile(r"[\"“”„«»「『:：]|(?:^|[\s(（，。；、])[-－−]")
_MINUS = "-－−"
_WRITTEN_QUOTES = (('"', '"'), ("“", "”"), ("«", "»"), ("「", "」"))
_NAMELESS = (Part.PHRASE, Part.WORD)
_NAMES = {Part.LANGUAGE: "lang"}


def conditions_in(text: str) -> tuple[Condition, ...]:
    """Return the conditions that stand in a normalised text, in order; they do not overlap."""
    if _MAY_HAVE_OPERATORS.search(text) is None:
        return ()
    return tuple(_read(text))


def text_left(text: str, conditions: Sequence[Condition]) -> str:
    """Return what a text says besides its conditions; phrases that must occur stay, without their quotes."""
    left, at = [], 0
    for each in conditions:
        left.append(text[at : each.start])
        left.append(f" {each.value} " if each.part is Part.PHRASE and not each.excluded else " ")
        at = each.end
    return " ".join("".join([*left, text[at:]]).split())


def written(part: Part, value: str, excluded: bool = False) -> str:
    """Return a condition as it is typed: reading it gives the same condition."""
    name = "" if part in _NAMELESS else f"{_NAMES.get(part, part.value)}:"
    trimmed = _trimmed(part, value).strip(_QUOTES)
    bare = value == trimmed and _BARE.fullmatch(value) and not _YEARS_THEN.match(value)
    if part is Part.WORD or (name and bare):
        said = value
    else:
        free = (quotes for quotes in _WRITTEN_QUOTES if not set(_CLOSED_BY[quotes[0]]) & set(value))
        opening, closing = next(free, _WRITTEN_QUOTES[0])
        said = f"{opening}{value}{closing}"
    return ("-" if excluded else "") + name + said


def _read(text: str) -> Iterator[Condition]:
    at, behind = 0, 0  # behind: where the last condition ended, and what parts it from the next
    while at < len(text):
        free = at in (0, behind) or _BOUNDARY.match(text[at - 1]) is not None
        found = _condition_at(text, at, apart=at in (0, behind) or text[at - 1] in _APART) if free else None
        if found is not None:
            yield found
            at = behind = found.end
        else:
            behind += at == behind and text[at] in _PARTS
            at += 1


def _condition_at(text: str, at: int, *, apart: bool) -> Condition | None:
    """Return the condition that begins at a place, if one does; ``apart``: set off from what is before it."""
    begins = at + 1 if apart and text[at] in _MINUS else at
    excluded = begins > at
    if apart and begins < len(text) and text[begins] in _CLOSED_BY:
        return _phrase(text, begins, at, excluded=excluded)
    if (field := _FIELD.match(text, begins)) is not None:
        return _of_field(text, FIELDS[field[1].lower()], field.end(), at, excluded)
    word = _WORD_OUT.match(text, begins) if excluded else None
    if word is None or word[0].rstrip(_BEHIND)[-1] in _MINUS:  # a dash on either side is no operator
        return None
    value = word[0].rstrip(_BEHIND + ".:：'’")
    if (len(value) == 1 and not _is_cjk(value)) or value.casefold() in FUNCTION_WORDS:
        return None  # "ls -a": what nearly every text has; in quotes it is excluded
    part = Part.WORD if value.isalpha() and not any(map(_is_cjk, value)) else Part.PHRASE
    return Condition(part, value, True, at, begins + len(value))


def _phrase(text: str, opens: int, start: int, *, excluded: bool) -> Condition | None:
    quoted = _quoted(text, opens)
    if quoted is None:
        return None
    value, end = quoted
    if not says_something(value):
        return None
    if end < len(text) and (text[end].isalnum() or _is_cjk(text[end])):
        return None  # the sentence goes on
    return Condition(Part.PHRASE, value, excluded, start, end)


def _quoted(text: str, opens: int) -> tuple[str, int] | None:
    """Return what stands in quotes that open at a place, and where they end; None where none closes them."""
    found = [end for closing in _CLOSED_BY[text[opens]] if (end := text.find(closing, opens + 1)) > 0]
    return (text[opens + 1 : min(found)].strip(), min(found) + 1) if found else None


def _of_field(text: str, part: Part, at: int, start: int, excluded: bool) -> Condition | None:
    """Return a field's condition; of signs only, or of nothing, it is still one, which may be refused."""
    quoted = _quoted(text, at) if text[at] in _CLOSED_BY else None
    if quoted is not None and (says_something(quoted[0]) or (part is Part.TAG and quoted[0])):
        return Condition(part, quoted[0], excluded, start, quoted[1])
    if part is Part.YEAR and (years := _YEARS_THEN.match(text, at)) is not None:
        return Condition(part, years[1], excluded, start, years.end())
    bare = (_BARE_DOI if part is Part.DOI else _BARE).match(text, at)
    shown = "" if bare is None else _trimmed(part, bare[0])
    if value := shown.strip(_QUOTES):  # a lone one says nothing
        return Condition(part, value, excluded, start, at + len(shown))
    return None if quoted is None else Condition(part, quoted[0], excluded, start, quoted[1])


def says_something(value: str) -> bool:
    """Say whether there is a letter or a digit in a value."""
    return any(character.isalnum() for character in value)


def _trimmed(part: Part, value: str) -> str:
    """Return a value without what ends the sentence that it stands in."""
    if part is Part.DOI:
        value = value.rstrip(".,;")
        while value.endswith(")") and value.count("(") < value.count(")"):
            value = value[:-1]
        return value
    value = value.rstrip(_BEHIND)
    return value if part is Part.YEAR and value.endswith("..") else value.rstrip(".")


def _is_cjk(character: str) -> bool:
    return re.match(f"[{_CJK}]", character) is not None
