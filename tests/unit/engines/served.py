"""Embedders over a server on this machine, made the way the settings make them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from carrel.config import Settings
from carrel.engines.embedders import load_embedder
from carrel.engines.http_embedder import HttpEmbedder
from tests.fakes.embedding_server import MODEL, EmbeddingServerFake, serving

NOWHERE = Path("/nonexistent")


def settings_for(url: str, **changes: object) -> Settings:
    """Return settings that name a server."""
    settings = Settings(home=NOWHERE, cache=NOWHERE, embedder_url=url, embedder_seconds=5)
    return replace(settings, **changes)  # type: ignore[arg-type]


@contextmanager
def embedder_at(url: str, model: str = MODEL, **changes: object) -> Iterator[HttpEmbedder]:
    """Open the embedder for a server; closed when the block ends."""
    cached = load_embedder(model, settings_for(url, **changes), lambda _: None)
    assert isinstance(cached.engine, HttpEmbedder)
    try:
        yield cached.engine
    finally:
        cached.close()


@contextmanager
def served(fake: EmbeddingServerFake, **changes: object) -> Iterator[HttpEmbedder]:
    """Serve the fake and open the embedder over it."""
    with serving(fake) as url, embedder_at(url, fake.model, **changes) as embedder:
        yield embedder
