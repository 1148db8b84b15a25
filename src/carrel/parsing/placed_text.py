"""Texts with boxes, as a parsing service gives them → a paper.

A service tells where a sentence or an element stands, not where its words do. The words of a piece are
laid along the piece's boxes in order, each as wide as its share of the characters: a word's box is an
estimate, but the boxes of a piece's words together cover its own boxes and nothing else.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from carrel.core.metadata import Metadata
from carrel.core.paper import BLOCK_BREAK, Block, BlockKind, Box, PageSize, ParsedPaper, WordBoxes
from carrel.parsing.quality import measure_text
from carrel.parsing.text_cleaning import clean
from carrel.parsing.typography import is_wide

_WIDE = "\u3001-\u9fff\uf900-\uffef\U00020000-\U0010ffff"
_WORD = re.compile(rf"[{_WIDE}]|[^\s{_WIDE}]+")  # an ideograph or kana is a word of its own
_SMALLEST = 0.5  # points: a box that is narrower or lower is none
_SAME_SHAPE = 0.01  # by so much may two sizes of one page differ in proportion
_SAME_UNITS = 1.9  # and by this factor in size, where both are in points
_BESIDE = 2.0  # points that two pieces of one printed line may overlap


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text and the boxes of the printed lines it stands on, in order; none where unknown."""

    text: str
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class PlacedBlock:
    """A block of text in pieces. ``level`` counts from 1 for a heading and is 0 otherwise."""

    kind: BlockKind
    pieces: tuple[Piece, ...]
    level: int = 0

    @property
    def first_page(self) -> int:
        """The page it begins on; 0 where that is unknown."""
        return next((box.page for piece in self.pieces for box in piece.boxes), 0)


def readable(text: str) -> str:
    """Return a service's text as one line: ligatures apart, no codes without a meaning."""
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4").astype(np.uint32)
    return " ".join(clean(points).text.split()) if len(points) else ""


def scaled(box: Box, given: PageSize, shown: PageSize) -> Box:
    """Return a box of a page that was ``given`` in other units, in points of the page as ``shown``.

    Where the two differ little and not in proportion, the service measured another of the page's boxes
    than the one that is shown: its units are points already.
    """
    if given.width <= 0 or given.height <= 0 or shown.width <= 0 or shown.height <= 0:
        return box
    x, y = shown.width / given.width, shown.height / given.height
    if abs(x / y - 1) > _SAME_SHAPE and max(x, y, 1 / x, 1 / y) < _SAME_UNITS:
        return box
    return Box(box.page, box.x0 * x, box.y0 * y, box.x1 * x, box.y1 * y)


def paper_of(
    metadata: Metadata, blocks: Sequence[PlacedBlock], pages: Sequence[PageSize], given: str
) -> ParsedPaper:
    """Return the paper that these blocks make, in this order, on pages of these sizes.

    Texts are ``readable`` ones; blocks without text are left out. What reaches beyond its page is cut
    there; words of pieces without a box on a page have no row in the table of words. ``given`` is the
    service's text as it came: what is not readable is counted in it. Boxes of words are estimates, so
    what needs places is not measured of the quality.
    """
    table = _WordTable(pages)
    parts: list[str] = []
    made: list[Block] = []
    position = 0
    for block in blocks:
        pieces = [piece for piece in block.pieces if piece.text]
        if not pieces:
            continue
        if parts:
            parts.append(BLOCK_BREAK)
            position += len(BLOCK_BREAK)
        start = position
        for i, piece in enumerate(pieces):
            if i and not (is_wide(pieces[i - 1].text[-1]) and is_wide(piece.text[0])):
                parts.append(" ")
                position += 1
            table.place(piece, position)
            parts.append(piece.text)
            position += len(piece.text)
        made.append(Block(block.kind, start, position, block.level))
    text = "".join(parts)
    quality = measure_text(text, given)
    return ParsedPaper(metadata, text, tuple(made), table.words(), tuple(pages), quality)


