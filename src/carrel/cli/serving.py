"""The life of a server beside its HTTP: the owner of the index in a thread, and worker processes."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from carrel.bootstrap import Services
from carrel.bootstrap.calibrating import Calibrating
from carrel.cli.server_file import announced
from carrel.cli.team import WORKER, Team
from carrel.cli.warming import keep_warm
from carrel.core.errors import CarrelError
from carrel.ingest.owner import Owner
from carrel.library.mending import mend_indexes

_log = logging.getLogger(__name__)


@contextmanager
def at_work(
    opened: Services,
    workers: int,
    address: str,
    token: str,
    command: Sequence[str] = WORKER,
    duties: Sequence[Callable[[], object]] = (),
) -> Iterator[None]:
    """Work the queue off while the block runs, as the owner of the index, which the caller has acquired.

    Args:
        opened: the data folder's services.
        workers: processes to start; 0: others run ``carrel worker``.
        address: where the server listens; with ``token`` it is written where commands find it.
        command: how a worker is started; it ends when its standard input does.
        duties: what else the owner does about once a second.
    """
    stop = threading.Event()
    unhurried = opened.unhurried()
    calibrating = Calibrating(opened)
    owner = unhurried.owner((unhurried.clean, unhurried.rebuilds().advance, calibrating.advance, *duties))
    thread = threading.Thread(target=_own, args=(unhurried, owner, stop), daemon=True, name="owner")
    # Not waited for at the end: it may be asking a server that takes its time.
    warming = threading.Thread(target=keep_warm, args=(opened, stop), daemon=True, name="warming")
    team = Team(workers, command)
    with announced(opened.settings.home, address, token):
        thread.start()
        warming.start()
        team.start()
        try:
            yield
        finally:
            team.stop()
            stop.set()
            thread.join()  # what it has in hand is a matter of moments


def _own(opened: Services, owner: Owner, stop: threading.Event) -> None:
    try:
        mend_indexes(opened.catalog, opened.index_of)
    except CarrelError as error:  # said to whoever searches; the next start tries again
        _log.warning("%s", error)
    except Exception:  # the thread must outlive it: without an owner nothing becomes searchable
        _log.exception("The indexes were not looked through; the next start does it.")
    owner.run(stop)
