"""Reads plain text: paragraphs by blank lines, hard-wrapped lines joined, headings where unmistakable."""

import re
import unicodedata
from collections import Counter
from collections.abc import Container, Iterator, Sequence

from carrel.core.paper import BlockKind
from carrel.parsing.headings import is_named
from carrel.parsing.pageless import Piece, Reading
from carrel.parsing.plain_structure import (
    begins_item,
    joined_lines,
    plain_heading,
    with_title,
    without_bullet,
)
from carrel.parsing.text_pages import PAGE_BREAK, without_pages
from carrel.parsing.typography import ends_sentence

_MARKED = re.compile(r"(#{1,6})\s+(\S.*)")
_UNDERLINE = re.compile(r"\s*(=+|-+|~+)\s*$")
_GAP = re.compile(r"(?<=\S) {2,}(?=\S)")
_DRAWN = re.compile(r"[-+|=_/\\<>^*#]{3}|[│┌┐└┘├┤─]|\. ?\. ?\. ?\.")
_WIDE = 8  # spaces: no justified line has such a gap
_FAR = 40  # columns: what begins there is in a column of its own, or centred
_WORD = re.compile(r"[^\W\d_]+")
_PARAGRAPH_WIDTH = 110  # columns; longer lines were not broken to fit
_DOUBLE, _SINGLE = -2, -1  # levels of underlined headings until all are known
_WHOLE_SHARE = 0.4
_SHORT = 48  # columns; a line that was broken to fit is longer
_LINES_IN_BYLINE = 8


def read_text(text: str) -> Reading:
    """Return what a plain text holds."""
    pieces: list[Piece] = []
    blocks = list(_blocks(text))
    known = frozenset(_WORD.findall(text.lower()))
    unbroken = _is_unbroken(blocks)
    for block in blocks:
        joins = block[0] == PAGE_BREAK
        found = list(_pieces(block[1:] if joins else block, unbroken, known))
        if joins and pieces and found and _run_on(pieces[-1], found[0]):
            pieces[-1] = Piece(pieces[-1].kind, joined_lines((pieces[-1].text, found[0].text), known))
            found = found[1:]
        pieces += found
    return Reading(with_title(_with_outermost(pieces)))


def _with_outermost(pieces: Sequence[Piece]) -> Sequence[Piece]:
    """Return the pieces; where no heading is doubly underlined, the singly underlined are outermost."""
    doubly = any(piece.level == _DOUBLE for piece in pieces)
    shift = {_DOUBLE: 1, _SINGLE: 2} if doubly else {_SINGLE: 1}
    return [Piece(piece.kind, piece.text, shift.get(piece.level, piece.level)) for piece in pieces]


def _blocks(text: str) -> Iterator[list[str]]:
    """Yield runs of lines that are not blank; the first after a page's end has a page break before it."""
    lines: list[str] = []
    for line in without_pages(text):
        if line == PAGE_BREAK:
            if lines and lines != [PAGE_BREAK]:
                yield lines
            lines = [PAGE_BREAK]
        elif line:
            lines.append(line)
        elif lines and lines != [PAGE_BREAK]:
            yield lines
            lines = []
    if lines and lines != [PAGE_BREAK]:
        yield lines


def _run_on(before: Piece, after: Piece) -> bool:
    """Whether a paragraph goes on after a page's end."""
    both = before.kind is BlockKind.PARAGRAPH and after.kind is BlockKind.PARAGRAPH
    return both and not ends_sentence(before.text) and after.text[:1].islower()


def _is_unbroken(blocks: Sequence[Sequence[str]]) -> bool:
    """Whether a text's lines are its paragraphs: long, or ending where a sentence ends.

    The last line of a run tells nothing; one in ten of the others ends a sentence by chance.
    """
    lines = [line for block in blocks for line in block[:-1] if line != PAGE_BREAK]
    whole = sum(_columns(line) > _PARAGRAPH_WIDTH or ends_sentence(line) for line in lines)
    return whole > _WHOLE_SHARE * len(lines)


