"""The part of a passage worth showing: where most matches stand together, at sentence bounds. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from unicodedata import combining, east_asian_width

from carrel.chunking.sentences import sentence_ends
from carrel.core.terms import PlacedTerm

LONGEST = 350  # letters' widths
_CLAUSE_ENDS = "，、；：,;:"
_MAY_BE_WIDE = re.compile("[\u1100-\u115f\u231a-\U0010ffff]")  # every wide character is in there


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Characters ``start`` to ``end`` of a text, and where matches stand: in the text, not in the excerpt."""

    start: int
    end: int
    marks: tuple[tuple[int, int], ...]
    more_before: bool  # whether text was left out there
    more_after: bool


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence, or a piece of a very long one, and what was found in it."""

    start: int
    end: int
    found: tuple[PlacedTerm, ...]


def joined(found: Sequence[PlacedTerm]) -> tuple[tuple[int, int], ...]:
    """Return the places as ranges in order; those that overlap or touch are one."""
    ranges: list[tuple[int, int]] = []
    for start, end in sorted((placed.start, placed.end) for placed in found):
        if ranges and start <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], max(ranges[-1][1], end))
        else:
            ranges.append((start, end))
    return tuple(ranges)


def excerpt(text: str, found: Sequence[PlacedTerm], most: int = LONGEST) -> Excerpt:
    """Return the best part of a text: with most different terms, then most matches, then them first.

    At most ``most`` letters wide, of which a wide character is two.
    """
    offsets = _offsets(text)
    units = list(_units(text, found, offsets, most))
    if not units:
        return Excerpt(0, 0, (), more_before=False, more_after=False)
    first, last = _best(units, offsets, most)
    # Where the text ends, the room that is left goes to what stands before.
    while (
        last == len(units) - 1
        and first
        and offsets[units[last].end] - offsets[units[first - 1].start] <= most
    ):
        first -= 1
    whole = text[units[first].start : units[last].end]
    start = units[first].start + len(whole) - len(whole.lstrip())
    end = max(start, units[last].end - len(whole) + len(whole.rstrip()))
    marks = joined([placed for unit in units[first : last + 1] for placed in unit.found])
    return Excerpt(
        start,
        end,
        tuple((max(a, start), min(b, end)) for a, b in marks if a < end and b > start),
        more_before=bool(text[:start].strip()),
        more_after=bool(text[end:].strip()),
    )


def _best(units: Sequence[_Unit], offsets: Sequence[int], most: int) -> tuple[int, int]:
    """Return the first and last unit of the best run of them that fits."""
    best, chosen = (-1, -1, 0), (0, 0)
    last = 0
    for first, unit in enumerate(units):
        last = max(first, last)
        while last + 1 < len(units) and offsets[units[last + 1].end] - offsets[unit.start] <= most:
            last += 1
        found = [placed for each in units[first : last + 1] for placed in each.found]
        lead = offsets[found[0].start] - offsets[unit.start] if found else 0
        score = (len({placed.term for placed in found}), len(found), -lead)
        if score > best:
            best, chosen = score, (first, last)
    return chosen


def _units(text: str, found: Sequence[PlacedTerm], offsets: Sequence[int], most: int) -> Iterator[_Unit]:
    """Yield what may begin or end an excerpt, in order; a match belongs to the unit that it begins in."""
    bounds = [0]
    for end in sentence_ends(text):
        bounds += _breaks(text, bounds[-1], end, offsets, most)
    ahead = sorted(found, key=lambda placed: (placed.start, placed.end))
    place = 0
    for start, end in pairwise(bounds):
        past = place
        while past < len(ahead) and ahead[past].start < end:
            past += 1
        yield _Unit(start, end, tuple(ahead[place:past]))
        place = past


def _breaks(text: str, start: int, end: int, offsets: Sequence[int], most: int) -> Iterator[int]:
    """Yield where to break a sentence that is wider than ``most``, in thirds of that, and its end."""
    while offsets[end] - offsets[start] > most:
        furthest = start + 1
        while furthest < end and offsets[furthest] - offsets[start] <= most // 3:
            furthest += 1
        start = _break_before(text, start, furthest)
        yield start
    yield end


def _break_before(text: str, start: int, furthest: int) -> int:
    """Return the last place up to ``furthest`` at which a clause or else a word ends."""
    for place in range(furthest, start, -1):
        if text[place - 1].isspace() or text[place - 1] in _CLAUSE_ENDS:
            return place
    while furthest > start + 1 and combining(text[furthest]):
        furthest -= 1
    return furthest


def _offsets(text: str) -> Sequence[int]:
    """Return how wide a text is before each of its characters, and as a whole."""
    if not _MAY_BE_WIDE.search(text):
        return range(len(text) + 1)
    return list(accumulate((2 if east_asian_width(c) in "WF" else 1 for c in text), initial=0))
