"""Which lines hold one of some signs: asked of all lines at once, it costs less than a pattern a line."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from carrel.parsing.printed import Line


def lines_with(lines: Sequence[Line], signs: Iterable[str]) -> list[int]:
    """Return the indices, in order, of the lines that hold one of these lower-case signs in any case."""
    texts = [line.text.lower() for line in lines]
    whole = "\n".join(texts)
    starts = [0, *accumulate(len(text) + 1 for text in texts)]
    found: set[int] = set()
    for sign in signs:
        at = whole.find(sign)
        while at >= 0:
            index = bisect_right(starts, at) - 1
            found.add(index)
            at = whole.find(sign, starts[index + 1])
    return sorted(found)
