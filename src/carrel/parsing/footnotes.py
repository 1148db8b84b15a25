"""Footnotes: smaller print at the foot of a column, each behind its mark."""

import re
from collections.abc import Sequence

from carrel.parsing.captions import caption_of
from carrel.parsing.columns import crosses, rows
from carrel.parsing.headings import is_named
from carrel.parsing.printed import Line
from carrel.parsing.typography import Typography

_SMALLER = 0.94  # of the running text's size
_LOWER_SHARE = 0.4  # of the page's height that footnotes stand below
_MARK = re.compile(r"(?:\d{1,3}(?![\d.,:)\]%])|[*∗†‡§¶‖#♯]+|[①-⑳])\s?(?=\S)")
_WORD = re.compile(r"[^\W\d_]{3}|[\u3400-\u9fff]|://|@")
_NUMBER = re.compile(r"(\d{1,3})(?=\D)")
# What is printed there on page one without a mark.
_NOTICE = re.compile(
    r"(?:\S+\s+){0,3}?(?:correspond|copyright|©|\(c\)|permission|manuscript|e-?mails?\b|doi\b|funding|supported|equal"
    r"|received|accepted|licen[sc]e|preprint|proceedings|conference|收稿|修回|基金|作者简介|通[信讯]作者|第一作者)",
    re.IGNORECASE,
)


def find_footnotes(
    lines: Sequence[Line], parted: Sequence[float], typography: Typography, page_height: float
) -> list[list[Line]]:
    """Return the footnotes among the lines of one page, each as its lines from top to bottom.

    ``parted`` are the gutters between the page's columns.
    """
    lowest, largest = _LOWER_SHARE * page_height, _SMALLER * typography.body
    if not any(line.size <= largest and line.y0 > lowest for line in lines):
        return []  # most pages
    sides: list[list[Line]] = [[] for _ in range(len(parted) + 1)]
    for line in lines:
        if line.upright and not crosses(line, parted):
            sides[sum((line.x0 + line.x1) / 2 > place for place in parted)].append(line)
    notes: list[list[Line]] = []
    for side in sides:
        foot = _foot(rows(side), typography, lowest)
        number = ""
        for row in foot:
            begins = _begins_note(row) or _is_next(row, foot[0], number)
            if begins or row is foot[0]:
                notes.append(list(row))
                number = _next_number(row[0].text, number)
            else:
                notes[-1] += row
    return notes


def _foot(column: Sequence[list[Line]], typography: Typography, highest: float) -> Sequence[list[Line]]:
    """Return the rows of a column that are footnotes: the small print below the running text."""
    begin = len(column)
    while begin and _is_small(column[begin - 1], typography) and column[begin - 1][0].y0 > highest:
        begin -= 1
    if begin == 0 or _is_small(column[begin - 1], typography):
        return ()  # a column that is all small print is something else
    for i in range(begin, len(column)):
        if _begins_note(column[i]) and not is_named(column[i - 1][0].text):
            foot = column[i:]
            captioned = any(caption_of(row[0].text) for row in column[begin:])
            return foot if _apart(column, i, typography) and not captioned else ()
    return ()


def _is_small(row: Sequence[Line], typography: Typography) -> bool:
    return all(line.size <= _SMALLER * typography.body for line in row)


def _apart(column: Sequence[list[Line]], i: int, typography: Typography) -> bool:
    """Whether a row stands as far from the one above as a new line of the running text would, at least."""
    return column[i][0].bottom - column[i - 1][-1].bottom > 0.95 * typography.leading


def _is_next(row: Sequence[Line], first: Sequence[Line], number: str) -> bool:
    """Whether a row begins with the number that is next: its text may begin with a figure, too."""
    return bool(number) and row[0].text.startswith(number) and abs(row[0].x0 - first[0].x0) < row[0].size


def _next_number(text: str, expected: str) -> str:
    if expected and text.startswith(expected):
        return str(int(expected) + 1)
    match = _NUMBER.match(text)
    return str(int(match[1]) + 1) if match else ""


def _begins_note(row: Sequence[Line]) -> bool:
    text = row[0].text
    if len(row) > 1 and not _WORD.search(text):
        return False  # ticks beside one another
    return (_MARK.match(text) is not None and _WORD.search(text) is not None) or (
        row[0].page == 1 and _NOTICE.match(text) is not None
    )
