"""A paper's pages as they are laid out on the screen: sizes, lines of words, headings, what is marked.

All lengths are in points on the page as displayed, origin top left, as in ``core.paper``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from carrel.core.paper import Block, BlockKind, Box, PageSize, ParsedPaper

_A4 = PageSize(595.0, 842.0)
_ROOM = 1.5  # around what is marked
_INDENT = 4.0  # edges of lines that differ by less are one edge
_SAME_COLUMN = 1.8  # line heights from one line to the next; more is another column, or past a figure
_MOST_STEPS = 400  # headings; more are no outline any more
_STANDING = 1.5  # how much taller than wide a line of words is that runs upwards or downwards
_DESCENT = 0.2  # of a line's height, below its baseline


@dataclass(frozen=True, slots=True)
class Line:
    """A printed line of words, to be selected."""

    x: float  # where its baseline begins
    y: float
    length: float
    size: float
    text: str
    turn: int = 0  # degrees; -90: it runs upwards


@dataclass(frozen=True, slots=True)
class Outline:
    """What is drawn around marked words on one page: an SVG path. ``key`` says of which mark."""

    key: str
    kind: str
    path: str
    first: bool  # of the mark; it may go on on the next page


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page: its number from 1, its size, and what is marked on it."""

    number: int
    size: PageSize
    outlines: tuple[Outline, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A heading."""

    text: str
    level: int  # from 1
    page: int | None  # None in a file without pages
    down: float  # how far down the page, from 0 to 1
    start: int  # its place in the text


@dataclass(slots=True)
class _Run:
    """Lines below each other, of one column."""

    boxes: list[Box] = field(default_factory=list)

    def takes(self, box: Box) -> bool:
        """Whether a line goes on where this run ends."""
        last = self.boxes[-1]
        height = max(last.y1 - last.y0, box.y1 - box.y0)
        return (
            box.page == last.page
            and box.y0 >= (last.y0 + last.y1) / 2
            and box.y1 > last.y1
            and box.y0 - last.y0 < _SAME_COLUMN * height
            and box.x0 < max(b.x1 for b in self.boxes)
            and box.x1 > min(b.x0 for b in self.boxes)
        )


def sheets(parsed: ParsedPaper | None, pages: int) -> tuple[Sheet, ...]:
    """Return every page, with the sizes that the parser measured; without them as if of A4."""
    sizes = parsed.pages if parsed is not None and parsed.pages else (_A4,) * pages
    return tuple(Sheet(number, size) for number, size in enumerate(sizes, start=1))


def marked(found: Sequence[Sheet], outlines: Sequence[tuple[int, Outline]]) -> tuple[Sheet, ...]:
    """Return the pages with outlines on them, given with their page's number."""
    on_page: dict[int, list[Outline]] = {}
    for page, outline in outlines:
        on_page.setdefault(page, []).append(outline)
    return tuple(replace(sheet, outlines=tuple(on_page.get(sheet.number, ()))) for sheet in found)


def outlines(key: str, kind: str, boxes: Sequence[Box]) -> tuple[tuple[int, Outline], ...]:
    """Return what to draw around lines of words, a page a time: one shape for lines below each other."""
    paths: dict[int, list[str]] = {}
    for run in _runs(boxes):
        paths.setdefault(run[0].page, []).append(_shape(run))
    first = next(iter(paths), 0)
    return tuple((page, Outline(key, kind, " ".join(path), page == first)) for page, path in paths.items())


def lines(parsed: ParsedPaper, page: int) -> Iterator[Line]:
    """Yield the printed lines of a page with their words, in reading order."""
    words = parsed.words
    rows = np.flatnonzero(words.page == page)
    if not rows.size:
        return
    numbers = words.line[rows]
    for group in np.split(rows, np.flatnonzero(numbers[1:] != numbers[:-1]) + 1):
        start, end = int(words.start[group[0]]), int(words.end[group[-1]])
        text = " ".join(parsed.text[start:end].split())
        goes_on = parsed.text[end : end + 1].strip() != ""  # a word broken at the end of the line
        yield _line(text if goes_on else text + " ", words.box[group])


@lru_cache(maxsize=4)  # a paper that is read is asked for again and again
def steps(parsed: ParsedPaper) -> tuple[Step, ...]:
    """Return the headings in reading order, the highest of level 1; of very many only the higher ones."""
    headings = [block for block in parsed.blocks if block.kind is BlockKind.HEADING and parsed.heading(block)]
    highest = max(1, min((block.level for block in headings), default=1))
    found = [_step(parsed, block, block.level - highest + 1) for block in headings]
    while len(found) > _MOST_STEPS and (deepest := max(step.level for step in found)) > 1:
        found = [step for step in found if step.level < deepest]
    return tuple(found)


def _step(parsed: ParsedPaper, block: Block, level: int) -> Step:
    boxes = parsed.words.boxes(block.start, block.end)
    page = boxes[0].page if boxes else None
    down = boxes[0].y0 / parsed.pages[page - 1].height if page else 0.0
    return Step(parsed.heading(block), max(1, level), page, round(min(max(down, 0.0), 1.0), 3), block.start)


def _line(text: str, boxes: NDArray[np.float32]) -> Line:
    """Return a line of words in these boxes, [words, 4]."""
    x0, y0 = boxes[:, :2].min(axis=0).tolist()
    x1, y1 = boxes[:, 2:].max(axis=0).tolist()
    width, height = x1 - x0, y1 - y0
    if height <= _STANDING * width or len(text) < 3:
        x, y, length, size, turn = x0, y1 - _DESCENT * height, width, height, 0
    elif boxes[0, 1] < boxes[-1, 1]:
        x, y, length, size, turn = x0 + _DESCENT * width, y0, height, width, 90
    else:
        x, y, length, size, turn = x1 - _DESCENT * width, y1, height, width, -90
    return Line(round(x, 1), round(y, 1), round(length, 1), round(size, 1), text, turn)


def _runs(boxes: Sequence[Box]) -> Iterator[list[Box]]:
    run = _Run()
    for box in boxes:
        if run.boxes and not run.takes(box):
            yield run.boxes
            run = _Run()
        run.boxes.append(box)
    if run.boxes:
        yield run.boxes


def _shape(run: Sequence[Box]) -> str:
    """Return the path around lines below each other, as a text editor draws a selection.

    Only the first line may begin, and only the last may end, within the others' width.
    """
    left = min(box.x0 for box in run) - _ROOM
    right = max(box.x1 for box in run) + _ROOM
    top, bottom = run[0].y0 - _ROOM, run[-1].y1 + _ROOM
    first = run[0].x0 - _ROOM if len(run) > 1 else left
    last = run[-1].x1 + _ROOM if len(run) > 1 else right
    first = first if first - left > _INDENT else left
    last = last if right - last > _INDENT else right
    below_first = (run[0].y1 + run[min(1, len(run) - 1)].y0) / 2 if len(run) > 1 else top
    above_last = (run[-2].y1 + run[-1].y0) / 2 if len(run) > 1 else bottom
    corners = [(first, top), (right, top), (right, above_last), (last, above_last), (last, bottom)]
    corners += [(left, bottom), (left, below_first), (first, below_first)]
    once = [corner for number, corner in enumerate(corners) if corner != corners[number - 1]]
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in once) + "Z"
