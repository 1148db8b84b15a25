"""The list of references: which lines make one entry."""

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from carrel.parsing.printed import Line
from carrel.parsing.typography import ends_sentence

_BRACKET = re.compile(r"[\[［【]\s*([\w+\-.,&’' ]{1,24})\s*[\]］】]")
_NUMBER = re.compile(r"\(?(\d{1,3})(?:[.)．、](?=\s|[^\W\d_])|(?=\s+[^\W\d_])|(?=[A-Z]))")
_AUTHOR = re.compile(r"(?:[^\W\d_]\.[ -]?)*[^\W\d_a-z][\w'’\-]+,?\s|[\u3400-\u9fff]{2,4}[,，.．、 ]")
_LARGEST_FIRST = 5  # a list begins with a small number, a year is none
_LARGEST_STEP = 3  # an entry may be lost between two numbers, not many
_INDENT = 0.5  # ems that tell an indented line from one at the edge
_SPACED_SHARE = 0.15  # of the rows stand apart from the one before, in a list that is set so
_SPACED = 1.2  # distances of lines that part two entries set apart


def split_entries(lines: Sequence[Line]) -> list[list[Line]]:
    """Return the entries of a list of references, each as its lines; ``lines`` are in reading order.

    The first entry tells how they are told apart: by numbers, by labels in brackets, or by how their
    first lines are set.
    """
    rows = _rows(lines)
    if not rows:
        return []
    begins = _by_label(rows) or _by_setting(rows)
    entries: list[list[Line]] = []
    for i, row in enumerate(rows):
        if i in begins or not entries:
            entries.append([])
        entries[-1] += row
    return entries


def _rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Return the lines with the pieces of one printed row together, the order as it was."""
    rows: list[list[Line]] = []
    for line in lines:
        last = rows[-1][-1] if rows else None
        if last is not None and last.page == line.page and abs(line.bottom - last.bottom) < 0.3 * line.size:
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def _by_label(rows: Sequence[Sequence[Line]]) -> set[int]:
    """Return the rows that begin an entry by its number or label; none where the first has neither."""
    texts = [row[0].text for row in rows]
    first = _BRACKET.match(texts[0])
    if first is not None and not first[1].strip().isdecimal():
        found = {i for i, text in enumerate(texts) if _BRACKET.match(text)}
        return found if len(found) > 1 else set()
    pattern = _BRACKET if first is not None else _NUMBER
    begins: set[int] = set()
    number = -1
    for i, text in enumerate(texts):
        match = pattern.match(text)
        value = int(match[1]) if match is not None and match[1].strip().isdecimal() else -1
        if 0 <= value <= _LARGEST_FIRST if number < 0 else number < value <= number + _LARGEST_STEP:
            begins.add(i)
            number = value
        elif i == 0:
            return set()
    return begins if len(begins) > 1 or len(rows) < 6 else set()


def _by_setting(rows: Sequence[Sequence[Line]]) -> set[int]:
    """Return the rows that begin an entry by where they stand."""
    begins: set[int] = set()
    distance = _distance(rows)
    spaced = sum(_apart(a[-1], b[0], distance) for a, b in pairwise(rows)) > _SPACED_SHARE * len(rows)
    for first, last in _columns(rows):
        run = [row[0] for row in rows[first:last]]
        left = min(line.x0 for line in run)
        indented = [line.x0 - left > _INDENT * line.size for line in run]
        share = sum(indented) / len(run)
        # In the rest of a column that begins in the middle of an entry, the first line says nothing.
        hanging = share >= 0.2 and not (indented[0] and len(run) > 1 and not indented[1] and share < 0.5)
        for i, line in enumerate(run):
            at = first + i
            before = rows[at - 1][-1] if at else None
            if hanging:
                begin = not indented[i]
            elif share > 0:
                begin = indented[i]
            else:
                begin = before is None or _parted(before, line, distance, spaced)
            if begin:
                begins.add(at)
    return begins


def _parted(before: Line, line: Line, distance: float, spaced: bool) -> bool:
    """Whether a line begins an entry where all lines begin at the edge; ``spaced``: entries stand apart."""
    if before.page == line.page and line.bottom > before.bottom and spaced:
        return _apart(before, line, distance)
    return ends_sentence(before.text) and _AUTHOR.match(line.text) is not None


def _apart(before: Line, line: Line, distance: float) -> bool:
    return before.page == line.page and line.bottom - before.bottom > _SPACED * distance


def _distance(rows: Sequence[Sequence[Line]]) -> float:
    """Return the distance from row to row within an entry, in points."""
    steps = [
        b[0].bottom - a[0].bottom
        for a, b in pairwise(rows)
        if a[0].page == b[0].page and 0 < b[0].bottom - a[0].bottom < 3 * b[0].size
    ]
    return min(median(steps), 1.4 * median(row[0].size for row in rows)) if steps else 0.0


def _columns(rows: Sequence[Sequence[Line]]) -> list[tuple[int, int]]:
    """Return (begin, end) of the runs of rows that stand in one column of one page."""
    cuts = [0]
    for i, (a, b) in enumerate(pairwise(rows), start=1):
        if a[0].page != b[0].page or b[0].bottom < a[0].bottom:
            cuts.append(i)
    return list(pairwise([*cuts, len(rows)]))
