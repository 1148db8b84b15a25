"""Page furniture: running heads, page numbers, line numbers and side stamps are no part of the text."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import TypeAlias

from carrel.parsing.printed import Line, PrintedPage

_MARGIN = 0.12  # running heads and feet stand in the outer share of the page's height
_WIDE_MARGIN = 0.25  # the same where the page is larger than its text
_APART = 0.8  # sizes that a head or foot is parted from the text by, beyond the lines' own distance
_HEAD_GAP = 8  # sizes between the left and the right part of a head
_HEAD_LENGTH = 90  # characters; a line of text that names a journal is longer
_FEWEST_LINES = 8  # of a page whose head and foot can be told from its text
_DIGITS = re.compile(r"\d+|\b[ivxlc]+\b")
_NOTICE = re.compile(r"©|copyright|licensed? under|all rights reserved|\bissn\b", re.IGNORECASE)
_PAGE_NUMBER = re.compile(r"(?:page|p\.|第)?\s*[-–—|]?\s*#\s*[-–—|页]?(?:\s*(?:of|/)\s*#)?")
_VENUE = re.compile(
    r"proceedings|conference|workshop|symposium|journal|transactions|\bvol(?:ume|\.)|arxiv|preprint"
    r"|submitted to|under review|第.{1,4}[卷期]|学报",
    re.IGNORECASE,
)
_Place: TypeAlias = tuple[str, int]
_Runs: TypeAlias = frozenset[tuple[str, ...]]  # of words
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")
_OPENING_LINES = 3  # of page one: the title is among them
_TITLE_RUN = 3  # words in a row that a running head shares with the title
_LARGEST = 20.0  # points; what is smaller is no watermark
_LARGE, _UNDERNEATH, _WATERMARK = 2.5, 3, 4  # sizes; lines of the text; letters
_LINE_NUMBERS = 12  # as many short numbers in one column of a page are line numbers


def without_furniture(pages: Sequence[PrintedPage]) -> list[list[Line]]:
    """Return the lines of each page that belong to its text, in the order of the file."""
    places = [_places(page) for page in pages]
    repeated = _repeated(places)
    opening = _words(" ".join(line.text for line in pages[0].lines[:_OPENING_LINES])) if pages else []
    runs = _runs(opening) if opening else None
    return [
        _kept(page, found, repeated, runs if number else None)
        for number, (page, found) in enumerate(zip(pages, places, strict=True))
    ]


def _kept(
    page: PrintedPage, places: dict[int, _Place], repeated: frozenset[_Place], opening: _Runs | None
) -> list[Line]:
    dropped = {
        number
        for number, place in places.items()
        if place in repeated or _PAGE_NUMBER.fullmatch(place[0]) or _NOTICE.search(place[0])
    }
    if opening is None:
        dropped |= _foot_of_page_one(page, places)
    else:
        dropped |= _lone_head(page, places)
    dropped &= _from_the_edges(page, places, dropped)
    dropped |= _in_their_rows(page, places, dropped)
    dropped |= _head_from_title(page, places, opening)
    dropped |= _line_numbers(page.lines)
    dropped |= _watermarks(page.lines)
    sideways = [line.number for line in page.lines if not line.upright]
    if len(sideways) < len(page.lines) / 3:  # a stamp in the margin, not a page set sideways
        dropped.update(sideways)
    return [line for line in page.lines if line.number not in dropped] if dropped else list(page.lines)


def _from_the_edges(page: PrintedPage, places: dict[int, _Place], dropped: set[int]) -> set[int]:
    """Return those of the marginal lines that no line of the text parts from the page's edge."""
    found: set[int] = set()
    marginal = [line for line in page.lines if line.number in places]
    middle = page.size.height / 2
    for lines in (
        sorted((line for line in marginal if line.y1 <= middle), key=lambda line: line.bottom),
        sorted((line for line in marginal if line.y1 > middle), key=lambda line: -line.bottom),
    ):
        for row in _in_rows(lines):
            if not any(line.number in dropped for line in row):
                break
            found.update(line.number for line in row)
    return found


