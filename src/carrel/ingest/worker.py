"""Working the queue off: parsing runs ahead in child processes while earlier papers are embedded."""

import gc
import logging
import shutil
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from carrel.core.errors import (
    CarrelError,
    IndexDamaged,
    InvalidSetting,
    KnowledgeBaseMissing,
    PaperError,
    PaperMissing,
    ParserNotInstalled,
    ParserUnknown,
    ParsingServiceUnavailable,
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
from carrel.ingest.pipeline import Progress, Tools, make_searchable, parse
from carrel.storage import knowledge_bases, queue

_log = logging.getLogger(__name__)

_Waiting = deque[tuple[Job, Future[ParsedPaper]]]


@dataclass(frozen=True, slots=True)
class Finished:
    """A job that ended, as ``job.state`` says; pages, passages and how it was read where it is done."""

    job: Job
    pages: int = 0
    passages: int = 0
    verdict: Verdict = Verdict.GOOD


@dataclass(frozen=True, slots=True)
class Postponed:
    """A job that waits on in the queue: its knowledge base's parser cannot be used, for this reason."""

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


Event = Progress | Finished | Postponed


def work(workshop: Workshop) -> Generator[Event, None, None]:
    """Work jobs off, oldest first, until none waits; only for the owner of the index.

    A file that cannot be read fails alone. Where a knowledge base's parser cannot be used (its service
    is down, its package missing), the base's jobs are postponed and those of the others go on. An
    error that is nobody's file's fault (disk full, model unreachable) puts the jobs in hand back into
    the queue and is raised: nothing is lost.
    """
    # What is loaded by now stays: the collector need not look through it again and again.
    gc.freeze()
    with workshop.tools.catalog.write() as tx:
        queue.put_back_interrupted(tx)
    waiting: _Waiting = deque()
    held: set[KnowledgeBaseId] = set()
    threads = ThreadPoolExecutor(workshop.parsers, thread_name_prefix="parse")
    try:
        while True:
            # One paper more than parsers: so none of them idles while the oldest is embedded.
            while len(waiting) <= workshop.parsers and (job := _claim(workshop, held)) is not None:
                waiting.append((job, threads.submit(parse, job, workshop.tools)))
            if not waiting:
                return
            job, parsed = waiting[0]
            for event in _journey(job, parsed, workshop):
                if isinstance(event, Postponed):
                    held.add(job.knowledge_base_id)
                yield event
            waiting.popleft()
    finally:
        # Not waiting: a file may take its parser minutes, and the user has pressed Ctrl-C.
        threads.shutdown(wait=False, cancel_futures=True)
        with workshop.tools.catalog.write() as tx:
            queue.put_back_interrupted(tx)


def _claim(workshop: Workshop, held: set[KnowledgeBaseId]) -> Job | None:
    free_mb = shutil.disk_usage(workshop.home).free // 1_000_000
    if free_mb < workshop.keep_free_mb:
        with workshop.tools.catalog.read() as tx:
            if not queue.any_unfinished(tx):
                return None
        raise StorageFull(folder=workshop.home, free_mb=free_mb, needed_mb=workshop.keep_free_mb)
    with workshop.tools.catalog.write() as tx:
        return queue.claim(tx, held)


def _journey(job: Job, parsing: Future[ParsedPaper], workshop: Workshop) -> Iterator[Event]:
    tools = workshop.tools
    yield Progress(job, Stage.PARSE)
    try:
        parsed = parsing.result()
        with tools.catalog.read() as tx:
            knowledge_base = knowledge_bases.by_id(tx, job.knowledge_base_id)
        passages = 0
        for progress in make_searchable(
            job,
            parsed,
            knowledge_base,
            workshop.embedder_of(knowledge_base),
            lambda: workshop.index_of(knowledge_base),
            tools,
        ):
            passages = progress.total
            yield progress
    except (PaperError, IndexDamaged, SpaceMismatch) as error:
        # The file's fault, or its knowledge base's: the others go on.
        yield _failed(job, error, tools)
    except (ParsingServiceUnavailable, ParserNotInstalled, ParserUnknown, InvalidSetting) as error:
        with tools.catalog.write() as tx:
            if queue.still_wanted(tx, job):
                queue.put_back(tx, job)
        yield Postponed(replace(job, state=JobState.QUEUED), error)
    except (KnowledgeBaseMissing, PaperMissing):
        # Deleted since the job was claimed; the job went with it.
        yield Finished(replace(job, state=JobState.CANCELLED))
    except CarrelError:
        raise
    except Exception as error:
        # One paper must not stop the others, now and at every later try. The trace is for us.
        _log.debug("%s", job.file_name, exc_info=error)
        detail = f"{type(error).__name__}: {error}"
        yield _failed(job, UnforeseenFault(name=job.file_name, detail=detail), tools)
    else:
        yield Finished(replace(job, state=JobState.DONE), len(parsed.pages), passages, parsed.quality.verdict)


def _failed(job: Job, error: CarrelError, tools: Tools) -> Finished:
    with tools.catalog.write() as tx:
        if queue.still_wanted(tx, job):
            queue.fail(tx, job, error)
    return Finished(
        replace(job, state=JobState.FAILED, error_kind=error.kind, error_message=str(error)),
    )
