"""Opening the data folder that the settings name: settings in, Services out."""

from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from typing import TYPE_CHECKING

from carrel.bootstrap.dictionary import DictionaryInUse
from carrel.bootstrap.models import Announce, Models
from carrel.bootstrap.services import Services
from carrel.config import Settings
from carrel.core.endpoints import ModelEndpoint
from carrel.core.knowledge_base import DEFAULT_PARSER, KnowledgeBase
from carrel.core.loaded import Loaded
from carrel.core.ports import Embedder, Index, Indexes, Parser, Unlocker, VectorCache
from carrel.core.space import Space
from carrel.library.endpoints import Endpoints
from carrel.library.shelves import Shelves
from carrel.storage.blobs import FolderBlobStore
from carrel.storage.database import Catalog, open_database
from carrel.storage.parses import ParseStore
from carrel.storage.sealing import Sealer

if TYPE_CHECKING:
    from carrel.library.accounts import Accounts
    from carrel.parsing.children import Children
    from carrel.parsing.page_image import PageDrawer


def open_services(
    settings: Settings, announce: Announce, load_embedder: Callable[[str], Embedder] | None = None
) -> Services:
    """Open the data folder that the settings name.

    ``announce`` is told before anything is downloaded; ``load_embedder`` makes an embedder from a model's
    name, by default the engines' own.

    Raises:
        UsageError: the data folder is read-only or newer than this program.
    """
    at_end = ExitStack()  # in reverse: processes, then the index, then the catalog
    catalog = at_end.enter_context(closing(open_database(settings.home, settings.catalog_url)))
    indexes = _indexes(settings)
    at_end.callback(indexes.release)
    endpoints = _endpoints(settings, catalog)
    models = Models(settings, endpoints, announce, at_end, load_embedder)
    accounts: Loaded[str, Accounts] = Loaded(lambda _: _accounts(catalog))
    parsers: Loaded[str, Parser] = Loaded(lambda name: at_end.enter_context(closing(_parser(settings, name))))
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
        embedder_of=lambda knowledge_base: models.embedder(knowledge_base.embedder),
        settings_of=models.settings_of,
        index_of=partial(_index_of, indexes, models),
        parser=lambda: parsers.get(DEFAULT_PARSER),
        parser_of=lambda knowledge_base: parsers.get(knowledge_base.parser),
        unlocker=lambda password: _unlocker(at_end.enter_context(closing(_children(settings))), password),
        reranker=models.reranker,
        dictionary=DictionaryInUse(settings, catalog),
        steady=models.steady,
        close=at_end.close,
    )


def _index_of(indexes: Indexes, models: Models, knowledge_base: KnowledgeBase) -> Index:
    encoder = models.embedder(knowledge_base.embedder).encoder
    return indexes.open(knowledge_base, Space(encoder, knowledge_base.dimensions or encoder.width))


def _endpoints(settings: Settings, catalog: Catalog) -> Endpoints:
    sealer = Sealer(settings.home, settings.secret_key)
    return Endpoints(catalog, sealer, partial(_check_endpoint, settings))


def _check_endpoint(settings: Settings, endpoint: ModelEndpoint, api_key: str) -> None:
    from carrel.engines.named_endpoints import check_endpoint

    check_endpoint(endpoint, api_key, settings)


def open_parser(settings: Settings) -> Parser:
    """Return the parser alone, for a report on files that nobody adds: no data folder is opened. Close it."""
    return _parser(settings, DEFAULT_PARSER)


def open_drawer(settings: Settings) -> "PageDrawer":
    """Return what draws the pages of PDFs, one after the other. Close it when done."""
    from carrel.parsing.page_image import PageDrawer

    return PageDrawer(_children(settings))


def _accounts(catalog: Catalog) -> "Accounts":
    from carrel.library.accounts import accounts_over

    return accounts_over(catalog)


def _vector_cache(settings: Settings) -> VectorCache:
    from carrel.engines.vector_cache import FILE_NAME, SqliteVectorCache

    return SqliteVectorCache(settings.home / FILE_NAME)


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