def _pieces(lines: Sequence[str], unbroken: bool, known: Container[str]) -> Iterator[Piece]:
    """Yield the pieces of one run of lines; ``known`` are the words of the whole text."""
    heading, used = _heading(lines)
    if heading is not None:
        yield heading
        lines = lines[used:]
    if not lines:
        return
    table = _is_table(lines)
    if table or _is_drawn(lines):
        yield Piece(BlockKind.TABLE if table else BlockKind.PARAGRAPH, "\n".join(_without_margin(lines)))
        return
    if _is_byline(lines):
        yield Piece(BlockKind.PARAGRAPH, "\n".join(map(str.strip, lines)))
        return
    for paragraph in _paragraphs(lines, unbroken):
        text = joined_lines(paragraph, known)
        level = plain_heading(text) if len(paragraph) == 1 and unbroken else 0
        kind = BlockKind.HEADING if level else BlockKind.PARAGRAPH
        yield Piece(kind, text if level else without_bullet(text), level)


def _heading(lines: Sequence[str]) -> tuple[Piece | None, int]:
    """Return the heading that a run of lines begins with, and how many lines it takes."""
    if match := _MARKED.match(lines[0]):
        marked = match[2].rstrip().rstrip("#").rstrip() or match[2]
        return Piece(BlockKind.HEADING, marked, len(match[1])), 1
    first = lines[0].strip()
    if len(lines) > 1 and (under := _UNDERLINE.match(lines[1])):
        fits = abs(_columns(first) - len(under[1])) <= 2 + _columns(first) // 10
        if fits and len(under[1]) >= 2 and any(map(str.isalpha, first)):
            return Piece(BlockKind.HEADING, first, _DOUBLE if under[1][0] == "=" else _SINGLE), 2
    if (len(lines) == 1 or is_named(first)) and not _DRAWN.search(first) and (level := plain_heading(first)):
        return Piece(BlockKind.HEADING, first, level), 1
    return None, 0


def _is_drawn(lines: Sequence[str]) -> bool:
    """Whether lines are a figure or code, whose line breaks mean something."""
    drawn = sum(_DRAWN.search(line) is not None for line in lines)
    return len(lines) > 1 and drawn > 0.4 * len(lines)


def _is_table(lines: Sequence[str]) -> bool:
    """Whether lines show columns: very wide gaps, or gaps that begin or end at one place in most lines."""
    edges: Counter[tuple[str, int]] = Counter()
    columns = False
    for line in lines:
        for gap in _GAP.finditer(line):
            edges[("begins", gap.start())] += 1
            edges[("ends", gap.end())] += 1
        wide = any(len(gap) >= _WIDE for gap in _GAP.findall(line))
        columns = columns or wide
        edges[("is wide", 0)] += wide or (columns and _margin(line) >= _FAR)
    return len(lines) > 1 and max(edges.values(), default=0) >= max(2, 0.6 * len(lines))


def _is_byline(lines: Sequence[str]) -> bool:
    """Whether a run of lines is short lines, each by itself: names, addresses, a date; or verse."""
    short = all(_columns(line.strip()) <= _SHORT for line in lines)
    ended = any(ends_sentence(line) or begins_item(line) for line in lines)
    return 1 < len(lines) <= _LINES_IN_BYLINE and short and not ended


def _paragraphs(lines: Sequence[str], unbroken: bool) -> Iterator[list[str]]:
    """Yield the lines of each paragraph of a run of lines."""
    paragraph: list[str] = []
    for line in lines:
        begins = (
            unbroken or line.startswith("\u3000\u3000") or _indented(line, paragraph) or begins_item(line)
        )
        if paragraph and begins:
            yield paragraph
            paragraph = []
        paragraph.append(line)
    if paragraph:
        yield paragraph


def _indented(line: str, paragraph: Sequence[str]) -> bool:
    """Whether a line begins a paragraph by its indent: further in than the line above, after a sentence."""
    if not paragraph:
        return False
    above = paragraph[-1]
    return _margin(line) >= _margin(above) + 2 and ends_sentence(above) and not begins_item(paragraph[0])


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip())


def _without_margin(lines: Sequence[str]) -> list[str]:
    margin = min(map(_margin, lines))
    return [line[margin:] for line in lines]


def _columns(line: str) -> int:
    """Return the columns that a line takes; Chinese characters take two."""
    if line.isascii():
        return len(line)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
