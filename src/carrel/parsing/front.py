"""The front matter of a paper: its title, and where its text begins."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from carrel.parsing.headings import ABSTRACT_NAME, is_named, looks_like_heading
from carrel.parsing.printed import Line
from carrel.parsing.typography import Typography, near

_PROSE_WORDS = "the is are was were we that this to in with for a an our it which can be by from on as"
_PROSE = frozenset(_PROSE_WORDS.split())
_PROSE_LINES = 3
_TITLE_LINES = 6
_TITLE_REACH = 0.6  # a title stands in the upper share of the first page
_NO_TITLE = re.compile(
    r"(?:https?:|www\.|doi\b|arxiv\b|issn|volume\b|vol\.|copyright|©|received|accepted|published"
    r"|proceedings of|journal of|open access|research article$|original (?:article|paper)$|review article$"
    r"|preprint|draft$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Front:
    """The title's lines, and all lines that stand before the text (the title's among them)."""

    title: tuple[Line, ...]
    lines: tuple[Line, ...]


def find_front(lines: Sequence[Line], page_height: float, typography: Typography) -> Front:
    """Return the front matter of a paper whose first page holds these lines, in reading order."""
    title = _title(lines, page_height, typography)
    if not title:
        return Front((), ())
    begin = next(i for i, line in enumerate(lines) if line.number == title[-1].number) + 1
    end = _text_begins(lines, begin, typography)
    return Front(title, tuple(lines[:end]))


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


def _text_begins(lines: Sequence[Line], begin: int, typography: Typography) -> int:
    """Return the index of the first line of the abstract, the first heading or the first prose."""
    for i in range(begin, len(lines)):
        line = lines[i]
        if ABSTRACT_NAME.match(line.text):
            return i
        after = lines[i + 1] if i + 1 < len(lines) else None
        if is_named(line.text) and looks_like_heading(line, lines[i - 1], after, typography):
            return i
        if _is_prose(lines[i : i + _PROSE_LINES], typography):
            return i
    return len(lines)


def _is_prose(lines: Sequence[Line], typography: Typography) -> bool:
    """Whether lines read like running text rather than names and addresses."""
    if len(lines) < _PROSE_LINES or any(len(line.text) < 30 for line in lines[:-1]):
        return False
    if not all(0 < b.bottom - a.bottom < 2 * typography.leading for a, b in pairwise(lines)):
        return False
    if lines[0].size < 0.8 * typography.body:
        return False
    words = " ".join(line.text for line in lines).lower().split()
    if not words or lines[0].text[:1].isdigit() or lines[0].text[:1].islower():
        return False
    if sum(word in _PROSE for word in words) >= 0.12 * len(words):
        return True
    return near(lines[0].size, typography.body) and not lines[0].text.isascii()
