"""Re-indexing: the next generation of an index is built beside the one that serves, checked, and swapped in.

    begin → (papers: copied where their vectors are cached, else a job each) → check → swap → keep the old

Every step is a transaction of the catalog and can be taken again, so that a rebuild that was killed anywhere
goes on. Until the swap, what serves is untouched; the swap is one transaction.
"""

import logging
import time
from collections.abc import Callable
from typing import Protocol

from carrel.config import Settings
from carrel.core.courtesy import Courtesy
from carrel.core.errors import CarrelError, InvalidSetting, KnowledgeBaseMissing, StorageFull
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import BlobStore, Embedder, Index, Parser, VectorCache
from carrel.core.rebuild import (
    Change,
    Estimate,
    Generation,
    GenerationState,
    Progress,
    RebuildStatus,
    same_vectors,
)
from carrel.core.rebuild_errors import NoRebuild, NothingKept, RebuildUnderWay
from carrel.ingest.errands import Errand
from carrel.ingest.pipeline import Tools
from carrel.ingest.rebuild_estimate import Estimator, check_answers, is_all_cached
from carrel.ingest.rebuild_steps import Builder, Checked
from carrel.storage import generations, knowledge_bases, rebuild_jobs, rebuilds
from carrel.storage.clock import later
from carrel.storage.database import Catalog
from carrel.storage.parses import ParseStore

_log = logging.getLogger(__name__)

_FIRST_DELAY = 1.0  # seconds until a rebuild that does not get on is tried again; doubled each time
_LONGEST_DELAY = 60.0
_CHECK_SECONDS = 2.0  # for which the owner of the index waits for a check; then it has other work
_A_DAY = 86400.0
QUERIES_END_WITHIN = 120.0
"""Seconds: an index that has ceased to serve is not deleted before every query that may ask it has ended."""


class Equipment(Protocol):
    """What re-indexing needs, as the services have it. All is read and nothing set."""

    @property
    def settings(self) -> Settings:
        """Where data are, how much room stays free, and for how long an index is kept."""
        ...

    @property
    def catalog(self) -> Catalog:
        """What is held and what is built."""
        ...

    @property
    def blobs(self) -> BlobStore:
        """The papers' bytes."""
        ...

    @property
    def parses(self) -> ParseStore:
        """How parsers have read them."""
        ...

    @property
    def vectors(self) -> VectorCache:
        """What models have said."""
        ...

    @property
    def embedder_of(self) -> Callable[[KnowledgeBase], Embedder]:
        """The model of a generation."""
        ...

    @property
    def index_of(self) -> Callable[[KnowledgeBase], Index]:
        """The index of a generation."""
        ...

    @property
    def parser_of(self) -> Callable[[KnowledgeBase], Parser]:
        """The parser of a generation."""
        ...

    @property
    def courtesy(self) -> Courtesy:
        """Who goes first."""
        ...

    def possible(self, wanted: KnowledgeBase) -> KnowledgeBase:
        """Return a knowledge base with settings that can be, or raise."""
        ...


