"""Do a passage's boxes cover its words and nothing else?

The words inside the boxes are read back from the PDF by routes that our parser does not use: pdfium's
tight boxes of single characters, and, where it is installed, poppler, which shares no code with pdfium.
A word is inside a box if its centre is. Both sides are folded alike (case, accents, ligatures), and a
word that one side has in pieces, as at a line's end, counts as the same.
"""

import re
import shutil
import subprocess
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import unescape
from itertools import groupby
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray

from benchmarks.known_items import DATA
from benchmarks.parsing_metadata import Judged
from carrel.chunking.chunker import chunk
from carrel.core.ids import paper_id
from carrel.core.knowledge_base import ChunkSettings
from carrel.core.paper import Box, ParsedPaper, Passage

MAX_TOKENS = 192  # words and signs: about the 256 word pieces that the default model reads
BY_LINE = ", line by line"
_LONE_ACCENTS = dict.fromkeys(map(ord, "´`¨ˆ˜¯˘˙˚¸˝ˇ"))  # TeX sets them beside their letter
_POPPLER_PAGE = re.compile(r"<page width.*?</page>", re.DOTALL)
_POPPLER_WORD = re.compile(r'<word xMin="(\S+)" yMin="(\S+)" xMax="(\S+)" yMax="(\S+)">(.*?)</word>')


