"""Errors → answers: the status of each, in the shape of OpenAI's errors."""

import json
import logging
import traceback
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from carrel.core import gateway_errors as failed
from carrel.core.engine_errors import DimensionsImpossible
from carrel.core.errors import CarrelError, ServiceError, StorageFull
from carrel.core.language import tr

RETRY_AFTER_SECONDS = 2

_log = logging.getLogger(__name__)
_REQUEST = "invalid_request_error"
_SERVER = "server_error"
_BUSY = "rate_limit_error"

_STATUS: Mapping[type[CarrelError], int] = {
    failed.HostRefused: 403,
    failed.KeyRefused: 401,
    failed.NoSuchAddress: 404,
    failed.WrongMethod: 405,
    failed.NotJsonContent: 415,
    failed.BodyTooLarge: 413,
    failed.BodyTooSlow: 408,
    failed.ModelNotServed: 404,
    failed.NoRerankerServed: 404,
    failed.GatewayBusy: 429,
    failed.RequestError: 400,
    DimensionsImpossible: 400,
    StorageFull: 503,
}
_CODES: Mapping[type[CarrelError], str] = {  # OpenAI's own, where it has one
    failed.KeyRefused: "invalid_api_key",
    failed.ModelNotServed: "model_not_found",
    failed.NoRerankerServed: "model_not_found",
    failed.GatewayBusy: "rate_limit_exceeded",
}


def failure(error: CarrelError) -> Response:
    """Return the answer that says what went wrong and what to do next.

    An engine that may come back is 503, one that will not is 502, settings of ours that make no sense 500;
    what can be tried again has ``Retry-After``.
    """
    status = _status(error)
    headers = {}
    if error.retryable:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    code = _CODES.get(type(error), error.kind.replace("-", "_"))
    return _answer(status, str(error), code, error.parameters.get("field"), headers)


def fault(error: Exception) -> Response:
    """Return the answer to a fault of ours. Where it happened goes to the log, and to nobody else.

    Its words are not logged: they may quote a text that was sent.
    """
    where = "".join(traceback.format_tb(error.__traceback__))
    _log.error("%s, at:\n%s", type(error).__name__, where)
    message = tr("A fault in Carrel kept it from answering; its log says more.")
    return _answer(500, message, "internal_error", None, {})


def refusal(request: Request, error: Exception) -> Response:
    """Return the answer to a request that no route takes."""
    assert isinstance(error, HTTPException)
    path = request.url.path
    if error.status_code == 405:
        answer = failure(failed.WrongMethod(method=request.method, path=path))
        answer.headers.update(error.headers or {})
        return answer
    return failure(failed.NoSuchAddress(path=path))


def json_bytes(document: object) -> bytes:
    """Return JSON in ASCII: half a pair of surrogates, which JSON can name, has no UTF-8."""
    return json.dumps(document, separators=(",", ":")).encode("ascii")


def _status(error: CarrelError) -> int:
    for kind in type(error).__mro__:
        if issubclass(kind, CarrelError) and kind in _STATUS:
            return _STATUS[kind]
    if isinstance(error, ServiceError):
        return 503 if error.retryable else 502
    return 500


def _answer(status: int, message: str, code: str, param: str | None, headers: Mapping[str, str]) -> Response:
    kind = _BUSY if status == 429 else _REQUEST if status < 500 else _SERVER
    document = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    return Response(json_bytes(document), status, dict(headers), "application/json")
