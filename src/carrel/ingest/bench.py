"""The papers that a worker has in hand: being read, waiting for their embedder, or being embedded."""

import contextvars
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
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
    UnforeseenFault,
)
from carrel.core.jobs import Job, JobState, Stage
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.paper import ParsedPaper
from carrel.core.ports import Embedder
from carrel.core.rebuild_errors import GenerationOutdated
from carrel.ingest.claims import Claims
from carrel.ingest.handing import add_to_built, hand_over
from carrel.ingest.leases import Leases
from carrel.ingest.pauses import Pauses
from carrel.ingest.pipeline import Embedded, Progress, as_corrected, embed, make_searchable, parse
from carrel.ingest.troubles import ITS_OWN_TROUBLE
from carrel.ingest.workshop import Event, Finished, Postponed, Workshop
from carrel.storage import queue, targets

_log = logging.getLogger(__name__)

_POLL_SECONDS = 0.3  # until a worker that waits for something looks for jobs again


@dataclass(slots=True, eq=False)
class _Paper:
    """A job in hand; ``number`` counts claims. What it is embedded for and by, once that began."""

    number: int
    job: Job
    parsing: Future[ParsedPaper]
    knowledge_base: KnowledgeBase | None = None
    embedder: Embedder | None = None
    dropped: bool = False  # it is somebody else's by now, or nobody's


@dataclass(frozen=True, slots=True, eq=False)
class _Sent:
    """A paper whose embedding has ended, well or not."""

    paper: _Paper
    knowledge_base: KnowledgeBase
    embedder: Embedder
    embedding: Future[Embedded]


