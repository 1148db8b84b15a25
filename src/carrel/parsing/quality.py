"""How well a PDF was read, measured from what came of it.

Files without pages and those that a service reads have some of the measures. Every measure works on whole
strings and arrays: all together cost a small part of reading a page.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from carrel.core.file_errors import GarbledText
from carrel.core.page_errors import UnreadableText
from carrel.core.paper import Block, BlockKind, WordBoxes
from carrel.core.quality import ParseQuality
from carrel.parsing.printed import Line, Printed, joined
from carrel.parsing.spelling import odd_words

_Points: TypeAlias = NDArray[np.uint16] | NDArray[np.uint32]
_Floats: TypeAlias = NDArray[np.float32]
_Indices: TypeAlias = NDArray[np.int64]

_MOSTLY_UNREADABLE = 0.35  # of the characters: the rest makes no sentence; sound papers have less than 0.05
_MOSTLY_ODD = 0.2  # of the words, which is as good as all: many of a garbled text's words look possible
_FEWEST_WORDS = 50  # a file of fewer is measured as if it had so many: one odd word tells nothing
_FEWEST_CHARACTERS = 50
_AT_ONCE = 1 << 20  # characters: a text may be as long as memory allows

# Codes without a meaning: controls but line ends and pdfium's mark of a line's hyphen, private use
# (its planes 15 and 16 in UTF-16, too), the replacement character, what is no character.
_LOW = 0x10000
_PRIVATE_PLANES = 0xF0000
_MEANINGLESS = np.zeros(_LOW, np.bool_)
for _first, _behind in (
    (0x00, 0x20),
    (0x7F, 0xA0),
    (0xDB80, 0xDC00),
    (0xE000, 0xF900),
    (0xFFFD, 0xFFFE),
    (0xFFFF, 0x10000),
):
    _MEANINGLESS[_first:_behind] = True
_MEANINGLESS[[0x09, 0x0A, 0x0C, 0x0D]] = False

# Running text: shorter and narrower lines are cells, labels and formulas, which stand anywhere.
_PROSE = 18  # characters
_NARROWEST = 0.25  # of the page's printed width
_SPANNING = 0.6  # of it: a line that stands over or between the columns
_COLUMNS = 3  # at most, so that a page may change the column twice between spanning lines


def count_characters(points: _Points) -> tuple[int, int]:
    """Return how many of a page's characters mean nothing, and how many are printed: no spaces, no line ends.

    ``points`` are UTF-16 units or code points.
    """
    meaningless = _MEANINGLESS[points.astype(np.uint16)]
    if points.dtype != np.uint16:
        meaningless = np.where(points < _LOW, meaningless, points >= _PRIVATE_PLANES)
    unreadable = int(np.count_nonzero(meaningless))
    blank = np.count_nonzero((points == 0x20) | ((points >= 0x09) & (points <= 0x0D)) | (points == 0xA0))
    return unreadable, len(points) - int(blank)


def measure_quality(
    printed: Printed, kept: Sequence[Line], text: str, blocks: Sequence[Block], words: WordBoxes
) -> ParseQuality:
    """Return how well a file was read.

    Args:
        printed: its pages; their counts of characters are used, and their words.
        kept: the lines that are no furniture. Those in no block of the paper count as lost.
        text, blocks, words: of the paper as it was put together.
    """
    unreadable = sum(page.unreadable for page in printed.pages)
    characters = sum(page.characters for page in printed.pages)
    odd, looked_at = odd_words(text)
    return ParseQuality(
        unreadable=_share(unreadable, characters),
        odd_words=_share(odd, max(looked_at, _FEWEST_WORDS)),
        interleaved=interleaved(words, blocks),
        outside=_outside(printed, kept, words),
    )


def measure_text(text: str, given: str | None = None) -> ParseQuality:
    """Return how well a text without measured places was read: what needs places is not measured.

    Args:
        text: of the paper as it was put together.
        given: the text as it came, where codes without a meaning are left out of ``text``.
    """
    whole = text if given is None else given
    counts = [_counted(whole[at : at + _AT_ONCE]) for at in range(0, len(whole), _AT_ONCE)]
    unreadable, characters = (sum(count) for count in zip((0, 0), *counts, strict=True))
    odd, looked_at = odd_words(text)
    return ParseQuality(
        unreadable=_share(unreadable, max(characters, _FEWEST_CHARACTERS)),
        odd_words=_share(odd, max(looked_at, _FEWEST_WORDS)),
        interleaved=None,
        outside=None,
    )


def _counted(text: str) -> tuple[int, int]:
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    return count_characters(points.astype(np.uint32))


def check_text(quality: ParseQuality) -> None:
    """Raise GarbledText for a file without pages whose characters or words mostly mean nothing."""
    if quality.unreadable > _MOSTLY_UNREADABLE or is_garbled(quality):
        raise GarbledText(name="", percent=round(100 * max(quality.unreadable, quality.odd_words)))


def check_characters(printed: Printed, name: str, refusal: type[UnreadableText] = UnreadableText) -> None:
    """Raise ``refusal`` for a file whose characters mostly have no meaning; ``name`` is the file's."""
    characters = sum(page.characters for page in printed.pages)
    unreadable = sum(page.unreadable for page in printed.pages)
    if characters >= _FEWEST_CHARACTERS and unreadable > _MOSTLY_UNREADABLE * characters:
        raise refusal(name=name, percent=round(100 * unreadable / characters))


