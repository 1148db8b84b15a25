"""``carrel add``: files in, searchable papers out."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from carrel.bootstrap import Services
from carrel.cli.calibrating import calibrate_where_due
from carrel.cli.output import Json, error_document, note, print_json, printable
from carrel.cli.progress import Reporter, reporter
from carrel.cli.server_file import find
from carrel.cli.session import services, settings_with_workers
from carrel.cli.watching import Watched
from carrel.core.errors import CarrelError, IndexBusy, PaperError, RemovedMeanwhile, UsageError
from carrel.core.ids import JobId, KnowledgeBaseId
from carrel.core.jobs import Job, JobState
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.language import tr
from carrel.core.ports import Unlocker
from carrel.core.ranking import PaperRecord
from carrel.ingest.accept import accept, find_files
from carrel.ingest.pauses import Paused
from carrel.ingest.worker import Finished, Postponed, work
from carrel.library.mending import mend_indexes
from carrel.storage import papers, queue

_POLL_SECONDS = 0.2
_SOME_FAILED = 1


@dataclass
class _Item:
    """One file of the call: where it came from, and what became of it."""

    path: Path
    status: str = "queued"
    paper_id: str = ""
    job: JobId | None = None
    title: str = ""
    pages: int = 0
    passages: int = 0
    error: dict[str, Json] | None = None


def add_papers(
    paths: list[Path], kb: str, recursive: bool, wait: bool, workers: int, password: str, as_json: bool
) -> int:
    """Accept the files, wait until they are searchable where asked to, report; return the exit code.

    ``password`` opens the files that need one, where it is not empty; it is used here and kept nowhere.
    """
    with services(settings_with_workers(workers)) as opened:
        known = {found.name for found in opened.shelves.readable()}
        if kb.strip() not in known:
            # A model that nobody has is said before a knowledge base is made that would need it.
            model = opened.settings.embedder
            opened.embedder_of(KnowledgeBase(KnowledgeBaseId(""), kb, embedder=model))
        knowledge_base = opened.shelves.existing_or_new(kb)
        unlocker = opened.unlocker(password) if password else None
        items = list(_accept_all(paths, recursive, knowledge_base, opened, unlocker))
        if knowledge_base.name not in known and all(item.status == "failed" for item in items):
            # A slip of the pen in --kb should not leave an empty knowledge base behind.
            opened.shelves.delete_if_empty(knowledge_base)
        if wait:
            jobs = {item.job for item in items if item.job is not None}
            with reporter(len(jobs)) as progress:
                try:
                    ended = bring_in(jobs, opened, progress)
                except CarrelError:  # it says nothing of the files that were refused before
                    _say_refused(items)
                    raise
            _look_up(items, ended, knowledge_base, opened)
            if find(opened.settings.home) is None:  # a server does it by itself
                calibrate_where_due(opened, knowledge_base)
    _report(items, as_json)
    return _SOME_FAILED if any(item.status == "failed" for item in items) else 0


def bring_in(jobs: set[JobId], opened: Services, progress: Reporter) -> dict[JobId, Job]:
    """Work the queue off until these jobs have ended, or wait for the process that does.

    Whoever owns the index works on everybody's jobs; when it stops, the next one goes on. Without
    jobs of our own there may still be others', and an index to mend: nobody is waited for then.
    Returns each job as it ended, but for those that somebody else removed meanwhile.

    Raises:
        ParsingServiceUnavailable, ParserNotInstalled: one of these jobs needs a parser that cannot be
            used; it stays in the queue, and the jobs of other knowledge bases are done.
    """
    said = ""
    watched = Watched()
    waiting = set(jobs)
    ended: dict[JobId, Job] = {}
    while True:
        held: dict[KnowledgeBaseId, CarrelError] = {}
        try:
            opened.own_index("carrel add", wait_seconds=0)
            mend_indexes(opened.catalog, opened.index_of)
        except IndexBusy as error:
            if not waiting:
                return ended
            if str(error) != said:
                said = str(error)
                holder = error.parameters["holder"]
                progress.say(tr("{holder} is at work; it takes these files along.").format(holder=holder))
        else:
            _take_in(opened)
            held = _work_off(opened, progress, ended)
            opened.clean(0.0)  # here, where somebody waits anyhow, and not with the next search
        with opened.catalog.read() as tx:
            states = queue.states(tx, sorted(waiting))
        for event in watched.news(job for identifier, job in states.items() if identifier not in ended):
            progress.say(event) if isinstance(event, str) else progress.tell(event)
        ended |= {identifier: job for identifier, job in states.items() if job.state.final}
        # A job without a row was removed by someone else: nobody waits for it any more.
        waiting = states.keys() - ended.keys()
        _tell_of_held({states[identifier].knowledge_base_id for identifier in waiting}, held, progress)
        if not waiting:
            return ended
        time.sleep(_POLL_SECONDS)


def _take_in(opened: Services) -> None:
    """Bring in what workers have handed over to a server that is there no more."""
    owner = opened.owner()
    while owner.step():
        continue


def _work_off(
    opened: Services, progress: Reporter, ended: dict[JobId, Job]
) -> dict[KnowledgeBaseId, CarrelError]:
    """Work the queue off and note how jobs ended; return which knowledge bases' jobs had to wait, and why."""
    held: dict[KnowledgeBaseId, CarrelError] = {}
    # Closed at once when the user stops us: the jobs in hand go back while we own the index.
    with closing(work(opened.workshop())) as events:
        for event in events:
            if isinstance(event, Postponed):
                held[event.job.knowledge_base_id] = event.error
                continue
            if isinstance(event, Paused):
                if not event.waited:  # said once, however often it is tried again
                    waits = tr("{reason} Waiting until it answers again; what is done is kept.")
                    progress.say(waits.format(reason=event.error.message))
                continue
            progress.tell(event)
            if isinstance(event, Finished):
                ended[event.job.id] = event.job
    return held


