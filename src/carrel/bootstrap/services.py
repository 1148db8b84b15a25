"""What a command or the server works with: everything that was opened on one data folder."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from carrel.bootstrap.dictionary import DictionaryInUse
from carrel.bootstrap.unhurried import Unhurried
from carrel.chunking.structured import structured
from carrel.config import Settings
from carrel.core.accounts import COMMAND_LINE, Caller
from carrel.core.courtesy import Asking, Courtesy, at_once
from carrel.core.endpoints import Purpose
from carrel.core.engine_errors import NoRerankerConfigured
from carrel.core.errors import ServiceError, UsageError
from carrel.core.facets import Facets
from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.paper import ParsedPaper
from carrel.core.ports import (
    BlobStore,
    Embedder,
    Index,
    Indexes,
    Parser,
    Reranker,
    Unlocker,
    VectorCache,
)
from carrel.core.ranking import Query, SearchResult
from carrel.core.search_record import SearchRecord
from carrel.core.space import Space
from carrel.core.tasks import task_of
from carrel.core.translation import Translation
from carrel.core.understanding import Part
from carrel.evaluation.measuring import Measured, Measurements
from carrel.ingest.owner import Estate, Owner
from carrel.ingest.pipeline import Tools
from carrel.ingest.rebuild import QUERIES_END_WITHIN, Rebuilds
from carrel.ingest.worker import Workshop
from carrel.library.backup import Stores
from carrel.library.cleaning import work_off_leftovers, work_off_removals
from carrel.library.endpoints import Endpoints
from carrel.library.holdings import Holdings
from carrel.library.shelves import Shelves
from carrel.library.vectors import work_off_vectors
from carrel.search import pipeline, understand
from carrel.search.facets import facets_of
from carrel.search.likes import NO_TASTES, tastes_of
from carrel.search.marking import Marker, marker
from carrel.search.reading import Reading
from carrel.search.recording import recorded
from carrel.search.rerank import ENGINE_FAILURES, BrokenReranker
from carrel.search.similar import SimilarPaper, about_vector, similar_papers
from carrel.search.sources import Sources
from carrel.search.telling import Telling, telling_sentences
from carrel.search.translate import question_for, words_asked
from carrel.storage.database import Catalog
from carrel.storage.paper_pages import READY
from carrel.storage.parses import ParseStore

if TYPE_CHECKING:
    from carrel.library.accounts import Accounts


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a command needs, opened on one data folder. Close it when done."""

    settings: Settings
    catalog: Catalog
    blobs: BlobStore
    parses: ParseStore
    indexes: Indexes
    shelves: Shelves
    accounts: Callable[[], "Accounts"]
    endpoints: Endpoints
    vectors: VectorCache
    embedder_of: Callable[[KnowledgeBase], Embedder]
    settings_of: Callable[[str], Settings]  # of an embedder by its name: its server's, where one is named
    index_of: Callable[[KnowledgeBase], Index]
    parser: Callable[[], Parser]  # the default one, to look at a file without a knowledge base
    parser_of: Callable[[KnowledgeBase], Parser]
    unlocker: Callable[[str], Unlocker]  # by password
    reranker: Callable[[], Reranker | None]  # None where nobody names one
    dictionary: DictionaryInUse
    close: Callable[[], None]
    steady: Callable[[], AbstractContextManager[None]] = nullcontext  # models' servers are looked up once
    courtesy: Courtesy = field(default_factory=Courtesy)  # searches go before what is taken in
    measurements: Measurements = field(default_factory=Measurements)

    def own_index(self, purpose: str, wait_seconds: float | None = None, at_once: bool = False) -> None:
        """Become the owner of the data folder's indexes; delete what is noted and what killed ones left.

        ``at_once``: somebody waits, so that what would take long is begun only.

        Raises:
            IndexBusy: another process owns them, and kept them as long as the settings let us wait.
        """
        wait = self.settings.index_wait_seconds if wait_seconds is None else wait_seconds
        self.indexes.acquire(purpose, wait)
        # Nobody else can have been asking an index.
        while self.clean(queries_end_within=0.0) and not at_once:
            pass
        self.blobs.sweep()
        self.parses.sweep()

    def clean(self, queries_end_within: float = QUERIES_END_WITHIN) -> bool:
        """Delete what is noted, and indexes that nobody can be asking any more; only for the owner.

        Returns whether there is more: what a large knowledge base leaves takes many rounds of a second or so.
        """
        self.rebuilds().tidy(queries_end_within)
        more = work_off_leftovers(self.catalog)
        work_off_removals(
            self.catalog, self.blobs, self.parses, self.indexes, self.index_of, queries_end_within
        )
        return work_off_vectors(self.catalog, self.vectors) or more

    def parsed(self, knowledge_base: KnowledgeBase, paper: PaperId) -> ParsedPaper | None:
        """Return a paper as the knowledge base's parser read it; None where it has not, or that is gone."""
        try:
            fingerprint = self.parser_of(knowledge_base).fingerprint
        except (UsageError, ServiceError):  # it is not installed any more; what it read is of no use then
            return None
        stored = self.parses.get(paper, fingerprint)
        return None if stored is None else structured(stored, knowledge_base.domain)

    def unhurried(self) -> "Services":
        """Return the same for the thread of an owner who has other work than to wait for a model's server."""
        return replace(self, index_of=Unhurried(self.embedder_of, self.index_of).index_of)

    def owner(self, duties: Sequence[Callable[[], object]] = ()) -> Owner:
        """Return what brings papers into the index that workers hand over; ``duties``: what else it does."""
        return Owner(Estate(self.catalog, self.index_of, self.space_of), self.courtesy, duties)

    def space_of(self, knowledge_base: KnowledgeBase) -> Space:
        """Return the space of the knowledge base's vectors."""
        encoder = self.embedder_of(knowledge_base).encoder
        return Space(encoder, knowledge_base.dimensions or encoder.width)

    def stores(self) -> Stores:
        """Return what a backup is made of and restored to."""
        return Stores(self.settings.home, self.catalog, self.blobs, self.parses, self.vectors)

    def workshop(self, hand_over: bool = False) -> Workshop:
        """Return what a worker needs; ``hand_over``: another process owns the indexes."""
        return Workshop(
            tools=Tools(self.catalog, self.blobs, self.parses, self.parser_of),
            embedder_of=self.embedder_of,
            index_of=None if hand_over else self.index_of,
            home=self.settings.home,
            keep_free_mb=self.settings.keep_free_mb,
            parsers=self.settings.parser_count,
            patience_seconds=self.settings.embedder_patience_seconds,
        )

    def rebuilds(self) -> Rebuilds:
        """Return what re-indexes knowledge bases. The owner of the index keeps one and lets it advance."""
        return Rebuilds(self)

    def possible(self, wanted: KnowledgeBase) -> KnowledgeBase:
        """Return it as the catalog keeps it. Raises as ``check_parser`` and ``checked_dimensions``."""
        from carrel.parsing.parsers import check_parser

        check_parser(wanted.parser)
        return replace(wanted, dimensions=self.checked_dimensions(wanted.embedder, wanted.dimensions))

    def search(self, query: Query, caller: Caller = COMMAND_LINE, asking: Asking = at_once) -> SearchResult:
        """Answer a query over the knowledge bases it names, or all that the caller may read.

        Models are asked within ``asking``, which may wait for a turn.

        Raises:
            KnowledgeBaseMissing, NoRerankerConfigured, and as ``pipeline.search``.
            PaperMissing: the caller may read no paper that they like or dislike of this id.
        """
        own = self.shelves.of(caller)
        shelves = own.readable(query.knowledge_bases)
        tastes = NO_TASTES
        if query.liked or query.disliked:
            tastes = tastes_of(query, own.readable(), self.catalog)
        reranker = self._reranker_or_reason() if query.rerank else None
        if query.rerank and reranker is None:
            raise NoRerankerConfigured()
        if self.dictionary.is_off:
            query = replace(query, translate=False)
        settings = self.settings
        reading = Reading(reranker, settings.reranker_candidates, settings.reranker_budget)
        with self.courtesy.search(), self.steady():
            return pipeline.search(
                query,
                shelves,
                Sources(
                    self.catalog, self.vectors, self.embedder_of, self.index_of, self.dictionary.get, asking
                ),
                reading,
                tastes,
            )

    def record(self, query: Query, result: SearchResult, caller: Caller = COMMAND_LINE) -> SearchRecord:
        """Return the record of a search that was just made. Raises as ``Shelves.readable``."""
        return recorded(query, result, self.shelves.of(caller).readable(query.knowledge_bases), self.space_of)

    def facets(
        self, result: SearchResult | None, knowledge_bases: Sequence[str] = (), caller: Caller = COMMAND_LINE
    ) -> Facets:
        """Count what to narrow a search down by; without a result, over all papers of the knowledge bases.

        They are those that the search was over: named, or all that the caller may read.

        Raises:
            KnowledgeBaseMissing, KnowledgeBaseAmbiguous: as ``Shelves.readable``.
        """
        return facets_of(result, self.shelves.of(caller).readable(knowledge_bases), self.catalog)

    def similar(
        self,
        knowledge_base: str,
        paper: str,
        within: Sequence[str] = (),
        limit: int = 10,
        caller: Caller = COMMAND_LINE,
        asking: Asking = at_once,
    ) -> tuple[SimilarPaper, ...]:
        """Return papers about what this one is about, without itself and its versions, nearest first.

        Of knowledge bases with the same model: those ``within``, or all that the caller may read. Nothing
        where the paper is not searchable yet. The model, where it is needed, is asked within ``asking``.

        Raises:
            PaperMissing, KnowledgeBaseMissing, KnowledgeBaseAmbiguous: as ``Holdings.one``.
            ServiceError: an index, or the model where it is needed, cannot be reached.
        """
        holdings = Holdings(self.catalog, caller, knowledge_base)
        found, key = holdings.about_key(paper)
        bases = self.shelves.of(caller).readable(within)
        if found.paper.state != READY:
            return ()
        record, base = found.paper.record, found.knowledge_base
        vector = about_vector(record, key, base, self.embedder_of(base), self.vectors, asking)
        left_out = {record.id, *(version.id for version in holdings.one(paper).versions)}
        with self.courtesy.search():
            return similar_papers(vector, base, bases, left_out, limit, self.catalog, self.index_of)

    def recall_of_cuts(self, knowledge_base: KnowledgeBase) -> Measured:
        """Return which share of the nearest passages smaller vectors still find. Raises ServiceError."""
        return self.measurements.measured(
            knowledge_base,
            self.catalog,
            self.vectors,
            lambda: self.embedder_of(knowledge_base).encoder,
        )

    def marker(self, query: str, translation: Translation | None = None) -> Marker:
        """Return what marks the words of a query in titles and passages, and chooses what to show of them.

        As the query was understood: conditions are not marked, nor anything of one that cannot be read; of a
        translated one the words that it was asked with too.
        """
        from carrel.indexing.analysis import placed_terms

        try:
            understood = understand.read(query, may_be_empty=True)
        except UsageError:
            return marker("", placed_terms)
        return marker(words_asked(understood.text, translation), placed_terms, understood.values(Part.PHRASE))

    def telling(
        self,
        query: str,
        passages: Sequence[str],
        knowledge_base: str,
        caller: Caller = COMMAND_LINE,
        asking: Asking = at_once,
    ) -> tuple[Telling | None, ...]:
        """Return the sentence of each of these texts that is nearest to the query.

        The knowledge base's model decides; each call of it is made within ``asking``. Sentences' vectors are
        not cached: nothing would delete them with their paper.

        Raises:
            KnowledgeBaseMissing, KnowledgeBaseAmbiguous: the caller may read none of this id or name.
            ServiceError, TextsRefused: as ``telling_sentences``.
        """
        from carrel.engines.cached_embedder import CachedEmbedder

        (base,) = self.shelves.of(caller).readable([knowledge_base])
        embedder = self.embedder_of(base)
        engine = embedder.engine if isinstance(embedder, CachedEmbedder) else embedder
        task = task_of(self.settings.query_instruction, (base.domain,))
        question = question_for(query, passages, embedder, self.dictionary.get)
        return telling_sentences(question, passages, engine, task, lambda: asking(base.embedder))

    def has_reranker(self) -> bool:
        """Whether the settings or an administrator name a reranker. It is not asked anything."""
        return bool(self.settings.reranker) or bool(self.endpoints.models(Purpose.RERANKER))

    def reranks(self, wanted: bool | None) -> bool:
        """Whether a question is reranked: as it wants; None: as the settings say, if there is a reranker."""
        return self.settings.rerank and self.has_reranker() if wanted is None else wanted

    def checked_dimensions(self, embedder: str, wanted: int) -> int:
        """Return dimensions as the catalog keeps them: 0 for all that the model gives.

        Raises:
            ModelUnknown, EndpointNotSet, DimensionsImpossible: that model cannot be had, or not so cut.
        """
        from carrel.engines.embedders import dimensions_of

        model = self.embedder_of(KnowledgeBase(KnowledgeBaseId(""), "", embedder=embedder))
        return dimensions_of(model, embedder, wanted, self.settings_of(embedder))

    def _reranker_or_reason(self) -> Reranker | None:
        """Return the reranker, or one that says why there is none: a search goes on without it."""
        try:
            return self.reranker()
        except ENGINE_FAILURES as error:
            return BrokenReranker(self.settings.reranker, error)