class Rebuilds:
    """Re-indexing of all knowledge bases. Whoever calls has looked who may do what.

    ``step``, ``advance`` and ``tidy`` are for the owner of the index; all others may be called by anybody,
    beside a server too.
    """

    def __init__(self, equipment: Equipment) -> None:
        settings = equipment.settings
        self._equipment = equipment
        self._catalog = equipment.catalog
        self._estimator = Estimator(
            equipment.catalog,
            equipment.vectors,
            equipment.embedder_of,
            settings.home,
            settings.keep_free_mb,
        )
        self._builder = Builder(
            Tools(equipment.catalog, equipment.blobs, equipment.parses, equipment.parser_of),
            equipment.vectors,
            equipment.embedder_of,
            equipment.index_of,
            equipment.courtesy,
        )
        self._checks: dict[tuple[str, int], Errand[Checked]] = {}  # by knowledge base and generation
        self._delays: dict[str, tuple[float, float]] = {}  # by knowledge base: seconds, and when it is over

    def estimate(self, knowledge_base: KnowledgeBase, change: Change) -> Estimate:
        """Return what a re-index will take; some texts are embedded to find the model's rate.

        Raises:
            InvalidSetting, ModelUnknown, …: such settings cannot be.
            ServiceError: the model does not answer.
        """
        serving = self._present(knowledge_base)
        return self._estimator.estimate(serving, self.wanted(serving, change))

    def outlook(self, knowledge_base: KnowledgeBase, change: Change) -> Estimate:
        """Return the estimate without asking the model to embed anything."""
        serving = self._present(knowledge_base)
        return self._estimator.estimate(serving, self.wanted(serving, change), measure=False)

    def begin(self, knowledge_base: KnowledgeBase, change: Change, started_by: str = "") -> RebuildStatus:
        """Begin to build the next generation. An empty knowledge base has its new settings at once.

        Raises:
            RebuildUnderWay: one is being built already.
            InvalidSetting, ModelUnknown, …: such settings cannot be.
            ServiceError: the model is needed and does not answer. Nothing was changed.
            StorageFull: two indexes have no room on the disk. Nothing was changed.
        """
        serving = self._present(knowledge_base)
        with self._catalog.read() as tx:
            if generations.under_way(tx, serving) is not None:
                raise RebuildUnderWay(name=serving.name)
        wanted = self.wanted(serving, change)
        if serving.papers:
            self._check_can_be_built(serving, wanted)
        with self._catalog.write() as tx:
            generations.begin(tx, wanted, started_by)
        return self.status(serving)

    def wanted(self, serving: KnowledgeBase, change: Change) -> KnowledgeBase:
        """Return the knowledge base as it is to be. Raises as ``begin``."""
        try:
            changed = change.applied_to(serving)
        except ValueError as error:
            value = f"{change.chunk_size or ''}/{change.chunk_overlap or ''}"
            raise InvalidSetting(name="chunking", value=value, expected=str(error)) from error
        return self._equipment.possible(changed)

    def status(self, knowledge_base: KnowledgeBase) -> RebuildStatus:
        """Return how it stands. Raises KnowledgeBaseMissing."""
        with self._catalog.read() as tx:
            serving = knowledge_bases.by_id(tx, knowledge_base.id)
            found = generations.under_way(tx, serving)
            return RebuildStatus(
                serving,
                found,
                Progress() if found is None else rebuilds.progress(tx, found.built_as),
                generations.last_ended(tx, serving),
                generations.kept(tx, serving),
            )

    def cancel(self, knowledge_base: KnowledgeBase) -> None:
        """End a rebuild and leave everything as it was. Raises NoRebuild."""
        with self._catalog.write() as tx:
            generations.cancel(tx, knowledge_bases.by_id(tx, knowledge_base.id))

    def rollback(self, knowledge_base: KnowledgeBase) -> RebuildStatus:
        """Go back to the generation that was kept, once it has what was added since.

        Raises:
            RebuildUnderWay, NothingKept: it is not possible.
            ServiceError: its model does not answer.
        """
        status = self.status(knowledge_base)
        if status.kept is None:
            raise NothingKept(name=knowledge_base.name)
        if status.kept.built_as.embedder != status.serving.embedder:
            check_answers(self._equipment.embedder_of(status.kept.built_as))
        with self._catalog.write() as tx:
            generations.bring_back(tx, knowledge_bases.by_id(tx, knowledge_base.id))
        return self.status(knowledge_base)

    def discard_kept(self, knowledge_base: KnowledgeBase) -> None:
        """Let the kept generation go; its room on the disk is free a little later. Raises NothingKept."""
        with self._catalog.write() as tx:
            generations.discard_kept(tx, knowledge_bases.by_id(tx, knowledge_base.id))

    def accept_failures(self, knowledge_base: KnowledgeBase) -> int:
        """Go on without the papers that failed: they become failed files at the swap. Raises NoRebuild."""
        with self._catalog.write() as tx:
            return rebuild_jobs.give_up_failed(tx, self._under_way(knowledge_base).built_as)

    def retry_failures(self, knowledge_base: KnowledgeBase) -> int:
        """Try the papers again that failed. Raises NoRebuild."""
        with self._catalog.write() as tx:
            return rebuild_jobs.retry_failed(tx, self._under_way(knowledge_base).built_as)

    def advance(self) -> bool:
        """Do what can be done now of every rebuild, about a second of each; return whether there is more.

        One that does not get on (a model's server is away) says why in its row and is tried again later.
        """
        with self._catalog.read() as tx:
            under_way = generations.every_under_way(tx)
        more = False
        for serving in under_way:
            delay, due = self._delays.get(serving.id, (0.0, 0.0))
            if time.monotonic() < due:
                continue
            try:
                more = self._advanced(serving) or more
            except KnowledgeBaseMissing:
                continue
            except CarrelError as error:
                _log.warning("%s: %s", serving.name, error)
                delay = min(max(2 * delay, _FIRST_DELAY), _LONGEST_DELAY)
                self._delays[serving.id] = (delay, time.monotonic() + delay)
                self._note_trouble(serving, error.kind, str(error))
            else:
                asked = any(identifier == serving.id for identifier, _ in self._checks)
                if not asked and serving.id in self._delays:
                    del self._delays[serving.id]
                    self._note_trouble(serving, "", "")
        return more

    def step(self, knowledge_base: KnowledgeBase) -> bool:
        """Take a rebuild further, for about a second; return whether there is more to do at once.

        Raises:
            KnowledgeBaseMissing: it was deleted.
            CarrelError: it can be tried again.
        """
        with self._catalog.read() as tx:
            serving = knowledge_bases.by_id(tx, knowledge_base.id)
            found = generations.under_way(tx, serving)
        if found is None:
            return False
        if found.state is GenerationState.CHECKING:
            return self._builder.check_and_swap(serving, found)
        return self._builder.build(serving, found)

    def _advanced(self, knowledge_base: KnowledgeBase) -> bool:
        """As ``step``, but the model is asked for a check in another thread: what hangs is not waited for."""
        with self._catalog.read() as tx:
            serving = knowledge_bases.by_id(tx, knowledge_base.id)
            found = generations.under_way(tx, serving)
        if found is None or found.state is not GenerationState.CHECKING:
            self._checks = {key: check for key, check in self._checks.items() if key[0] != serving.id}
            return self.step(knowledge_base)
        key, seconds = (serving.id, found.number), 0.0
        if key not in self._checks:
            check = self._builder.check(serving, found)
            if check is None:
                return True
            self._checks[key], seconds = Errand(check), _CHECK_SECONDS
        if not self._checks[key].back(seconds):
            return False
        return self._builder.swap(serving, found, self._checks.pop(key).result())

    def tidy(self, queries_end_within: float = QUERIES_END_WITHIN) -> None:
        """Let go what was kept for long enough, and delete what nobody can be asking any more."""
        with self._catalog.read() as tx:
            kept_since = later(-self._equipment.settings.keep_generation_days * _A_DAY)
            expired = generations.in_state(tx, GenerationState.KEPT, kept_since)
            leaving = generations.in_state(tx, GenerationState.LEAVING, later(-queries_end_within))
        for found in expired:
            with self._catalog.write() as tx:
                present = generations.kept(tx, found.built_as)
                if present is not None and present.number == found.number:
                    generations.discard_kept(tx, found.built_as)
        for found in leaving:
            with self._catalog.write() as tx:
                generations.end(tx, found, GenerationState.GONE)

    def _check_can_be_built(self, serving: KnowledgeBase, wanted: KnowledgeBase) -> None:
        equipment = self._equipment
        embedder = equipment.embedder_of(wanted)
        cached = same_vectors(serving, wanted) and is_all_cached(
            self._catalog, equipment.vectors, serving, embedder
        )
        if not cached:
            check_answers(embedder)
        estimate = self._estimator.estimate(serving, wanted, measure=False)
        if estimate.disk_bytes > estimate.free_bytes:
            raise StorageFull(
                folder=self._estimator.home,
                free_mb=estimate.free_bytes // 1_000_000,
                needed_mb=estimate.disk_bytes // 1_000_000 + 1,
            )

    def _present(self, knowledge_base: KnowledgeBase) -> KnowledgeBase:
        with self._catalog.read() as tx:
            return knowledge_bases.by_id(tx, knowledge_base.id)

    def _under_way(self, knowledge_base: KnowledgeBase) -> Generation:
        with self._catalog.read() as tx:
            found = generations.under_way(tx, knowledge_bases.by_id(tx, knowledge_base.id))
        if found is None:
            raise NoRebuild(name=knowledge_base.name)
        return found

    def _note_trouble(self, knowledge_base: KnowledgeBase, kind: str, message: str) -> None:
        with self._catalog.write() as tx:
            try:
                found = generations.under_way(tx, knowledge_bases.by_id(tx, knowledge_base.id))
            except KnowledgeBaseMissing:
                return
            if found is not None:
                generations.note_trouble(tx, found, kind, message)
