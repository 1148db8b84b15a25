"""The owner of the index: brings what workers hand over into it, and does what only the owner may.

One a data folder. Killed anywhere it loses nothing: what was handed over stays in the catalog until the
transaction that makes the paper searchable, and adding to the index again changes nothing.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from carrel.core.courtesy import Courtesy
from carrel.core.domain_terms import paper_text, passage_text
from carrel.core.domains import Domain
from carrel.core.errors import (
    CarrelError,
    KnowledgeBaseMissing,
    SpaceMismatch,
    UnforeseenFault,
)
from carrel.core.handover_format import (
    PASSAGES_A_PIECE,
    Head,
    Piece,
    ReadyPassage,
    decode_head,
    decode_piece,
    made_for,
)
from carrel.core.ids import JobId
from carrel.core.jobs import Job
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.metadata import Metadata
from carrel.core.ports import Index, IndexedPaper, IndexedPassage
from carrel.core.space import Space, Vectors
from carrel.ingest import hands
from carrel.storage import citing, corrections, handovers, papers, queue, readings, targets, versions
from carrel.storage.database import Catalog, Transaction

_log = logging.getLogger(__name__)

_PASSAGES_A_CALL = 12  # of the index, between which searches go first
_POLL_SECONDS = 0.2
_ROUND_SECONDS = 1.0  # between two rounds of what need not be done at once
_TROUBLE_SECONDS = 5.0  # after an error that is no paper's


@dataclass(frozen=True, slots=True)
class Estate:
    """What the owner owns, and what it knows of it."""

    catalog: Catalog
    index_of: Callable[[KnowledgeBase], Index]
    space_of: Callable[[KnowledgeBase], Space]


class Owner:
    """Works in one thread: ``run`` until told to stop, or ``step`` by step."""

    def __init__(
        self, estate: Estate, courtesy: Courtesy | None = None, duties: Sequence[Callable[[], object]] = ()
    ) -> None:
        """Take what is owned, who goes first, and what else is to be done about once a second.

        A duty that raises is logged and tried again a little later; the others are done all the same. One
        that returns True has more to do, and has its next turn at once.
        """
        self._estate = estate
        self._courtesy = courtesy or Courtesy()
        self._duties = (self._recover, *duties)
        self._next_round = 0.0

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set; errors are logged and what they hit is tried again."""
        while not stop.is_set():
            try:
                if not self.step():
                    stop.wait(_POLL_SECONDS)
            except CarrelError as error:  # the disk is full, or the database is away
                _log.warning("%s", error)
                stop.wait(_TROUBLE_SECONDS)
            except Exception:  # the thread must outlive whatever one job brings out
                _log.exception("The owner of the index goes on after a fault.")
                stop.wait(_TROUBLE_SECONDS)

    def step(self) -> bool:
        """Take one paper in, if one was handed over; return whether there was one."""
        if time.monotonic() >= self._next_round:
            seconds = 0.0 if self._do_duties() else _ROUND_SECONDS
            self._next_round = time.monotonic() + seconds
        with self._estate.catalog.read() as tx:
            job = queue.next_handed(tx)
        if job is None:
            return False
        try:
            self._take_in(job)
        except KnowledgeBaseMissing:
            _log.debug("%s went with its knowledge base.", job.file_name)
            with self._estate.catalog.write() as tx:
                if queue.still_wanted(tx, job):  # its generation is no longer being built
                    queue.cancel(tx, job)
        except SpaceMismatch as error:
            self._fail(job, error)
        except CarrelError as error:
            self._postpone(job, error)
        except ValueError as error:  # what was handed over is damaged: it is made again
            if self._put_back(job):  # else it was removed while it was read
                _log.warning("%s: %s", job.file_name, error)
        except Exception as error:  # one paper must not stop the others
            _log.debug("%s", job.file_name, exc_info=error)
            fault = UnforeseenFault(name=job.file_name, detail=f"{type(error).__name__}: {error}")
            self._fail(job, fault)
        return True

    def _take_in(self, job: Job) -> None:
        with self._estate.catalog.read() as tx:
            knowledge_base = targets.target(tx, job)
            head = _head(tx, job)
            shown = None if head is None else _as_corrected(tx, job, head, knowledge_base)
        # First: it stands still for no model, and the space is known afterwards.
        index = self._estate.index_of(knowledge_base)
        if (
            head is None
            or shown is None
            or head.made_for != made_for(knowledge_base, self._estate.space_of(knowledge_base))
        ):
            self._put_back(job)  # another generation serves by now, or it was interrupted oddly
            return
        self._add(job, replace(head, metadata=shown), index, knowledge_base.domain)
        with self._estate.catalog.write() as tx:
            wanted = queue.still_wanted(tx, job)
            present = targets.target(tx, job)
            if present.generation != knowledge_base.generation:
                return  # its index goes as a whole, and the job back to the queue in the next step
            if wanted and _as_corrected(tx, job, head, present) != shown:
                return  # it came into another knowledge base meanwhile: once more
            if wanted:
                self._publish(tx, job, head, knowledge_base)
            held = papers.holds(tx, knowledge_base, job.paper_id)
        if not wanted and not held:
            index.remove([job.paper_id])

    def _add(self, job: Job, head: Head, index: Index, domain: Domain) -> None:
        for piece in self._pieces(job, head):
            for first in range(0, max(len(piece.passages), 1), _PASSAGES_A_CALL):
                self._courtesy.give_way()
                part = piece.passages[first : first + _PASSAGES_A_CALL]
                vectors = piece.vectors[first : first + _PASSAGES_A_CALL]
                index.add([_indexed(job, head, part, vectors, domain)], head.ids)

    def _pieces(self, job: Job, head: Head) -> Iterator[Piece]:
        """Yield the pieces of a paper; one without passages for a paper that has none."""
        count = -(-len(head.ids) // PASSAGES_A_PIECE)
        if not count:
            yield Piece((), head.vector.reshape(1, -1)[:0])
        for number in range(1, count + 1):
            with self._estate.catalog.read() as tx:
                yield _piece(tx, job.id, number)

    def _publish(self, tx: Transaction, job: Job, head: Head, knowledge_base: KnowledgeBase) -> None:
        count = -(-len(head.ids) // PASSAGES_A_PIECE)
        pieces = (_piece(tx, job.id, number) for number in range(1, count + 1))
        if job.generation:
            papers.publish_built(tx, knowledge_base, job.paper_id, head, pieces)
        else:
            name = job.file_name
            if papers.publish_ready(tx, knowledge_base, job.paper_id, name, head, pieces):
                versions.record(tx, job.paper_id, head.likeness)
                citing.record(tx, job.paper_id, head.cited)
        queue.finish(tx, job)

    def _do_duties(self) -> bool:
        more = False
        for duty in self._duties:
            try:
                more = duty() is True or more
            except CarrelError as error:
                _log.warning("%s", error)
            except Exception:
                _log.exception("A duty of the owner of the index failed; it is tried again.")
        return more

    def _recover(self) -> None:
        with self._estate.catalog.read() as tx:
            gone = hands.gone(queue.workers(tx))
            if not queue.any_to_recover(tx, gone):
                return
        with self._estate.catalog.write() as tx:
            queue.recover(tx, gone)

    def _postpone(self, job: Job, error: CarrelError) -> None:
        _log.warning("%s: %s", job.file_name, error)
        with self._estate.catalog.write() as tx:
            if queue.still_wanted(tx, job):
                queue.postpone(tx, job, error)

    def _put_back(self, job: Job) -> bool:
        """Return a job to the queue, unless nobody wants it any more; return whether somebody does."""
        with self._estate.catalog.write() as tx:
            if wanted := queue.still_wanted(tx, job):
                queue.put_back(tx, job)
        return wanted

    def _fail(self, job: Job, error: CarrelError) -> None:
        with self._estate.catalog.write() as tx:
            if queue.still_wanted(tx, job):
                queue.fail(tx, job, error)


def _head(tx: Transaction, job: Job) -> Head | None:
    data = handovers.get(tx, job.id, 0)
    return None if data is None else decode_head(data)


def _as_corrected(tx: Transaction, job: Job, head: Head, knowledge_base: KnowledgeBase) -> Metadata:
    """Return metadata as the index is to have them: as they stand, and as they were corrected in the base."""
    standing = readings.standing(tx, knowledge_base, job.paper_id, head.metadata)
    return corrections.applied(tx, job.knowledge_base_id, job.paper_id, standing)


def _piece(tx: Transaction, job: JobId, number: int) -> Piece:
    data = handovers.get(tx, job, number)
    if data is None:
        raise ValueError("handover: a piece is missing")
    return decode_piece(data)


def _indexed(
    job: Job, head: Head, part: Sequence[ReadyPassage], vectors: Vectors, domain: Domain
) -> IndexedPaper:
    return IndexedPaper(
        id=job.paper_id,
        vector=head.vector,
        text=paper_text(domain, head.metadata),
        passages=tuple(
            IndexedPassage(
                passage.id, row, passage_text(domain, head.metadata, passage.section, passage.text)
            )
            for passage, row in zip(part, vectors, strict=True)
        ),
        year=head.metadata.year,
        authors=head.metadata.authors,
    )
