"""Data folders to make journeys in: all of fakes, and with real adapters in their places."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from carrel.bootstrap import Services, open_services
from carrel.bootstrap.dictionary import DictionaryInUse
from carrel.config import Settings
from carrel.core.ids import PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.paper import ParsedPaper
from carrel.core.ports import EmbeddedQuery, Embedder, Index, Parser
from carrel.core.ranking import Filters, Hit, Mode, Query, SearchResult
from carrel.core.rebuild import Change, RebuildStatus
from carrel.core.space import Space, Vectors
from carrel.engines.cached_embedder import CachedEmbedder, PartwiseEmbedder
from carrel.engines.vector_cache import SqliteVectorCache
from carrel.ingest.accept import Accepted, accept
from carrel.ingest.worker import Finished, work
from carrel.library.accounts import accounts_over
from carrel.library.endpoints import Endpoints
from carrel.library.shelves import Shelves
from carrel.storage import generations, removals
from carrel.storage.database import FILE_NAME, open_database
from carrel.storage.parses import ParseStore
from carrel.storage.sealing import Sealer
from tests.catalogs import put_empty_catalog
from tests.fakes.blobs import InMemoryBlobStore
from tests.fakes.embedder import WIDTH, FakeEmbedder
from tests.fakes.index import InMemoryIndexes
from tests.fakes.parser import FakeParser, fake_pdf
from tests.fakes.unlocker import FakeUnlocker
from tests.fakes.vector_cache import InMemoryVectorCache
from tests.postgres import fresh_database
from tests.unit.parsing import samples

Hook = Callable[[str], None]
WIDE = 96
WIDE_MODEL = "wide"  # the other model: of another width, so that its vectors fit no index of the usual one


def nothing_happens(_: str) -> None:
    """The default of every hook."""


class HookedEmbedder(FakeEmbedder):
    """Calls ``before`` with each text of a document before it is embedded."""

    def __init__(self, width: int = WIDTH, model: str = "fake-bag-of-words") -> None:
        super().__init__(width=width, model=model)
        self.before: Hook = nothing_happens
        self.asked: Hook = nothing_happens  # called with each question
        self.tasks: list[str] = []  # what it was asked questions for
        self.calls = 1  # how many at once it makes use of
        self.reads: frozenset[str] = frozenset()  # languages
        self.gone: Exception | None = None  # raised instead of any answer
        self.garble: Callable[[list[str]], list[str]] | None = (
            None  # what it reads instead of what it is sent
        )

    @property
    def parallel_calls(self) -> int:
        return self.calls

    @property
    def languages(self) -> frozenset[str]:
        return self.reads

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        if self.gone is not None:
            raise self.gone
        for text in texts:
            self.before(text)
        return super().embed_documents(self.garble(list(texts)) if self.garble else texts)

    def embed_query(self, text: str, instruction: str = "") -> EmbeddedQuery:
        if self.gone is not None:
            raise self.gone
        self.asked(text)
        self.tasks.append(instruction)
        return EmbeddedQuery(super().embed_documents([text])[0])


class HookedParser:
    """Parser port that calls ``before`` with each file's name and leaves the rest to another parser."""

    def __init__(self, parser: Parser) -> None:
        self._parser = parser
        self.before: Hook = nothing_happens
        self.parsed: list[str] = []  # names, in order

    @property
    def fingerprint(self) -> str:
        return self._parser.fingerprint

    def parse(self, path: Path, name: str) -> ParsedPaper:
        self.parsed.append(name)
        self.before(name)
        return self._parser.parse(path, name)

    def close(self) -> None:
        self._parser.close()


