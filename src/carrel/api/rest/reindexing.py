"""``/api/v1/knowledge-bases/{id}/reindex``: another index is built while the one that is there serves on."""

from fastapi import APIRouter

from carrel.api.rest.access import Access, Reading, Writing
from carrel.api.rest.knowledge_bases import PREFIX, Key, check_offered
from carrel.api.rest.problems import problem_responses
from carrel.api.rest.reindex_documents import EstimateDocument, ReindexDocument, ReindexWanted
from carrel.api.rest.route import RestRoute
from carrel.core.accounts import Role
from carrel.core.audit import Action
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.rebuild import Change
from carrel.library.auditing import record

_PATH = "/knowledge-bases/{knowledge_base}/reindex"
router = APIRouter(prefix=PREFIX, route_class=RestRoute, tags=["re-indexing"])


@router.get(
    _PATH, operation_id="getReindex", summary="How re-indexing stands", responses=problem_responses(409)
)
def status(access: Reading, knowledge_base: Key) -> ReindexDocument:
    """Return what is being built, how far it is and what holds it up; what serves; what is kept."""
    present = access.shelves.require(knowledge_base, Role.VIEWER)
    return ReindexDocument.of(access.services.rebuilds().status(present))


@router.post(
    _PATH,
    status_code=202,
    operation_id="beginReindex",
    summary="Build another index",
    responses=problem_responses(409, 413, 415, 503, 507),
)
def begin(access: Writing, knowledge_base: Key, wanted: ReindexWanted) -> ReindexDocument:
    """Begin to build an index with other settings, or with the same; it serves once it is whole and checked.

    The model is asked first whether it answers. An empty knowledge base has its settings at once.
    """
    present = _owned(access, knowledge_base)
    change = _change(access, wanted)
    found = access.services.rebuilds().begin(present, change, access.caller.user_id)
    _record(access, present, "begin", **wanted.model_dump(exclude_none=True))
    return ReindexDocument.of(found)


@router.post(
    f"{_PATH}/estimate",
    operation_id="estimateReindex",
    summary="What re-indexing would take",
    responses=problem_responses(409, 413, 415, 503),
)
def estimate(access: Writing, knowledge_base: Key, wanted: ReindexWanted) -> EstimateDocument:
    """Return passages to embed, time at the measured rate, and room on the disk. Nothing is changed."""
    present = _owned(access, knowledge_base)
    return EstimateDocument.of(access.services.rebuilds().estimate(present, _change(access, wanted)))


@router.post(
    f"{_PATH}/cancel",
    operation_id="cancelReindex",
    summary="Give a re-index up",
    responses=problem_responses(409),
)
def cancel(access: Writing, knowledge_base: Key) -> ReindexDocument:
    """End it, and leave everything as it was."""
    present = _owned(access, knowledge_base)
    access.services.rebuilds().cancel(present)
    return _done(access, present, "cancel")


@router.post(
    f"{_PATH}/retry",
    operation_id="retryReindex",
    summary="Try the papers again that failed",
    responses=problem_responses(409),
)
def retry(access: Writing, knowledge_base: Key) -> ReindexDocument:
    """Queue those papers anew that could not be brought into the new index."""
    present = _owned(access, knowledge_base)
    access.services.rebuilds().retry_failures(present)
    return _done(access, present, "retry")


@router.post(
    f"{_PATH}/accept-failures",
    operation_id="acceptReindexFailures",
    summary="Go on without the papers that failed",
    responses=problem_responses(409),
)
def accept_failures(access: Writing, knowledge_base: Key) -> ReindexDocument:
    """Let the new index serve without those papers: they become failed files, with the reason."""
    present = _owned(access, knowledge_base)
    access.services.rebuilds().accept_failures(present)
    return _done(access, present, "accept-failures")


@router.post(
    f"{_PATH}/rollback",
    status_code=202,
    operation_id="rollBackReindex",
    summary="Go back to the index before",
    responses=problem_responses(409, 503),
)
def rollback(access: Writing, knowledge_base: Key) -> ReindexDocument:
    """Let the kept index serve again, once it has what was added since."""
    present = _owned(access, knowledge_base)
    access.services.rebuilds().rollback(present)
    return _done(access, present, "rollback")


@router.post(
    f"{_PATH}/discard",
    operation_id="discardKeptIndex",
    summary="Delete the index before",
    responses=problem_responses(409),
)
def discard(access: Writing, knowledge_base: Key) -> ReindexDocument:
    """Let the kept index go, to have its room on the disk."""
    present = _owned(access, knowledge_base)
    access.services.rebuilds().discard_kept(present)
    return _done(access, present, "discard")


def _owned(access: Access, key: str) -> KnowledgeBase:
    return access.shelves.require(key, Role.OWNER)


def _change(access: Access, wanted: ReindexWanted) -> Change:
    if wanted.embedder is not None:
        check_offered(access, wanted.embedder)
    return wanted.change()


def _done(access: Access, present: KnowledgeBase, step: str) -> ReindexDocument:
    _record(access, present, step)
    return ReindexDocument.of(access.services.rebuilds().status(present))


def _record(access: Access, present: KnowledgeBase, step: str, **detail: object) -> None:
    with access.services.catalog.write() as tx:
        record(tx, access.caller, Action.KNOWLEDGE_BASE_REINDEX, present.id, {"step": step, **detail})
