"""``python -m tests.e2e.instant serve|worker|fsck``: a server and what belongs to it, with instant embedders.

The functions are those of ``carrel serve``, ``worker`` and ``doctor --fsck``; only the models are others.
"""

import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from carrel.cli.fsck import examine_stores
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
WIDE = 96
WIDE_MODEL = "wide"  # another model, of another width: its vectors fit no index of the usual one


def embedders(home: Path) -> Callable[[str], Embedder]:
    """Return what makes embedders that need no model, behind a data folder's cache."""
    return partial(_embedder, home)


def serve(workers: int) -> None:
    """Be the owner of the index with its workers until SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    settings = load_settings()
    with services(settings, embedders(settings.home)) as opened:
        opened.own_index("a test")
        with at_work(opened, workers, "http://127.0.0.1:1", new_token(), COMMAND):
            stop.wait()


def _embedder(home: Path, name: str) -> Embedder:
    usual = FakeEmbedder() if name != WIDE_MODEL else FakeEmbedder(width=WIDE, model=WIDE_MODEL)
    return CachedEmbedder(usual, SqliteVectorCache(home / FILE_NAME))


if __name__ == "__main__":
    load = embedders(load_settings().home)
    if sys.argv[1] == "worker":
        sys.exit(run_worker(until_input_ends=True, load_embedder=load))
    if sys.argv[1] == "fsck":
        sys.exit(examine_stores(dry_run=False, deep=True, as_json=True, load_embedder=load))
    serve(int(sys.argv[2]))
