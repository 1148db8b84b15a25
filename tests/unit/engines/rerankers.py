"""Rerankers over local servers, for tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from carrel.config import Settings
from carrel.core.ports import Reranker
from carrel.engines.rerankers import load_reranker
from tests.fakes.embedding_server import serving
from tests.fakes.rerank_server import RerankServerFake


def settings(**values: object) -> Settings:
    """Return settings with nothing else set."""
    return Settings(home=Path("home"), cache=Path("cache"), **values)  # type: ignore[arg-type]


@contextmanager
def reranker_on(server: RerankServerFake, **values: object) -> Iterator[Reranker]:
    """Serve, and yield the reranker that the settings make of it."""
    with serving(server) as url:
        given = {"reranker": server.model, "reranker_url": url, **values}
        reranker = load_reranker(settings(**given))
        assert reranker is not None
        try:
            yield reranker
        finally:
            reranker.close()
