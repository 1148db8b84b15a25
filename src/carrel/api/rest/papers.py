"""``/api/v1/knowledge-bases/{id}/papers``: listed, looked at, taken out; their passages and sections."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from carrel.api.rest.access import Access, Reading, Writing
from carrel.api.rest.documents import PLAIN
from carrel.api.rest.etags import check_unchanged, tagged
from carrel.api.rest.knowledge_bases import PREFIX, Key
from carrel.api.rest.outlines import Heading, outline_of
from carrel.api.rest.paging import DEFAULT, After, Limit, Page, cursor, page, position
from carrel.api.rest.paper_documents import PaperDocument, PassageDocument, WholePaper
from carrel.api.rest.problems import problem_responses
from carrel.api.rest.route import RestRoute
from carrel.library.holdings import Found, Holdings
from carrel.storage.paper_pages import Order, Wanted
from carrel.storage.tags import tag_key

router = APIRouter(prefix=PREFIX, route_class=RestRoute, tags=["papers"])
BASE = "/knowledge-bases/{knowledge_base}"
PAPERS = f"{BASE}/papers"
ONE = f"{PAPERS}/{{paper}}"

PaperKey = Annotated[str, Path(description="The id of a paper, whole.", max_length=100)]
_WORDS = Query(max_length=200, description="Stands in the title or the file's name.")
_ANY_TAG: list[str] = []
State = Literal["ready", "queued", "running", "handed", "paused", "failed", "cancelled"]


@router.get(PAPERS, operation_id="listPapers", summary="List papers", responses=problem_responses(409))
def listed(
    access: Reading,
    request: Request,
    response: Response,
    knowledge_base: Key,
    state: State | None = None,
    q: Annotated[
        str, Query(max_length=200, description="Stands in the title or the file's name."), PLAIN
    ] = "",
    tag: Annotated[
        list[Annotated[str, PLAIN]],
        Query(max_length=20, description="A label that the papers bear; named several times: all of them."),
    ] = _ANY_TAG,
    sort: Order = Order.NEWEST,
    limit: Limit = DEFAULT,
    after: After = None,
) -> Page[PaperDocument]:
    """List the papers of a knowledge base: searchable ones, files on their way in, and those that failed."""
    kind = f"papers-{sort}"
    start = position(after, kind, int if sort is Order.YEAR else str, str)
    wanted = Wanted(
        sort, state or "", q, None if start is None else (start[0], str(start[1])), tuple(map(tag_key, tag))
    )
    found = holdings(access, knowledge_base).page(wanted, limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    following = cursor(kind, last.key, last.record.id) if last else None
    return page(request, response, [PaperDocument.of(seen) for seen in found[:limit]], following)


@router.get(
    ONE,
    operation_id="getPaper",
    summary="One paper",
    response_model=WholePaper,
    responses=problem_responses(409),
)
def one(access: Reading, request: Request, knowledge_base: Key, paper: PaperKey) -> Response:
    """Return all that is known of a paper: metadata with where they come from, quality, versions."""
    found = holdings(access, knowledge_base).one(paper)
    return tagged(request, WholePaper.whole(found.paper, found.versions))


@router.delete(
    ONE,
    status_code=204,
    operation_id="removePaper",
    summary="Take a paper out",
    responses=problem_responses(409, 412),
)
def remove(access: Writing, request: Request, knowledge_base: Key, paper: PaperKey) -> Response:
    """Take a paper out of the knowledge base; its file goes where no other one holds it."""

    def unchanged(found: Found) -> None:
        check_unchanged(request, WholePaper.whole(found.paper, found.versions))

    holdings(access, knowledge_base).remove(paper, unchanged)
    return Response(status_code=204)


@router.get(
    f"{ONE}/passages",
    operation_id="listPassages",
    summary="A paper's passages",
    responses=problem_responses(409),
)
def passages(
    access: Reading,
    request: Request,
    response: Response,
    knowledge_base: Key,
    paper: PaperKey,
    limit: Limit = DEFAULT,
    after: After = None,
) -> Page[PassageDocument]:
    """List a paper's passages in reading order, with their boxes."""
    start = position(after, "passages", int)
    first = max(0, int(start[0])) if start else 0
    found = holdings(access, knowledge_base).passages(paper, first, limit + 1)
    following = cursor("passages", first + limit) if len(found) > limit else None
    return page(request, response, [PassageDocument.of(each) for each in found[:limit]], following)


class Outline(BaseModel):
    """A paper's headings in reading order."""

    headings: list[Heading] = Field(description="Empty where none was recognised, or it is not read yet.")


@router.get(
    f"{ONE}/outline",
    operation_id="getOutline",
    summary="A paper's sections",
    responses=problem_responses(409),
)
def outline(access: Reading, knowledge_base: Key, paper: PaperKey) -> Outline:
    """Return a paper's headings, each with its level and page."""
    found = holdings(access, knowledge_base).one(paper)
    return Outline(headings=outline_of(access.services, found))


def holdings(access: Access, key: str) -> Holdings:
    """Return the papers of a knowledge base, as the caller may see them."""
    return Holdings(access.services.catalog, access.caller, key)
