"""``/api/v1/knowledge-bases/{id}/reindex``: another index is built while the one that is there serves on."""

from fastapi import APIRouter

from carrel.api.rest import reindex_steps
from carrel.api.rest.access import Reading, Writing
from carrel.api.rest.knowledge_bases import PREFIX, Key
from carrel.api.rest.problems import problem_responses
from carrel.api.rest.reindex_documents import EstimateDocument, ReindexDocument, ReindexWanted
from carrel.api.rest.reindex_steps import Step
from carrel.api.rest.route import RestRoute

_PATH = "/knowledge-bases/{knowledge_base}/reindex"
router = APIRouter(prefix=PREFIX, route_class=RestRoute, tags=["re-indexing"])


@router.get(
    _PATH, operation_id="getReindex", summary="How re-indexing stands", responses=problem_responses(409)
)
def status(access: Reading, knowledge_base: Key) -> ReindexDocument:
    """Return what is being built, how far it is and what holds it up; what serves; what is kept."""
    return ReindexDocument.of(reindex_steps.status(access, knowledge_base))


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
    return ReindexDocument.of(reindex_steps.begin(access, knowledge_base, wanted.change()))


@router.post(
    f"{_PATH}/estimate",
    operation_id="estimateReindex",
    summary="What re-indexing would take",
    responses=problem_responses(409, 413, 415, 503),
)
def estimate(access: Writing, knowledge_base: Key, wanted: ReindexWanted) -> EstimateDocument:
    """Return passages to embed, time at the measured rate, and room on the disk. Nothing is changed."""
    return EstimateDocument.of(reindex_steps.estimate(access, knowledge_base, wanted.change()))


@router.post(
    f"{_PATH}/cancel",
    operation_id="cancelReindex",
    summary="Give a re-index up",
    responses=problem_responses(409),
)
def cancel(access: Writing, knowledge_base: Key) -> ReindexDocument:
    """End it, and leave everything as it was."""
    return ReindexDocument.of(reindex_steps.take(access, knowledge_base, Step.CANCEL))


@router.post(
    f"{_PATH}/retry",
    operation_id="retryReindex",
    summary="Try the papers again that failed",
    responses=problem_responses(409),
)
def retry(access: Writing, knowledge_base: Key) -> ReindexDocument:
    """Queue those papers anew that could not be brought into the new index."""
    return ReindexDocument.of(reindex_steps.take(access, knowledge_base, Step.RETRY))


@router.post(
    f"{_PATH}/accept-failures",
    operation_id="acceptReindexFailures",
    summary="Go on without the papers that failed",
    responses=problem_responses(409),
)
def accept_failures(access: Writing, knowledge_base: Key) -> ReindexDocument:
    """Let the new index serve without those papers: they become failed files, with the reason."""
    return ReindexDocument.of(reindex_steps.take(access, knowledge_base, Step.ACCEPT_FAILURES))


@router.post(
    f"{_PATH}/rollback",
    status_code=202,
    operation_id="rollBackReindex",
    summary="Go back to the index before",
    responses=problem_responses(409, 503),
)
def rollback(access: Writing, knowledge_base: Key) -> ReindexDocument:
    """Let the kept index serve again, once it has what was added since."""
    return ReindexDocument.of(reindex_steps.take(access, knowledge_base, Step.ROLLBACK))


@router.post(
    f"{_PATH}/discard",
    operation_id="discardKeptIndex",
    summary="Delete the index before",
    responses=problem_responses(409),
)
def discard(access: Writing, knowledge_base: Key) -> ReindexDocument:
    """Let the kept index go, to have its room on the disk."""
    return ReindexDocument.of(reindex_steps.take(access, knowledge_base, Step.DISCARD))
