"""Searches before everything else: whoever brings papers in lets those go first that are under way."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

Asking = Callable[[str], AbstractContextManager[None]]
"""What a question to a model is asked within, by the model's name."""

_LONGEST_SECONDS = 0.2  # a search that never ends must not stop the work for ever


class Courtesy:
    """Knows how many searches are under way. Safe to use from several threads."""

    def __init__(self) -> None:
        self._searches = 0
        self._changed = threading.Condition()

    @contextmanager
    def search(self) -> Iterator[None]:
        """Be a search as long as the block lasts."""
        with self._changed:
            self._searches += 1
        try:
            yield
        finally:
            with self._changed:
                self._searches -= 1
                self._changed.notify_all()

    def give_way(self, longest_seconds: float = _LONGEST_SECONDS) -> None:
        """Wait until no search is under way, but not for ever."""
        deadline = time.monotonic() + longest_seconds
        with self._changed:
            while self._searches and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(left)


def at_once(_: str) -> AbstractContextManager[None]:
    """Ask without waiting for a turn: nobody else asks."""
    return nullcontext()
