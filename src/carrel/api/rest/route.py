"""A route of the REST API: who asks is found out first, bodies have limits, every error is a problem."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from carrel.api.rest.access import needed
from carrel.api.rest.bodies import replayed
from carrel.api.rest.context import rest_of
from carrel.api.rest.invalid_fields import invalid
from carrel.api.rest.problems import fault, problem
from carrel.core.errors import CarrelError
from carrel.core.language import tr
from carrel.core.rest_errors import BodyNotJson

_CLIENT_GONE = 499  # nobody reads it


class RestRoute(APIRoute):
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
