"""A server that answers every question with what it is told, and keeps what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class StandIn:
    """What the next answer is, and what was asked."""

    address: str = ""
    status: int = 200
    body: bytes = b"{}"
    asked: list[tuple[str, str, dict[str, object]]] = field(default_factory=list)  # path, key, question


@contextmanager
def standing_in() -> Iterator[StandIn]:
    """Run one while the block runs."""
    standing = StandIn()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            standing.asked.append((self.path, self.headers["Authorization"], question))
            self.send_response(standing.status)
            self.send_header("Content-Length", str(len(standing.body)))
            self.end_headers()
            self.wfile.write(standing.body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    standing.address = f"http://127.0.0.1:{listening.server_address[1]}"
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    try:
        yield standing
    finally:
        listening.shutdown()
        listening.server_close()