@dataclass
class World:
    """Services on a data folder, and short ways to use them."""

    services: Services
    embedder: HookedEmbedder
    parser: HookedParser
    folder: Path
    write: Callable[[str, str], bytes]  # title and text to the bytes of a file
    wide: HookedEmbedder = field(default_factory=lambda: HookedEmbedder(WIDE, WIDE_MODEL))

    def accept(self, title: str, text: str = "", kb: str = "library") -> Accepted:
        """Accept a file of this title."""
        content = self.write(title, text or f"This paper is about {title.lower()} and about little else.")
        return self.accept_bytes(f"{title}.pdf", content, kb)

    def accept_bytes(self, name: str, content: bytes, kb: str = "library", password: str = "") -> Accepted:
        """Accept a file of these bytes, with this password where there is one."""
        path = self.folder / name
        path.write_bytes(content)
        services = self.services
        unlocker = services.unlocker(password) if password else None
        shelf = services.shelves.existing_or_new(kb)
        return accept(path, shelf, services.catalog, services.blobs, unlocker)

    def add(self, *titles: str, kb: str = "library") -> list[Finished]:
        """Accept files of these titles and work the queue off."""
        for title in titles:
            self.accept(title, kb=kb)
        return self.work()

    def work(self) -> list[Finished]:
        """Work the queue off; return how the jobs ended."""
        self.services.own_index("a test", 0)
        return [event for event in work(self.services.workshop()) if isinstance(event, Finished)]

    def reindex(self, change: Change | None = None, kb: str = "library") -> RebuildStatus:
        """Re-index a knowledge base as the owner of the index; return how it stands when nothing gets on."""
        self.services.own_index("a test", 0)
        self.services.rebuilds().begin(self.shelf(kb), change or Change())
        return self.finish_rebuild(kb)

    def finish_rebuild(self, kb: str = "library") -> RebuildStatus:
        """Take a rebuild as far as it goes."""
        self.services.own_index("a test", 0)
        rebuilds = self.services.rebuilds()
        while True:
            while rebuilds.step(self.shelf(kb)):
                pass
            status = rebuilds.status(self.shelf(kb))
            if status.under_way is None or not self.work():
                return status

    def search(
        self, text: str, *kbs: str, mode: Mode = Mode.HYBRID, limit: int = 10, filters: Filters | None = None
    ) -> SearchResult:
        """Search as the owner of the index."""
        self.services.indexes.acquire("a test", 0)
        return self.services.search(Query(text, kbs, mode, limit, filters or Filters()))

    def titles(self, text: str, *kbs: str, mode: Mode = Mode.HYBRID) -> list[str]:
        """Return the titles of what is found, in no order."""
        return sorted(title_of(hit) for hit in self.search(text, *kbs, mode=mode).hits)

    def shelf(self, kb: str = "library") -> KnowledgeBase:
        """Return a knowledge base as it is now."""
        (found,) = self.services.shelves.readable([kb])
        return found

    def index(self, kb: str = "library") -> Index:
        """Return the index of a knowledge base."""
        self.services.indexes.acquire("a test", 0)
        return self.services.index_of(self.shelf(kb))

    def check(self, **papers: Sequence[PaperId]) -> None:
        """Check that nothing but these papers is left anywhere once what is noted has been removed."""
        self.services.own_index("a test", 0)
        wanted = {paper for found in papers.values() for paper in found}
        stored = set(self.services.blobs.list())
        assert set(self.services.parses.list()) == wanted
        with self.services.catalog.read() as tx:
            assert removals.pending(tx) == ()
            rows = tx.rows("SELECT id, sha256 FROM papers")
        assert {row["id"] for row in rows} == wanted
        assert {row["sha256"] for row in rows} == stored
        for name, found in papers.items():
            shelf, index = self.shelf(name), self.index(name)
            assert index.paper_ids() == set(found)
            assert index.counts() == (shelf.papers, shelf.passages) == (len(found), shelf.passages)
        with self.services.catalog.read() as tx:
            assert set(self.services.indexes.stored()) <= set(generations.with_index(tx))


def title_of(hit: Hit) -> str:
    """Return the title under which a hit was added."""
    return hit.paper.file_name.removesuffix(".pdf")


