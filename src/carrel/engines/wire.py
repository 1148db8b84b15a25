"""One request to a model's server and its reply: bounded in time and size, never redirected.

The key goes to the address in the settings and nowhere else; no proxy of the environment is used.
Certificates are checked against this machine's own store (or ``SSL_CERT_FILE``).
"""

import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import httpx2

from carrel.core.engine_errors import EndpointNonsense, EndpointRefuses, EndpointUnavailable
from carrel.core.exchange import Exchange
from carrel.core.language import tr
from carrel.engines.address import Endpoint
from carrel.engines.showing import one_line, shortened_json

_CONNECT_SECONDS = 5.0
_KEPT_CONNECTIONS = 128
_HIDDEN = "…"
_SHORTEST_SECRET = 4  # characters: a shorter one would be found everywhere

Body = Mapping[str, object]


@dataclass(frozen=True)
class Answer:
    """What a server replied: an HTTP status and a body within the limit."""

    endpoint: Endpoint
    method: str
    url: str
    sent: bytes
    status: int
    body: bytes
    retry_after: float  # seconds that the server asks to be left alone; 0 where it does not
    milliseconds: float

    @cached_property
    def document(self) -> object:
        """The body as JSON values.

        Raises:
            EndpointNonsense: it is something else.
        """
        try:
            found: object = json.loads(self.body)
        except ValueError as error:
            kind = tr("an HTML page") if b"<" in self.body[:200].lstrip()[:1] else tr("no JSON")
            detail = f"HTTP {self.status}: {kind}: {one_line(self.body)}"
            raise self.nonsense(detail) from error
        return found

    @property
    def detail(self) -> str:
        """Status and what the server says of it, as one printable line."""
        try:
            said = _message(json.loads(self.body))
        except ValueError:
            said = ""
        return f"HTTP {self.status}: {said or one_line(self.body)}".rstrip(": ")

    def exchange(self) -> Exchange:
        """Return request and reply, fit to be shown: no key, vectors and long texts shortened."""
        headers = ["Content-Type: application/json"] if self.sent else []
        if self.endpoint.api_key:
            headers.append(f"Authorization: Bearer {_HIDDEN}")
        return Exchange(
            method=self.method,
            url=self.url,
            headers=tuple(headers),
            sent=shortened_json(self.sent),
            status=self.status,
            received=shortened_json(self.body),
            milliseconds=self.milliseconds,
        )

    def nonsense(self, detail: str) -> EndpointNonsense:
        """Return the error that says what is wrong with this answer."""
        return EndpointNonsense(endpoint=self.endpoint.url, detail=detail, setting=self.endpoint.url_setting)


