"""``GET /metrics``: what Prometheus asks for."""

import time

from fastapi import APIRouter
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from carrel.api.guard import is_private_to_this_machine
from carrel.api.rest.access import identified
from carrel.api.rest.context import rest_of
from carrel.api.rest.figures import Figures
from carrel.api.rest.problems import problem_responses
from carrel.api.rest.route import RestRoute
from carrel.core import accounts
from carrel.core.rest_errors import ScopeMissing

router = APIRouter(route_class=RestRoute, tags=["health"])


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}, "description": "The figures"}, **problem_responses()},
)
async def metrics(request: Request) -> Response:
    """Return requests, searches, jobs, papers. For this machine, and for administrators."""
    rest = rest_of(request)
    if not is_private_to_this_machine(request):
        access = await identified(rest, request)
        if not access.may(accounts.Scope.ADMIN):
            raise ScopeMissing(scope=accounts.Scope.ADMIN)
    content = await run_in_threadpool(generate_latest, rest.figures.registry)
    return Response(content, media_type=CONTENT_TYPE_LATEST)


class Measured:
    """Counts requests by route and status, and how long it took until the answer began."""

    def __init__(self, app: ASGIApp, figures: Figures) -> None:
        self._app = app
        self._figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = str(getattr(scope.get("route"), "path", "other"))
                took = time.perf_counter() - began
                self._figures.answered(scope["method"], route, message["status"], took)
            await send(message)

        await self._app(scope, receive, counted)