class _WordTable:
    """Collects the rows of the words, piece by piece."""

    def __init__(self, pages: Sequence[PageSize]) -> None:
        self._pages = pages
        self._rows: list[tuple[int, int, int, int]] = []  # start, end, page, line
        self._boxes: list[tuple[float, float, float, float]] = []
        self._line = -1
        self._last: Box | None = None  # of the printed line so far: what its pieces share in height

    def place(self, piece: Piece, at: int) -> None:
        """Lay the words of a piece, whose text begins at character ``at`` of the paper, along its boxes."""
        boxes = list(filter(None, map(self._on_page, piece.boxes)))
        words = [match.span() for match in _WORD.finditer(piece.text)]
        if not boxes or not words:
            return
        ends = np.cumsum([box.x1 - box.x0 for box in boxes])
        centres = np.array([start + end for start, end in words]) / (2 * len(piece.text))
        chosen = np.minimum(np.searchsorted(ends / ends[-1], centres), len(boxes) - 1).tolist()
        # The choices only rise; a service may give thousands of boxes, so each word is looked at once.
        for choice, run in groupby(zip(chosen, words, strict=True), key=itemgetter(0)):
            self._number_line(boxes[choice])
            self._lay([word for _, word in run], boxes[choice], at)

    def words(self) -> WordBoxes:
        """Return the table."""
        columns: NDArray[np.int32] = np.array(self._rows, np.int32).reshape(-1, 4)
        start, end, page, line = (np.ascontiguousarray(column) for column in columns.T)
        return WordBoxes(start, end, page, line, np.array(self._boxes, np.float32).reshape(-1, 4))

    def _lay(self, words: Sequence[tuple[int, int]], box: Box, at: int) -> None:
        first, length = words[0][0], words[-1][1] - words[0][0]
        width = box.x1 - box.x0
        for start, end in words:
            x0, x1 = box.x0 + width * (start - first) / length, box.x0 + width * (end - first) / length
            self._rows.append((at + start, at + end, box.page, self._line))
            self._boxes.append((x0, box.y0, x1, box.y1))

    def _number_line(self, box: Box) -> None:
        """Go on to the next line unless the box stands to the right of the one before, on its line."""
        last = self._last
        if last is not None and last.page == box.page and box.x0 >= last.x1 - _BESIDE:
            top, bottom = max(last.y0, box.y0), min(last.y1, box.y1)
            if bottom - top > 0.5 * (box.y1 - box.y0):
                self._last = Box(box.page, last.x0, top, box.x1, bottom)
                return
        self._line += 1
        self._last = box

    def _on_page(self, box: Box) -> Box | None:
        """Return what of a box lies on its page; None where that is nothing."""
        if not 1 <= box.page <= len(self._pages):
            return None
        size = self._pages[box.page - 1]
        x0, x1 = max(box.x0, 0.0), min(box.x1, size.width)
        y0, y1 = max(box.y0, 0.0), min(box.y1, size.height)
        if not (x1 - x0 >= _SMALLEST and y1 - y0 >= _SMALLEST):  # also where one is not a number
            return None
        return Box(box.page, x0, y0, x1, y1)


def with_captions_in_place(
    blocks: Sequence[PlacedBlock], apart: Sequence[Sequence[PlacedBlock]]
) -> Iterator[PlacedBlock]:
    """Yield the blocks with each group of ``apart`` (a figure's) after the last that begins by its page.

    Front matter does not count; where no block's page is known, the groups stand at the end.
    """
    begins = [0 if block.kind is BlockKind.FRONT else block.first_page for block in blocks]
    last = dict.fromkeys(range(max(begins, default=0) + 1), -1)  # block that begins on a page, or before
    last |= {page: i for i, page in enumerate(begins) if page}
    by_page = list(accumulate(last.values(), max))
    places: dict[int, list[PlacedBlock]] = {}
    for group in apart:
        page = min(max((block.first_page for block in group), default=0), len(by_page) - 1)
        before = by_page[page] if page else -1
        places.setdefault(before if before >= 0 else len(blocks) - 1, []).extend(group)
    yield from places.get(-1, ())
    for i, block in enumerate(blocks):
        yield block
        yield from places.get(i, ())
