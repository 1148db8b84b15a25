"""``/api/v1/knowledge-bases``: made, listed, changed and deleted."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from carrel.api.rest.access import Access, Reading, Writing
from carrel.api.rest.documents import KnowledgeBaseChanges, KnowledgeBaseDocument, NewKnowledgeBase
from carrel.api.rest.etags import check_unchanged, tagged
from carrel.api.rest.paging import DEFAULT, After, Limit, Page, cursor, page, position
from carrel.api.rest.problems import problem_responses
from carrel.api.rest.route import RestRoute
from carrel.core.accounts import Role
from carrel.core.domains import Domain
from carrel.core.endpoints import Purpose
from carrel.core.errors import InvalidSetting, ModelUnknown
from carrel.core.knowledge_base import DEFAULT_EMBEDDER, DEFAULT_PARSER, KnowledgeBase
from carrel.core.rest_errors import NeedsReindex

PREFIX = "/api/v1"
router = APIRouter(prefix=PREFIX, route_class=RestRoute, tags=["knowledge bases"])

Key = Annotated[str, Path(description="The id of a knowledge base, or its name.", max_length=200)]
_ORDER = "knowledge-bases"
_FIXED = ("embedder", "dimensions", "chunking", "parser", "domain")


@router.post(
    "/knowledge-bases",
    status_code=201,
    operation_id="createKnowledgeBase",
    summary="Make a knowledge base",
    response_model=KnowledgeBaseDocument,
    responses=problem_responses(409, 413, 415),
)
def create(access: Writing, request: Request, wanted: NewKnowledgeBase) -> Response:
    """Make an empty knowledge base; the caller becomes its owner."""
    from carrel.parsing.parsers import check_parser

    settings = access.services.settings
    parser = wanted.parser or DEFAULT_PARSER
    check_parser(parser)
    embedder = wanted.embedder or settings.embedder
    try:
        chunking = wanted.chunking.settings() if wanted.chunking else None
    except ValueError as error:
        raise InvalidSetting(name="chunking", value="overlap", expected=str(error)) from error
    check_offered(access, embedder)
    dimensions = access.services.checked_dimensions(embedder, wanted.dimensions or 0)
    made = access.shelves.create(
        wanted.name,
        wanted.description,
        chunking,
        parser,
        embedder,
        dimensions,
        Domain(wanted.domain),
    )
    answer = tagged(request, _document(access, made.id), 201)
    answer.headers["Location"] = f"{PREFIX}/knowledge-bases/{made.id}"
    return answer


@router.get(
    "/knowledge-bases",
    operation_id="listKnowledgeBases",
    summary="List the knowledge bases",
    responses=problem_responses(),
)
def listed(
    access: Reading, request: Request, response: Response, limit: Limit = DEFAULT, after: After = None
) -> Page[KnowledgeBaseDocument]:
    """List those that the caller may see, by name."""
    start = position(after, _ORDER, str, str)
    documents = [KnowledgeBaseDocument.of(found, role) for found, role in access.shelves.with_roles()]
    documents.sort(key=lambda each: (each.name, each.id))
    if start is not None:
        documents = [each for each in documents if (each.name, each.id) > start]
    last = documents[limit - 1] if len(documents) > limit else None
    return page(request, response, documents[:limit], cursor(_ORDER, last.name, last.id) if last else None)


@router.get(
    "/knowledge-bases/{knowledge_base}",
    operation_id="getKnowledgeBase",
    summary="One knowledge base",
    response_model=KnowledgeBaseDocument,
    responses=problem_responses(409),
)
def one(access: Reading, request: Request, knowledge_base: Key) -> Response:
    """Return a knowledge base with its settings and counts; its ETag changes with any of them."""
    return tagged(request, _document(access, knowledge_base))


@router.patch(
    "/knowledge-bases/{knowledge_base}",
    operation_id="changeKnowledgeBase",
    summary="Change a knowledge base",
    response_model=KnowledgeBaseDocument,
    responses=problem_responses(409, 412, 413, 415),
)
def change(access: Writing, request: Request, knowledge_base: Key, wanted: KnowledgeBaseChanges) -> Response:
    """Change its name or description (owners), or let its jobs wait and go on (editors).

    With If-Match nothing is changed unless it is still what the caller has seen.
    """
    owner = wanted.name is not None or wanted.description is not None
    shelves = access.shelves
    fixed = [name for name in _FIXED if getattr(wanted, name) is not None]
    present = shelves.require(knowledge_base, Role.OWNER if owner or fixed else Role.EDITOR)
    if fixed:
        raise NeedsReindex(fields=", ".join(fixed))
    shelves.configure(present.id, wanted.name, wanted.description, wanted.paused, _unchanged(request))
    return tagged(request, _document(access, present.id))


@router.delete(
    "/knowledge-bases/{knowledge_base}",
    status_code=204,
    operation_id="deleteKnowledgeBase",
    summary="Delete a knowledge base",
    responses=problem_responses(409, 412),
)
def delete(access: Writing, request: Request, knowledge_base: Key) -> Response:
    """Delete it, and those of its papers that no other knowledge base holds. Gone at once for everybody."""
    access.shelves.delete(knowledge_base, _unchanged(request))
    return Response(status_code=204)


def _document(access: Access, key: str) -> KnowledgeBaseDocument:
    return KnowledgeBaseDocument.of(*access.shelves.with_role(key))


def _unchanged(request: Request) -> Callable[[KnowledgeBase, Role], None]:
    """Return what raises ChangedMeanwhile where a knowledge base is not what the client has seen."""
    return lambda found, role: check_unchanged(request, KnowledgeBaseDocument.of(found, role))


def offered_models(access: Access) -> tuple[str, ...]:
    """Return the models that the caller may choose from: those in use, named or set, in order of name."""
    known = {access.services.settings.embedder, DEFAULT_EMBEDDER}
    known |= {found.embedder for found in access.shelves.readable()}
    known |= set(access.services.endpoints.models(Purpose.EMBEDDER))
    return tuple(sorted(known))


def check_offered(access: Access, embedder: str) -> None:
    """Raise ModelUnknown unless the model is one in use: a name could be that of a file of this machine."""
    known = offered_models(access)
    if embedder not in known and not access.caller.administrator:
        raise ModelUnknown(model=embedder, known=", ".join(known))
