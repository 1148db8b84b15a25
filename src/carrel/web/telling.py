"""``/telling``: where no word of a question stands in a passage, its sentence that is nearest in meaning.

Asked for once the answer is painted, so that nobody waits for it: no search either, and not the next question
of the same reader, which ends it.
"""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from carrel.api.rest.searching import Overtaken
from carrel.core.accounts import Role
from carrel.search import understand
from carrel.storage import passages
from carrel.web.apart import apart
from carrel.web.rendering import rendered
from carrel.web.results import Piece
from carrel.web.route import Looking, PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_MOST = 40
_AROUND = 160  # characters shown before and behind the sentence


@router.get("/telling")
@apart
def telling(
    reader: Looking,
    request: Request,
    q: Annotated[str, Query(max_length=20_000)],
    kb: Annotated[str, Query(max_length=100)],
    passage: Annotated[list[str], Query(max_length=_MOST)],
) -> Response:
    """Return these passages with their telling sentences marked, to be put in the place of what is there."""
    base = reader.access.shelves.require(kb, Role.VIEWER)
    services = reader.access.services
    with services.catalog.read() as tx:
        texts = passages.texts(tx, [base], passage)
    asked = understand.read(q).text
    if not asked:
        return rendered(request, "search_telling.html", shown={})
    caller = reader.access.caller
    beside = reader.rest.searches.beside(caller, q)
    try:
        found = services.telling(asked, list(texts.values()), base.id, caller, beside)
    except Overtaken:
        found = (None,) * len(texts)
    shown = {
        identifier: tuple(_pieces(text, sentence.start, sentence.end))
        for (identifier, text), sentence in zip(texts.items(), found, strict=True)
        if sentence is not None
    }
    return rendered(request, "search_telling.html", shown=shown)


def _pieces(text: str, start: int, end: int) -> Iterator[Piece]:
    first = _word_from(text, max(0, start - _AROUND)) if start > _AROUND else 0
    last = _word_to(text, end + _AROUND) if end + _AROUND < len(text) else len(text)
    yield Piece(("… " if first else "") + text[first:start])
    yield Piece(text[start:end], marked=True)
    yield Piece(text[end:last] + (" …" if last < len(text) else ""))


def _word_from(text: str, at: int) -> int:
    """Return where the next word begins, if one does soon."""
    space = text.find(" ", at, at + 40)
    return space + 1 if space >= 0 else at


def _word_to(text: str, at: int) -> int:
    space = text.rfind(" ", at - 40, at)
    return space if space >= 0 else at
