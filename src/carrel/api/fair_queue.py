"""Work cut into pieces and done in turn: a question does not wait for the whole of somebody's library."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar, cast

T = TypeVar("T")


class FairQueue:
    """Runs pieces of work in a fixed number of threads, one piece of each job in turn.

    A job of one piece that comes while ``n`` others wait begins after at most ``n`` pieces. To be used from
    one event loop; how much may wait is decided before (``admission.py``).
    """

    def __init__(self, threads: int, name: str) -> None:
        self._free = threads
        self._waiting: deque[_Job] = deque()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def run(self, pieces: Sequence[Callable[[], T]]) -> list[T]:
        """Return what each piece gives, in their order.

        The first piece that fails ends the job with its error. Where the caller is cancelled, the pieces
        that have not begun never do.
        """
        if not pieces:
            return []
        job = _Job(pieces, asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        self._begin()
        try:
            await job.done
        finally:
            if job in self._waiting:
                self._waiting.remove(job)
        return cast(list[T], job.results)

    def close(self) -> None:
        """Take no more work; what runs comes to its end by itself."""
        self._waiting.clear()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _begin(self) -> None:
        while self._free and self._waiting:
            job = self._waiting.popleft()
            number = job.begun
            job.begun += 1
            if job.begun < len(job.pieces):
                self._waiting.append(job)
            self._free -= 1
            running = asyncio.get_running_loop().run_in_executor(self._pool, job.pieces[number])
            running.add_done_callback(partial(self._ended, job, number))

    def _ended(self, job: "_Job", number: int, running: "asyncio.Future[object]") -> None:
        self._free += 1
        error = None if running.cancelled() else running.exception()
        if not job.done.done():
            if running.cancelled():
                job.done.cancel()
            elif error is not None:
                job.done.set_exception(error)
            else:
                job.finish(number, running.result())
        if job.done.done() and job in self._waiting:
            self._waiting.remove(job)
        self._begin()


class _Job:
    """The pieces of one caller."""

    def __init__(self, pieces: Sequence[Callable[[], object]], done: "asyncio.Future[None]") -> None:
        self.pieces = pieces
        self.done = done
        self.begun = 0
        self.results: list[object] = [None] * len(pieces)
        self._left = len(pieces)

    def finish(self, number: int, result: object) -> None:
        self.results[number] = result
        self._left -= 1
        if not self._left:
            self.done.set_result(None)
