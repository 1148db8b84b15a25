"""Who may ask, and by which name: in front of every route."""

import hmac
import ipaddress
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from carrel.api.failures import failure
from carrel.core.errors import CarrelError
from carrel.core.gateway_errors import HostRefused, KeyRefused, RequestError

OPEN = (
    "/healthz",
    "/readyz",
)  # to what watches the process, without a key
MODELS = "/v1/"
_LOCAL_NAME = "localhost"
_SAID_BY_PROXIES = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


class Guard:
    """Lets requests through that have the key, or that ask this machine by its own name where there is none.

    A page in a browser can make its own name point at 127.0.0.1 and then read what is served there (DNS
    rebinding), but it cannot send another name than its own.
    """

    def __init__(self, app: ASGIApp, api_key: str) -> None:
        """Take what is guarded; ``api_key`` is "" where none is asked for."""
        self._app = app
        self._key = api_key

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
            if not is_this_machine(host):
                return HostRefused(host=host)
            return KeyRefused() if through_proxy(headers) else None
        if scope["path"] in OPEN:
            return None
        return None if has_key(headers, self._key) else KeyRefused()


class ServerGuard:
    """The same for a server with accounts: it asks for its own names, and for a key before the models.

    The models (``/v1``) take the gateway's key, or an API key that is good for models; where the gateway
    has no key, also whoever asks from this machine by its own name. Everything else asks for itself who
    somebody is.
    """

    def __init__(
        self,
        app: ASGIApp,
        api_key: str,
        admits: Callable[[str], bool],
        may_use_models: Callable[[str], bool],
        refusal: Callable[[CarrelError], Response],
    ) -> None:
        """Take what is guarded.

        Args:
            app: what is guarded.
            api_key: the gateway's; "" where it has none.
            admits: whether a Host header is one of the server's names.
            may_use_models: whether a secret is a key that is good for models; called in a thread.
            refusal: makes the answer to those who ask for anything but the models.
        """
        self._app = app
        self._key = api_key
        self._admits = admits
        self._may_use_models = may_use_models
        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer why not."""
        if scope["type"] != "http" or scope["path"] in OPEN:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not scope["path"].startswith(MODELS):
            if self._admits(host):
                await self._app(scope, receive, send)
            else:
                await self._refusal(HostRefused(host=host))(scope, receive, send)
            return
        refused = await self._refused(scope, headers)
        if refused is None:
            await self._app(scope, receive, send)
        else:
            await failure(refused)(scope, receive, send)

    async def _refused(self, scope: Scope, headers: Headers) -> RequestError | None:
        if self._key and has_key(headers, self._key):
            return None
        secret = bearer(headers.get("authorization", ""))
        if secret:
            may: bool = await run_in_threadpool(self._may_use_models, secret)
            if may:
                return None
        return None if not self._key and is_private_to_this_machine(HTTPConnection(scope)) else KeyRefused()


def has_key(headers: Headers, key: str) -> bool:
    """Whether a request has this key."""
    # Headers come as Latin-1 whatever they are; in constant time, so that nobody can feel the way.
    return hmac.compare_digest(
        bearer(headers.get("authorization", "")).encode("latin-1"), key.encode("utf-8")
    )


def bearer(header: str) -> str:
    """Return the secret in an Authorization header, "" where there is none."""
    scheme, _, secret = header.partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def is_private_to_this_machine(request: HTTPConnection) -> bool:
    """Whether a request comes from this machine, by its own name, and not through a proxy."""
    client = request.client
    return (
        client is not None
        and is_loopback(client.host)
        and is_this_machine(request.headers.get("host", ""))
        and not through_proxy(request.headers)
    )


def through_proxy(headers: Headers) -> bool:
    """Whether a proxy says that it passes on somebody else's request."""
    return any(name in headers for name in _SAID_BY_PROXIES)


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
