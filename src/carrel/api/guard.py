"""Who may ask: the key, and without one the names of this machine. In front of every route."""

import hmac
import ipaddress

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from carrel.api.failures import failure
from carrel.core.gateway_errors import HostRefused, KeyRefused, RequestError

_OPEN = (
    "/healthz",
    "/readyz",
)  # to what watches the process, without a key
_LOCAL_NAME = "localhost"


class Guard:
    """Lets requests through that have the key, or that ask this machine by its own name where there is none.

    A page in a browser can make its own name point at 127.0.0.1 and then read what is served there (DNS
    rebinding), but it cannot send another name than its own.
    """

    def __init__(self, app: ASGIApp, api_key: str) -> None:
        """Take what is guarded; ``api_key`` is "" where none is asked for."""
        self._app = app
        self._key = api_key.encode("utf-8")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer why not."""
        refused = self._refused(scope) if scope["type"] == "http" else None
        if refused is None:
            await self._app(scope, receive, send)
        else:
            await failure(refused)(scope, receive, send)

    def _refused(self, scope: Scope) -> RequestError | None:
        headers = Headers(scope=scope)
        if not self._key:
            host = headers.get("host", "")
            return None if is_this_machine(host) else HostRefused(host=host)
        if scope["path"] in _OPEN:
            return None
        scheme, _, key = headers.get("authorization", "").partition(" ")
        # Headers come as Latin-1 whatever they are; in constant time, so that nobody can feel the way.
        same = hmac.compare_digest(key.strip().encode("latin-1"), self._key)
        return None if same and scheme.lower() == "bearer" else KeyRefused()


def is_this_machine(host: str) -> bool:
    """Whether a Host header, with or without a port, names the loopback interface."""
    name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    if not port.isdecimal():
        name = host
    return name.lower().rstrip(".") == _LOCAL_NAME or is_loopback(name.removeprefix("[").removesuffix("]"))


def is_loopback(address: str) -> bool:
    """Whether an address, not a name, reaches only this machine."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
