"""How a paper is set: the size of its running text and the distance of its lines."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from carrel.parsing.printed import Line

TERMINAL = tuple(".!?:;。！？：；…")
"""What a line ends with when a sentence ends there; closing quotes and brackets are stripped first."""

_DOUBLE = 3.5  # sizes from line to line, at most: theses are set with wide distances
_CLOSING = "\"'”’)]}»」』】)"


@dataclass(frozen=True, slots=True)
class Typography:
    """Measures of the running text, in points."""

    body: float  # font size that most characters are set in
    leading: float  # from line to line


def measure(lines: Sequence[Line]) -> Typography:
    """Return the measures of these lines; plausible ones where there are too few to measure."""
    exact: Counter[float] = Counter()
    for line in lines:
        exact[line.size] += len(line.text)
    sizes: Counter[float] = Counter()
    for size, characters in exact.items():
        sizes[round(size * 4) / 4] += characters
    body = max(sizes, key=lambda size: (sizes[size], size)) if sizes else 0.0
    body = body or 10.0
    steps = [
        step
        for before, line in pairwise(lines)
        if 0.8 * body < (step := line.bottom - before.bottom) < _DOUBLE * body and abs(line.size - body) < 0.5
    ]
    return Typography(body, median(steps) if steps else 1.2 * body)


def near(a: float, b: float, tolerance: float = 0.07) -> bool:
    """Whether two font sizes are the same to the eye."""
    return abs(a - b) <= tolerance * max(a, b, 1.0)


def ends_sentence(text: str) -> bool:
    """Whether a line's end is also the end of a sentence."""
    return text.rstrip(_CLOSING).endswith(TERMINAL)


def is_wide(character: str) -> bool:
    """Whether a character is Chinese or Japanese, punctuation too: no space stands beside it."""
    return "\u3001" <= character <= "\u9fff" or "\uf900" <= character <= "\uffef" or character >= "\U00020000"
