"""``carrel worker``: reads and embeds papers for the server that owns the index, until it is stopped.

Little is imported before the first job, so that a worker that waits costs next to nothing.
"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING

from carrel.config import Settings, load_settings
from carrel.core.errors import CarrelError
from carrel.ingest.hands import new_name
from carrel.storage import queue
from carrel.storage.database import open_database

if TYPE_CHECKING:
    from carrel.core.ports import Embedder

_log = logging.getLogger(__name__)
_POLL_SECONDS = 0.3
_TROUBLE_SECONDS = 5.0
_NICENESS = 10  # searches go first


def run_worker(until_input_ends: bool, load_embedder: "Callable[[str], Embedder] | None" = None) -> int:
    """Work jobs off until SIGTERM or Ctrl-C, or until standard input ends where a server started us."""
    stop = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    if until_input_ends:
        threading.Thread(target=_watch_input, args=(stop,), daemon=True, name="input").start()
    if hasattr(os, "nice"):
        with suppress(OSError):
            os.nice(_NICENESS)
    settings = load_settings()
    # One core is left for searches, where there are several.
    settings = replace(settings, threads=settings.threads or max(1, settings.core_count - 1))
    name = new_name()
    while not stop.is_set():
        try:
            _wait_for_a_job(settings, stop, name)
            if not stop.is_set():
                _work(settings, stop, name, load_embedder)
        except CarrelError as error:  # the data folder or the database is away: it may come back
            _log.warning("%s", error)
            stop.wait(_TROUBLE_SECONDS)
    return 0


def _wait_for_a_job(settings: Settings, stop: threading.Event, name: str) -> None:
    catalog = open_database(settings.home, settings.catalog_url)
    try:
        with catalog.read() as tx:
            in_hand = name in queue.workers(tx)
        if in_hand:  # since the database went away, so that they could not be given back
            with catalog.write() as tx:
                queue.put_back_all_of(tx, name)
        while not stop.is_set():
            with catalog.read() as tx:
                if queue.any_claimable(tx):
                    return
            stop.wait(_POLL_SECONDS)
    finally:
        catalog.close()


def _work(
    settings: Settings, stop: threading.Event, name: str, load_embedder: "Callable[[str], Embedder] | None"
) -> None:
    from carrel.cli.session import services
    from carrel.core.jobs import JobState
    from carrel.ingest.worker import Finished, Postponed, work

    with services(settings, load_embedder) as opened:
        for event in work(opened.workshop(hand_over=True), stop, name):
            if isinstance(event, Finished) and event.job.state is JobState.FAILED:
                _log.info("%s", event.job.error_message)
            elif isinstance(event, Postponed):
                _log.info("%s waits: %s", event.job.file_name, event.error)


def _watch_input(stop: threading.Event) -> None:
    """Stop when whoever started us is gone: then the other end of the pipe is closed."""
    with suppress(OSError, ValueError):
        while sys.stdin.buffer.read(1):
            continue
    stop.set()
