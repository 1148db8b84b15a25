"""``python -m tests.e2e.instant serve|worker``: a server and its workers, with an instant embedder.

The functions are those of ``carrel serve`` and ``carrel worker``; only the model is another one.
"""

import signal
import sys
import threading

from carrel.cli.server_file import new_token
from carrel.cli.serving import at_work
from carrel.cli.session import services
from carrel.cli.worker import run_worker
from carrel.config import load_settings
from carrel.core.ports import Embedder
from carrel.engines.cached_embedder import CachedEmbedder
from carrel.engines.vector_cache import FILE_NAME, SqliteVectorCache
from tests.fakes.embedder import FakeEmbedder

COMMAND = (sys.executable, "-m", "tests.e2e.instant", "worker")


def embedder(_: str) -> Embedder:
    """Return an embedder that needs no model, behind the data folder's cache."""
    return CachedEmbedder(FakeEmbedder(), SqliteVectorCache(load_settings().home / FILE_NAME))


def serve(workers: int) -> None:
    """Be the owner of the index with its workers until SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with services(load_settings(), embedder) as opened:
        opened.own_index("a test")
        with at_work(opened, workers, "http://127.0.0.1:1", new_token(), COMMAND):
            stop.wait()


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        sys.exit(run_worker(until_input_ends=True, load_embedder=embedder))
    serve(int(sys.argv[2]))