class Bench:
    """Claims jobs and takes each through its stages, several at once; the caller's thread tells of them."""

    def __init__(self, workshop: Workshop, leases: Leases, stop: Flag) -> None:
        self._workshop = workshop
        self._leases = leases
        self._stop = stop
        self._waiting: list[_Paper] = []  # being read or read, in the order in which they were claimed
        self._sent: list[_Paper] = []
        self._claimed = 0
        self._claims = Claims(workshop, leases)
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

    def drop_lost(self) -> Iterator[Event]:
        """Leave the jobs alone that were cancelled, removed or taken over."""
        lost = self._leases.lost()
        for paper in [*self._waiting, *self._sent] if lost else ():
            if paper.job.id in lost:
                paper.dropped = True
                if paper in self._waiting:
                    self._waiting.remove(paper)
                    paper.parsing.cancel()
                yield from self._gone(paper.job)

    def claim(self) -> Iterator[Event]:
        """Claim jobs and have them read, as many as keep the parsers at work."""
        # One paper more than parsers, so that none idles; those whose server is away do not count.
        while sum(not self._is_away(paper) for paper in self._waiting) <= self._workshop.parsers:
            away = {paper.job.knowledge_base_id for paper in self._waiting if self._is_away(paper)}
            if (job := self._claims.next_job(away)) is None:
                return
            parsing = self._parsing.submit(parse, job, self._workshop.tools)
            parsing.add_done_callback(lambda _: self._inbox.put(None))
            self._waiting.append(_Paper(self._claimed, job, parsing))
            self._claimed += 1
            yield self._noted(Progress(job, Stage.PARSE))

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
        """Wait until there is something to tell or to do; where the work is lasting, not for long."""
        seconds = self._pauses.seconds_to_next(paper.embedder for paper in self._waiting if paper.embedder)
        if self._workshop.lasting:
            seconds = min(_POLL_SECONDS, _POLL_SECONDS if seconds is None else seconds)
        if self._in_flight.total() or not all(paper.parsing.done() for paper in self._waiting):
            try:
                message = self._inbox.get(timeout=seconds)
            except Empty:
                return
        else:
            if self._workshop.lasting:
                self._stop.wait(seconds)
            elif seconds is not None:
                self._workshop.clock.sleep(seconds)
            return
        if isinstance(message, Progress):
            yield self._noted(message)
        elif message is not None:
            yield from self._embedded(message)

    def close(self) -> None:
        """Wait for nothing: what is under way in other threads ends by itself and changes nothing."""
        self._stopped.set()
        for threads in (self._parsing, *self._embedding.values()):
            threads.shutdown(wait=False, cancel_futures=True)

    def _equip(self, paper: _Paper) -> tuple[KnowledgeBase, Embedder]:
        with self._workshop.tools.catalog.read() as tx:
            knowledge_base = targets.target(tx, paper.job)
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
        metadata = as_corrected(paper.job, parsed, knowledge_base, self._workshop.tools)

        def run() -> Embedded:
            steps = embed(paper.job, parsed, metadata, knowledge_base, embedder)
            while not self._stopped.is_set() and not paper.dropped:
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
        self._sent.append(paper)
        self._in_flight[id(embedder)] += 1
        # The reader's language is in the context: it is part of what a refusal says.
        embedding = threads.submit(contextvars.copy_context().run, run)
        embedding.add_done_callback(
            lambda done: self._inbox.put(_Sent(paper, knowledge_base, embedder, done))
        )

    def _embedded(self, sent: _Sent) -> Iterator[Event]:
        paper, embedder = sent.paper, sent.embedder
        self._in_flight[id(embedder)] -= 1
        self._sent.remove(paper)
        try:
            embedded = sent.embedding.result()
        except EndpointUnavailable as error:
            yield from self._not_reached(paper, embedder, error)
            return
        except Exception as error:
            if isinstance(error, PaperError):  # it answered, if only to refuse
                self._pauses.answered(embedder)
            else:  # it may have come back as another one
                self._pauses.tried(embedder)
            if not paper.dropped:
                yield from self._ended(paper.job, error)
            return
        self._pauses.answered(embedder)
        yield from self.send_to_embedders()  # the model is at work while this paper goes into the index
        if not paper.dropped:
            yield from self._bring_in(paper.job, embedded, sent)

    def _not_reached(self, paper: _Paper, embedder: Embedder, error: EndpointUnavailable) -> Iterator[Event]:
        if (
            paper.dropped or paper.job.knowledge_base_id in self._claims.held()
        ):  # there is nothing to wait for
            self._pauses.tried(embedder)
            if not paper.dropped:
                yield from self._hold(paper.job, error)
            return
        try:
            said = self._pauses.lost(embedder, error)
        except EndpointUnavailable:
            if not self._workshop.lasting:
                raise
            self._pauses.tried(embedder)
            yield from self._hold(paper.job, error)
            return
        if said:
            yield said
        self._waiting.append(paper)
        self._waiting.sort(key=lambda waiting: waiting.number)
        if self._workshop.lasting:  # nobody is told but by their rows
            self._note([paper.job for paper in self._waiting if paper.embedder is embedder], error)

    def _bring_in(self, job: Job, embedded: Embedded, sent: _Sent) -> Iterator[Event]:
        """Bring an embedded paper into the index, or hand it over to who owns that."""
        workshop = self._workshop
        pages, passages = len(embedded.parsed.pages), len(embedded.chunks)
        try:
            yield self._noted(Progress(job, Stage.INDEX, passages, passages, pages))
            if workshop.index_of is None:
                encoder = sent.embedder.encoder
                wanted = hand_over(job, embedded, sent.knowledge_base, encoder, workshop.tools)
                state = JobState.HANDED if wanted else JobState.CANCELLED
            elif job.generation:
                index, encoder = workshop.index_of(sent.knowledge_base), sent.embedder.encoder
                add_to_built(job, embedded, sent.knowledge_base, encoder, index, workshop.tools)
                state = JobState.DONE
            else:
                index = workshop.index_of(sent.knowledge_base)
                make_searchable(job, embedded, sent.knowledge_base, index, workshop.tools)
                state = JobState.DONE
        except Exception as error:
            yield from self._ended(job, error)
        else:
            self._leases.let_go(job.id)
            self._claims.all_is_well(job)
            yield Finished(replace(job, state=state), pages, passages, embedded.parsed.quality.verdict)

    def _ended(self, job: Job, error: Exception) -> Iterator[Event]:
        """Tell how a job ended or waits on; raise what is nobody's file's fault, or try it again later."""
        if isinstance(error, PaperError | IndexDamaged | SpaceMismatch):
            # The file's fault, or its knowledge base's: the others go on.
            yield self._failed(job, error)
        elif isinstance(error, ITS_OWN_TROUBLE):
            yield from self._hold(job, error)
        elif isinstance(error, KnowledgeBaseMissing | PaperMissing):
            yield from self._gone(job)  # deleted since the job was claimed; the job went with it
        elif isinstance(error, CarrelError):
            if not self._workshop.lasting and not isinstance(error, GenerationOutdated):
                raise error
            yield self._postponed(job, error)
        else:
            # One paper must not stop the others, now and at every later try. The trace is for us.
            _log.debug("%s", job.file_name, exc_info=error)
            detail = f"{type(error).__name__}: {error}"
            yield self._failed(job, UnforeseenFault(name=job.file_name, detail=detail))

    def _hold(self, job: Job, error: CarrelError) -> Iterator[Event]:
        """Put a job and those that wait of its knowledge base back into the queue; claim none of it."""
        reason = self._claims.hold(job, error)
        waiting = [paper for paper in self._waiting if paper.job.knowledge_base_id in self._claims.held()]
        self._waiting = [paper for paper in self._waiting if paper not in waiting]
        for paper in waiting:
            paper.parsing.cancel()
        if self._workshop.lasting:
            yield self._postponed(job, error)
            self._note([paper.job for paper in waiting], reason)
        jobs = [*([] if self._workshop.lasting else [job]), *(paper.job for paper in waiting)]
        with self._workshop.tools.catalog.write() as tx:
            for held in jobs:
                self._leases.let_go(held.id)
                if queue.still_wanted(tx, held):
                    queue.put_back(tx, held)
        yield from (Postponed(replace(held, state=JobState.QUEUED), reason) for held in jobs)

    def _postponed(self, job: Job, error: CarrelError) -> Postponed:
        self._leases.let_go(job.id)
        with self._workshop.tools.catalog.write() as tx:
            if queue.still_wanted(tx, job):
                queue.postpone(tx, job, error)
        return Postponed(replace(job, state=JobState.QUEUED), error)

    def _note(self, jobs: Sequence[Job], error: CarrelError) -> None:
        with self._workshop.tools.catalog.write() as tx:
            for job in jobs:
                queue.note(tx, job, error)

    def _gone(self, job: Job) -> Iterator[Event]:
        self._leases.let_go(job.id)
        yield Finished(replace(job, state=JobState.CANCELLED))

    def _failed(self, job: Job, error: CarrelError) -> Finished:
        self._leases.let_go(job.id)
        with self._workshop.tools.catalog.write() as tx:
            if queue.still_wanted(tx, job):
                queue.fail(tx, job, error)
        failed = replace(job, state=JobState.FAILED, error_kind=error.kind, error_message=str(error))
        return Finished(failed)

    def _noted(self, progress: Progress) -> Progress:
        self._leases.note(progress)
        return progress
