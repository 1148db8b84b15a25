"""The words of a page with their boxes, and words looked for in a paper: from the stored parse."""

import re
import sys
import unicodedata
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from carrel.core.paper import Box, ParsedPaper
from carrel.core.titles import folded

LONGEST_QUERY = 200  # characters
_CONTEXT = 60  # characters on either side of what was found
_HYPHENS = "-\u00ad\u2010\u2011\u2012\u2013"
_HYPHENS_IN_CLASS = re.escape(_HYPHENS)
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_BREAK = rf"(?:[{_HYPHENS_IN_CLASS}]\s*)?"  # a word broken at a line's end, or written with a hyphen
_BETWEEN = rf"[\s{_HYPHENS_IN_CLASS}]*"


@dataclass(frozen=True, slots=True)
class PageWord:
    """A printed word, or the part of a broken one that stands on this line."""

    text: str
    line: int  # numbers the printed lines of the paper
    x0: float  # points, origin top left
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where words stand in a paper: its characters ``start`` to ``end``, with some on either side."""

    start: int
    end: int
    page: int | None  # None in a file without pages
    boxes: tuple[Box, ...]
    before: str
    text: str
    after: str


@dataclass(frozen=True, slots=True, eq=False)
class FoldedText:
    """A text without case and accents, and the place of each of its characters in the text as it is."""

    text: str
    places: NDArray[np.int32]


def words_on(parsed: ParsedPaper, page: int) -> tuple[PageWord, ...]:
    """Return the words of a page, from 1, in reading order; none where there is no such page."""
    words = parsed.words
    rows = np.flatnonzero(words.page == page)
    found = []
    for row in rows.tolist():
        text = parsed.text[int(words.start[row]) : int(words.end[row])]
        corners = [round(float(each), 2) for each in words.box[row]]
        found.append(PageWord(text, int(words.line[row]), *corners))
    return tuple(found)


def find_words(
    parsed: ParsedPaper, query: str, limit: int, text: FoldedText | None = None
) -> tuple[Place, ...]:
    """Return the first places where words stand one after the other, in the order of the text.

    ``text`` is the paper's, folded, where it is at hand: for a book that takes longer than to look in it.

    Case, accents, hyphens and line breaks do not count, full and half width letters are the same; the words
    may be the beginning, end or middle of longer ones. In Chinese and Japanese spaces do not count.
    """
    pattern = _pattern(query[:LONGEST_QUERY])
    if pattern is None:
        return ()
    text = text or fold(parsed.text)
    return tuple(
        _place(parsed, int(text.places[match.start()]), int(text.places[match.end() - 1]) + 1)
        for match in islice(pattern.finditer(text.text), max(limit, 0))
    )


def fold(text: str) -> FoldedText:
    """Return a text without case and accents. Each letter is folded once, however often it stands there."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    seen = np.zeros(sys.maxunicode + 1, bool)
    seen[codes] = True
    letters = np.flatnonzero(seen)
    folds = [_folded_letter(chr(code)) for code in letters.tolist()]
    lengths = np.array([len(each) for each in folds], np.int32)
    letter_of = np.zeros(sys.maxunicode + 1, np.int32)
    letter_of[letters] = np.arange(len(letters))
    which = letter_of[codes]
    places = np.repeat(np.arange(len(codes), dtype=np.int32), lengths[which])
    # The folds one after the other; of each character of the result, where it stands among them.
    all_folds = np.frombuffer("".join(folds).encode("utf-32-le", "surrogatepass"), np.uint32)
    begins = (np.cumsum(lengths) - lengths)[which]
    within = np.arange(len(places)) - np.repeat(np.cumsum(lengths[which]) - lengths[which], lengths[which])
    result = all_folds[np.repeat(begins, lengths[which]) + within]
    return FoldedText(result.tobytes().decode("utf-32-le", "surrogatepass"), places)


def _place(parsed: ParsedPaper, start: int, end: int) -> Place:
    boxes = parsed.words.boxes(start, end)
    return Place(
        start=start,
        end=end,
        page=boxes[0].page if boxes else None,
        boxes=boxes,
        before=" ".join(parsed.text[max(0, start - _CONTEXT) : start].split(" ")),
        text=parsed.text[start:end],
        after=parsed.text[end : end + _CONTEXT],
    )


def _pattern(query: str) -> re.Pattern[str] | None:
    """Return what matches a query in a folded text; None where there is nothing to look for."""
    plain = " ".join(folded(query).split())
    parts: list[str] = []
    between = ""
    for character in plain:
        if character in _HYPHENS or character == " ":
            if parts:
                between = (
                    _BETWEEN if character in _HYPHENS or between == _BETWEEN else rf"[\s{_HYPHENS_IN_CLASS}]+"
                )
            continue
        if parts:
            wide = _WIDE.match(character) is not None or _WIDE.match(parts[-1]) is not None
            parts.append(r"\s*" if wide else between or _BREAK)
        parts.append(re.escape(character))
        between = ""
    return re.compile("".join(parts)) if parts else None


def _folded_letter(letter: str) -> str:
    """Return a character without case and accents: several, or none where it is an accent itself."""
    if letter.isascii():
        return letter.lower()
    return "" if unicodedata.combining(letter) else folded(letter)
