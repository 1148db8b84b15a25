"""The REST API onto an app: its routes, its errors, its description."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from carrel import __version__
from carrel.api.failures import refusal
from carrel.api.guard import MODELS
from carrel.api.rest import (
    events,
    health,
    jobs,
    knowledge_bases,
    metrics,
    models,
    paper_files,
    papers,
    search,
    similar,
    uploads,
)
from carrel.api.rest.context import Rest
from carrel.api.rest.problems import problem
from carrel.core.rest_errors import MethodNotTaken, NothingThere

ROUTERS = (
    knowledge_bases.router,
    uploads.router,
    papers.router,
    paper_files.router,
    search.router,
    similar.router,
    jobs.router,
    models.router,
    events.router,
    metrics.router,
    health.router,
)

_ABOUT = """Knowledge bases of papers: upload, search, read.

Answers are JSON. Errors are problem documents (RFC 9457) with a `kind` for programs and a `hint` for people.
Lists come in pages: ask again with `cursor` set to the `next` of the answer before."""


def add_rest(app: FastAPI, rest: Rest) -> None:
    """Add the routes, and what they work with."""
    app.state.rest = rest
    for router in ROUTERS:
        app.router.routes.extend(router.routes)
    app.add_exception_handler(HTTPException, nothing_taken)
    app.openapi = lambda: _description(app)  # type: ignore[method-assign]  # as FastAPI's own docs have it


async def nothing_taken(request: Request, error: Exception) -> Response:
    """Return the answer to a request that no route takes, in the shape of the API that it asked for."""
    assert isinstance(error, HTTPException)
    path = request.url.path
    if path.startswith(MODELS):
        return refusal(request, error)
    if error.status_code != 405:
        return problem(NothingThere(path=path))
    answer = problem(MethodNotTaken(method=request.method, path=path))
    answer.headers.update(error.headers or {})
    return answer


def _description(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        found = get_openapi(title="Carrel", version=__version__, description=_ABOUT, routes=app.routes)
        for operation in _operations(found):
            _only_problems(operation)
        app.openapi_schema = found
    return app.openapi_schema


def _operations(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]


def _only_problems(operation: dict[str, Any]) -> None:
    """Leave out that problems could come as application/json, which the framework adds of itself."""
    for status, answer in operation.get("responses", {}).items():
        content = answer.get("content", {})
        if status >= "400" and "application/problem+json" in content:
            content.pop("application/json", None)
