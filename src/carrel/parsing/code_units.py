"""Functions, methods and classes of a program as blocks: what each is called, and the lines it takes."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from carrel.core.paper import Block, BlockKind

_SAYS_SOMETHING = re.compile(r"(?!\bend\b)\b\w")
_BLANK_AROUND = re.compile(r"[ \t]*\n")


@dataclass(frozen=True, slots=True)
class Unit:
    """Lines of a program, from ``start`` to ``end``, that are called something; classes have more within."""

    start: int
    end: int
    name: str
    within: tuple["Unit", ...] = ()


def blocks_of(text: str, start: int, end: int, units: Sequence[Unit], level: int = 1) -> Iterator[Block]:
    """Yield the blocks of ``text[start:end]``: headings of no characters, and lines that are not blank."""
    place, below = start, False
    for unit in units:
        yield from _between(text, place, unit.start, level, below)
        yield Block(BlockKind.HEADING, unit.start, unit.start, level, unit.name)
        yield from blocks_of(text, unit.start, unit.end, unit.within, level + 1)
        place, below = unit.end, True
    yield from _between(text, place, end, level, below)


def _between(text: str, start: int, end: int, level: int, below: bool) -> Iterator[Block]:
    """Yield what stands between units; ``below``: the section of a unit is to end first."""
    piece = text[start:end]
    while match := _BLANK_AROUND.match(piece):
        start, piece = start + match.end(), piece[match.end() :]
    end = start + len(piece.rstrip())
    if start < end:
        # What only closes the unit before stays with it.
        if below and _SAYS_SOMETHING.search(text, start, end):
            yield Block(BlockKind.HEADING, start, start, level)
        yield Block(BlockKind.CODE, start, end)


def line_starts(text: str) -> list[int]:
    """Return the offset at which each line begins, and the text's length at the end."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    starts[-1] = len(text)
    return starts
