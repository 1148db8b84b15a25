"""The front matter of a paper: its title, and where its text begins."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from carrel.parsing.headings import ABSTRACT_NAME, is_named, looks_like_heading
from carrel.parsing.printed import Line
from carrel.parsing.typography import Typography, is_wide, near

_PROSE_LINES = 3
_PROSE_LENGTH = 30  # characters; a Chinese one takes the room of two others
_COLUMN_LINE = 40  # characters; a line in the margin is shorter than one of a column
_UNCAPPED = 0.5  # share of the words of running text that begin small, German nouns or not
_FEW_UNCAPPED = 0.3  # the same where more evidence speaks for running text
_TITLE_LINES = 6
_TITLE_REACH = 0.6  # a title stands in the upper share of the first page
_WORD = re.compile(r"[^@/\\\d]+")  # no address, no number
_NO_TITLE = re.compile(
    r"(?:https?:|www\.|doi\b|arxiv\b|issn|volume\b|vol\.|copyright|©|received|accepted|published"
    r"|proceedings of|journal of|open access|research article$|original (?:article|paper)$|review article$"
    r"|preprint|draft$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Front:
    """The title's lines, and all lines that stand before the text (the title's among them).

    Where no text begins on page one, all its lines are ``unclear``: they may name authors, and they
    are text all the same.
    """

    title: tuple[Line, ...]
    lines: tuple[Line, ...]
    unclear: tuple[Line, ...] = ()

    @property
    def telling(self) -> tuple[Line, ...]:
        """The lines among which authors, dates and identifiers may stand."""
        return self.unclear or self.lines


def left_edge(lines: Sequence[Line], front: Sequence[Line]) -> float:
    """Return the left edge of a page's running text; 0 where there is none outside the front matter."""
    inside = {line.number for line in front}
    edges = sorted(line.x0 for line in lines if len(line.text) > _COLUMN_LINE and line.number not in inside)
    return edges[len(edges) // 10] if edges else 0.0


def find_front(lines: Sequence[Line], page_height: float, typography: Typography) -> Front:
    """Return the front matter of a paper whose first page holds these lines, in reading order."""
    title = _title(lines, page_height, typography)
    if not title:
        return Front((), ())
    begin = next(i for i, line in enumerate(lines) if line.number == title[-1].number) + 1
    end = _text_begins(lines, begin, typography)
    if end is None:  # nothing tells names and addresses from text: nobody would find what is called front
        return Front(title, title, tuple(lines))
    before = lines[: begin - len(title)]
    prose = [_is_prose(before[i : i + _PROSE_LINES], typography) for i in range(len(before))]
    above = [line for i, line in enumerate(before) if not any(prose[max(0, i - _PROSE_LINES + 1) : i + 1])]
    return Front(title, (*above, *lines[begin - len(title) : end]))


def _title(lines: Sequence[Line], page_height: float, typography: Typography) -> tuple[Line, ...]:
    """Return the lines of the largest font in the upper part of the page that read like a title.

    A title is larger than the text, or bold: where nothing is, the page has none.
    """
    upper = [
        line
        for line in lines
        if line.upright
        and line.y0 < _TITLE_REACH * page_height
        and (line.size > 1.08 * typography.body or (line.bold and line.size > 0.95 * typography.body))
    ]
    for size in sorted({line.size for line in upper}, reverse=True)[:6]:
        run: list[Line] = []
        for line in upper:
            if near(line.size, size, 0.04) and (not run or _adjoins(run[-1], line)):
                run.append(line)
            elif run:
                if _titular(run):
                    break
                run = [line] if near(line.size, size, 0.04) else []
        if _titular(run):
            return tuple(run[:_TITLE_LINES])
    return ()


def _adjoins(above: Line, line: Line) -> bool:
    return 0 < line.bottom - above.bottom < 2.2 * line.size and line.number - above.number <= 2


def _titular(run: Sequence[Line]) -> bool:
    text = " ".join(line.text for line in run)
    if not text or _NO_TITLE.match(text) or is_named(text) or len(text) > 400:
        return False
    letters = sum(map(str.isalpha, text))
    spaced = sum(len(word) == 1 for word in text.split())
    return letters >= 4 and letters >= 0.5 * len(text) and spaced <= 0.6 * len(text.split())


def _text_begins(lines: Sequence[Line], begin: int, typography: Typography) -> int | None:
    """Return the index of the first line of the abstract, the first heading or the first prose."""
    for i in range(begin, len(lines)):
        line = lines[i]
        if ABSTRACT_NAME.match(line.text):
            return i
        after = lines[i + 1] if i + 1 < len(lines) else None
        if is_named(line.text) and looks_like_heading(line, lines[i - 1], after, typography):
            return i
        if _is_prose(lines[i : i + _PROSE_LINES], typography):
            return i - _heads(lines, i, begin, typography)
    return None


def _heads(lines: Sequence[Line], i: int, begin: int, typography: Typography) -> bool:
    """Whether the line before the first prose is its heading: the largest or the only bold one there."""
    if i <= begin or not looks_like_heading(lines[i - 1], lines[i - 2], lines[i], typography):
        return False
    between, line = lines[begin : i - 1], lines[i - 1]
    larger = all(line.size > 1.08 * each.size for each in between)
    bolder = line.bold and not any(each.bold for each in between) and line.size > 0.95 * lines[i].size
    return bool(between) and (larger or bolder)


def _is_prose(lines: Sequence[Line], typography: Typography) -> bool:
    """Whether lines read like running text, in whatever language, rather than names and addresses.

    Running text fills its lines, from one edge to another, at one distance; and most of its words
    are neither names nor numbers.
    """
    if len(lines) < _PROSE_LINES or lines[0].size < 0.8 * typography.body:
        return False
    *full, last = lines
    if any(_length(line.text) < _PROSE_LENGTH for line in full) or lines[0].text[:1].isdigit():
        return False
    if not all(0 < b.bottom - a.bottom < 2 * typography.leading for a, b in pairwise(lines)):
        return False
    share = _uncapped(lines)
    return share >= _UNCAPPED or (share >= _FEW_UNCAPPED and _is_set_as_prose(full, last))


def _is_set_as_prose(full: Sequence[Line], last: Line) -> bool:
    """Whether lines of one font fill one column: the first may be indented, the last may be short."""
    em = last.size
    right = max(line.x1 for line in (*full, last))
    left = [line.x0 for line in (*full[1:], last)]
    return (
        all(near(line.size, em) for line in full)
        and max(left) - min(left) < 0.5 * em
        and 0 <= full[0].x0 - min(left) + 0.5 * em < 4 * em
        and all(right - line.x1 < 4 * em for line in full)
        and any(mark in line.text for line in (*full, last) for mark in (". ", ", ", "; ", ": "))
    )


def _length(text: str) -> int:
    return len(text) + sum(map(is_wide, text)) if not text.isascii() else len(text)


def _uncapped(lines: Sequence[Line]) -> float:
    """Return the share of words that do not begin with a capital, those without any case among them."""
    words = [word.strip("\"'“”„‘’«»()[].,;:!?") for line in lines for word in line.text.split()]
    plain = [word for word in words if word[:1].isalpha() and not word[0].isupper() and _WORD.fullmatch(word)]
    return len(plain) / max(1, len(words))
