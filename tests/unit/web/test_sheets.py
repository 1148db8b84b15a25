"""Shapes around marked words, lines to be selected, and where marks cut a text."""

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.metadata import Metadata
from carrel.core.paper import NO_WORD_BOXES, Block, BlockKind, Box, PageSize, ParsedPaper, WordBoxes
from carrel.web.flow import flow
from carrel.web.marks import HIT, Mark
from carrel.web.sheets import Line, lines, outlines

Point = tuple[float, float]


def corners(path: str) -> list[list[Point]]:
    """Return the points of each closed shape of a path."""
    assert re.fullmatch(r"(M[-\d. L]+Z ?)+", path)
    shapes = [re.findall(r"([-\d.]+) ([-\d.]+)", part) for part in path.split("Z") if part.strip()]
    return [[(float(x), float(y)) for x, y in shape] for shape in shapes]


def inside(point: Point, shape: list[Point]) -> bool:
    """Whether a point lies in a shape: a ray from it crosses the edge an odd number of times."""
    x, y = point
    crossed = False
    for (x0, y0), (x1, y1) in zip(shape, shape[1:] + shape[:1], strict=True):
        if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
            crossed = not crossed
    return crossed


def test_a_passage_from_within_a_line_to_within_a_line_is_one_shape_with_eight_corners() -> None:
    lines = [Box(1, 200, 100, 400, 110), Box(1, 100, 112, 400, 122), Box(1, 100, 124, 250, 134)]
    ((page, outline),) = outlines("hit-1", HIT, lines)
    (shape,) = corners(outline.path)
    assert page == 1
    assert len(shape) == 8
    assert not inside((150, 105), shape)  # words before it, in its first line
    assert not inside((300, 129), shape)  # words after it, in its last


def test_columns_and_pages_are_shapes_of_their_own() -> None:
    lines = [Box(1, 50, 700, 290, 710), Box(1, 310, 80, 550, 90), Box(2, 50, 80, 290, 90)]
    found = outlines("hit-1", HIT, lines)
    assert [(page, len(corners(outline.path)), outline.first) for page, outline in found] == [
        (1, 2, True),
        (2, 1, False),
    ]


box = st.builds(
    lambda x, y, width, height: Box(1, x, y, x + width, y + height),
    st.floats(0, 500),
    st.floats(0, 700),
    st.floats(5, 300),
    st.floats(4, 20),
)


@given(st.lists(box, min_size=1, max_size=12))
def test_the_middle_of_every_line_is_within_a_shape(lines: list[Box]) -> None:
    shapes = [shape for _, outline in outlines("hit-1", HIT, lines) for shape in corners(outline.path)]
    for line in lines:
        middle = ((line.x0 + line.x1) / 2, (line.y0 + line.y1) / 2)
        assert any(inside(middle, shape) for shape in shapes), line


def mark(number: int, start: int, end: int) -> Mark:
    return Mark(number, HIT, str(number), None, "", (), start, end, ())


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 30)), max_size=5))
def test_a_text_is_whole_however_it_is_marked(ranges: list[tuple[int, int]]) -> None:
    text = "Whales sing in the deep.\n\nSeals bark on the shore, and nobody listens."
    blocks = (Block(BlockKind.PARAGRAPH, 0, 24), Block(BlockKind.PARAGRAPH, 26, len(text)))
    parsed = ParsedPaper(Metadata(), text, blocks, NO_WORD_BOXES, ())
    marks = [
        mark(n, start, min(start + length, len(text))) for n, (start, length) in enumerate(sorted(ranges))
    ]
    parts = flow(parsed, marks)
    shown = ["".join(piece.text for piece in part.pieces) for part in parts]
    assert shown == [parsed.block_text(block) for block in blocks]
    begun = [piece.mark for part in parts for piece in part.pieces if piece.mark and piece.first]
    assert len(begun) == len(set(begun))


def turned(boxes: list[tuple[float, float, float, float]]) -> Line:
    """Return the line of a page with three words in these boxes."""
    start, end = np.array([0, 4, 8], np.int32), np.array([3, 7, 11], np.int32)
    one = np.ones(3, np.int32)
    words = WordBoxes(start, end, one, one, np.array(boxes, np.float32))
    (line,) = lines(ParsedPaper(Metadata(), "one two six", (), words, (PageSize(600, 800),)), 1)
    return line


def test_words_are_laid_along_the_way_they_run() -> None:
    across = turned([(100, 50, 130, 60), (135, 50, 165, 60), (170, 50, 200, 60)])
    assert (across.x, across.y, across.length, across.size, across.turn) == (100, 58, 100, 10, 0)
    assert across.text == "one two six "
    up = turned([(20, 270, 30, 300), (20, 235, 30, 265), (20, 200, 30, 230)])
    assert (up.x, up.y, up.length, up.size, up.turn) == (28, 300, 100, 10, -90)
    down = turned([(20, 200, 30, 230), (20, 235, 30, 265), (20, 270, 30, 300)])
    assert (down.x, down.y, down.length, down.size, down.turn) == (22, 200, 100, 10, 90)