def _in_rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Return lines, sorted by their feet, with those of one row together."""
    found: list[list[Line]] = []
    for line in lines:
        if found and abs(found[-1][-1].bottom - line.bottom) < 0.5 * line.size:
            found[-1].append(line)
        else:
            found.append([line])
    return found


def _lone_head(page: PrintedPage, places: dict[int, _Place]) -> set[int]:
    """Return the topmost row of a later page where it is a head that no other page repeats.

    A paper of two pages has one only: set at both edges of the page, or naming the venue.
    """
    marginal = sorted(
        (
            line
            for line in page.lines
            if line.number in places and line.upright and line.y1 < page.size.height / 2
        ),
        key=lambda line: line.bottom,
    )
    if not marginal:
        return set()
    row = sorted(_in_rows(marginal)[0], key=lambda line: line.x0)
    end = max(line.y1 for line in row)
    below = min((line.y0 for line in page.lines if line.y0 >= end), default=page.size.height)
    if below - end < _APART * row[0].size:
        return set()
    parted = any(b.x0 - a.x1 > _HEAD_GAP * a.size for a, b in pairwise(row))
    venue = len(row[0].text) < _HEAD_LENGTH and _VENUE.search(" ".join(line.text for line in row))
    return {line.number for line in row} if parted or venue else set()


def _foot_of_page_one(page: PrintedPage, places: dict[int, _Place]) -> set[int]:
    """Return the lowest lines of page one where they name the venue: a foot that no other page has."""
    low = [line for line in page.lines if line.number in places and line.y0 > page.size.height / 2]
    lowest = max((line.bottom for line in low), default=0.0)
    foot = [line for line in low if lowest - line.bottom < 3 * line.size]
    return {line.number for line in foot} if any(_VENUE.search(line.text) for line in foot) else set()


def _in_their_rows(page: PrintedPage, places: dict[int, _Place], dropped: set[int]) -> set[int]:
    """Return the marginal lines that share a row with what is furniture at the very edge of the page.

    A first page often has a head or foot of its own, beside its page number or its notice of rights.
    """
    marginal = [line for line in page.lines if line.number in places and line.upright]
    furniture = [line for line in marginal if line.number in dropped]
    if not furniture:
        return set()
    top, bottom = min(line.y0 for line in page.lines), max(line.y1 for line in page.lines)
    edge = [line for line in furniture if line.y0 < top + line.size or line.y1 > bottom - line.size]
    return {
        line.number
        for line in marginal
        if any(abs(line.bottom - other.bottom) < 0.5 * line.size for other in edge)
    }


def _head_from_title(page: PrintedPage, places: dict[int, _Place], opening: _Runs | None) -> set[int]:
    """Return the topmost printed line where it repeats the title.

    In a short paper a running head stands once, so nothing else betrays it. A head set in pieces,
    left and right, is several lines of the file.
    """
    marginal = [line for line in page.lines if line.number in places]
    if not opening or not marginal:
        return set()
    top = min(marginal, key=lambda line: line.y0)
    head = [line for line in marginal if line.y0 <= top.y0 or line.y0 < top.y1]
    end = max(line.y1 for line in head)
    below = min((line.y0 for line in page.lines if line.y0 >= end), default=page.size.height)
    if below - end < top.y1 - top.y0:  # a head stands apart; this is the first line of the text
        return set()
    repeats = any(_repeats(line.text, opening) for line in head)
    return {line.number for line in head} if repeats else set()


def _runs(words: Sequence[str]) -> _Runs:
    return frozenset(tuple(words[n : n + _TITLE_RUN]) for n in range(len(words) - _TITLE_RUN + 1))


def _repeats(text: str, opening: _Runs) -> bool:
    """Whether half of the text's words or more stand like this in the opening of page one."""
    words = _words(text)
    shared = {
        n + offset
        for n in range(len(words) - _TITLE_RUN + 1)
        if tuple(words[n : n + _TITLE_RUN]) in opening
        for offset in range(_TITLE_RUN)
    }
    return len(shared) >= max(_TITLE_RUN, 0.5 * len(words))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _places(page: PrintedPage) -> dict[int, _Place]:
    """Return, for each marginal line, what it says (numbers as #) and about where."""
    low, high = _MARGIN * page.size.height, (1 - _MARGIN) * page.size.height
    outer = _outer_rows(page)
    return {
        line.number: (_DIGITS.sub("#", line.text.lower()), round(line.y1 / 6))
        for line in page.lines
        if line.y1 <= low or line.y0 >= high or line.number in outer
    }


