"""Pages in plain text: form feeds, and the heads and feet that RFCs, memos and converted papers repeat."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

PAGE_BREAK = "\x0c"
_FOOT = re.compile(r"\[Page \w+\]\s*$")
_HEAD = re.compile(r"\S(?: {3,}|\t+)\S")  # two columns
_NUMBER = re.compile(r"\d+|\b[ivxlc]+\b")
_FEWEST_PAGES = 3  # that show the same line before it is taken for a head or foot
_REACH = 8  # blank lines between a head or foot and the text's edge of the page


def without_pages(text: str) -> Iterator[str]:
    """Yield the lines of a text without the heads and feet of pages.

    A line that is ``PAGE_BREAK`` stands where a page ended; blank lines are empty.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    furniture = _furniture(lines)
    broken = False  # a page has ended, and nothing of the next one has been seen yet
    for number, line in enumerate(lines):
        foot = _FOOT.search(line) is not None
        if foot or PAGE_BREAK in line:
            if not broken:
                yield PAGE_BREAK
            broken = True
        taken = foot or number in furniture
        content = "" if taken else line.replace(PAGE_BREAK, "").expandtabs(4).rstrip()
        if broken and (not content or _HEAD.search(content.strip())):
            continue
        broken = False
        yield content


def _furniture(lines: Sequence[str]) -> frozenset[int]:
    """Return the numbers of the lines at the edges of pages that other pages show, but for a number."""
    edges: dict[int, str] = {}
    for number, line in enumerate(lines):
        if PAGE_BREAK in line:
            last = _nearest(lines, range(number - 1, max(-1, number - _REACH), -1))
            first = _nearest(lines, range(number, min(len(lines), number + _REACH)))
            edges |= {edge: _NUMBER.sub("#", _shown(lines[edge])) for edge in (last, first) if edge >= 0}
    counts = Counter(edges.values())
    return frozenset(edge for edge, shown in edges.items() if counts[shown] >= _FEWEST_PAGES)


def _nearest(lines: Sequence[str], numbers: range) -> int:
    """Return the first of these lines that is not blank; -1 where all are."""
    return next((number for number in numbers if _shown(lines[number])), -1)


def _shown(line: str) -> str:
    return line.replace(PAGE_BREAK, "").strip()
