"""The text of a paper without pages: its blocks in reading order, with what is marked in them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from carrel.core.paper import Block, BlockKind, ParsedPaper
from carrel.web.marks import Mark


@dataclass(frozen=True, slots=True)
class Piece:
    """Some characters; ``mark`` is what is marked in them, ``first`` where a mark begins."""

    text: str
    mark: Mark | None = None
    first: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A block: a heading with its level from 1, or text."""

    kind: BlockKind
    level: int
    start: int
    pieces: tuple[Piece, ...]


def flow(parsed: ParsedPaper, marks: Sequence[Mark]) -> tuple[Part, ...]:
    """Return the paper's blocks, cut where marks begin and end. Marks are in reading order."""
    begun: set[str] = set()
    return tuple(
        Part(block.kind, block.level, block.start, tuple(_pieces(parsed.text, block, marks, begun)))
        for block in _shown(parsed.blocks)
    )


def _shown(blocks: Sequence[Block]) -> Iterator[Block]:
    """Yield the blocks; of headings without characters, places to go to, one a place and only named ones."""
    before = -1
    for block in blocks:
        if block.start == block.end:
            if not block.name or block.start == before:
                continue
            before = block.start
        yield block


def _pieces(text: str, block: Block, marks: Sequence[Mark], begun: set[str]) -> Iterator[Piece]:
    place = block.start
    for mark in marks:
        start, end = max(mark.start, place), min(mark.end, block.end)
        if start >= end:
            continue
        if start > place:
            yield Piece(text[place:start])
        yield Piece(text[start:end], mark, mark.key not in begun)
        begun.add(mark.key)
        place = end
    if place < block.end:
        yield Piece(text[place : block.end])
