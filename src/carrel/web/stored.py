"""``/settings/storage``: what lies where, how large it is, and whether anything is lost or left over."""

from collections import Counter
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from carrel.bootstrap.room import room_of
from carrel.library.fsck import OwnedIndexes, examine
from carrel.library.fsck_report import Examining, Problem
from carrel.storage import vector_keys
from carrel.storage.figures import catalog_kind, figures
from carrel.web.reader import Reader
from carrel.web.rendering import rendered
from carrel.web.route import PageRoute, Posted, Running

router = APIRouter(route_class=PageRoute, include_in_schema=False)

STORAGE = "/settings/storage"
_SHOWN = 20  # problems of a kind


@dataclass(frozen=True, slots=True)
class Look:
    """What an examination found: problems, the first of each kind, and how many there are of a kind."""

    problems: tuple[Problem, ...]
    kinds: Counter[str]
    checked: Counter[str]
    whole: bool  # whether everything was looked at


@router.get(STORAGE)
def storage(reader: Running, request: Request) -> Response:
    """Show the sizes."""
    return _page(request, reader)


@router.post(STORAGE + "/look")
def look(reader: Running, request: Request, _: Posted) -> Response:
    """Look for what is lost, left over or out of step. Nothing is mended."""
    found = _looked(reader)
    if "hx-request" in request.headers:
        return rendered(request, "part_fsck.html", look=found)
    return _page(request, reader, found)


def _looked(reader: Reader) -> Look:
    services = reader.access.services
    with services.catalog.read() as tx:
        busy = vector_keys.on_their_way(tx)
    # While papers are on their way, index and catalog are out of step, and rightly so.
    owned = None if busy else OwnedIndexes(services.indexes, services.index_of)
    examining = Examining(services.stores(), mend=False, deep=False)
    kinds: Counter[str] = Counter()
    shown: list[Problem] = []
    for problem in examine(examining, owned):
        kinds[problem.kind] += 1
        if kinds[problem.kind] <= _SHOWN:
            shown.append(problem)
    return Look(tuple(shown), kinds, examining.checked, owned is not None and not examining.left_out)


def _page(request: Request, reader: Reader, found: Look | None = None) -> Response:
    services = reader.access.services
    settings = services.settings
    return rendered(
        request,
        "storage.html",
        room=room_of(services),
        figures=figures(services.catalog),
        catalog_kind=catalog_kind(services.catalog),
        engine=settings.index_engine,
        home=settings.home,
        keep_days=settings.keep_generation_days,
        keep_free=settings.keep_free_mb * 1_000_000,
        look=found,
    )
