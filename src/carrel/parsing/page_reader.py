"""One page of a PDF → its printed lines and words, each with a box; whatever library reads the PDF.

Costs are kept near those of bare text extraction: text is read once a page, font and matrix once a
line, a box only for the first and last character of each word.
"""

import re
from abc import ABC, abstractmethod
from dataclasses import replace
from functools import lru_cache
from itertools import repeat
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from carrel.core.paper import PageSize
from carrel.parsing import spacing
from carrel.parsing.printed import NO_WORDS, Line, PrintedPage, Words
from carrel.parsing.quality import count_characters
from carrel.parsing.text_cleaning import LINE_HYPHEN, clean

FORCE_BOLD = 1 << 18
_BOLD_NAME = re.compile(
    rb"bold|black|heavy|demi|medi(?!um|eval)|cmbx|cmb1|sfbx|ecbx|cmssbx|simhei|[-,]b$|-bd|lin\w+t[bz]o?$",
    re.IGNORECASE,
)
# Words further apart than this, in heights of the text, belong to two columns or two cells. A short
# label (a section's number, a bullet) may stand that far from its text.
_COLUMN_GAP = 1.5
_LABEL_CHARACTERS = 6
_LINE_NUMBERS = 12  # as many numbers that end at one place, each before its line, count the lines
_GRID = 64  # boxes are rounded to 1/64 point: invisible, and they compress well

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]
Characters = NDArray[np.uint16] | NDArray[np.uint32]
"""UTF-16 units or code points."""


class Fonts(NamedTuple):
    """What is known of the fonts of some characters: parallel arrays [n]."""

    size: Doubles  # points, as displayed
    bold: Flags
    fixed: Flags
    upright: Flags


