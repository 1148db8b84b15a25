"""The charts of a comparison: where the marks of means, differences and dimensions stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor, log2, log10

from carrel.core.ranking import Mode
from carrel.evaluation.comparison import Comparison, Outcome

WIDTH = 640
_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5)
_MOST_PARTS = 5
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 96, 18, 34
_DIFFERENCES_HEIGHT, _LINES_HEIGHT = 190, 250
_NARROWEST = 15  # between the names of two lines


@dataclass(frozen=True, slots=True)
class Tick:
    """A value on an axis, and where it stands."""

    place: float
    text: str


@dataclass(frozen=True, slots=True)
class Mean:
    """One configuration in a panel: places in percent of its width."""

    label: str
    value: float
    low: float
    high: float
    place: float
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Panel:
    """One metric: all configurations on one scale; ``baseline`` is where the first one's mean stands."""

    metric: str
    means: tuple[Mean, ...]
    ticks: tuple[Tick, ...]

    @property
    def baseline(self) -> float:
        """Percent of the width."""
        return self.means[0].place


@dataclass(frozen=True, slots=True)
class Differences:
    """What each query gains against the baseline, most first, as two areas about a line."""

    won: str  # paths
    lost: str
    zero: float
    ticks: tuple[Tick, ...]
    ties_at: float  # the middle between them
    width: int = WIDTH
    height: int = _DIFFERENCES_HEIGHT
    left: int = _LEFT
    right: int = WIDTH - 8


@dataclass(frozen=True, slots=True)
class Point:
    """A number of dimensions, and the metric there."""

    dimensions: int
    value: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Series:
    """Configurations that differ in nothing but their dimensions."""

    label: str
    points: tuple[Point, ...]
    path: str
    name_y: float


@dataclass(frozen=True, slots=True)
class Lines:
    """Dimensions, which double from place to place, against a metric."""

    series: tuple[Series, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    width: int = WIDTH
    height: int = _LINES_HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    bottom: int = _LINES_HEIGHT - _BOTTOM


def panel_of(comparison: Comparison, metric: str) -> Panel:
    """Return the panel of one metric."""
    figures = [
        (outcome.configuration.label, figure)
        for outcome in comparison.outcomes
        for figure in outcome.figures
        if figure.metric == metric
    ]
    scale = _scale([figure.low for _, figure in figures] + [figure.high for _, figure in figures])

    def place(value: float) -> float:
        return 100 * (value - scale[0]) / (scale[-1] - scale[0])

    means = tuple(
        Mean(
            label,
            figure.mean,
            figure.low,
            figure.high,
            place(figure.mean),
            place(figure.low),
            place(figure.high),
        )
        for label, figure in figures
    )
    return Panel(metric, means, tuple(Tick(place(value), _number(value, scale)) for value in scale))


def differences_of(comparison: Comparison, outcome: Outcome, metric: str, reach: float) -> Differences:
    """Return the chart of one configuration; ``reach`` is the largest difference that it has room for."""
    found = list(comparison.differences(outcome, metric).values())
    chart_left, chart_right = _LEFT + 6, WIDTH - 14
    a_query = (chart_right - chart_left) / len(found)
    zero = _DIFFERENCES_HEIGHT / 2
    room = zero - _TOP

    def height(value: float) -> float:
        return zero - room * value / reach

    won, lost = sum(value > 0 for value in found), sum(value < 0 for value in found)
    ends = (0, won, len(found) - lost, len(found))
    places = [chart_left + a_query * place for place in ends]

    def area(first: int, last: int) -> str:
        if first == last:
            return ""
        x = chart_left + a_query * first
        path = [f"M{x:.2f} {zero:.2f}"]
        for value, alike in groupby(found[first:last]):
            x += a_query * len(list(alike))
            path.append(f"V{height(value):.2f}H{x:.2f}")
        return "".join(path) + f"V{zero:.2f}Z"

    return Differences(
        area(ends[0], ends[1]),
        area(ends[2], ends[3]),
        zero,
        tuple(Tick(height(value), f"{value:+.2g}" if value else "0") for value in (reach, 0.0, -reach)),
        (places[1] + places[2]) / 2,
    )


def reach_of(comparison: Comparison, metric: str) -> float:
    """Return the largest difference of any query, as a round number."""
    largest = max(
        (
            abs(value)
            for outcome in comparison.outcomes[1:]
            for value in comparison.differences(outcome, metric).values()
        ),
        default=0.0,
    )
    return next((step for step in (0.05, 0.1, 0.25, 0.5, 0.75) if largest <= step), max(1.0, largest))


def lines_of(comparison: Comparison, metric: str) -> Lines | None:
    """Return dimensions against a metric; None where no two configurations differ in nothing else."""
    found: dict[str, dict[int, float]] = {}
    for outcome in comparison.outcomes:
        configuration, build = outcome.configuration, outcome.configuration.build
        dimensions = build.dimensions or (0 if build.embedder else comparison.dimensions)
        if dimensions and configuration.mode is not Mode.LEXICAL:
            (value,) = (figure.mean for figure in outcome.figures if figure.metric == metric)
            found.setdefault(configuration.without_dimensions, {})[dimensions] = value
    kept = {label: dict(sorted(points.items())) for label, points in found.items() if len(points) > 1}
    if not kept:
        return None
    sizes = sorted({size for points in kept.values() for size in points})
    scale = _scale([value for points in kept.values() for value in points.values()])
    room = _LINES_HEIGHT - _TOP - _BOTTOM
    reach = WIDTH - _LEFT - _RIGHT - 28

    def across(size: int) -> float:
        return _LEFT + 14 + reach * (log2(size) - log2(sizes[0])) / (log2(sizes[-1]) - log2(sizes[0]))

    def up(value: float) -> float:
        return _TOP + room * (1 - (value - scale[0]) / (scale[-1] - scale[0]))

    drawn = []
    for label, points in kept.items():
        placed = tuple(Point(size, value, across(size), up(value)) for size, value in points.items())
        path = "M" + " L".join(f"{point.x:.1f} {point.y:.1f}" for point in placed)
        drawn.append(Series(label, placed, path, placed[-1].y))
    return Lines(
        _with_names_apart(drawn),
        tuple(Tick(across(size), str(size)) for size in sizes),
        tuple(Tick(up(value), _number(value, scale)) for value in scale),
    )


def _with_names_apart(series: Sequence[Series]) -> tuple[Series, ...]:
    """Return the series from the top down, their names not one upon another."""
    apart: list[Series] = []
    for each in sorted(series, key=lambda one: one.name_y):
        least = apart[-1].name_y + _NARROWEST if apart else 0.0
        apart.append(Series(each.label, each.points, each.path, max(each.name_y, least)))
    return tuple(apart)


def _scale(values: Sequence[float]) -> list[float]:
    """Return round numbers that hold all values between the first and the last."""
    low, high = min(values), max(values)
    if high - low < _STEPS[0]:
        low, high = low - _STEPS[0], high + _STEPS[0]
    for step in _STEPS:
        first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
        if last - first <= _MOST_PARTS:
            break
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def _number(value: float, scale: Sequence[float]) -> str:
    places = max(1, ceil(-log10(scale[1] - scale[0]) - 1e-9))
    two = 0.2 < scale[1] - scale[0] < 0.3
    return f"{value:.{places + two}f}"
