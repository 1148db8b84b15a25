"""What changes in the catalog: looked up about once a second, for everybody who listens together."""

import asyncio
import hashlib
import logging
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from starlette.concurrency import run_in_threadpool

from carrel.core.errors import CarrelError
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.rest_errors import TooBusy
from carrel.storage import job_lists, knowledge_bases
from carrel.storage.catalog import Catalog
from carrel.storage.clock import now
from carrel.storage.job_lists import ListedJob

_EVERY_SECONDS = 0.7
_KEPT = 2000  # changes, for those who lost their connection for a moment
_IDLE_SECONDS = 60.0  # without listeners; then nothing is looked up any more
_OVERLAP = timedelta(seconds=5)  # a change is seen when it is committed, a little after the time it bears
_A_LOOK = 5000
_MOST_STREAMS = 100
_MOST_OF_ONE = 10


@dataclass(frozen=True, slots=True)
class Change:
    """A job that changed, or a knowledge base: as it is now, or gone."""

    number: int
    knowledge_base_id: str
    job: ListedJob | None = None
    base: KnowledgeBase | None = None


class Changes:
    """The last changes, numbered. For one event loop; the catalog is read in a thread.

    Args:
        catalog: where they are looked up.
        kept: how many are known.
        a_look: how many jobs are looked up at once; where more have changed, all is counted as missed.
    """

    def __init__(self, catalog: Catalog, kept: int = _KEPT, a_look: int = _A_LOOK) -> None:
        self._catalog = catalog
        self._a_look = a_look
        self._since = ""  # "" where nothing is followed
        self._jobs: dict[str, ListedJob] = {}  # those that changed lately, as they were seen
        self._bases: Mapping[str, KnowledgeBase] = {}
        self._kept: deque[Change] = deque(maxlen=kept)
        self._number = 0
        self._run = uuid4().hex[:8]  # numbers of another process, or from before a pause, mean nothing
        self._heard = 0.0
        self.listeners = 0
        self.stopping = False

    async def follow(self) -> None:
        """Look for changes as long as somebody listens, until cancelled."""
        while True:
            try:
                await self._step()
            except CarrelError as error:  # the catalog is busy or away for a moment
                logging.getLogger(__name__).warning("%s", error.kind)
            await asyncio.sleep(_EVERY_SECONDS)

    def mark(self, number: int, seen: Iterable[str]) -> str:
        """Return the id of an event: what a client sends back as Last-Event-ID.

        ``seen``: the knowledge bases that the client knows of. What left them or came meanwhile is no change
        of theirs, so that the id says what they were.
        """
        return f"{self._run}-{number}-{_digest(seen)}"

    def missed(self, number: int) -> bool:
        """Whether changes after this one are not known any more."""
        oldest = self._kept[0].number if self._kept else self._number + 1
        return number < oldest - 1

    def after(self, number: int) -> Sequence[Change]:
        """Return the changes with a higher number, in order."""
        if number >= self._number:
            return ()
        return [change for change in self._kept if change.number > number]

    @property
    def following(self) -> bool:
        """Whether changes are looked for: those from now on are seen."""
        return bool(self._since)

    @property
    def newest(self) -> int:
        """The number of the last change."""
        return self._number

    def place(self, mark: str, seen: Iterable[str]) -> int | None:
        """Return the number that an id names; None where what came after it is not known any more."""
        run, _, rest = mark.partition("-")
        text, _, digest = rest.partition("-")
        if run != self._run or not text.isdecimal() or len(text) > 15 or digest != _digest(seen):
            return None
        number = int(text)
        return None if self.missed(number) or number > self._number else number

    async def _step(self) -> None:
        if self.listeners:
            self._heard = time.monotonic()
        elif time.monotonic() - self._heard > _IDLE_SECONDS:
            if self._since:
                self._since, self._run = "", uuid4().hex[:8]
                self._kept.clear()
            return
        since = self._since
        bases, jobs, at = await run_in_threadpool(self._look, since)
        if since and len(jobs) >= self._a_look:
            self._number += 1  # nobody has seen it
            self._kept.clear()
        elif since:
            self._note_bases(bases)
            for job in jobs:
                if self._jobs.get(job.id) != job:
                    self._add(job.knowledge_base_id, job=job)
        self._bases = bases
        self._since = at
        self._jobs = {job.id: job for job in jobs}

    def _look(self, since: str) -> tuple[Mapping[str, KnowledgeBase], Sequence[ListedJob], str]:
        at = _earlier(now())
        with self._catalog.read() as tx:
            bases: dict[str, KnowledgeBase] = {base.id: base for base in knowledge_bases.all_of_them(tx)}
            return bases, job_lists.changed_since(tx, since or at, self._a_look), at

    def _note_bases(self, bases: Mapping[str, KnowledgeBase]) -> None:
        for identifier, base in bases.items():
            if self._bases.get(identifier) != base:
                self._add(identifier, base=base)
        for identifier in self._bases.keys() - bases.keys():
            self._add(identifier)

    def _add(self, base_id: str, job: ListedJob | None = None, base: KnowledgeBase | None = None) -> None:
        self._number += 1
        self._kept.append(Change(self._number, base_id, job, base))


class Streams:
    """Counts who listens."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._of: Counter[str] = Counter()

    @contextmanager
    def one(self, user_id: str) -> Iterator[None]:
        """Listen while the block runs. Raises TooBusy where too many do."""
        if self._changes.listeners >= _MOST_STREAMS or self._of[user_id] >= _MOST_OF_ONE:
            raise TooBusy
        self._changes.listeners += 1
        self._of[user_id] += 1
        try:
            yield
        finally:
            self._changes.listeners -= 1
            self._of[user_id] -= 1


def _digest(ids: Iterable[str]) -> str:
    return hashlib.sha256(" ".join(sorted(ids)).encode()).hexdigest()[:8]


def _earlier(moment: str) -> str:
    """Return a little before a time, written as the catalog writes it."""
    return (datetime.fromisoformat(moment) - _OVERLAP).isoformat(timespec="milliseconds")