class PageReader(ABC):
    """The steps of reading one page, and what they share.

    What a library tells of a page's characters is behind the first four methods. A character is named by
    its number in the order of the page.
    """

    def __init__(self, size: PageSize, number: int, first_line: int) -> None:
        self.size = size
        self.number = number
        self.first_line = first_line
        self.measured = np.zeros(0)  # [words], sizes of fonts that do not say theirs; 0 for the others

    @abstractmethod
    def _characters(self) -> Characters:
        """Return the page's text [characters], lines parted by breaks."""

    @abstractmethod
    def _boxes(self, indices: list[int]) -> tuple[Floats, Flags]:
        """Return these characters' boxes as displayed [n, 4], and whether each has one."""

    @abstractmethod
    def _fonts(self, characters: Indices) -> Fonts:
        """Return the fonts of these characters."""

    def _measured(self, first: Indices, last: Indices, box: Floats) -> Doubles:
        """Return the sizes [words] of words whose fonts do not say theirs, their boxes put right in ``box``.

        ``first`` and ``last`` are each word's characters. Sizes are 0 for all others; empty if all are.
        """
        del first, last, box
        return self.measured

    def read(self) -> PrintedPage:
        """Return the page's lines and words; those that cannot be seen on it are left out."""
        characters = self._characters()
        unreadable, printed = count_characters(characters)
        return replace(self._read(characters), characters=printed, unreadable=unreadable)

    def _read(self, characters: Characters) -> PrintedPage:
        page = clean(characters)
        starts, ends, opens = _word_spans(page.points)
        if not len(starts):
            return PrintedPage(self.size, (), NO_WORDS)
        first, last = starts, ends - 1
        if page.origin is not None:
            first, last = page.origin[first], page.origin[last]
        box, seen = self._word_boxes(first, last)
        if not seen.all():
            starts, ends, first, box = starts[seen], ends[seen], first[seen], box[seen]
            self.measured = self.measured[seen] if len(self.measured) else self.measured
            opens = _opens_kept(opens, seen)
        if not len(starts):  # all of it stands outside the visible page
            return PrintedPage(self.size, (), NO_WORDS)
        opens |= _wide_gaps(box, opens, ends - starts, _are_numbers(page.points, starts, ends))
        opens[1:] |= (box[1:, 1] > box[:-1, 3]) | (box[1:, 3] < box[:-1, 1])  # not on one line at all
        found = spacing.Words(starts, ends, opens, box)
        text, found = spacing.without_stray_spaces(page.text, page.points, found)
        return self._printed(text, found.start, found.end, first, box, np.flatnonzero(opens))

    def _word_boxes(self, first: Indices, last: Indices) -> tuple[Floats, Flags]:
        """Return each word's box as displayed, and whether any of it can be seen on the page."""
        longer = np.flatnonzero(last != first)
        indices = np.concatenate([first, last[longer]]).tolist()
        ends, found = self._boxes(indices)
        box, tail = ends[: len(first)], ends[len(first) :]
        box[longer, :2] = np.minimum(box[longer, :2], tail[:, :2])
        box[longer, 2:] = np.maximum(box[longer, 2:], tail[:, 2:])
        self.measured = self._measured(first, last, box)
        # What is turned over has corners that are, too.
        box = np.hstack([np.minimum(box[:, :2], box[:, 2:]), np.maximum(box[:, :2], box[:, 2:])])
        width, height = self.size.width, self.size.height
        centre_x, centre_y = box[:, 0] + box[:, 2], box[:, 1] + box[:, 3]
        seen = (centre_x >= 0) & (centre_x <= 2 * width) & (centre_y >= 0) & (centre_y <= 2 * height)
        seen &= found[: len(first)]
        limit = np.array([width, height, width, height], np.float32)
        np.maximum(np.rint(box * _GRID) / _GRID, 0, out=box)
        return np.minimum(box, limit, out=box), seen

    def _printed(
        self, text: str, starts: Indices, ends: Indices, first: Indices, box: Floats, pieces: Indices
    ) -> PrintedPage:
        """Make lines of pieces: runs of words that pdfium wrote without a break between them."""
        last = np.append(pieces[1:], len(starts)) - 1
        piece_box = np.empty((len(pieces), 4), np.float32)
        piece_box[:, :2] = np.minimum.reduceat(box[:, :2], pieces)
        piece_box[:, 2:] = np.maximum.reduceat(box[:, 2:], pieces)
        froms, tos = starts[pieces].tolist(), ends[last].tolist()
        texts = [text[a:b] for a, b in zip(froms, tos, strict=True)]
        joints = _joints(piece_box)
        lines, shifts = _join_pieces(texts, joints)
        opening = np.flatnonzero(np.array(joints) == _NEW_LINE)
        line_of_piece = np.cumsum(np.array(joints) == _NEW_LINE, dtype=np.int32) - 1
        piece_of_word = np.repeat(np.arange(len(pieces)), last - pieces + 1)
        shift = np.asarray(shifts) - starts[pieces]
        words = Words(
            line=line_of_piece[piece_of_word] + np.int32(self.first_line),
            start=(starts + shift[piece_of_word]).astype(np.int32),
            end=(ends + shift[piece_of_word]).astype(np.int32),
            box=box,
        )
        low = np.minimum.reduceat(piece_box[:, :2], opening)
        high = np.maximum.reduceat(piece_box[:, 2:], opening)
        begin = pieces[opening]
        finish = np.append(begin[1:], len(starts))
        middle = (begin + finish) // 2
        samples = np.stack([middle, begin, finish - 1])
        edges = np.hstack([low, high, box[middle, 3:]])
        return PrintedPage(self.size, self._lines(lines, edges, samples, first), words)

    def _lines(self, texts: list[str], edges: Floats, samples: Indices, first: Indices) -> list[Line]:
        """Make lines.

        ``edges`` [lines, 5] holds x0, y0, x1, y1, bottom; ``samples`` [3, lines] a line's middle, first
        and last word; ``first`` every word's first character.
        """
        size, bold, fixed, upright = self._word_fonts(samples[0], first)
        # A line's font is that of the word in its middle: the first may be a mark or a number. A line
        # that stands out by it is asked for two more: one term in bold does not make a heading, nor one
        # index small print.
        usual = np.sort(size)[len(size) // 2]
        outstanding = np.flatnonzero(bold | (size > 1.05 * usual) | (size < 0.9 * usual))
        if len(outstanding):
            sizes, bolds, _, _ = self._word_fonts(samples[1:, outstanding].ravel(), first)
            three = np.vstack([size[outstanding], sizes.reshape(2, -1)])
            size[outstanding] = np.sort(three, axis=0)[1]
            bold[outstanding] = np.vstack([bold[outstanding], bolds.reshape(2, -1)]).sum(axis=0) >= 2
        columns = (
            range(self.first_line, self.first_line + len(texts)),
            repeat(self.number),
            [text.replace(LINE_HYPHEN, "-") for text in texts],
            *edges.T.tolist(),
            size.round(2).tolist(),
            bold.tolist(),
            fixed.tolist(),
            upright.tolist(),
            [text[-1] == LINE_HYPHEN for text in texts],
        )
        return list(map(Line._make, zip(*columns, strict=False)))

    def _word_fonts(self, words: Indices, first: Indices) -> Fonts:
        """Return the fonts of words; ``first`` are the first characters of all."""
        found = self._fonts(first[words])
        if not len(self.measured):
            return found
        return found._replace(size=np.where(self.measured[words] > 0, self.measured[words], found.size))


@lru_cache(maxsize=1024)
def is_bold(name: bytes, flags: int) -> bool:
    """Whether a font is bold by its flags or, as most are, by its name."""
    return bool(flags & FORCE_BOLD) or _BOLD_NAME.search(name) is not None


def _word_spans(
    points: Characters,
) -> tuple[Indices, Indices, Flags]:
    """Return start and end of each word and whether it opens a piece of a line.

    Words are parted by white space; an ideograph or kana is a word of its own, so that a passage
    of Chinese can be boxed exactly.
    """
    if not len(points):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.bool_)
    blank = points <= 0x20
    starts_word = ~blank
    word_ends = ~blank
    hyphen = points == ord(LINE_HYPHEN)
    after = blank[:-1] | hyphen[:-1]
    high = points >= 0x3001
    if np.count_nonzero(high) > np.count_nonzero(hyphen):
        wide = high & (points < 0xFFFE) & ~((points >= 0xAC00) & (points < 0xE000))
        wide |= points >= 0x20000
        after = after | wide[:-1] | wide[1:]
    starts_word[1:] &= after
    starts = np.flatnonzero(starts_word)
    word_ends[:-1] &= blank[1:] | starts_word[1:]
    ends = np.flatnonzero(word_ends) + 1
    breaks = np.cumsum((blank & (points != 0x20)) | hyphen)
    level = breaks[starts - 1]
    opens = np.ones(len(starts), np.bool_)
    opens[1:] = level[1:] != level[:-1]
    return starts, ends, opens


