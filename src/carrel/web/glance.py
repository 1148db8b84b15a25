"""``/glance``: the library at a glance: how much it holds, how it grew, of which years and venues."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from carrel.core.facets import Facet
from carrel.storage.overview import overview
from carrel.web.facets import language_name
from carrel.web.rendering import rendered
from carrel.web.route import Looking, PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_MONTHS, _YEARS = 24, 40


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart: its name, its value, its place and height, of 100."""

    name: str
    value: int
    x: float
    height: float


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a list with bars: its name, its value, and its part of the longest, of 100."""

    name: str
    value: int
    width: float


@router.get("/glance")
def glance(reader: Looking, request: Request) -> Response:
    """Show it, over the knowledge bases that the reader may see."""
    shelves = [shelf for shelf, _ in reader.bases()]
    services = reader.access.services
    facets = services.facets(None, [shelf.id for shelf in shelves], reader.access.caller) if shelves else None
    with services.catalog.read() as tx:
        sums = overview(tx, [shelf.id for shelf in shelves])
    return rendered(
        request,
        "glance.html",
        shelves=shelves,
        sums=sums,
        passages=sum(shelf.passages for shelf in shelves),
        growth=_bars((month, count) for month, count in _every_month(sums.months)),
        years=_bars((facet.name, facet.count) for facet in _in_order(facets.years)) if facets else (),
        venues=_rows(facets.venues) if facets else (),
        authors=_rows(facets.authors) if facets else (),
        languages=_rows(facets.languages, of_languages=True) if facets else (),
    )


def _in_order(years: Iterable[Facet]) -> list[Facet]:
    """Return the years with papers from the earliest on, years without any between them as zero."""
    counts = {int(facet.value): facet.count for facet in years}
    if not counts:
        return []
    last = max(counts)
    first = max(min(counts), last - _YEARS + 1)
    return [Facet(str(year), counts.get(year, 0), str(year)) for year in range(first, last + 1)]


def _every_month(found: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return the last months up to the latest with papers, those without any as zero: a year at least."""
    if not found:
        return []
    counts, (first, last) = dict(found), (_month_number(found[0][0]), _month_number(found[-1][0]))
    numbers = range(max(min(first, last - 11), last - _MONTHS + 1), last + 1)
    names = [f"{number // 12:04}-{number % 12 + 1:02}" for number in numbers]
    return [(name, counts.get(name, 0)) for name in names]


def _month_number(month: str) -> int:
    year, _, number = month.partition("-")
    return int(year) * 12 + int(number) - 1


def _bars(values: Iterable[tuple[str, int]]) -> tuple[Bar, ...]:
    found = list(values)
    most = max((value for _, value in found), default=0) or 1
    return tuple(
        Bar(name, value, 100 * number / len(found), 100 * value / most)
        for number, (name, value) in enumerate(found)
    )


def _rows(facets: Iterable[Facet], of_languages: bool = False) -> tuple[Row, ...]:
    found = list(facets)[:8]
    most = max((facet.count for facet in found), default=0) or 1
    return tuple(
        Row(language_name(facet.name) if of_languages else facet.name, facet.count, 100 * facet.count / most)
        for facet in found
    )