def _tell_of_held(
    ours: set[KnowledgeBaseId], held: dict[KnowledgeBaseId, CarrelError], progress: Reporter
) -> None:
    """Raise why one of our knowledge bases' jobs had to wait; say so where they are only others'."""
    for knowledge_base, reason in held.items():
        if knowledge_base in ours:
            raise reason
    for reason in held.values():
        progress.say(str(reason))


def _accept_all(
    paths: list[Path],
    recursive: bool,
    knowledge_base: KnowledgeBase,
    opened: Services,
    unlocker: Unlocker | None,
) -> Iterator[_Item]:
    seen: set[JobId] = set()
    for named in paths:
        try:
            for path in find_files(named, recursive, knowledge_base.domain):
                yield _accepted(path, knowledge_base, opened, unlocker, seen)
        except (PaperError, UsageError) as error:
            yield _Item(named, "failed", error=error_document(error))


def _accepted(
    path: Path, knowledge_base: KnowledgeBase, opened: Services, unlocker: Unlocker | None, seen: set[JobId]
) -> _Item:
    try:
        accepted = accept(path, knowledge_base, opened.catalog, opened.blobs, unlocker)
    except (PaperError, UsageError) as error:
        return _Item(path, "failed", error=error_document(error))
    if accepted.job is None:
        return _Item(path, "duplicate", accepted.paper_id)
    if accepted.job.id in seen:
        return _Item(path, "duplicate", accepted.paper_id, accepted.job.id)
    seen.add(accepted.job.id)
    return _Item(path, "queued", accepted.paper_id, accepted.job.id)


def _look_up(
    items: list[_Item], ended: dict[JobId, Job], knowledge_base: KnowledgeBase, opened: Services
) -> None:
    """Fill in how each job ended, and what is known of each paper."""
    with opened.catalog.read() as tx:
        records: dict[str, PaperRecord] = {
            record.id: record for record in papers.records(tx, [knowledge_base.id])
        }
        counts = papers.passage_counts(tx, knowledge_base)
    for item in items:
        if item.job is not None:
            status, item.error = _outcome(ended.get(item.job), item)
            # Twice in one call is once, but a file that failed is not there at all.
            item.status = "duplicate" if (item.status, status) == ("duplicate", "ready") else status
        if (record := records.get(item.paper_id)) is not None and item.status != "failed":
            item.title, item.pages = record.metadata.title, record.pages
            item.passages = counts.get(record.id, 0)


def _outcome(job: Job | None, item: _Item) -> tuple[str, dict[str, Json] | None]:
    if job is None or job.state is JobState.CANCELLED:
        return "failed", error_document(RemovedMeanwhile(name=item.path.name))
    if job.state is JobState.DONE:
        return "ready", None
    return "failed", {"kind": job.error_kind, "message": job.error_message}


def _say_refused(items: list[_Item]) -> None:
    """Say why files were not taken in; what failed on its way was said when it failed."""
    for item in items:
        if item.error is not None and item.job is None:
            note(str(item.error["message"]))


def _report(items: list[_Item], as_json: bool) -> None:
    counts = Counter(item.status for item in items)
    if as_json:
        rows: list[Json] = [
            {
                "path": str(item.path),
                "status": item.status,
                "paper_id": item.paper_id or None,
                "title": item.title or None,
                "pages": item.pages,
                "passages": item.passages,
                "error": item.error,
            }
            for item in items
        ]
        print_json(
            {
                "added": counts["ready"],
                "duplicates": counts["duplicate"],
                "failed": counts["failed"],
                "items": rows,
            }
        )
        return
    _say_refused(items)
    summary = tr("{added} added, {duplicates} already there, {failed} failed.").format(
        added=counts["ready"], duplicates=counts["duplicate"], failed=counts["failed"]
    )
    print(printable(summary))
    if counts["queued"]:
        print(tr("{queued} queued; the next carrel add reads them.").format(queued=counts["queued"]))
