"""Working the queue off: parsing and embedding run ahead in child processes and threads.

Either as the owner of the index, who brings papers into it in passing and ends when nothing waits; or for
an owner elsewhere, to whom papers are handed over: then it waits for more, until it is stopped.
"""

import gc
import logging
from collections.abc import Generator
from threading import Event as Flag

from carrel.core.errors import CarrelError
from carrel.ingest import hands
from carrel.ingest.bench import Bench
from carrel.ingest.leases import Leases
from carrel.ingest.workshop import Event, Finished, Postponed, Workshop
from carrel.storage import queue

__all__ = ["Event", "Finished", "Postponed", "Workshop", "work"]

_log = logging.getLogger(__name__)
_POLL_SECONDS = 0.3  # until a waiting worker looks for jobs again


def work(workshop: Workshop, stop: Flag | None = None, worker: str = "") -> Generator[Event, None, None]:
    """Work jobs off in their order, until none waits, or until ``stop`` is set where there is another owner.

    A file that cannot be read fails alone. Where a knowledge base's parser or embedder cannot be used (its
    service is down, its package missing), the base's jobs are postponed and those of the others go on. An
    embedder's server that goes away in the middle is waited for. An error that is nobody's file's fault
    (disk full, model unreachable): the owner puts the jobs in hand back and raises it; who works for another
    owner has that job tried again later. Nothing is lost. Jobs are claimed in the name of ``worker``; of one
    that is nobody else's by default.
    """
    # What is loaded by now stays: the collector need not look through it again and again.
    gc.freeze()
    stop = stop or Flag()
    catalog = workshop.tools.catalog
    leases = Leases(catalog, worker=worker)
    bench = Bench(workshop, leases, stop)
    try:
        if not workshop.lasting:
            with catalog.write() as tx:
                queue.recover(tx, ["", *hands.gone(queue.workers(tx))])
        while not stop.is_set():
            yield from bench.drop_lost()
            yield from bench.claim()
            if not bench.is_empty:
                yield from bench.send_to_embedders()
                yield from bench.next_events()
            elif workshop.lasting:
                stop.wait(_POLL_SECONDS)
            else:
                return
    finally:
        # Not waiting: a file may take its parser minutes, and the user has pressed Ctrl-C.
        bench.close()
        leases.close()
        _give_back(leases, workshop)


def _give_back(leases: Leases, workshop: Workshop) -> None:
    """Put the jobs in hand back into the queue at once, rather than when their leases run out.

    The catalog says which they are: Ctrl-C may have come between a claim and the note that we hold it.
    """
    catalog = workshop.tools.catalog
    try:
        with catalog.read() as tx:  # not to ask for the right to write where there is nothing to do
            if leases.worker not in queue.workers(tx):
                return
        with catalog.write() as tx:
            queue.put_back_all_of(tx, leases.worker)
    except CarrelError as error:
        if not workshop.lasting:
            raise
        _log.warning("%s", error)  # the leases run out
