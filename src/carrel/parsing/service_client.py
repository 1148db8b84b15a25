"""Asking a parsing service: one PDF is sent to the address in the settings, and nothing anywhere else.

No redirect is followed and no proxy of the environment is used. An answer is bounded in size and time.
What is the service's fault leaves the paper in the queue; what is the file's fails that file alone.
"""

import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

from carrel.core.errors import (
    FileUnreadable,
    InvalidSetting,
    ParseTimeout,
    ParsingServiceRefused,
    ParsingServiceUnavailable,
)

_LONGEST_ANSWER = 64 << 20  # bytes; a book of a thousand pages with coordinates takes 20 MB
_LONGEST_DETAIL = 200  # characters
_CONNECT_SECONDS = 5.0
_ALIVE_SECONDS = 5.0
_WAITS = (2.0, 5.0, 10.0)  # seconds before each further try: GROBID's manual advises 5 to 10
_LONGEST_WAIT = 60.0
_BUSY = {429, 502, 503, 504}
_NOT_THE_SERVICE = {401, 403, 404, 405, 407}
_UNNAMED = "paper.pdf"


@dataclass(frozen=True, slots=True)
class Service:
    """A parsing service, and what a person must know to start it."""

    name: str  # as people call it
    url: str  # its address, from the settings
    setting: str  # that holds the address
    path: str  # of what reads a PDF
    file_field: str  # of the form, that holds the PDF
    alive_path: str  # of what tells whether it runs
    start: str  # a command that starts one
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the service answered: an HTTP status and a body, at most 64 MB."""

    status: int
    body: bytes

    @property
    def detail(self) -> str:
        """The status and the beginning of the body, as one printable line for an error."""
        text = " ".join(self.body[: 4 * _LONGEST_DETAIL].decode("utf-8", "replace").split())
        shown = "".join(character if character.isprintable() else "?" for character in text)
        return f"HTTP {self.status}: {shown[:_LONGEST_DETAIL]}".rstrip(": ")


class ServiceClient:
    """Sends PDFs to one service. Safe to use from several threads.

    Args:
        service: whom to ask.
        seconds: how long the service may take for one file, each time it is asked.
        waits: seconds to wait before each further try, where the service is busy or hangs up.

    Raises:
        InvalidSetting: the service's address is no HTTP address.
    """

    def __init__(self, service: Service, *, seconds: float, waits: Sequence[float] = _WAITS) -> None:
        if not _is_address(service.url):
            expected = "an address such as http://127.0.0.1:8070"
            raise InvalidSetting(name=service.setting, value=_without_user(service.url), expected=expected)
        self.service = service
        self._seconds = seconds
        self._waits = tuple(waits)
        self._closed = threading.Event()
        self._http = httpx2.Client(
            headers={**service.headers, "Accept-Encoding": "identity"},
            follow_redirects=False,
            trust_env=False,
            timeout=httpx2.Timeout(seconds, connect=min(_CONNECT_SECONDS, seconds), pool=None),
        )

    def send(self, path: Path, name: str, form: Mapping[str, str | list[str]]) -> Reply:
        """Send the PDF at ``path`` with the fields of a form and return what is answered to it.

        The file's own name is not sent. Waits and asks again where the service is busy or hangs up.

        Raises:
            ParsingServiceUnavailable: it cannot be reached, stays busy, or is something else.
            ParsingServiceRefused: it hangs up on this file, or answers without end.
            ParseTimeout: it takes longer than it may.
            FileUnreadable: the file cannot be opened.
        """
        hung_up = False
        detail = ""
        for wait in (*self._waits, None):
            try:
                reply, asked_wait = self._once(path, name, form)
            except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
                raise self.unavailable(_said(error)) from error
            except httpx2.TimeoutException as error:
                raise ParseTimeout(name=name, seconds=f"{self._seconds:g}") from error
            except (httpx2.TransportError, httpx2.DecodingError) as error:
                hung_up, detail = True, _said(error)
                asked_wait = 0.0
            else:
                if reply.status not in _BUSY:
                    return self._of_the_service(reply)
                hung_up, detail = False, reply.detail
            if wait is None:
                break
            if self._closed.wait(min(max(wait, asked_wait), _LONGEST_WAIT)):
                raise self.unavailable("Carrel is stopping")
        if hung_up and self._alive():
            raise ParsingServiceRefused(name=name, service=self.service.name, detail=detail)
        raise self.unavailable(detail)

    def unavailable(self, detail: str) -> ParsingServiceUnavailable:
        """Return the error that says how to start the service; ``detail`` is what is the matter."""
        service = self.service
        return ParsingServiceUnavailable(
            service=service.name,
            url=_without_password(service.url),
            detail=detail,
            start=service.start,
            setting=f"CARREL_{service.setting.upper()}",
        )

    def close(self) -> None:
        """End the waiting of every thread, and the connections."""
        self._closed.set()
        self._http.close()

    def _once(self, path: Path, name: str, form: Mapping[str, str | list[str]]) -> tuple[Reply, float]:
        """Ask once; return the answer and for how many seconds the service asks to be left alone."""
        end = time.monotonic() + self._seconds
        try:
            stream = path.open("rb")
        except OSError as error:
            raise FileUnreadable(name=name, detail=error.strerror or type(error).__name__) from error
        with stream:
            files = {self.service.file_field: (_UNNAMED, stream, "application/pdf")}
            with self._http.stream("POST", self._url(self.service.path), files=files, data=form) as response:
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > _LONGEST_ANSWER:
                        detail = f"its answer is longer than {_LONGEST_ANSWER >> 20} MB"
                        raise ParsingServiceRefused(name=name, service=self.service.name, detail=detail)
                    if time.monotonic() > end:
                        raise ParseTimeout(name=name, seconds=f"{self._seconds:g}")
                return Reply(response.status_code, bytes(body)), _seconds_of(response.headers)

    def _of_the_service(self, reply: Reply) -> Reply:
        """Return the answer unless something else than the service must have given it."""
        if 300 <= reply.status < 400:
            raise self.unavailable(f"HTTP {reply.status}: it sends us elsewhere, where nothing is sent")
        if reply.status in _NOT_THE_SERVICE:
            raise self.unavailable(reply.detail)
        return reply

    def _alive(self) -> bool:
        try:
            url = self._url(self.service.alive_path)
            with self._http.stream("GET", url, timeout=_ALIVE_SECONDS) as response:
                return response.status_code == httpx2.codes.OK
        except httpx2.TransportError:
            return False

    def _url(self, path: str) -> str:
        return self.service.url.rstrip("/") + path


def _is_address(url: str) -> bool:
    try:
        address = urlsplit(url)
        httpx2.URL(url)
        return address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except (ValueError, httpx2.InvalidURL):  # a port that is none, a bracket that does not close
        return False


def _without_password(url: str) -> str:
    address = urlsplit(url)
    return address._replace(netloc=address.netloc.rpartition("@")[2]).geturl()


def _without_user(text: str) -> str:
    """Return what should have been an address without anything that may be a password in it."""
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*:/*", text) if "//" in text else None
    before, at, after = text.rpartition("@")
    return (scheme[0] if scheme else "") + after if at else before + after


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:_LONGEST_DETAIL] or type(error).__name__


def _seconds_of(headers: httpx2.Headers) -> float:
    """Return what ``Retry-After`` asks for, where it is a number of seconds."""
    value = headers.get("retry-after", "")
    return float(value) if value.isdecimal() and len(value) < 6 else 0.0
