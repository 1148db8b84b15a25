"""Calls that may take long, each in a thread of its own: whoever sent one looks whether it is back."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class Errand(Generic[T]):
    """One call. Nobody waits for its thread at the end of the program."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._result: Future[T] = Future()
        Thread(target=self._run, daemon=True, name="errand").start()

    def back(self, within_seconds: float) -> bool:
        """Whether it has ended, waiting at most so long."""
        return bool(wait([self._result], within_seconds).done)

    def result(self) -> T:
        """Return what came of it, or raise what it raised."""
        return self._result.result()

    def _run(self) -> None:
        try:
            self._result.set_result(self._call())
        except BaseException as error:  # raised where the result is asked for
            self._result.set_exception(error)
