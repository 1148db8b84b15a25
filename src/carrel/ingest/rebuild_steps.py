"""The steps of a rebuild: papers are copied or queued, the whole is checked, and serves."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from carrel.chunking.structured import structured
from carrel.core.cited_keys import keys_of_references
from carrel.core.courtesy import Courtesy
from carrel.core.errors import CarrelError
from carrel.core.ids import PaperId
from carrel.core.kept_errors import kept
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.likeness import Likeness, likeness_of
from carrel.core.ports import Embedder, Index, IndexedPaper, VectorCache
from carrel.core.rebuild import Generation, GenerationState, same_vectors
from carrel.core.rebuild_errors import SelfCheckFailed
from carrel.core.space import cut
from carrel.ingest.pipeline import Tools, indexed
from carrel.ingest.self_check import bring_in_step, check, check_model
from carrel.storage import (
    citing,
    generations,
    knowledge_bases,
    papers,
    rebuild_jobs,
    rebuilds,
    swaps,
    versions,
)
from carrel.storage.database import Transaction
from carrel.storage.readings import Reading, is_settled
from carrel.storage.rebuilds import Held

_PAPERS_A_PAGE = 16  # of 100 passages and 2560 dimensions: 16 MB of vectors
_PASSAGES_A_CALL = 64  # of the index, between which searches go first
_QUEUED_AT_ONCE = 200
_SECONDS_A_STEP = 0.5  # the owner of the index has other work, too


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of a check: the papers (with passages) that were built before it, and why it failed."""

    before: Mapping[PaperId, int]
    failure: SelfCheckFailed | None = None


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds generations as the owner of the index. Each step can be taken again."""

    tools: Tools
    vectors: VectorCache
    embedder_of: Callable[[KnowledgeBase], Embedder]
    index_of: Callable[[KnowledgeBase], Index]
    courtesy: Courtesy

    def build(self, serving: KnowledgeBase, found: Generation) -> bool:
        """Copy or queue papers that the generation lacks; let it be checked once it is whole.

        Returns whether there is more to do at once; otherwise jobs are under way, or have failed.
        """
        until = time.monotonic() + _SECONDS_A_STEP
        target, copies = found.built_as, same_vectors(serving, found.built_as)
        with self.tools.catalog.write() as tx:
            rebuild_jobs.forget_ended_jobs(tx, target)
        while True:
            with self.tools.catalog.read() as tx:
                page = rebuilds.missing(tx, target, _PAPERS_A_PAGE if copies else _QUEUED_AT_ONCE)
            if not page:
                return self._step_if_whole(found)
            if copies:
                self._copy(serving, found, page)
            else:
                with self.tools.catalog.write() as tx:
                    if _is_present(tx, serving, found):
                        still = rebuilds.held(tx, target, list(page))
                        rebuild_jobs.enqueue(
                            tx, target, {paper: each.file_name for paper, each in still.items()}
                        )
            if time.monotonic() > until or not copies:
                return True

    def check_and_swap(self, serving: KnowledgeBase, found: Generation) -> bool:
        """Check a whole generation, and let it serve; one that does not pass goes. There is more to do: True.

        Raises:
            ServiceError: its model does not answer.
        """
        check = self.check(serving, found)
        return check is None or self.swap(serving, found, check())

    def check(self, serving: KnowledgeBase, found: Generation) -> Callable[[], Checked] | None:
        """Return what checks a whole generation; it changes nothing, and any thread may call it.

        Its model is asked, and so loaded, before the first query needs it. None where papers turned out to
        be missing: they are built.
        """
        target, catalog = found.built_as, self.tools.catalog
        index, embedder = self.index_of(target), self.embedder_of(target)
        with catalog.read() as tx:
            before = rebuilds.built(tx, target)
        if not bring_in_step(target, index, catalog):
            with catalog.write() as tx:
                if _is_present(tx, serving, found):
                    generations.set_state(tx, found, GenerationState.BUILDING)
            return None

        def checked() -> Checked:
            try:
                if target.embedder != serving.embedder:
                    check_model(target, index, embedder, catalog)
                check(target, index, embedder, self.vectors, catalog)
            except SelfCheckFailed as error:
                return Checked(before, error)
            return Checked(before)

        return checked

    def swap(self, serving: KnowledgeBase, found: Generation, checked: Checked) -> bool:
        """Let a generation serve that has passed its check; another one goes. There is more to do: True."""
        target = found.built_as
        if (error := checked.failure) is not None:
            with self.tools.catalog.write() as tx:
                # What went while it was checked makes the counts differ: not its fault.
                if _is_present(tx, serving, found) and rebuilds.built(tx, target) == checked.before:
                    generations.end(tx, found, GenerationState.FAILED, (error.kind, kept(error)))
            return True
        readings = self._read_anew(serving, found)
        self._note_citations(serving, found)
        with self.tools.catalog.write() as tx:
            if not _is_present(tx, serving, found):
                return True
            if rebuilds.is_whole(tx, target):
                swaps.swap(tx, serving, found, readings)
            else:
                generations.set_state(tx, found, GenerationState.BUILDING)
        return True

    def _step_if_whole(self, found: Generation) -> bool:
        with self.tools.catalog.write() as tx:
            present = generations.under_way(tx, knowledge_bases.by_id(tx, found.built_as.id))
            if present is None or (present.number, present.state) != (found.number, found.state):
                return False
            if not rebuilds.is_whole(tx, found.built_as):
                return False
            generations.set_state(tx, found, GenerationState.CHECKING)
        return True

    def _copy(self, serving: KnowledgeBase, found: Generation, page: Mapping[PaperId, Held]) -> None:
        """Bring papers over with their passages, where all vectors are cached; queue the others."""
        target = found.built_as
        with self.tools.catalog.read() as tx:
            contents = rebuilds.contents(tx, serving, list(page))
            records = {record.id: record for record in papers.records(tx, [serving.id], list(page))}
        index = self.index_of(target)  # first: it waits for no model
        embedder = self.embedder_of(target)
        keys = {key for rows in contents.values() for key in rows.keys if key}
        cached = self.vectors.get(embedder.encoder, sorted(keys))
        whole = [paper for paper, rows in contents.items() if all(key in cached for key in rows.keys)]
        dimensions = target.dimensions or embedder.encoder.width
        for paper in whole:
            rows = contents[paper]
            vectors = [cached[key] for key in rows.keys]
            short = cut(np.stack(vectors), dimensions)
            metadata = records[paper].metadata
            made = indexed(target.domain, paper, metadata, short[-1], rows.passages, short[:-1])
            self._add(index, made)
        with self.tools.catalog.write() as tx:
            if not _is_present(tx, serving, found):
                return  # cancelled or deleted: its index goes with the other removals
            # Removed, or removed and added again, while we were at it: another time.
            still = [
                paper for paper, each in rebuilds.held(tx, target, list(page)).items() if each == page[paper]
            ]
            copied = [paper for paper in whole if paper in still]
            rebuilds.copy(tx, serving, target, copied)
            queued = {paper: page[paper].file_name for paper in still if paper not in whole}
            rebuild_jobs.enqueue(tx, target, queued)
        index.remove([paper for paper in whole if paper not in copied])

    def _add(self, index: Index, paper: IndexedPaper) -> None:
        ids = [passage.id for passage in paper.passages]
        for first in range(0, max(len(ids), 1), _PASSAGES_A_CALL):
            self.courtesy.give_way()
            index.add([replace(paper, passages=paper.passages[first : first + _PASSAGES_A_CALL])], ids)

    def _read_anew(self, serving: KnowledgeBase, found: Generation) -> dict[PaperId, Reading]:
        """Return how the generation reads its papers where it reads otherwise, and link versions.

        The links are renewed a page of papers a transaction, before the swap, so that it stays short: killed
        in between, the generation is checked again, and so are they.
        """
        target, readings = found.built_as, dict[PaperId, Reading]()
        if target.parser == serving.parser and target.domain.reads_as(serving.domain):
            return readings
        fingerprint = self.tools.parser_of(target).fingerprint
        with self.tools.catalog.read() as tx:
            built = sorted(rebuilds.built(tx, target))
        for first in range(0, len(built), _PAPERS_A_PAGE):
            seen: dict[PaperId, tuple[Likeness, bytes]] = {}
            for paper in built[first : first + _PAPERS_A_PAGE]:
                if (stored := self.tools.parses.get(paper, fingerprint)) is not None:
                    parsed = structured(stored, target.domain)
                    readings[paper] = Reading(len(parsed.pages), parsed.metadata, parsed.quality)
                    seen[paper] = likeness_of(parsed), keys_of_references(parsed)
            with self.tools.catalog.write() as tx:
                if not _is_present(tx, serving, found):
                    break
                for paper, (likeness, cited) in seen.items():
                    if papers.holds(tx, serving, paper) and not is_settled(tx, target, paper):
                        versions.record(tx, paper, likeness)
                        citing.record(tx, paper, cited)
        return readings

    def _note_citations(self, serving: KnowledgeBase, found: Generation) -> None:
        """Note what those papers cite that were read before that was noted, where their parses are there."""
        with self.tools.catalog.read() as tx:
            lacking = citing.unknown(tx, found.built_as)
        fingerprint = ""
        with suppress(CarrelError):  # a parser that cannot be used now: another time
            fingerprint = self.tools.parser_of(serving).fingerprint if lacking else ""
        for first in range(0, len(lacking) if fingerprint else 0, _PAPERS_A_PAGE):
            self.courtesy.give_way()
            page = lacking[first : first + _PAPERS_A_PAGE]
            stored = {paper: self.tools.parses.get(paper, fingerprint) for paper in page}
            with self.tools.catalog.write() as tx:
                for paper, parsed in stored.items():
                    if parsed is not None and papers.holds(tx, serving, paper):
                        citing.record(tx, paper, keys_of_references(parsed))


def _is_present(tx: Transaction, serving: KnowledgeBase, found: Generation) -> bool:
    """Whether both generations still stand as they were seen. Raises KnowledgeBaseMissing."""
    present = knowledge_bases.by_id(tx, serving.id)
    under_way = generations.under_way(tx, present)
    return (
        present.generation == serving.generation
        and under_way is not None
        and (under_way.number, under_way.state) == (found.number, found.state)
    )
