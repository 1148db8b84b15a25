"""Where the gateway listens, and its server: uvicorn on a socket of ours."""

import errno
import signal
import socket
from types import FrameType
from typing import TYPE_CHECKING

from carrel.core.gateway_errors import HostUnusable, PortTaken

if TYPE_CHECKING:
    from fastapi import FastAPI

_BACKLOG = 512
_LAST_ANSWERS_SECONDS = 60  # for what is being answered when it is told to stop


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens there; port 0 takes any that is free.

    Other machines may reach it: who asks from there needs an account, a key or the set-up code (guard.py).

    Raises:
        PortTaken: another program listens there.
        HostUnusable: it is no address of this machine, or the port may not be used.
    """
    family, address = _address(host, port)
    try:
        listening = socket.create_server((address, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(host=host, port=port) from error
        raise HostUnusable(host=host, port=port, detail=error.strerror or error) from error
    # Connections inherit it; asyncio sets it only where a socket names its protocol, as these do not. Without
    # it every answer waits 40 ms for the client to acknowledge its head.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def address_of(listening: socket.socket) -> str:
    """Return the address that clients use, without the path."""
    address, port = listening.getsockname()[:2]
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


def serve(app: "FastAPI", listening: socket.socket) -> None:
    """Serve until Ctrl-C or SIGTERM, then finish the answers that were begun. A second Ctrl-C ends them."""
    import uvicorn

    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ws="none",
        timeout_graceful_shutdown=_LAST_ANSWERS_SECONDS,
    )
    server = uvicorn.Server(config)

    def stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        app.state.stop()  # those who listen to events would be waited for
        server.should_exit = True

    # uvicorn puts these back when it has ended and raises the signal again: to end well is no failure.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    server.run(sockets=[listening])


def _address(host: str, port: int) -> tuple[socket.AddressFamily, str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        detail = getattr(error, "strerror", None) or "not a host name"
        raise HostUnusable(host=host, port=port, detail=detail) from error
    # One of several: IPv4 first, as every client tries it.
    family, address = min((family, str(where[0])) for family, _, _, _, where in found)
    return socket.AddressFamily(family), address
