"""A parsing service on this machine that gives recorded answers: real HTTP, no models.

The answers in ``recorded/`` are written as GROBID 0.8.2 and Unstructured's API write them, for the PDF
that ``samples.paper`` makes.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

RECORDED = Path(__file__).parent / "recorded"


@dataclass(frozen=True)
class Answer:
    """What the service answers; ``act`` does something else than answer to the open connection."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    act: Callable[[BaseHTTPRequestHandler], None] | None = None


@dataclass
class Asked:
    """A request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class StandIn:
    """The service: answers by what the uploaded PDF holds; ``script`` goes before, an answer a request."""

    def __init__(self, answers: dict[bytes, Answer], otherwise: Answer) -> None:
        self.answers = answers
        self.otherwise = otherwise
        self.script: list[Answer] = []
        self.alive = True
        self.asked: list[Asked] = []
        self.url = ""

    def answer(self, asked: Asked) -> Answer:
        """Return the answer to a request."""
        if asked.method == "GET":
            return Answer(200 if self.alive else 503, b"true")
        self.asked.append(asked)
        if self.script:
            return self.script.pop(0)
        for content, answer in self.answers.items():
            if content in asked.body:
                return answer
        return self.otherwise


@contextmanager
def standing_in(service: StandIn) -> Iterator[StandIn]:
    """Serve on a free port of this machine while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._reply("GET")

        def do_POST(self) -> None:
            self._reply("POST")

        def _reply(self, method: str) -> None:
            body = self._body()
            answer = service.answer(Asked(method, self.path, dict(self.headers.items()), body))
            if answer.act is not None:
                self.close_connection = True
                answer.act(self)
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    service.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield service
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection without an answer, as a service does whose process dies."""
    handler.connection.close()


def hang_up_in_the_middle(handler: BaseHTTPRequestHandler) -> None:
    """Promise more than is sent."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<?xml version")
    handler.wfile.flush()
    handler.connection.close()


def answer_without_end(handler: BaseHTTPRequestHandler) -> None:
    """Send and send, until the other side has had enough."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    try:
        while True:
            handler.wfile.write(b"<TEI>" + b" " * (1 << 20))
    except OSError:
        return


def answer_drop_by_drop(handler: BaseHTTPRequestHandler) -> None:
    """Send a byte now and then, for ever: no single wait is long."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    try:
        while True:
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.05)
    except OSError:
        return


def say_nothing(handler: BaseHTTPRequestHandler) -> None:
    """Take the request and never answer."""
    handler.connection.settimeout(20)
    try:
        handler.rfile.read(1)
    except OSError:
        return


def grobid_stand_in(good: bytes, empty: bytes) -> StandIn:
    """GROBID: reads the good PDF, finds no text in the empty one, cannot convert any other."""
    tei = (RECORDED / "grobid.tei.xml").read_bytes()
    xml = {"Content-Type": "application/xml; charset=UTF-8"}
    return StandIn(
        {
            good: Answer(200, tei, xml),
            empty: Answer(500, b"[NO_BLOCKS] PDF parsing resulted in empty content"),
        },
        Answer(500, b"[BAD_INPUT_DATA] PDF to XML conversion failed with error code: 1"),
    )


def unstructured_stand_in(good: bytes, empty: bytes) -> StandIn:
    """Unstructured: reads the good PDF, finds nothing in the empty one, cannot open any other."""
    elements = (RECORDED / "unstructured.json").read_bytes()
    json = {"Content-Type": "application/json"}
    invalid = b'{"detail":"File does not appear to be a valid PDF. Error: EOF marker not found"}'
    return StandIn(
        {good: Answer(200, elements, json), empty: Answer(200, b"[]", json)}, Answer(422, invalid, json)
    )
