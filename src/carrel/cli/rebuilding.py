"""Seeing a re-index through: as the owner of the index, or beside a server that does the work."""

import sys
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass

from carrel.bootstrap import Services
from carrel.cli.output import Json, note, printable
from carrel.cli.papers import clean_now_or_later
from carrel.core import counts
from carrel.core.accounts import COMMAND_LINE
from carrel.core.audit import Action
from carrel.core.errors import CarrelError, IndexBusy
from carrel.core.kept_errors import said
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.language import tr
from carrel.core.rebuild import Change, GenerationState, RebuildStatus, same_vectors
from carrel.core.rebuild_errors import RebuildEnded, RebuildHeldUp, RebuildUnderWay
from carrel.ingest.pauses import Paused
from carrel.ingest.rebuild import Noting, Rebuilds
from carrel.ingest.worker import Finished, Postponed, work
from carrel.library.auditing import record

_LINE_SECONDS = 10.0  # between two lines of progress where standard error is no terminal
_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Begun:
    """A re-index that this command began: how many vectors were cached then, None where nobody knows."""

    embedded: int | None
    at: float


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What serves now, and where its vectors (of passages and papers) came from, where that is known."""

    knowledge_base: KnowledgeBase
    from_cache: int | None
    embedded: int | None
    seconds: float


def rebuilt_fields(rebuilt: Rebuilt) -> dict[str, Json]:
    """Return what came of it, for programs."""
    return {
        "papers": rebuilt.knowledge_base.papers,
        "passages": rebuilt.knowledge_base.passages,
        "from_cache": rebuilt.from_cache,
        "embedded": rebuilt.embedded,
        "seconds": round(rebuilt.seconds, 3),
    }


def begin_or_resume(
    opened: Services, knowledge_base: KnowledgeBase, change: Change, purpose: str
) -> Begun | None:
    """Begin a re-index. One that was interrupted goes on where it is the same; else the later wish counts.

    Returns None where one goes on.

    Raises:
        RebuildUnderWay: another one is under way, and somebody else is at work on it.
        CarrelError: otherwise as ``Rebuilds.begin``.
    """
    rebuilds, began = opened.rebuilds(), time.monotonic()
    status = rebuilds.status(knowledge_base)
    wanted = rebuilds.wanted(status.serving, change)
    if status.under_way is not None:
        going = status.under_way.built_as
        if same_vectors(going, wanted) and (going.dimensions, going.domain) == (
            wanted.dimensions,
            wanted.domain,
        ):
            return None
        if change == Change() or not _owns(opened, purpose):
            if change == Change():
                return None
            raise RebuildUnderWay(name=status.serving.name)
        rebuilds.cancel(status.serving, noting(status.serving, "cancel"))
        opened.clean(0.0)
        note(tr("The re-index of {name} that was interrupted is given up.").format(name=status.serving.name))
    estimate = rebuilds.outlook(status.serving, change)
    wishes = {name: wish for name, wish in asdict(change).items() if wish is not None}
    rebuilds.begin(status.serving, change, note=noting(status.serving, "begin", wishes))
    return Begun(estimate.to_embed if estimate.exact else None, began)


def noting(knowledge_base: KnowledgeBase, step: str, detail: Mapping[str, object] | None = None) -> Noting:
    """Return what enters a step in the audit log, under the names that the REST API has for it."""
    entry = {"step": step, **(detail or {})}
    return lambda tx: record(tx, COMMAND_LINE, Action.KNOWLEDGE_BASE_REINDEX, knowledge_base.id, entry)


def see_through(
    opened: Services, knowledge_base: KnowledgeBase, purpose: str, begun: Begun | None
) -> Rebuilt:
    """Wait until the generation under way serves, and do the work unless another process does.

    Raises:
        RebuildHeldUp: papers failed, and somebody has to say what is to become of them.
        RebuildEnded: the new index did not pass its check, or somebody cancelled it; the old one serves.
        CarrelError: the work cannot go on now; it does with the next command, or with a server.
    """
    rebuilds = opened.rebuilds()
    teller = _Teller(knowledge_base.name)
    wanted = rebuilds.status(knowledge_base).under_way
    busy = ""
    try:
        while (status := rebuilds.status(knowledge_base)).under_way is not None:
            teller.tell(status)
            try:
                opened.own_index(purpose, wait_seconds=0)
            except IndexBusy as error:
                if busy != (busy := str(error)):
                    note(tr("{holder} is at work.").format(holder=error.parameters["holder"]))
                _raise_if_held_up(status)
                time.sleep(_POLL_SECONDS)
            else:
                _work(opened, rebuilds, status, teller)
    finally:
        teller.end()
    clean_now_or_later(opened, purpose)
    if wanted is not None and status.serving.generation != wanted.number:
        last = status.last
        failed = last is not None and last.state is GenerationState.FAILED
        reason = said(last.error_kept) if failed and last is not None else tr("it was cancelled")
        raise RebuildEnded(name=knowledge_base.name, reason=reason)
    seconds = time.monotonic() - (begun.at if begun else teller.began)
    embedded = begun.embedded if begun else None
    vectors = status.serving.papers + status.serving.passages
    cached = None if embedded is None else max(vectors - embedded, 0)
    return Rebuilt(status.serving, cached, embedded, seconds)


def _work(opened: Services, rebuilds: Rebuilds, status: RebuildStatus, teller: "_Teller") -> None:
    """Take a rebuild as far as can be done at once: a step, or the jobs that wait."""
    if rebuilds.step(status.serving):
        return
    status = rebuilds.status(status.serving)
    ours: CarrelError | None = None
    idle = True
    with closing(work(opened.workshop())) as events:
        for event in events:
            idle = False
            if isinstance(event, Paused):
                if not event.waited:
                    waits = tr("{reason} Waiting until it answers again; what is done is kept.")
                    teller.say(waits.format(reason=event.error.message))
            elif isinstance(event, Postponed):
                if event.job.knowledge_base_id == status.serving.id:
                    ours = event.error
            elif isinstance(event, Finished):
                teller.tell(rebuilds.status(status.serving))
    if ours is not None:
        raise ours
    if idle:
        _raise_if_held_up(status)
        time.sleep(_POLL_SECONDS)  # its jobs are paused, or in the hands of a worker elsewhere


def _raise_if_held_up(status: RebuildStatus) -> None:
    """Raise where nothing is missing but what failed."""
    failures = status.progress.failures
    if failures and status.progress.done + len(failures) >= status.progress.total:
        raise RebuildHeldUp(
            name=status.serving.name,
            count=len(failures),
            example=failures[0].file_name,
            reason=said(failures[0].kept),
        )


def _owns(opened: Services, purpose: str) -> bool:
    try:
        opened.own_index(purpose, wait_seconds=0)
    except IndexBusy:
        return False
    return True


class _Teller:
    """Says how far a rebuild is: over and over on a terminal, seldom elsewhere."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._terminal = sys.stderr.isatty()
        self.began = self._said = time.monotonic()

    def tell(self, status: RebuildStatus) -> None:
        """Say how far it is, if it is time."""
        progress = status.progress
        text = tr("Rebuilding {name}: {done} of {papers}").format(
            name=printable(self._name), done=progress.done, papers=counts.papers(progress.total)
        )
        if self._terminal:
            print(f"\r{text}\x1b[K", end="", file=sys.stderr, flush=True)
        elif time.monotonic() - self._said > _LINE_SECONDS:
            self._said = time.monotonic()
            note(text)

    def say(self, text: str) -> None:
        """Say something else."""
        self.end()
        note(text)

    def end(self) -> None:
        """Clear the line on a terminal."""
        if self._terminal:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
