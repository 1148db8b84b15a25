"""``/healthz`` and ``/readyz`` of a server with knowledge bases: no model is asked."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from carrel.api.rest.context import rest_of
from carrel.api.rest.problems import fault
from carrel.api.rest.route import RestRoute
from carrel.core.errors import CarrelError

router = APIRouter(route_class=RestRoute, tags=["health"])


class Health(BaseModel):
    """That the process answers."""

    status: Literal["ok"]


class Ready(BaseModel):
    """Whether the server can do its work, and with what."""

    status: Literal["ok", "unavailable"]
    catalog: Literal["ok", "unavailable"]
    index: Literal["ok", "unavailable"] = Field(description="Whether this process owns the indexes.")
    embedder: Literal["ok", "unavailable", "unknown"] = Field(
        description="How the last call of the model ended. It is not asked, and does not count for status."
    )


@router.get("/healthz", operation_id="health", summary="The process is up")
async def health() -> Health:
    """Answer as long as the process can."""
    return Health(status="ok")


@router.get(
    "/readyz",
    operation_id="ready",
    summary="The server can do its work",
    response_model=Ready,
    responses={503: {"model": Ready, "description": "It cannot"}},
)
async def ready(request: Request) -> Response:
    """Tell whether the catalog answers and the indexes are this process's."""
    rest = rest_of(request)
    try:
        catalog = await run_in_threadpool(_catalog_answers, request)
    except CarrelError:
        catalog = False
    except Exception as error:
        return fault(error)
    index = await run_in_threadpool(_indexes_ours, request)
    document = Ready(
        status="ok" if catalog and index else "unavailable",
        catalog="ok" if catalog else "unavailable",
        index="ok" if index else "unavailable",
        embedder=rest.searches.embedder,
    )
    return Response(
        document.model_dump_json(), 200 if document.status == "ok" else 503, media_type="application/json"
    )


def _indexes_ours(request: Request) -> bool:
    try:
        rest_of(request).services.indexes.acquire("carrel serve", 0)  # no effect where they are
    except CarrelError:
        return False
    return True


def _catalog_answers(request: Request) -> bool:
    with rest_of(request).services.catalog.read() as tx:
        return tx.row("SELECT 1") is not None
