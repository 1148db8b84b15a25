"""Blocks of lines → one string, with every word's place in it."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from carrel.core.paper import BLOCK_BREAK, Block, BlockKind, WordBoxes
from carrel.parsing.paragraphs import Draft
from carrel.parsing.printed import Line, Words
from carrel.parsing.typography import is_wide

_HYPHENS = "-‐\u00ad"
# The last word of a line is an address; it may be broken at these.
_ADDRESS = re.compile(r"(?:://|www\.|doi\.org/|\b10\.\d{4,9}/)\S*$")
_JOINTS = "/._?=&#%:-"
_LAST_WORD = re.compile(r"([^\W\d_]+(?:[-‐][^\W\d_]+)*)[-‐\u00ad]$")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_LONGEST_END = 200  # characters at a line's end: in a longer word neither is looked for
_LEFT_OUT = -1
_IN_CELLS = frozenset({BlockKind.TABLE, BlockKind.FIGURE})


def assemble(
    drafts: Sequence[Draft], words: Words, line_pages: NDArray[np.int32]
) -> tuple[str, tuple[Block, ...], WordBoxes]:
    """Return the paper's text, its blocks and its words.

    ``words`` are those of all lines of the file; ``line_pages`` [lines] gives each line's page. Words
    of lines that are in no block are left out.
    """
    known = _Vocabulary(drafts)
    offsets = np.full(len(line_pages), _LEFT_OUT, np.int64)
    lengths = np.zeros(len(line_pages), np.int64)
    pieces: list[str] = []
    blocks: list[Block] = []
    order: list[int] = []
    position = 0
    for draft in drafts:
        if pieces:
            pieces.append(BLOCK_BREAK)
            position += len(BLOCK_BREAK)
        start = position
        for line, text, glue in (
            _cells(draft.lines) if draft.kind in _IN_CELLS else _joined(draft.lines, known)
        ):
            offsets[line.number] = position
            lengths[line.number] = len(text)
            order.append(line.number)
            pieces += (text, glue)
            position += len(text) + len(glue)
        blocks.append(Block(draft.kind, start, position, draft.level))
    boxes = _word_boxes(words, offsets, lengths, np.asarray(order, np.int64), line_pages)
    return "".join(pieces), tuple(blocks), boxes


class _Vocabulary:
    """The words of the paper as printed within lines; made when the first divided word asks."""

    def __init__(self, drafts: Sequence[Draft]) -> None:
        self._drafts = drafts
        self._words: frozenset[str] | None = None

    def __contains__(self, word: str) -> bool:
        if self._words is None:
            text = " ".join(line.text for draft in self._drafts for line in draft.lines)
            self._words = frozenset(text.lower().split())
        return word.lower() in self._words


def _cells(lines: Sequence[Line]) -> Iterable[tuple[Line, str, str]]:
    """The same for a table: tabs part the cells of a row, line breaks the rows."""
    for line, after in pairwise(lines):
        beside = after.page == line.page and abs(after.bottom - line.bottom) < 0.5 * line.size
        yield line, line.text, "\t" if beside else "\n"
    yield lines[-1], lines[-1].text, ""


def _joined(lines: Sequence[Line], known: _Vocabulary) -> Iterable[tuple[Line, str, str]]:
    """Yield each line, what is kept of its text, and what stands between it and the next."""
    in_address = False
    for line, after in pairwise(lines):
        text = line.text
        in_address = _ADDRESS.search(text[-_LONGEST_END:]) is not None or (in_address and " " not in text)
        if text[-1] in _HYPHENS and len(text) > 1 and (line.hyphen or text[-2].isalpha()):
            yield line, text[:-1] if not in_address and _divided(text, after.text, known) else text, ""
        elif (is_wide(text[-1]) and is_wide(after.text[0])) or (in_address and text[-1] in _JOINTS):
            yield line, text, ""
        else:
            yield line, text, " "
    yield lines[-1], lines[-1].text, ""


def _divided(text: str, after: str, known: _Vocabulary) -> bool:
    """Whether the hyphen at a line's end divides one word (and goes) or joins two (and stays)."""
    head, tail = _LAST_WORD.search(text[-_LONGEST_END:].rsplit(None, 1)[-1]), _FIRST_WORD.match(after)
    if head is None or tail is None or not tail.group()[0].islower():
        return False
    first, second = head.group(1), tail.group()
    if first + second in known:
        return True
    if f"{first}-{second}" in known or "-" in first or "‐" in first:
        return False
    # "non-" and the like are as often joined as hyphenated; a word the paper uses by itself before
    # another one it uses by itself is a compound.
    return not (len(first) > 3 and len(second) > 3 and first in known and second in known)


def _word_boxes(
    words: Words,
    offsets: NDArray[np.int64],
    lengths: NDArray[np.int64],
    order: NDArray[np.int64],
    line_pages: NDArray[np.int32],
) -> WordBoxes:
    rank = np.full(len(offsets), _LEFT_OUT, np.int64)
    rank[order] = np.arange(len(order))
    rows = np.flatnonzero((rank[words.line] >= 0) & (words.start < lengths[words.line]))
    if np.any(np.diff(order) < 0):
        rows = rows[np.argsort(rank[words.line[rows]], kind="stable")]
    line = words.line[rows]
    at = offsets[line]
    return WordBoxes(
        start=(at + words.start[rows]).astype(np.int32),
        end=(at + np.minimum(words.end[rows], lengths[line])).astype(np.int32),
        page=line_pages[line].astype(np.int32),
        line=rank[line].astype(np.int32),
        box=np.ascontiguousarray(words.box[rows]),
    )