def is_garbled(quality: ParseQuality) -> bool:
    """Whether a file's letters are exchanged: its fonts say of most that they are others."""
    return quality.odd_words > _MOSTLY_ODD


def check_words(quality: ParseQuality, name: str, refusal: type[UnreadableText] = UnreadableText) -> None:
    """Raise ``refusal`` for a file whose letters are exchanged; ``name`` is the file's."""
    if is_garbled(quality):
        raise refusal(name=name, percent=round(100 * quality.odd_words))


def interleaved(words: WordBoxes, blocks: Sequence[Block] = ()) -> float:
    """Return the share of steps from line to line that change the column without need.

    On a page of three columns, two changes between lines that span them are needed. Only lines of
    running text count, none of a table. A page read straight across its two columns changes at nearly
    every step.
    """
    if not len(words.start):
        return 0.0
    first = np.flatnonzero(np.diff(words.line, prepend=words.line[0] - 1))
    behind = np.append(first[1:], len(words.line))
    x0, x1 = np.minimum.reduceat(words.box[:, 0], first), np.maximum.reduceat(words.box[:, 2], first)
    page = words.page[first]
    width = (x1 - x0) / _printed_width(x0, x1, page)
    prose = (words.end[behind - 1] - words.start[first] >= _PROSE) & (width > _NARROWEST)
    for block in blocks:
        if block.kind is BlockKind.TABLE:
            prose &= (words.start[first] < block.start) | (words.start[first] >= block.end)
    x0, x1, page, spanning = x0[prose], x1[prose], page[prose], width[prose] > _SPANNING
    together = page[1:] == page[:-1]
    jump = together & ((x0[1:] >= x1[:-1]) | (x1[1:] <= x0[:-1]))
    if not jump.any():
        return 0.0
    # A run of lines within columns begins where one follows a spanning line, or on a new page.
    begins = ~spanning
    begins[1:] &= spanning[:-1] | ~together
    pages = int(page.max()) + 1
    jumps = np.bincount(page[1:][jump], minlength=pages)
    needed = (_COLUMNS - 1) * np.bincount(page[begins], minlength=pages)
    return _share(int(np.maximum(jumps - needed, 0).sum()), int(np.count_nonzero(together)))


def _printed_width(x0: _Floats, x1: _Floats, page: NDArray[np.int32]) -> _Floats:
    """Return for each line from where to where its page is printed on, in points; never 0."""
    begins = np.flatnonzero(np.diff(page, prepend=page[0] - 1))
    left, right = np.minimum.reduceat(x0, begins), np.maximum.reduceat(x1, begins)
    width: _Floats = np.repeat(np.maximum(right - left, 1), np.diff(begins, append=len(page)))
    return width


def _outside(printed: Printed, kept: Sequence[Line], words: WordBoxes) -> float:
    """Return the share of the kept lines' characters that are in no block."""
    every = joined([page.words for page in printed.pages])
    if not kept or not len(every.line):
        return 0.0
    numbers = np.fromiter((line.number for line in kept), np.int64, len(kept))
    lengths = np.bincount(every.line, weights=every.end - every.start, minlength=int(numbers.max()) + 1)
    # A hyphen that divides a word goes when the word is put together.
    wanted = float(lengths[numbers].sum()) - sum(line.hyphen for line in kept)
    found = int((words.end - words.start).sum())
    return _share(max(0.0, wanted - found), wanted)


def _share(part: float, whole: float) -> float:
    """Return part of whole, to four digits: what is stored should not change with the machine."""
    return round(min(1.0, part / whole), 4) if whole else 0.0