@contextmanager
def world_of_fakes(folder: Path) -> Iterator[World]:
    """Nothing real but the catalog and the stored parses."""
    embedder, parser = HookedEmbedder(), HookedParser(FakeParser())
    wide = HookedEmbedder(WIDE, WIDE_MODEL)
    put_empty_catalog(folder / "home")
    catalog = open_database(folder / "home")
    indexes = InMemoryIndexes()

    vectors = InMemoryVectorCache()
    cached = {False: CachedEmbedder(embedder, vectors), True: CachedEmbedder(wide, vectors)}

    def embedder_of(shelf: KnowledgeBase) -> Embedder:
        return cached[shelf.embedder == WIDE_MODEL]

    def index_of(shelf: KnowledgeBase) -> Index:
        encoder = embedder_of(shelf).encoder
        return indexes.open(shelf, Space(encoder, shelf.dimensions or encoder.width))

    services = Services(
        settings=settings_in(folder),
        catalog=catalog,
        blobs=InMemoryBlobStore(),
        parses=ParseStore(folder / "home" / "parses"),
        indexes=indexes,
        shelves=Shelves(catalog),
        accounts=lambda: accounts_over(catalog),
        endpoints=Endpoints(catalog, Sealer(folder / "home"), lambda _endpoint, _key: None),
        vectors=vectors,
        embedder_of=embedder_of,
        settings_of=lambda _: settings_in(folder),
        index_of=index_of,
        parser=lambda: parser,
        parser_of=lambda _: parser,
        unlocker=FakeUnlocker,
        reranker=lambda: None,
        dictionary=DictionaryInUse(settings_in(folder), catalog),
        close=catalog.close,
    )
    yield World(services, embedder, parser, folder, fake_paper, wide)
    catalog.close()


@contextmanager
def world_with_real_index(folder: Path, catalog_url: str = "", **settings: str) -> Iterator[World]:
    """The real index and blobs; a fake parser, so that a test can say what a file's metadata are."""
    embedder, parser = HookedEmbedder(), HookedParser(FakeParser())
    wide = HookedEmbedder(WIDE, WIDE_MODEL)
    chosen = replace(settings_in(folder), catalog_url=catalog_url, **settings)  # type: ignore[arg-type]  # texts all of them
    if not catalog_url:
        put_empty_catalog(chosen.home)
    opened = open_services(chosen, print, load_embedder=_one_of(embedder, wide, folder))
    services = replace(opened, parser=lambda: parser, parser_of=lambda _: parser, unlocker=FakeUnlocker)
    yield World(services, embedder, parser, folder, fake_paper, wide)
    services.close()


@contextmanager
def world_with_real_parser(folder: Path) -> Iterator[World]:
    """As users have it, but for the model."""
    embedder = HookedEmbedder()
    put_empty_catalog(folder / "home")
    opened = open_services(settings_in(folder), print, load_embedder=_always(embedder, folder))
    parser = HookedParser(opened.parser())
    services = replace(opened, parser=lambda: parser, parser_of=lambda _: parser)
    yield World(services, embedder, parser, folder, real_paper)
    services.close()


@contextmanager
def world_on_postgres(folder: Path) -> Iterator[World]:
    """As with the real index, and the catalog in a PostgreSQL database. Skips where that is not installed."""
    with fresh_database() as url, world_with_real_index(folder, url) as world:
        yield world
    assert not (folder / "home" / FILE_NAME).exists()


WORLDS = {
    "fakes": world_of_fakes,
    "real index": world_with_real_index,
    "real parser and index": world_with_real_parser,
    "real index and postgres": world_on_postgres,
}


WORLDS_OF_STORES = {name: make for name, make in WORLDS.items() if make is not world_with_real_parser}
"""Those that differ in what keeps papers: how they are read makes no difference to it."""


def settings_in(folder: Path) -> Settings:
    """Return settings for a data folder below ``folder``."""
    return Settings(home=folder / "home", cache=folder / "cache", parse_workers=2, keep_free_mb=32)


def fake_paper(title: str, text: str, **header: str) -> bytes:
    """Return a file that the fake parser reads."""
    return fake_pdf(title, f"# Introduction\n\n{text}", "# Results\n\nIt was as expected.", **header)


def real_paper(title: str, text: str) -> bytes:
    """Return a PDF."""
    words = text.split()
    lines = [" ".join(words[first : first + 12]) for first in range(0, len(words), 12)]
    return samples.paper(
        title, pages=[(("1 Introduction", lines),), (("2 Results", ("It was as expected by all of us.",)),)]
    )


def _always(embedder: PartwiseEmbedder, folder: Path) -> Callable[[str], Embedder]:
    return lambda _: CachedEmbedder(embedder, SqliteVectorCache(folder / "home" / "vectors.db"))


def _one_of(usual: PartwiseEmbedder, wide: PartwiseEmbedder, folder: Path) -> Callable[[str], Embedder]:
    def load(model: str) -> Embedder:
        chosen = wide if model == WIDE_MODEL else usual
        return CachedEmbedder(chosen, SqliteVectorCache(folder / "home" / "vectors.db"))

    return load