class SimpleTokens:
    """A word is a token, and so is any other sign."""

    def token_ends(self, text: str) -> NDArray[np.int64]:
        return np.array([match.end() for match in re.finditer(r"\w+|[^\w\s]", text)], np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class PageWords:
    """A page's words as an independent route reads them, in its order."""

    texts: list[str]
    centres: NDArray[np.float64]  # [words, 2] in points, origin top left

    def inside(self, boxes: Sequence[Box]) -> NDArray[np.intp]:
        """Return which words have their centre in one of the boxes."""
        x, y = self.centres[:, 0], self.centres[:, 1]
        held = np.zeros(len(self.texts), np.bool_)
        for box in boxes:
            held |= (box.x0 <= x) & (x <= box.x1) & (box.y0 <= y) & (y <= box.y1)
        return np.flatnonzero(held)


Route = Callable[[Path], list[PageWords]]


def routes() -> dict[str, Route]:
    """Return the routes there are on this machine, by name."""
    found: dict[str, Route] = {"pdfium's characters": by_characters}
    if shutil.which("pdftotext"):
        found["poppler"] = by_poppler
    return found


def by_characters(path: Path) -> list[PageWords]:
    """Read words by pdfium's tight character boxes."""
    document = pdfium.PdfDocument(path)
    try:
        pages = []
        for page in document:
            text_page = page.get_textpage()
            pages.append(_words_of(text_page, page.get_bbox()))
            text_page.close()
            page.close()
        return pages
    finally:
        document.close()


def _words_of(text_page: pdfium.PdfTextPage, bounds: tuple[float, float, float, float]) -> PageWords:
    texts, centres = [], []
    letters: list[str] = []
    corners: list[tuple[float, float, float, float]] = []
    for index in range(text_page.count_chars()):
        letter = chr(pdfium.raw.FPDFText_GetUnicode(text_page, index) or 0x20)
        if not letter.isspace():
            letters.append(letter)
            corners.append(text_page.get_charbox(index))
        if letters and (letter.isspace() or letter in "\ufffe\x02"):
            texts.append(_joined(letters))
            centres.append(_centre(corners, bounds))
            letters, corners = [], []
    if letters:
        texts.append(_joined(letters))
        centres.append(_centre(corners, bounds))
    return PageWords(texts, np.array(centres, np.float64).reshape(-1, 2))


def _joined(units: Sequence[str]) -> str:
    """Join UTF-16 units: pdfium gives a formula's letters as two each."""
    return "".join(units).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _centre(
    corners: Sequence[tuple[float, float, float, float]], bounds: tuple[float, float, float, float]
) -> tuple[float, float]:
    left, bottom, right, top = zip(*corners, strict=True)
    return (min(left) + max(right)) / 2 - bounds[0], bounds[3] - (min(bottom) + max(top)) / 2


def by_poppler(path: Path) -> list[PageWords]:
    """Read words by ``pdftotext -bbox`` of poppler."""
    command = ["pdftotext", "-bbox", "-cropbox", str(path), "-"]
    answer = subprocess.run(command, capture_output=True, check=True).stdout.decode("utf-8", "replace")
    pages = []
    for page in _POPPLER_PAGE.findall(answer):
        rows = _POPPLER_WORD.findall(page)
        corners = np.array([row[:4] for row in rows], np.float64).reshape(-1, 4)
        centres = (corners[:, :2] + corners[:, 2:]) / 2
        pages.append(PageWords([unescape(row[4]) for row in rows], centres))
    return pages


@dataclass(frozen=True, slots=True)
class Boxed:
    """One passage by one route: how many words it has and its boxes hold, and what differs."""

    route: str
    file: str
    collection: str
    columns: int
    passage: Passage
    printed: int
    boxed: int
    stray: tuple[str, ...]  # boxed and not the passage's
    bare: tuple[str, ...]  # the passage's and not boxed

    @property
    def wrong(self) -> int:
        return len(self.stray) + len(self.bare)


def measure(judged: Sequence[Judged], columns: dict[str, int]) -> Iterator[Boxed]:
    """Yield every passage of the papers by every route; ``columns`` is keyed by file."""
    for each in judged:
        cut = chunk(paper_id("a" * 64), each.paper, SimpleTokens(), ChunkSettings(), MAX_TOKENS)
        for name, route in routes().items():
            pages = route(DATA.parent / each.file)
            for piece in cut:
                passage = piece.passage
                yield _compare(name, each, columns, passage, [(passage.text, passage.boxes)], pages)
                lines = list(_lines(each.paper, passage))
                yield _compare(f"{name}{BY_LINE}", each, columns, passage, lines, pages)


def _lines(paper: ParsedPaper, passage: Passage) -> Iterator[tuple[str, tuple[Box]]]:
    """Yield what a passage has on each printed line, and the box of that line."""
    rows = paper.words.within(passage.start, passage.end)
    starts = np.maximum(paper.words.start[rows], passage.start).tolist()
    ends = np.minimum(paper.words.end[rows], passage.end).tolist()
    words = zip(paper.words.line[rows].tolist(), starts, ends, strict=True)
    groups = groupby(words, key=lambda word: word[0])
    for (_, group), box in zip(groups, passage.boxes, strict=True):
        yield " ".join(paper.text[start:end] for _, start, end in group), (box,)


def _compare(
    route: str,
    each: Judged,
    columns: dict[str, int],
    passage: Passage,
    parts: Sequence[tuple[str, Sequence[Box]]],
    pages: list[PageWords],
) -> Boxed:
    """Compare the words of each part of a passage with those inside its boxes."""
    sizes: Counter[str] = Counter()
    strays: Counter[str] = Counter()
    bares: Counter[str] = Counter()
    for text, boxes in parts:
        printed, boxed = Counter(tokens(text)), Counter(_inside(boxes, pages))
        stray, bare = boxed - printed, printed - boxed
        _reconcile(bare, stray)
        _reconcile(stray, bare)
        sizes.update(printed=printed.total(), boxed=boxed.total())
        strays.update(stray)
        bares.update(bare)
    return Boxed(
        route,
        each.file,
        each.collection,
        columns[each.file],
        passage,
        sizes["printed"],
        sizes["boxed"],
        tuple(strays.elements()),
        tuple(bares.elements()),
    )


def _inside(boxes: Sequence[Box], pages: list[PageWords]) -> Iterator[str]:
    for number in {box.page for box in boxes}:
        page = pages[number - 1]
        for row in page.inside([box for box in boxes if box.page == number]).tolist():
            yield from tokens(page.texts[row])


def _reconcile(wholes: Counter[str], parts: Counter[str]) -> None:
    """Take from both sides the words that one side has in one piece and the other in several.

    So are words broken over two lines, listings whose letters stand apart, and marks set close to a word.
    """
    for whole in list(wholes.elements()):
        pieces = _pieces(whole, parts)
        if pieces:
            parts.subtract(pieces)
            wholes[whole] -= 1
    for side in (wholes, parts):
        for word in [word for word, count in side.items() if count <= 0]:
            del side[word]


def _pieces(whole: str, parts: Counter[str]) -> list[str]:
    """Return which of the parts make the word, in order; none if they do not."""
    for length in range(len(whole), 0, -1):
        piece = whole[:length]
        if parts[piece] > 0:
            if length == len(whole):
                return [piece]
            parts[piece] -= 1
            rest = _pieces(whole[length:], parts)
            parts[piece] += 1
            if rest:
                return [piece, *rest]
    return []


def fold(text: str) -> str:
    """Return the text in small letters, without accents and ligatures."""
    plain = unicodedata.normalize("NFKD", text.translate(_LONE_ACCENTS)).lower()
    return "".join(c for c in plain if not unicodedata.combining(c))


def tokens(text: str) -> list[str]:
    """Return the words, folded; signs are left out."""
    return re.findall(r"[^\W_]+", fold(text))


def table(found: Sequence[Boxed], sets: Sequence[str]) -> list[tuple[str, ...]]:
    """Return rows of (group, passages, then for each route the two shares)."""
    by_line = [
        replace(each, route=each.route.removesuffix(BY_LINE))
        for each in found
        if each.route.endswith(BY_LINE)
    ]
    whole = [each for each in found if not each.route.endswith(BY_LINE)]
    groups = {name: [each for each in whole if each.collection == name] for name in sets}
    groups["one column"] = [each for each in whole if each.columns == 1]
    groups["two columns"] = [each for each in whole if each.columns == 2]
    groups |= {"all": whole, "all, line by line": by_line}
    names = list(dict.fromkeys(each.route for each in whole))
    rows: list[tuple[str, ...]] = []
    for group, chosen in groups.items():
        figures = [str(len(chosen) // len(names))]
        for name in names:
            own = [each for each in chosen if each.route == name]
            figures.append(_share(sum(e.boxed - len(e.stray) for e in own), sum(e.boxed for e in own)))
            figures.append(_share(sum(e.printed - len(e.bare) for e in own), sum(e.printed for e in own)))
        rows.append((group, *figures))
    return rows


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.2f} %" if whole else "—"
