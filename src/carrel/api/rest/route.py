"""A route of the REST API: who asks is found out first, bodies have limits, every error is a problem."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Message, Receive, Scope, Send

from carrel.api.rest.access import needed
from carrel.api.rest.bodies import replayed
from carrel.api.rest.context import rest_of
from carrel.api.rest.invalid_fields import invalid
from carrel.api.rest.problems import fault, problem
from carrel.core.errors import CarrelError
from carrel.core.language import tr
from carrel.core.rest_errors import BodyNotJson

_CLIENT_GONE = 499  # nobody reads it


class HeadRoute(APIRoute):
    """What takes GET takes HEAD as well: the same answer without its body."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return whether the route answers a request."""
        match, found = super().matches(scope)
        return (Match.FULL if match is Match.PARTIAL and self._is_head(scope) else match), found

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if not self._is_head(scope):
            await super().handle(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body"})  # now, also where a body would never end

        await self.app(scope, receive, send_head)

    def _is_head(self, scope: Scope) -> bool:
        return scope["type"] == "http" and scope["method"] == "HEAD" and "GET" in (self.methods or ())


class RestRoute(HeadRoute):
    """Answers with problem documents, and reads a JSON body only for whom the route is for."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        handle = super().get_route_handler()
        needs = needed([dependency.call for dependency in self.dependant.dependencies])
        takes_json = self.body_field is not None

        async def answer(request: Request) -> Response:
            try:
                rest = rest_of(request)
                if needs is not None:
                    await needs.check(rest, request)
                if takes_json:
                    request = await replayed(request)
                return await handle(request)
            except CarrelError as error:
                return problem(error)
            except RequestValidationError as error:
                return problem(*invalid(error))
            except ClientDisconnect:
                return Response(status_code=_CLIENT_GONE)
            except HTTPException:  # the framework's own: a body nested too deep, or no UTF-8
                return problem(BodyNotJson(detail=tr("it cannot be read")))
            except Exception as error:  # a fault of ours: its own log is careful, uvicorn's would quote it
                return fault(error)

        return answer
