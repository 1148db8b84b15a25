"""The REST API onto an app: its routes and its errors."""

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from carrel.api.failures import refusal
from carrel.api.guard import MODELS
from carrel.api.rest import (
    api_keys,
    audit_log,
    endpoints,
    events,
    exporting,
    health,
    jobs,
    judging,
    knowledge_bases,
    members,
    metrics,
    models,
    paper_changes,
    paper_files,
    paper_text,
    papers,
    reindexing,
    search,
    sessions,
    setting_up,
    similar,
    uploads,
    users,
)
from carrel.api.rest.context import Rest
from carrel.api.rest.problems import problem
from carrel.core.rest_errors import MethodNotTaken, NothingThere

ROUTERS = (
    setting_up.router,
    sessions.router,
    users.router,
    api_keys.router,
    audit_log.router,
    knowledge_bases.router,
    members.router,
    uploads.router,
    exporting.router,  # before what takes "export" for an id
    papers.router,
    paper_changes.router,
    paper_files.router,
    paper_text.router,
    search.router,
    similar.router,
    judging.router,
    jobs.router,
    reindexing.router,
    models.router,
    endpoints.router,
    events.router,
    metrics.router,
    health.router,
)


def add_rest(app: FastAPI, rest: Rest) -> None:
    """Add the routes, and what they work with."""
    app.state.rest = rest
    for router in ROUTERS:
        app.router.routes.extend(router.routes)
    app.add_exception_handler(HTTPException, nothing_taken)


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
