"""Calibrating knowledge bases: when somebody asks for it, and as a duty of the owner of the index."""

import logging
import time
from collections.abc import Callable
from functools import partial

from carrel.bootstrap.services import Services
from carrel.core.accounts import COMMAND_LINE, SERVER, Caller
from carrel.core.audit import Action
from carrel.core.calibration import Calibration, is_due, is_outlived
from carrel.core.errors import CarrelError
from carrel.core.knowledge_base import KnowledgeBase
from carrel.engines.cached_embedder import CachedEmbedder
from carrel.evaluation.calibrating import Found, Instruments, calibrate
from carrel.evaluation.sample_lists import Analysis
from carrel.indexing.analysis import PAPERS, PASSAGES, document_terms, query_terms
from carrel.ingest.errands import Errand
from carrel.library.auditing import record
from carrel.search.weighing import usual_share
from carrel.storage import calibrations, judgments
from carrel.storage.clock import now

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 20.0  # between two looks at what is due
_AFTER_FAILURE_SECONDS = 3600.0

_ANALYSIS = Analysis(
    paper=partial(document_terms, field=PAPERS),
    passage=partial(document_terms, field=PASSAGES),
    question=query_terms,
)


def found_out(
    services: Services, base: KnowledgeBase, caller: Caller = SERVER, is_asked: bool = False
) -> Found:
    """Calibrate a knowledge base and keep what was found; in the audit log if it is asked for, or a change.

    Unless somebody asks for it, what was set back or found out meanwhile stays. Vectors of what is held out
    are not cached: nothing would delete them with their paper.

    Raises:
        ServiceError: its model cannot be loaded or reached.
    """
    embedder = services.embedder_of(base)
    tools = Instruments(
        services.catalog,
        services.vectors,
        embedder.engine if isinstance(embedder, CachedEmbedder) else embedder,
        _ANALYSIS,
        services.settings.query_instruction,
        services.courtesy.give_way,
    )
    found = calibrate(base, tools)
    if _keep(services, base, found.calibration, caller, is_asked):
        _log.info("%s: meaning counts %.2f.", base.name, found.calibration.share)
    return found


def set_back(
    services: Services, base: KnowledgeBase, caller: Caller = COMMAND_LINE, is_asked: bool = True
) -> Calibration:
    """Let the share that is usual count, until the knowledge base has changed by so much that it is due."""
    with services.catalog.read() as tx:
        queries = judgments.queries_by_keepers(tx).get(base.id, 0)
    usual = usual_share([base.domain])
    calibration = Calibration(usual, usual, 0, 0, base.papers, queries, now())
    _keep(services, base, calibration, caller, is_asked)
    return calibration


def forget_outlived(services: Services) -> None:
    """Set back what was found out on papers that are gone by half, where too few are left to measure on."""
    with services.catalog.read() as tx:
        standing = calibrations.at_rest(tx)
    for each in standing:
        base = each.knowledge_base
        if is_outlived(base.calibration, base.papers):
            set_back(services, base, SERVER, is_asked=False)


def due(services: Services) -> tuple[KnowledgeBase, ...]:
    """Return the knowledge bases that are to be calibrated by themselves now, by name."""
    with services.catalog.read() as tx:
        standing = calibrations.at_rest(tx)
    return tuple(
        each.knowledge_base
        for each in standing
        if is_due(each.knowledge_base.calibration, each.knowledge_base.papers, each.queries)
    )


class Calibrating:
    """A duty of the owner of the index, who does not stand still for it: one at a time, in another thread."""

    def __init__(self, services: Services, clock: Callable[[], float] = time.monotonic) -> None:
        self._services = services
        self._clock = clock
        self._next_look = clock() + _LOOK_SECONDS  # a server that starts has other things to do
        self._under_way: tuple[KnowledgeBase, Errand[Found]] | None = None
        self._not_before: dict[tuple[str, int], float] = {}

    @property
    def under_way(self) -> bool:
        """Whether one is being calibrated, or was and has not been looked at since."""
        return self._under_way is not None

    def advance(self) -> None:
        """See whether the one under way has ended, or begin the next. What failed is tried again later."""
        if self._under_way is not None:
            base, errand = self._under_way
            if not errand.back(0):
                return
            self._under_way = None
            self._end(base, errand)
        if self._clock() < self._next_look:
            return
        self._next_look = self._clock() + _LOOK_SECONDS
        forget_outlived(self._services)
        for base in due(self._services):
            if self._clock() >= self._not_before.get(_key(base), 0.0):
                self._under_way = base, Errand(partial(found_out, self._services, base))
                return

    def _end(self, base: KnowledgeBase, errand: Errand[Found]) -> None:
        try:
            errand.result()
        except CarrelError as error:
            _log.warning("%s was not calibrated: %s", base.name, error)
        except Exception:  # the owner must outlive it
            _log.exception("%s was not calibrated; it is tried again later.", base.name)
        else:
            self._next_look = self._clock()  # there may be another one
            return
        self._not_before[_key(base)] = self._clock() + _AFTER_FAILURE_SECONDS


def _keep(
    services: Services, base: KnowledgeBase, found: Calibration, caller: Caller, is_asked: bool
) -> bool:
    """Note a calibration and who made it; whether it was noted, since somebody else's may have come first."""
    before = base.calibration.share if base.calibration else found.usual
    with services.catalog.write() as tx:
        if not calibrations.put(tx, base, found, unless_changed=not is_asked):
            return False
        if is_asked or found.share != before:
            detail = {"name": base.name, "meaning_share": f"{found.share:.2f}", "before": f"{before:.2f}"}
            record(tx, caller, Action.KNOWLEDGE_BASE_CALIBRATE, base.id, detail)
        return True


def _key(base: KnowledgeBase) -> tuple[str, int]:
    return base.id, base.generation