def _outer_rows(page: PrintedPage) -> set[int]:
    """Return the lines of the first and the last row of a page with wide margins, where they stand apart."""
    upright = [line for line in page.lines if line.upright]
    if len(upright) < _FEWEST_LINES:
        return set()
    top, bottom = min(upright, key=lambda line: line.y0), max(upright, key=lambda line: line.y1)
    found: set[int] = set()
    if top.y1 < _WIDE_MARGIN * page.size.height:
        row = [line for line in upright if line.y0 <= top.y0 or line.y0 < top.y1]
        rest = min((line.y0 for line in upright if line.y0 >= top.y1), default=0.0)
        if rest - max(line.y1 for line in row) > _APART * top.size:
            found.update(line.number for line in row)
    if bottom.y0 > (1 - _WIDE_MARGIN) * page.size.height:
        row = [line for line in upright if line.y1 >= bottom.y1 or line.y1 > bottom.y0]
        rest = max((line.y1 for line in upright if line.y1 <= bottom.y0), default=page.size.height)
        if min(line.y0 for line in row) - rest > _APART * bottom.size:
            found.update(line.number for line in row)
    return found


def _repeated(places: Sequence[dict[int, _Place]]) -> frozenset[_Place]:
    """Return the marginal lines that stand at one height of several pages.

    Odd and even pages may differ and the first one often does, so a third of the pages is enough;
    of two pages, both.
    """
    counts: Counter[_Place] = Counter()
    for page in places:
        counts.update(set(page.values()))
    enough = max(2, min(len(places) // 3, 6))
    together: Counter[_Place] = Counter()
    for (text, y), count in counts.items():  # rounding may put the same height into two neighbours
        for neighbour in (y - 1, y, y + 1):
            together[text, neighbour] += count
    return frozenset(place for place in counts if together[place] >= enough)


def _watermarks(lines: Sequence[Line]) -> set[int]:
    """Return the words that are printed large across lines of the text."""
    # Before the usual size is asked for: hardly any page has a word so large.
    large = [line for line in lines if line.size > _LARGEST and len(line.text) >= _WATERMARK]
    if not large:
        return set()
    usual = median(line.size for line in lines)
    large = [line for line in large if line.size > _LARGE * usual]
    numbers = {line.number for line in large}
    text = [line for line in lines if line.number not in numbers]
    return {mark.number for mark in large if sum(_overlap(mark, line) for line in text) >= _UNDERNEATH}


def _overlap(a: Line, b: Line) -> bool:
    return a.x0 < b.x1 and b.x0 < a.x1 and a.y0 < b.y1 and b.y0 < a.y1


def _line_numbers(lines: Sequence[Line]) -> frozenset[int]:
    """Return the numbers of those lines that only count the lines beside them."""
    columns: dict[tuple[str, int], list[Line]] = defaultdict(list)  # set to the right, or to the left
    for line in lines:
        if len(line.text) <= 4 and line.text.isdecimal():
            columns["right", round(line.x1 / 4)].append(line)
            columns["left", round(line.x0 / 4)].append(line)
    found: set[int] = set()
    for column in columns.values():
        values = [int(line.text) for line in sorted(column, key=lambda line: line.y0)]
        rising = sum(0 < b - a <= 5 for a, b in pairwise(values))
        if len(values) >= _LINE_NUMBERS and rising >= 0.9 * (len(values) - 1):
            found.update(line.number for line in column)
    return frozenset(found)
