"""Bodies that nobody reads: a little of one is read for nothing, and then the connection ends."""

import asyncio

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MOST_BYTES = 64 * 2**20
_SECONDS = 10.0


class Unread:
    """Keeps a client whose request is refused from sending on and on.

    The server under us would read what is left of a body to its end, be it gigabytes that an answer has long
    refused. A client that has sent a little hears of the answer best when all of it was read; to one that
    waits to be asked for its body (``Expect: 100-continue``), or has much more, the answer says that the
    connection closes.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Take what answers."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(Headers(scope=scope), receive)

        async def answering(message: Message) -> None:
            if message["type"] == "http.response.start" and not await body.is_read():
                MutableHeaders(scope=message)["Connection"] = "close"
            await send(message)

        await self._app(scope, body.receive, answering)


class _Body:
    """How much of a request's body has come."""

    def __init__(self, headers: Headers, receive: Receive) -> None:
        announced = headers.get("content-length", "")
        self._announced = int(announced) if announced.isdecimal() else 0
        self._ended = not self._announced and "transfer-encoding" not in headers
        self._awaited = headers.get("expect", "").lower() == "100-continue"
        self._receive = receive

    async def receive(self) -> Message:
        """Return the next message, as the server gives it."""
        self._awaited = False  # being asked for one, the server tells the client to go on
        message = await self._receive()
        self._ended = not message.get("more_body", False)
        return message

    async def is_read(self) -> bool:
        """Read what is left, within limits; return whether that was all."""
        if self._ended:
            return True
        if self._awaited or self._announced > _MOST_BYTES:
            return False
        size = 0
        try:
            async with asyncio.timeout(_SECONDS):
                while not self._ended and size <= _MOST_BYTES:
                    size += len((await self.receive()).get("body", b""))
        except TimeoutError:
            return False
        return self._ended
