"""Do a passage's boxes cover its own words and nothing else?

Read back by a route of its own: every character of a page with its tight box, from a document opened
anew through pypdfium2's own helpers. A word is in a passage's boxes where most of its characters have
their centre in one of them.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray

from carrel.chunking.chunker import chunk
from carrel.core.ids import paper_id
from carrel.core.knowledge_base import ChunkSettings
from carrel.core.paper import Box, ParsedPaper, Passage
from carrel.parsing.columns import gutters_of_pages
from carrel.parsing.printed import Line

_PIECE = re.compile(r"\s+|(?<=[\u3400-\u9fff])|(?=[\u3400-\u9fff])")
_TOKEN = re.compile(r"\w+|[^\w\s]")
_SPACED = 2  # letters of what a spaced word falls into


class WordTokens:
    """Counts words and signs: no model is needed to know where passages lie."""

    def token_ends(self, text: str) -> NDArray[np.int64]:
        return np.array([match.end() for match in _TOKEN.finditer(text)], np.int64)


@dataclass(frozen=True, slots=True)
class Judged:
    """One passage: how many words its boxes hold, how many of them are its own, and the other way round."""

    file: str
    passage: Passage
    columns: int
    boxed: int
    own: int
    words: int
    covered: int
    strangers: tuple[str, ...]
    missing: tuple[str, ...]


def passages_of(parsed: ParsedPaper) -> tuple[Passage, ...]:
    """Return the passages a model of 256 tokens would be given."""
    chunks = chunk(paper_id("0" * 64), parsed, WordTokens(), ChunkSettings(256, 64), 256)
    return tuple(item.passage for item in chunks)


def judge(file: Path, parsed: ParsedPaper) -> Iterator[Judged]:
    """Yield a judgment of each passage of a paper."""
    pages = _read_back(file)
    columns = _column_counts(parsed)
    for passage in passages_of(parsed):
        boxed = Counter(
            word for box_page in _by_page(passage.boxes).items() for word in _inside(pages, *box_page)
        )
        wanted = Counter(filter(None, map(_folded, _PIECE.split(passage.text))))
        strangers, missing = _differences(boxed, wanted)
        yield Judged(
            file.name,
            passage,
            max(columns[page - 1] for page in passage.pages),
            boxed.total(),
            boxed.total() - strangers.total(),
            wanted.total(),
            wanted.total() - missing.total(),
            tuple(strangers),
            tuple(missing),
        )


def _differences(boxed: Counter[str], wanted: Counter[str]) -> tuple[Counter[str], Counter[str]]:
    """Return the words of either side that the other lacks.

    A word divided at a line's end is one, what the bare text runs together may be two, and a word set
    in spaced letters, which the bare text takes for words of one letter, is made of these.
    """
    strangers, missing = boxed - wanted, wanted - boxed
    _join_halves(missing, strangers)
    _join_halves(strangers, missing)
    letters = Counter(letter for word in strangers.elements() if len(word) <= _SPACED for letter in word)
    for word in list(missing.elements()):
        needed = Counter(word)
        if needed <= letters:
            letters -= needed
            missing[word] -= 1
    for word in [word for word in strangers if len(word) <= _SPACED]:
        del strangers[word]
    return +strangers + letters, +missing


def _join_halves(wholes: Counter[str], halves: Counter[str]) -> None:
    """Take out the words that two others make, with these two."""
    for word in list(wholes.elements()):
        for cut in range(1, len(word)):
            head, tail = word[:cut], word[cut:]
            if halves[head] > 0 and halves[tail] > (head == tail):
                halves.subtract((head, tail))
                wholes[word] -= 1
                break


@dataclass(frozen=True, slots=True, eq=False)
class _Page:
    words: Sequence[str]
    word_of: NDArray[np.int64]  # [characters], the word each character belongs to
    centre: NDArray[np.float64]  # [characters, 2], on the page as displayed


def _read_back(file: Path) -> list[_Page]:
    document = pdfium.PdfDocument(file)
    try:
        return [_page(page) for page in document]
    finally:
        document.close()


def _page(page: pdfium.PdfPage) -> _Page:
    text_page = page.get_textpage()
    try:
        left, _, _, top = page.get_bbox()
        words: list[str] = []
        word_of: list[int] = []
        centre: list[tuple[float, float]] = []
        letters = ""
        ended = True
        codes = [pdfium.raw.FPDFText_GetUnicode(text_page, index) for index in range(text_page.count_chars())]
        for index, code in enumerate(codes):
            character = _character(code, codes[index + 1] if index + 1 < len(codes) else 0)
            folded = _folded(character)
            if not character:
                continue
            if character.isspace() or character in "\u0002\ufffe" or not character.isprintable():
                ended = True
                continue
            wide = "\u3400" <= character <= "\u9fff"
            if ended or wide or (letters and "\u3400" <= letters[-1] <= "\u9fff"):
                words.append("")
            ended = False
            letters = character
            x0, y0, x1, y1 = text_page.get_charbox(index)
            if folded:
                words[-1] += folded
                word_of.append(len(words) - 1)
                centre.append(((x0 + x1) / 2 - left, top - (y0 + y1) / 2))
        return _Page(words, np.array(word_of, np.int64), np.array(centre).reshape(-1, 2))
    finally:
        text_page.close()
        page.close()


def _character(code: int, after: int) -> str:
    """Return a character of UTF-16 units: letters of formulas take two, the second is then nothing."""
    if 0xD800 <= code < 0xDC00 <= after < 0xE000:
        return chr(0x10000 + ((code - 0xD800) << 10) + after - 0xDC00)
    return "" if 0xDC00 <= code < 0xE000 else chr(code)


def _folded(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def _by_page(boxes: Sequence[Box]) -> dict[int, list[Box]]:
    found: dict[int, list[Box]] = {}
    for box in boxes:
        found.setdefault(box.page, []).append(box)
    return found


def _inside(pages: Sequence[_Page], number: int, boxes: Sequence[Box]) -> Iterator[str]:
    """Yield the words that most of whose characters lie in one of the boxes."""
    page = pages[number - 1]
    if not len(page.word_of):
        return
    x, y = page.centre.T
    inside = np.zeros(len(x), np.bool_)
    for box in boxes:
        inside |= (x >= box.x0) & (x <= box.x1) & (y >= box.y0) & (y <= box.y1)
    within = np.bincount(page.word_of, weights=inside, minlength=len(page.words))
    every = np.bincount(page.word_of, minlength=len(page.words))
    for index in np.flatnonzero((every > 0) & (within > every / 2)).tolist():
        yield page.words[index]


def _column_counts(parsed: ParsedPaper) -> list[int]:
    """Return how many columns each page has, told from the boxes of its lines."""
    lines: list[list[Line]] = [[] for _ in parsed.pages]
    words = parsed.words
    first = np.flatnonzero(np.diff(words.line, prepend=-1))
    for begin, end in zip(first, [*first[1:], len(words.line)], strict=True):
        x0, y0 = words.box[begin:end, :2].min(axis=0).tolist()
        x1, y1 = words.box[begin:end, 2:].max(axis=0).tolist()
        page = int(words.page[begin])
        text = parsed.text[int(words.start[begin]) : int(words.end[end - 1])]
        lines[page - 1].append(
            Line(int(begin), page, text, x0, y0, x1, y1, y1, y1 - y0, False, False, True, False)
        )
    return [len(parted) + 1 for parted in gutters_of_pages(lines)]
