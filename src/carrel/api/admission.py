"""How much may wait at once: requests, and bytes of them. What is beyond is refused, not queued."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request

from carrel.core.gateway_errors import BodyTooLarge, BodyTooSlow, GatewayBusy

MAX_BODY = 16 * 2**20  # bytes: 2048 texts of 8 kB
BODY_SECONDS = 60
_READ_FOR_NOTHING = 4 * MAX_BODY  # of a body that is too large, so that its sender comes to hear of it
_DISCONNECT = "http.disconnect"


class Admission:
    """Counts what is being read, waits or runs. To be used from one event loop."""

    def __init__(self, requests: int = 64, body_bytes: int = 4 * MAX_BODY) -> None:
        self._requests = requests
        self._bytes = body_bytes

    @property
    def free(self) -> int:
        """How many requests more would be let in."""
        return self._requests

    @contextmanager
    def request(self) -> Iterator["Ticket"]:
        """Hold a place while the block runs.

        Raises:
            GatewayBusy: none is free.
        """
        if not self._requests:
            raise GatewayBusy
        self._requests -= 1
        ticket = Ticket(self)
        try:
            yield ticket
        finally:
            self._requests += 1
            self._bytes += ticket.held

    def take(self, ticket: "Ticket", count: int) -> None:
        """Hold so many bytes more. Raises GatewayBusy where they are too many for all requests together."""
        if count > self._bytes:
            raise GatewayBusy
        self._bytes -= count
        ticket.held += count


class Ticket:
    """The place of one request."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self.held = 0

    async def body(self, request: Request) -> bytes:
        """Read the body of a request, within the limits.

        Raises:
            BodyTooLarge: it has more than ``MAX_BODY`` bytes.
            BodyTooSlow: it was not there after ``BODY_SECONDS``.
            GatewayBusy: the bodies of all requests are too large together.
            ClientDisconnect: the client is gone.
        """
        try:
            async with asyncio.timeout(BODY_SECONDS):
                return await self._read(request)
        except TimeoutError as error:
            raise BodyTooSlow(seconds=BODY_SECONDS) from error

    async def _read(self, request: Request) -> bytes:
        announced = request.headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > _READ_FOR_NOTHING:
            raise BodyTooLarge(megabytes=MAX_BODY // 2**20)
        chunks: list[bytes] = []
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            if size > _READ_FOR_NOTHING:
                break
            if size > MAX_BODY:
                chunks.clear()
                continue
            self._admission.take(self, len(chunk))
            chunks.append(chunk)
        if size > MAX_BODY:
            raise BodyTooLarge(megabytes=MAX_BODY // 2**20)
        return b"".join(chunks)


async def gone(request: Request) -> None:
    """Return when the client of a request whose body was read has closed its connection."""
    while (await request.receive())["type"] != _DISCONNECT:
        pass
