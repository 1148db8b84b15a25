"""Settings → Services: the only place where adapters meet.

Everything costly is built when it is first asked for: ``carrel list`` loads no model, ``carrel
search`` starts no parser.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from carrel.config import Settings
from carrel.core.accounts import COMMAND_LINE, Caller
from carrel.core.courtesy import Courtesy
from carrel.core.endpoints import ModelEndpoint, Purpose
from carrel.core.engine_errors import NoRerankerConfigured
from carrel.core.ids import KnowledgeBaseId
from carrel.core.knowledge_base import DEFAULT_PARSER, KnowledgeBase
from carrel.core.loaded import Loaded
from carrel.core.ports import BlobStore, Embedder, Index, Indexes, Parser, Reranker, Unlocker, VectorCache
from carrel.core.ranking import Query, SearchResult
from carrel.core.space import Space, checked_dimensions
from carrel.ingest.owner import Estate, Owner
from carrel.ingest.pipeline import Tools
from carrel.ingest.reindex import Rebuilding, Rebuilt, Sources, reindex
from carrel.ingest.worker import Workshop
from carrel.library.backup import Stores
from carrel.library.cleaning import work_off_removals
from carrel.library.endpoints import Endpoints
from carrel.library.shelves import Shelves
from carrel.library.vectors import work_off_vectors
from carrel.search import pipeline
from carrel.search.rerank import ENGINE_FAILURES, BrokenReranker
from carrel.storage.blobs import FolderBlobStore
from carrel.storage.database import Catalog, open_database
from carrel.storage.parses import ParseStore
from carrel.storage.sealing import Sealer

if TYPE_CHECKING:
    from carrel.library.accounts import Accounts
    from carrel.parsing.children import Children
    from carrel.parsing.page_image import PageDrawer

Named = tuple[ModelEndpoint, str]
"""A server that administrators named, and its key, still encrypted."""

Announce = Callable[[str], None]  # tells the user something beforehand, such as of a download


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
    reranker: Callable[[], Reranker | None]  # of the settings; None where they name none
    close: Callable[[], None]
    courtesy: Courtesy = field(default_factory=Courtesy)  # searches go before what is taken in

    def own_index(self, purpose: str, wait_seconds: float | None = None) -> None:
        """Become the owner of the data folder's indexes; delete what is noted and what killed ones left.

        Raises:
            IndexBusy: another process owns them, and kept them as long as the settings let us wait.
        """
        wait = self.settings.index_wait_seconds if wait_seconds is None else wait_seconds
        self.indexes.acquire(purpose, wait)
        self.clean()
        self.blobs.sweep()
        self.parses.sweep()

    def clean(self) -> None:
        """Delete what is noted; only for the owner of the index."""
        work_off_removals(self.catalog, self.blobs, self.parses, self.indexes, self.index_of)
        work_off_vectors(self.catalog, self.vectors)

    def owner(self, duties: Sequence[Callable[[], None]] = ()) -> Owner:
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

    def reindex(self, name: str, dimensions: int | None) -> Generator[Rebuilding, None, Rebuilt]:
        """Rebuild the index of a knowledge base as its owner. Yields progress; as ``reindex.reindex``."""
        (knowledge_base,) = self.shelves.readable([name])
        sources = Sources(self.vectors, self.embedder_of(knowledge_base))
        return reindex(knowledge_base.id, dimensions, sources, self.indexes, self.workshop().tools)

    def search(self, query: Query, caller: Caller = COMMAND_LINE) -> SearchResult:
        """Answer a query over the knowledge bases it names, or all that the caller may read.

        Raises:
            KnowledgeBaseMissing, NoRerankerConfigured, and as ``pipeline.search``.
        """
        shelves = self.shelves.of(caller).readable(query.knowledge_bases)
        reranker = self._reranker_or_reason() if query.rerank else None
        if query.rerank and reranker is None:
            raise NoRerankerConfigured()
        with self.courtesy.search():
            return pipeline.search(
                query,
                shelves,
                self.catalog,
                self.embedder_of,
                self.index_of,
                reranker,
                self.settings.reranker_candidates,
            )

    def checked_dimensions(self, embedder: str, wanted: int) -> int:
        """Return dimensions as the catalog keeps them: 0 for all that the model gives.

        Raises:
            ModelUnknown, EndpointNotSet, DimensionsImpossible: that model cannot be had, or not so cut.
        """
        from carrel.engines.embedders import profile_in_use

        # Made, so that an unknown model is said now; asked for its width only where that matters.
        model = self.embedder_of(KnowledgeBase(KnowledgeBaseId(""), "", embedder=embedder))
        if not wanted:
            return 0
        least = profile_in_use(embedder, self.settings_of(embedder)).mrl_from
        return checked_dimensions(model.encoder, wanted, (least, model.encoder.width) if least else None)

    def _reranker_or_reason(self) -> Reranker | None:
        """Return the reranker, or one that says why there is none: a search goes on without it."""
        try:
            return self.reranker()
        except ENGINE_FAILURES as error:
            return BrokenReranker(self.settings.reranker, error)


@dataclass(frozen=True, slots=True)
class GatewayModels:
    """What ``carrel serve`` gives to other programs. Close it when done."""

    embedder: Embedder
    name: str  # what clients call the embedder's model
    reranker: Reranker | None
    batch_texts: int  # texts that one call of the embedder takes, at most
    close: Callable[[], None]


def open_services(
    settings: Settings, announce: Announce, load_embedder: Callable[[str], Embedder] | None = None
) -> Services:
    """Open the data folder that the settings name.

    Args:
        settings: read once by the caller.
        announce: told before anything is downloaded.
        load_embedder: makes an embedder from a model's name; the engines' own by default.

    Raises:
        UsageError: the data folder is read-only or newer than this program.
    """
    at_end = ExitStack()  # in reverse: processes, then the index, then the catalog
    catalog = at_end.enter_context(closing(open_database(settings.home, settings.catalog_url)))
    indexes = _indexes(settings)
    at_end.callback(indexes.release)
    sealer = Sealer(settings.home, settings.secret_key)
    endpoints = Endpoints(catalog, sealer, partial(_check_endpoint, settings))
    accounts: Loaded[str, Accounts] = Loaded(lambda _: _accounts(catalog))
    load = load_embedder or partial(_load_embedder, settings, announce)
    embedders: Loaded[str, Embedder] = Loaded(lambda name: at_end.enter_context(closing(load(name))))
    # By what the catalog says: after a change made anew. The old one, perhaps in use, is closed at the end.
    named_embedders: Loaded[Named, Embedder] = Loaded(
        lambda named: at_end.enter_context(
            closing(_load_embedder(_settings_of(settings, endpoints, named), announce, named[0].model))
        )
    )
    named_rerankers: Loaded[Named, Reranker | None] = Loaded(
        lambda named: _closed_by(at_end, _reranker(_settings_of(settings, endpoints, named)))
    )
    parsers: Loaded[str, Parser] = Loaded(lambda name: at_end.enter_context(closing(_parser(settings, name))))
    rerankers: Loaded[str, Reranker | None] = Loaded(lambda _: _closed_by(at_end, _reranker(settings)))

    def embedder_of(knowledge_base: KnowledgeBase) -> Embedder:
        named = endpoints.serving(Purpose.EMBEDDER, knowledge_base.embedder)
        return named_embedders.get(named) if named else embedders.get(knowledge_base.embedder)

    def settings_of(model: str) -> Settings:
        named = endpoints.serving(Purpose.EMBEDDER, model)
        return _settings_of(settings, endpoints, (named[0], "")) if named else settings

    def reranker() -> Reranker | None:
        named = endpoints.serving(Purpose.RERANKER, settings.reranker)
        return named_rerankers.get(named) if named else rerankers.get(settings.reranker)

    def index_of(knowledge_base: KnowledgeBase) -> Index:
        encoder = embedder_of(knowledge_base).encoder
        return indexes.open(knowledge_base, Space(encoder, knowledge_base.dimensions or encoder.width))

    return Services(
        settings=settings,
        catalog=catalog,
        blobs=FolderBlobStore(settings.home / "blobs"),
        parses=ParseStore(settings.home / "parses"),
        indexes=indexes,
        shelves=Shelves(catalog, settings.embedder),
        accounts=lambda: accounts.get(""),
        endpoints=endpoints,
        vectors=at_end.enter_context(closing(_vector_cache(settings))),
        embedder_of=embedder_of,
        settings_of=settings_of,
        index_of=index_of,
        parser=lambda: parsers.get(DEFAULT_PARSER),
        parser_of=lambda knowledge_base: parsers.get(knowledge_base.parser),
        unlocker=lambda password: _unlocker(at_end.enter_context(closing(_children(settings))), password),
        reranker=reranker,
        close=at_end.close,
    )


def open_models(settings: Settings, announce: Announce) -> GatewayModels:
    """Return the models that the settings name; no data folder is opened, no model loaded yet.

    Raises:
        ModelUnknown: there is no such model; or as the engine's own errors of settings.
    """
    from carrel.engines.embedders import load_engine

    # Without the cache: what clients send is theirs, and is kept nowhere.
    embedder = load_engine(settings.embedder, settings, announce)
    # A GGUF file's folder is nobody's business but this machine's.
    name = Path(settings.embedder).name if settings.embedder.endswith(".gguf") else settings.embedder
    reranker = _reranker(settings)

    def close() -> None:
        embedder.close()
        if reranker is not None:
            reranker.close()

    return GatewayModels(embedder, name, reranker, settings.embedder_batch_texts, close)


def open_parser(settings: Settings) -> Parser:
    """Return the parser alone, for a report on files that nobody adds: no data folder is opened. Close it."""
    return _parser(settings, DEFAULT_PARSER)


def open_drawer(settings: Settings) -> "PageDrawer":
    """Return what draws the pages of PDFs, one after the other. Close it when done."""
    from carrel.parsing.page_image import PageDrawer

    return PageDrawer(_children(settings))


def _load_embedder(settings: Settings, announce: Announce, model: str) -> Embedder:
    from carrel.engines.embedders import load_embedder

    return load_embedder(model, settings, announce)


def _accounts(catalog: Catalog) -> "Accounts":
    from carrel.library.accounts import accounts_over

    return accounts_over(catalog)


def _check_endpoint(settings: Settings, endpoint: ModelEndpoint, api_key: str) -> None:
    from carrel.engines.named_endpoints import check_endpoint

    check_endpoint(endpoint, api_key, settings)


def _settings_of(settings: Settings, endpoints: Endpoints, named: Named) -> Settings:
    from carrel.engines.named_endpoints import check_address, settings_of

    endpoint, sealed = named
    check_address(endpoint.url)  # its name may stand for another address than when it was entered
    return settings_of(endpoint, endpoints.key(endpoint, sealed), settings)


def _vector_cache(settings: Settings) -> VectorCache:
    from carrel.engines.vector_cache import FILE_NAME, SqliteVectorCache

    return SqliteVectorCache(settings.home / FILE_NAME)


def _reranker(settings: Settings) -> Reranker | None:
    if not settings.reranker:
        return None
    from carrel.engines.rerankers import load_reranker

    return load_reranker(settings)


def _closed_by(at_end: ExitStack, reranker: Reranker | None) -> Reranker | None:
    return None if reranker is None else at_end.enter_context(closing(reranker))


def _parser(settings: Settings, name: str) -> Parser:
    from carrel.parsing.parsers import load_parser

    return load_parser(name, settings)


def _children(settings: Settings) -> "Children":
    """Return a place to open one file at a time in, with limits; its process starts when it is first used."""
    from carrel.parsing.children import Children

    return Children(1, settings.parse_seconds, settings.parse_memory_mb)


def _unlocker(children: "Children", password: str) -> Unlocker:
    from carrel.parsing.unlocking import PdfUnlocker

    return PdfUnlocker(children, password)


def _indexes(settings: Settings) -> Indexes:
    from carrel.indexing.engines import indexes_of

    folder = settings.home / "index"
    return indexes_of(folder, settings.index_engine, settings.chroma_url, settings.chroma_token)
