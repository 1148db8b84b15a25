"""Working the queue off: parsing and embedding run ahead, and one thread brings papers into the index.

Parsing runs in child processes, embedding in threads: as many papers at once as the embedder makes use of.
"""

import contextvars
import gc
import logging
import shutil
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from collections.abc import Set as AbstractSet
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event as Flag

from carrel.core.engine_errors import EndpointUnavailable
from carrel.core.errors import (
    CarrelError,
    IndexDamaged,
    KnowledgeBaseMissing,
    PaperError,
    PaperMissing,
    SpaceMismatch,
    StorageFull,
    UnforeseenFault,
)
from carrel.core.ids import KnowledgeBaseId
from carrel.core.jobs import Job, JobState, Stage
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.paper import ParsedPaper
from carrel.core.ports import Embedder, Index
from carrel.core.quality import Verdict
from carrel.core.rebuild_errors import GenerationOutdated
from carrel.ingest.pauses import Clock, Paused, Pauses
from carrel.ingest.pipeline import Embedded, Progress, Tools, embed, make_searchable, parse
from carrel.ingest.troubles import ITS_OWN_TROUBLE
from carrel.storage import generations, queue

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Finished:
    """A job that ended, as ``job.state`` says; pages, passages and how it was read where it is done."""

    job: Job
    pages: int = 0
    passages: int = 0
    verdict: Verdict = Verdict.GOOD


@dataclass(frozen=True, slots=True)
class Postponed:
    """A job that waits on in the queue: its base's parser or embedder cannot be used, for this reason."""

    job: Job
    error: CarrelError


@dataclass(frozen=True, slots=True)
class Workshop:
    """What a worker needs besides the journey's tools."""

    tools: Tools
    embedder_of: Callable[[KnowledgeBase], Embedder]
    index_of: Callable[[KnowledgeBase], Index]
    home: Path
    keep_free_mb: int
    parsers: int
    patience_seconds: float = 0.0  # for an embedder's server that goes away in the middle
    clock: Clock = field(default_factory=Clock)


Event = Progress | Finished | Postponed | Paused


def work(workshop: Workshop) -> Generator[Event, None, None]:
    """Work jobs off, oldest first, until none waits; only for the owner of the index.

    A file that cannot be read fails alone. Where a knowledge base's parser or embedder cannot be used (its
    service is down, its package missing), the base's jobs are postponed and those of the others go on. An
    embedder's server that goes away in the middle is waited for. An error that is nobody's file's fault
    (disk full, model unreachable) puts the jobs in hand back into the queue and is raised: nothing is lost.
    """
    # What is loaded by now stays: the collector need not look through it again and again.
    gc.freeze()
    with workshop.tools.catalog.write() as tx:
        queue.put_back_interrupted(tx)
    bench = _Bench(workshop)
    try:
        while True:
            yield from bench.claim()
            if bench.is_empty:
                return
            yield from bench.send_to_embedders()
            yield from bench.next_events()
    finally:
        # Not waiting: a file may take its parser minutes, and the user has pressed Ctrl-C.
        bench.close()
        with workshop.tools.catalog.write() as tx:
            queue.put_back_interrupted(tx)


@dataclass(slots=True, eq=False)
class _Paper:
    """A job in hand; ``number`` counts claims. What it is embedded for and by, once that began."""

    number: int
    job: Job
    parsing: Future[ParsedPaper]
    knowledge_base: KnowledgeBase | None = None
    embedder: Embedder | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Sent:
    """A paper whose embedding has ended, well or not."""

    paper: _Paper
    knowledge_base: KnowledgeBase
    embedder: Embedder
    embedding: Future[Embedded]


