"""The chart of recall against bytes per passage: where its line, points and ticks stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

from carrel.evaluation.recall import CutRecall

WIDTH, HEIGHT = 640, 284
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 20, 40, 48
_STEPS = (0.1, 0.2, 0.25, 0.5)  # between the lines of the grid
_NARROWEST = 56  # between the names of two points


@dataclass(frozen=True, slots=True)
class Point:
    """A size on the chart. ``lost``: how many of a hundred of the nearest it no longer finds."""

    cut: CutRecall
    x: float
    y: float
    named: bool

    @property
    def lost(self) -> float:
        """Percent."""
        return 100 * (1 - self.cut.recall)


@dataclass(frozen=True, slots=True)
class Chart:
    """A line over sizes, which double from place to place, and horizontal lines for the recall."""

    points: tuple[Point, ...]
    lines: tuple[tuple[float, str], ...]  # their height, and what they stand for
    path: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    bottom: int = HEIGHT - _BOTTOM


def chart_of(cuts: Sequence[CutRecall]) -> Chart:
    """Return the chart of some sizes, smallest first."""
    lowest = min(cut.recall for cut in cuts)
    step = next((step for step in _STEPS if (1 - lowest) / step <= 5), _STEPS[-1])
    floor = max(1 - step * (int((1 - lowest) / step - 1e-9) + 1), 0.0)
    first, last = log2(cuts[0].dimensions), log2(cuts[-1].dimensions)
    points: list[Point] = []
    named = WIDTH + float(_NARROWEST)
    for cut in reversed(cuts):  # the full width has its name whatever is close to it
        across = (log2(cut.dimensions) - first) / (last - first) if last > first else 1.0
        x = _LEFT + 14 + across * (WIDTH - _LEFT - _RIGHT - 28)
        shown = named - x >= _NARROWEST
        named = x if shown else named
        points.append(Point(cut, x, _height(cut.recall, floor), shown))
    points.reverse()
    count = round((1 - floor) / step)
    values = [floor + number * (1 - floor) / count for number in range(count + 1)]
    return Chart(
        tuple(points),
        tuple((_height(value, floor), f"{100 * value:.0f}") for value in values),
        "M" + " L".join(f"{point.x:.1f} {point.y:.1f}" for point in points),
    )


def _height(recall: float, floor: float) -> float:
    room = HEIGHT - _TOP - _BOTTOM
    return _TOP + room * (1 - recall) / (1 - floor)
