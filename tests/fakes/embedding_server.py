"""An embedding server on this machine: real HTTP, vectors of words, whatever behaviour a test wants."""

import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

from carrel.core.space import Vectors
from tests.fakes.embedder import FakeEmbedder

MODEL = "words"
Json = dict[str, object]


@dataclass(frozen=True)
class Reply:
    """What is answered; ``act`` does something else than answer to the open connection."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    act: Callable[[BaseHTTPRequestHandler], None] | None = None


def json_reply(document: object, status: int = 200, **headers: str) -> Reply:
    """Return a reply of JSON."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(document).encode(), {"Content-Type": "application/json", **names})


def error_reply(message: str, status: int, **headers: str) -> Reply:
    """Return an error as OpenAI-compatible servers write it."""
    return json_reply({"error": {"message": message, "type": "error", "code": status}}, status, **headers)


@dataclass
class Asked:
    """A request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Json:
        found: Json = json.loads(self.body)
        return found

    @property
    def texts(self) -> list[str]:
        given = self.document.get("input", [])
        return [given] if isinstance(given, str) else list(map(str, given if isinstance(given, list) else []))


class EmbeddingServerFake:
    """Answers ``/v1/embeddings`` like a well-behaved server. Tests replace what they want otherwise.

    ``script`` goes before: a reply a request. ``vectors`` makes [texts, width] of texts. ``answer`` makes the
    reply to a request for embeddings.
    """

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        self.script: list[Reply] = []
        self.max_texts = 0  # more are refused; 0: any number
        self.key = ""  # that must be sent, if any
        self.model = MODEL
        self.vectors: Callable[[Sequence[str]], Vectors] = FakeEmbedder(10**6).embed_documents
        self.answer: Callable[[Asked], Reply] = self.embeddings
        self.delivered: Callable[[Asked], None] = lambda _: None  # called when an answer was written
        self._lock = threading.Lock()

    @property
    def texts(self) -> list[str]:
        """Every text that was answered or refused, in order."""
        return [text for asked in self.asked for text in asked.texts]

    def reply(self, asked: Asked) -> Reply:
        """Return the reply to any request."""
        if asked.method == "GET":
            return json_reply({"object": "list", "data": [{"id": self.model, "object": "model"}]})
        with self._lock:
            self.asked.append(asked)
            if self.script:
                return self.script.pop(0)
        if self.key and asked.headers.get("authorization") != f"Bearer {self.key}":
            return error_reply("Incorrect API key provided", 401)
        if asked.path != "/v1/embeddings":
            return json_reply({"detail": "Not Found"}, 404)
        return self.answer(asked)

    def embeddings(self, asked: Asked) -> Reply:
        """Return the reply of a server that does everything right."""
        if asked.document.get("model") != self.model:
            return error_reply(f"The model `{asked.document.get('model')}` does not exist.", 404)
        texts = asked.texts
        if not texts or (self.max_texts and len(texts) > self.max_texts):
            return error_reply(f"batch size {len(texts)} exceeds the maximum", 413)
        as_base64 = asked.document.get("encoding_format") == "base64"
        return json_reply(embeddings_document(self.vectors(texts), self.model, as_base64=as_base64))


def embeddings_document(vectors: Vectors, model: str = MODEL, *, as_base64: bool = False) -> Json:
    """Return vectors, [texts, width], as ``/v1/embeddings`` writes them."""
    rows: list[object] = [
        base64.b64encode(row.astype("<f4").tobytes()).decode() if as_base64 else row.tolist()
        for row in np.asarray(vectors, np.float32)
    ]
    data = [{"object": "embedding", "index": index, "embedding": row} for index, row in enumerate(rows)]
    return {"object": "list", "model": model, "data": data, "usage": {"prompt_tokens": 1, "total_tokens": 1}}


@contextmanager
def serving(fake: EmbeddingServerFake, port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve on this machine while the block runs; yields the address, ending in ``/v1``."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer("GET")

        def do_POST(self) -> None:
            self._answer("POST")

        def _answer(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(method, self.path, headers, body)
            reply = fake.reply(asked)
            if reply.act is not None:
                self.close_connection = True
                reply.act(self)
                return
            head = [f"HTTP/1.1 {reply.status} Here", f"Content-Length: {len(reply.body)}"]
            head += [f"{name}: {value}" for name, value in reply.headers.items()]
            self.wfile.write("\r\n".join([*head, "", ""]).encode() + reply.body)  # at once: no delays
            if reply.status == 200 and method == "POST":
                fake.delivered(asked)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        request_queue_size = 256
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that goes away is no news."""

    server = Server(("127.0.0.1", port), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    scheme = "http" if tls is None else "https"
    fake.url = f"{scheme}://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield fake.url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