class Wire:
    """Sends requests to one endpoint. Safe to use from several threads.

    Args:
        endpoint: whom to ask.
        seconds: how long a whole answer may take.
    """

    def __init__(self, endpoint: Endpoint, seconds: float) -> None:
        self.endpoint = endpoint
        self._seconds = seconds
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "carrel"}
        if endpoint.api_key:
            headers["Authorization"] = f"Bearer {endpoint.api_key}"
        self._http = httpx2.Client(
            headers=headers,
            auth=(endpoint.user, endpoint.password) if endpoint.user and not endpoint.api_key else None,
            verify=ssl.create_default_context() if endpoint.url.startswith("https") else True,
            follow_redirects=False,
            trust_env=False,
            timeout=httpx2.Timeout(seconds, connect=min(_CONNECT_SECONDS, seconds), pool=None),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=_KEPT_CONNECTIONS),
        )

    def post(self, path: str, body: Body, *, largest: int, seconds: float | None = None) -> Answer:
        """Send ``body`` as JSON to ``path`` below the endpoint's address.

        Args:
            path: such as ``/embeddings``; one that begins with ``http`` is taken whole.
            body: JSON values.
            largest: bytes that the answer may have.
            seconds: instead of those that the wire was made with.

        Raises:
            EndpointUnavailable: it cannot be reached, hangs up, or takes too long.
            EndpointRefuses: its certificate is wrong, or it sends us elsewhere.
            EndpointNonsense: its answer is longer than ``largest``.
        """
        content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        return self._send("POST", path, content, largest, seconds or self._seconds)

    def get(self, path: str, *, largest: int = 1 << 20, seconds: float | None = None) -> Answer:
        """Ask for ``path``. Raises like ``post``."""
        return self._send("GET", path, b"", largest, seconds or self._seconds)

    def close(self) -> None:
        """End every connection; what is under way in other threads fails."""
        self._http.close()

    def _send(self, method: str, path: str, content: bytes, largest: int, seconds: float) -> Answer:
        url = path if path.startswith("http") else self.endpoint.url + path
        began = time.monotonic()
        timeout = httpx2.Timeout(seconds, connect=min(_CONNECT_SECONDS, seconds), pool=None)
        kind = {"Content-Type": "application/json"} if content else {}
        try:
            with self._http.stream(
                method, url, content=content or None, headers=kind, timeout=timeout
            ) as reply:
                body = self._received(reply, largest, began + seconds)
        except httpx2.TransportError as error:
            raise self._unreachable(error) from error
        except (RuntimeError, httpx2.StreamError) as error:  # closed by another thread
            raise self.unavailable(tr("Carrel is stopping")) from error
        if 300 <= reply.status_code < 400:
            detail = tr("HTTP {status}: it sends us to {place}, where nothing is sent")
            place = reply.headers.get("location", "?")[:200]
            raise self.refuses(detail.format(status=reply.status_code, place=one_line(place.encode())))
        body = self._without_secrets(body)
        spent = (time.monotonic() - began) * 1000
        after = _seconds_of(reply.headers.get("retry-after", ""))
        return Answer(self.endpoint, method, url, content, reply.status_code, body, after, spent)

    def _without_secrets(self, body: bytes) -> bytes:
        """Hide our key where a server says it back: what it says is shown and passed on."""
        for secret in (self.endpoint.api_key, self.endpoint.password):
            if len(secret) >= _SHORTEST_SECRET:
                body = body.replace(secret.encode(), _HIDDEN.encode())
        return body

    def _received(self, reply: httpx2.Response, largest: int, end: float) -> bytes:
        body = bytearray()
        for piece in reply.iter_bytes():
            body += piece
            if len(body) > largest:
                detail = tr("more than {size} kB in answer to a small question").format(size=largest >> 10)
                raise EndpointNonsense(
                    endpoint=self.endpoint.url, detail=detail, setting=self.endpoint.url_setting
                )
            if time.monotonic() > end:
                raise self.unavailable(tr("its answer trickles in and never ends"))
        return bytes(body)

    def unavailable(self, detail: str) -> EndpointUnavailable:
        """Return the error that the endpoint is not there; ``detail`` is what was seen."""
        return EndpointUnavailable(
            endpoint=self.endpoint.url, detail=detail, setting=self.endpoint.url_setting
        )

    def refuses(self, detail: str, setting: str = "") -> EndpointRefuses:
        """Return the error that it will not take our requests; ``setting`` is what to correct."""
        return EndpointRefuses(
            endpoint=self.endpoint.url, detail=detail, setting=setting or self.endpoint.url_setting
        )

    def _unreachable(self, error: httpx2.TransportError) -> EndpointUnavailable | EndpointRefuses:
        said = one_line(str(error).encode()) or type(error).__name__
        if isinstance(error, httpx2.ConnectError) and ("SSL" in said or "certificate" in said):
            return self.refuses(f"TLS: {said}")
        if isinstance(error, httpx2.ConnectTimeout):
            said = tr("no connection within {seconds} seconds").format(seconds=f"{_CONNECT_SECONDS:g}")
        elif isinstance(error, httpx2.TimeoutException):
            said = tr("no answer in time ({name})").format(name=type(error).__name__)
        return self.unavailable(said)


def _message(document: object) -> str:
    """Return what a server says in one of the shapes that servers have for errors."""
    found = document
    for name in ("error", "message", "detail", "error_message"):
        if isinstance(found, dict) and name in found:
            found = found[name]
            if isinstance(found, dict):
                found = found.get("message", found)
    return one_line((found if isinstance(found, str) else json.dumps(found)).encode("utf-8", "replace"))


def _seconds_of(value: str) -> float:
    """Return what ``Retry-After`` asks for, where it is a number of seconds."""
    try:
        return max(0.0, min(float(value), 3600.0))
    except ValueError:
        return 0.0
