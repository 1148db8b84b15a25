"""Whether the model answers: asked of it now and then, not with every probe."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from carrel.core.ports import Embedder

_GOOD_FOR_SECONDS = 10.0
_QUESTION = "Are you ready?"


class Readiness:
    """Asks the embedder for a vector; many who ask at once share one answer. For one event loop."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._asking: asyncio.Future[None] | None = None
        self._well_until = 0.0
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="readiness")

    async def check(self) -> None:
        """Return if the model answers, or did a moment ago.

        Raises:
            CarrelError: it does not; the error says why.
        """
        if time.monotonic() < self._well_until:
            return
        if self._asking is None or self._asking.done():
            self._asking = asyncio.ensure_future(self._ask())
        # A probe that gives up must not end the answer that others wait for.
        await asyncio.shield(self._asking)

    async def _ask(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._pool, ask, self._embedder)
        self._well_until = time.monotonic() + _GOOD_FOR_SECONDS

    def close(self) -> None:
        """Ask no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def ask(embedder: Embedder) -> None:
    """Have the embedder make a vector. Raises as ``Embedder.embed_documents``."""
    embedder.embed_documents([_QUESTION])