class _Bench:
    """The papers in hand: being read, waiting for their embedder, or being embedded."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._waiting: list[_Paper] = []  # being read or read, in the order in which they were claimed
        self._claimed = 0
        self._held: dict[KnowledgeBaseId, CarrelError] = {}  # and why
        self._parsing = ThreadPoolExecutor(workshop.parsers, thread_name_prefix="parse")
        self._embedding: dict[int, ThreadPoolExecutor] = {}  # by embedder
        self._in_flight: Counter[int] = Counter()
        self._pauses = Pauses(workshop.patience_seconds, workshop.clock)
        # What other threads have to say: progress, a paper embedded, or None: a paper has been read.
        self._inbox: SimpleQueue[Progress | _Sent | None] = SimpleQueue()
        self._stopped = Flag()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in hand."""
        return not self._waiting and not self._in_flight.total()

    def claim(self) -> Iterator[Event]:
        """Claim jobs and have them read, as many as keep the parsers at work."""
        # One paper more than parsers, so that none idles; those whose server is away do not count.
        while sum(not self._is_away(paper) for paper in self._waiting) <= self._workshop.parsers:
            away = {paper.job.knowledge_base_id for paper in self._waiting if self._is_away(paper)}
            if (job := _claim(self._workshop, self._held.keys() | away)) is None:
                return
            parsing = self._parsing.submit(parse, job, self._workshop.tools)
            parsing.add_done_callback(lambda _: self._inbox.put(None))
            self._waiting.append(_Paper(self._claimed, job, parsing))
            self._claimed += 1
            yield Progress(job, Stage.PARSE)

    def send_to_embedders(self) -> Iterator[Event]:
        """Begin to embed the papers that have been read and whose embedder has room."""
        overtakes = False
        for paper in list(self._waiting):
            if paper not in self._waiting:
                continue  # put back with another one of its knowledge base
            if not paper.parsing.done():
                overtakes = True
                continue
            try:
                parsed = paper.parsing.result()
                knowledge_base, embedder = self._equip(paper)
                sent = self._has_room(embedder, overtakes)
                if sent:
                    self._send(paper, parsed, knowledge_base, embedder)
            except Exception as error:
                self._waiting.remove(paper)
                yield from self._ended(paper.job, error)
            else:
                if sent:
                    self._waiting.remove(paper)

    def next_events(self) -> Iterator[Event]:
        """Wait until there is something to tell or to do."""
        seconds = self._pauses.seconds_to_next(paper.embedder for paper in self._waiting if paper.embedder)
        if self._in_flight.total() or not all(paper.parsing.done() for paper in self._waiting):
            try:
                message = self._inbox.get(timeout=seconds)
            except Empty:
                return
        else:
            if seconds is not None:
                self._workshop.clock.sleep(seconds)
            return
        if isinstance(message, Progress):
            yield message
        elif message is not None:
            yield from self._embedded(message)

    def close(self) -> None:
        """Wait for nothing: what is under way in other threads ends by itself and changes nothing."""
        self._stopped.set()
        for threads in (self._parsing, *self._embedding.values()):
            threads.shutdown(wait=False, cancel_futures=True)

    def _equip(self, paper: _Paper) -> tuple[KnowledgeBase, Embedder]:
        with self._workshop.tools.catalog.read() as tx:
            knowledge_base = generations.target(tx, paper.job.knowledge_base_id, paper.job.generation)
        paper.knowledge_base = knowledge_base
        paper.embedder = self._workshop.embedder_of(knowledge_base)
        return knowledge_base, paper.embedder

    def _is_away(self, paper: _Paper) -> bool:
        return paper.embedder is not None and self._pauses.away(paper.embedder)

    def _has_room(self, embedder: Embedder, overtakes: bool) -> bool:
        """Whether a paper may be embedded now; ``overtakes``: before one that was claimed earlier."""
        if self._pauses.away(embedder):
            return self._pauses.may_send(embedder)
        if overtakes and embedder.parallel_calls == 1:
            return False  # papers become searchable in the order in which they came
        return self._in_flight[id(embedder)] < embedder.parallel_calls

    def _send(
        self, paper: _Paper, parsed: ParsedPaper, knowledge_base: KnowledgeBase, embedder: Embedder
    ) -> None:
        def run() -> Embedded:
            steps = embed(paper.job, parsed, knowledge_base, embedder)
            while not self._stopped.is_set():
                try:
                    self._inbox.put(next(steps))
                except StopIteration as end:
                    embedded: Embedded = end.value
                    return embedded
            raise InterruptedError  # nobody listens any more

        threads = self._embedding.setdefault(
            id(embedder), ThreadPoolExecutor(embedder.parallel_calls, thread_name_prefix="embed")
        )
        self._pauses.sent(embedder)
        self._in_flight[id(embedder)] += 1
        # The reader's language is in the context: it is part of what a refusal says.
        embedding = threads.submit(contextvars.copy_context().run, run)
        embedding.add_done_callback(
            lambda done: self._inbox.put(_Sent(paper, knowledge_base, embedder, done))
        )

    def _embedded(self, sent: _Sent) -> Iterator[Event]:
        paper, embedder = sent.paper, sent.embedder
        self._in_flight[id(embedder)] -= 1
        try:
            embedded = sent.embedding.result()
        except EndpointUnavailable as error:
            if paper.job.knowledge_base_id in self._held:  # there is nothing to wait for
                self._pauses.tried(embedder)
                yield from self._hold(paper.job, error)
                return
            if said := self._pauses.lost(embedder, error):
                yield said
            self._waiting.append(paper)
            self._waiting.sort(key=lambda waiting: waiting.number)
            return
        except Exception as error:
            if isinstance(error, PaperError):  # it answered, if only to refuse
                self._pauses.answered(embedder)
            else:  # it may have come back as another one
                self._pauses.tried(embedder)
            yield from self._ended(paper.job, error)
            return
        self._pauses.answered(embedder)
        yield from self.send_to_embedders()  # the model is at work while this paper goes into the index
        pages, passages = len(embedded.parsed.pages), len(embedded.chunks)
        try:
            yield Progress(paper.job, Stage.INDEX, passages, passages, pages)
            index = self._workshop.index_of(sent.knowledge_base)
            make_searchable(paper.job, embedded, sent.knowledge_base, index, self._workshop.tools)
        except Exception as error:
            yield from self._ended(paper.job, error)
        else:
            job = replace(paper.job, state=JobState.DONE)
            yield Finished(job, pages, passages, embedded.parsed.quality.verdict)

    def _ended(self, job: Job, error: Exception) -> Iterator[Event]:
        """Tell how a job ended or waits on; raise what is nobody's file's fault."""
        tools = self._workshop.tools
        if isinstance(error, PaperError | IndexDamaged | SpaceMismatch):
            # The file's fault, or its knowledge base's: the others go on.
            yield _failed(job, error, tools)
        elif isinstance(error, ITS_OWN_TROUBLE):
            yield from self._hold(job, error)
        elif isinstance(error, GenerationOutdated):
            with tools.catalog.write() as tx:
                if queue.still_wanted(tx, job):
                    queue.put_back(tx, job)
        elif isinstance(error, KnowledgeBaseMissing | PaperMissing):
            # Deleted since the job was claimed; the job went with it.
            yield Finished(replace(job, state=JobState.CANCELLED))
        elif isinstance(error, CarrelError):
            raise error
        else:
            # One paper must not stop the others, now and at every later try. The trace is for us.
            _log.debug("%s", job.file_name, exc_info=error)
            detail = f"{type(error).__name__}: {error}"
            yield _failed(job, UnforeseenFault(name=job.file_name, detail=detail), tools)

    def _hold(self, job: Job, error: CarrelError) -> Iterator[Event]:
        """Put a job and those that wait of its knowledge base back into the queue; claim none of it."""
        reason = self._held.setdefault(job.knowledge_base_id, error)
        waiting = [paper for paper in self._waiting if paper.job.knowledge_base_id in self._held]
        self._waiting = [paper for paper in self._waiting if paper not in waiting]
        for paper in waiting:
            paper.parsing.cancel()
        jobs = [job, *(paper.job for paper in waiting)]
        with self._workshop.tools.catalog.write() as tx:
            for held in jobs:
                if queue.still_wanted(tx, held):
                    queue.put_back(tx, held)
        yield from (Postponed(replace(held, state=JobState.QUEUED), reason) for held in jobs)


def _claim(workshop: Workshop, held: AbstractSet[KnowledgeBaseId]) -> Job | None:
    free_mb = shutil.disk_usage(workshop.home).free // 1_000_000
    if free_mb < workshop.keep_free_mb:
        with workshop.tools.catalog.read() as tx:
            if not queue.any_unfinished(tx):
                return None
        raise StorageFull(folder=workshop.home, free_mb=free_mb, needed_mb=workshop.keep_free_mb)
    with workshop.tools.catalog.write() as tx:
        return queue.claim(tx, held)


def _failed(job: Job, error: CarrelError, tools: Tools) -> Finished:
    with tools.catalog.write() as tx:
        if queue.still_wanted(tx, job):
            queue.fail(tx, job, error)
    return Finished(
        replace(job, state=JobState.FAILED, error_kind=error.kind, error_message=str(error)),
    )