def _opens_kept(opens: Flags, kept: Flags) -> Flags:
    """Return, for the words kept, whether one opens a piece: a piece's first word may be gone."""
    piece = np.cumsum(opens)[kept]
    opens = np.ones(len(piece), np.bool_)
    opens[1:] = piece[1:] != piece[:-1]
    return opens


def _are_numbers(points: Characters, starts: Indices, ends: Indices) -> Flags:
    """Return which words begin and end with a digit: numbers, if they are short."""
    first, last = points[starts], points[ends - 1]
    return (first >= 0x30) & (first <= 0x39) & (last >= 0x30) & (last <= 0x39)


def _wide_gaps(box: Floats, opens: Flags, lengths: Indices, numbers: Flags) -> Flags:
    """Return which words stand a column's gap away from the one before."""
    height = box[:, 3] - box[:, 1]
    wide = np.zeros(len(box), np.bool_)
    wide[1:] = box[1:, 0] - box[:-1, 2] > _COLUMN_GAP * np.maximum(height[:-1], height[1:])
    label = opens & (lengths <= _LABEL_CHARACTERS)
    counting = label & numbers
    if np.count_nonzero(counting) >= _LINE_NUMBERS:  # they count the lines and are no part of them
        for side in (0, 2):  # set to the left, or to the right
            edges, counts = np.unique(np.rint(box[counting, side]), return_counts=True)
            column = edges[counts >= _LINE_NUMBERS]
            label &= ~(counting & np.isin(np.rint(box[:, side]), column))
    wide[1:] &= ~label[:-1]
    return wide


_NEW_LINE, _SPACED, _ATTACHED = 0, 1, 2


def _joints(box: Floats) -> list[int]:
    """Return how each piece joins the one before: pdfium breaks a line at raised and lowered marks."""
    joints = np.zeros(len(box), np.int8)
    height = box[:, 3] - box[:, 1]
    overlap = np.minimum(box[1:, 3], box[:-1, 3]) - np.maximum(box[1:, 1], box[:-1, 1])
    gap = box[1:, 0] - box[:-1, 2]
    taller = np.maximum(height[1:], height[:-1])
    same = (overlap > 0.5 * np.minimum(height[1:], height[:-1])) & (gap > -0.3 * taller)
    same &= gap < _COLUMN_GAP * taller
    joints[1:] = np.where(same, np.where(gap > 0.12 * taller, _SPACED, _ATTACHED), _NEW_LINE)
    result: list[int] = joints.tolist()
    return result


def _join_pieces(texts: list[str], joints: list[int]) -> tuple[list[str], list[int]]:
    """Return the lines' texts and each piece's offset in its line."""
    lines: list[str] = []
    shifts: list[int] = []
    for text, joint in zip(texts, joints, strict=True):
        if joint == _NEW_LINE:
            shifts.append(0)
            lines.append(text)
            continue
        before = lines[-1] + (" " if joint == _SPACED else "")
        shifts.append(len(before))
        lines[-1] = before + text
    return lines, shifts
