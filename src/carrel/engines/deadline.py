"""Running what waits for a server so that its caller waits no longer than it has said."""

import contextvars
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from typing import TypeVar

T = TypeVar("T")


class DeadlinePassed(Exception):
    """Not everything was done in time; what is under way ends by itself."""


def in_time(tasks: Sequence[Callable[[], T]], end: float) -> list[T]:
    """Run tasks at once; return what they return, in their order, or raise what the first to fail raises.

    Each runs in a thread of its own: a socket's time limit is one a read, and a server that drips its answer
    would hold its caller up for longer.

    Args:
        tasks: to be run.
        end: by the monotonic clock.

    Raises:
        DeadlinePassed: some are still running.
    """
    futures = [_started(task) for task in tasks]
    done, waiting = wait(futures, max(0.0, end - time.monotonic()), FIRST_EXCEPTION)
    for future in futures:
        if future in done and (error := future.exception()) is not None:
            raise error
    if waiting:
        raise DeadlinePassed
    return [future.result() for future in futures]


def _started(task: Callable[[], T]) -> "Future[T]":
    future: Future[T] = Future()
    context = contextvars.copy_context()  # the reader's language is in it

    def run() -> None:
        try:
            future.set_result(context.run(task))
        except BaseException as error:  # handed on to whoever waits
            future.set_exception(error)

    threading.Thread(target=run, daemon=True, name="in-time").start()
    return future
