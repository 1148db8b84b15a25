"""JSON bodies: read within limits before anything is made of them."""

import asyncio

from starlette.requests import Request
from starlette.types import Message

from carrel.core.gateway_errors import BodyTooSlow
from carrel.core.rest_errors import BodyOverLimit, ContentNotTaken

MOST_BYTES = 2**20
_SECONDS = 30
_JSON = "application/json"


async def replayed(request: Request) -> Request:
    """Read the body, and return the request with it at hand.

    Raises:
        ContentNotTaken: it is not declared as JSON. A stranger's page can send other kinds unasked (CORS).
        BodyOverLimit: it has more than ``MOST_BYTES``.
        BodyTooSlow: it was not there in time.
        ClientDisconnect: the client is gone.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
        raise ContentNotTaken(expected=_JSON)
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > MOST_BYTES:
        raise BodyOverLimit(limit="1 MB")
    body = await read_within(request)
    at_hand: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
    receive = request.receive

    async def replay() -> Message:
        return at_hand.pop() if at_hand else await receive()

    return Request(request.scope, replay)


async def read_within(request: Request) -> bytes:
    """Return the body.

    Raises:
        BodyOverLimit: it has more than ``MOST_BYTES``.
        BodyTooSlow: it was not there in time.
        ClientDisconnect: the client is gone.
    """
    try:
        async with asyncio.timeout(_SECONDS):
            return await _read(request)
    except TimeoutError as error:
        raise BodyTooSlow(seconds=_SECONDS) from error


async def _read(request: Request) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MOST_BYTES:
            raise BodyOverLimit(limit="1 MB")
        chunks.append(chunk)
    return b"".join(chunks)
