"""Running searches: a few at a time, and none that would wait for long."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from carrel.bootstrap import Services
from carrel.core.accounts import Caller
from carrel.core.errors import ServiceError
from carrel.core.ranking import Mode, Query, SearchResult, StageTimings
from carrel.core.rest_errors import TooBusy
from carrel.library.mending import check_complete

AT_ONCE = 4
WAITING = 60
_PATIENCE_SECONDS = 30.0

EmbedderState = Literal["ok", "unavailable", "unknown"]


class Searches:
    """Every search of the server goes through ``run``. Safe to use from several threads.

    Args:
        services: whose indexes this process owns.
        at_once: how many run; the others wait, ``waiting`` at most.
    """

    def __init__(self, services: Services, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self._services = services
        self._free = threading.BoundedSemaphore(at_once)
        self._counting = threading.Lock()
        self._inside = 0
        self._most = at_once + waiting
        self.embedder: EmbedderState = "unknown"  # how its last call ended
        self.after: Callable[[StageTimings], None] = lambda _: None  # told how long each search took

    def run(self, query: Query, caller: Caller) -> SearchResult:
        """Answer a query over what the caller may read.

        Raises:
            TooBusy: too many wait already.
            CarrelError: as ``Services.search``.
        """
        with self.place():
            shelves = self._services.shelves.of(caller).readable(query.knowledge_bases)
            for knowledge_base in shelves:
                if knowledge_base.papers:
                    check_complete(
                        knowledge_base, self._services.index_of(knowledge_base), self._services.catalog
                    )
            try:
                result = self._services.search(query, caller)
            except ServiceError:
                if query.mode is not Mode.LEXICAL:
                    self.embedder = "unavailable"
                raise
        if query.mode is not Mode.LEXICAL and any(found.papers for found in shelves):
            self.embedder = "ok"
        self.after(result.took_ms)
        return result

    @contextmanager
    def place(self) -> Iterator[None]:
        """Be one of the few that search while the block runs. Raises TooBusy."""
        with self._counting:
            if self._inside >= self._most:
                raise TooBusy
            self._inside += 1
        try:
            if not self._free.acquire(timeout=_PATIENCE_SECONDS):
                raise TooBusy
            try:
                yield
            finally:
                self._free.release()
        finally:
            with self._counting:
                self._inside -= 1
