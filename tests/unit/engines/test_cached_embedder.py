"""What the cache before an engine saves, keeps and lets through."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from carrel.core.engine_errors import EncoderChanged, EndpointLost, EndpointUnavailable, TextsRefused
from carrel.core.space import Encoder, Vectors
from carrel.engines.cached_embedder import CachedEmbedder, DriftGuard
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.vector_cache import InMemoryVectorCache


class Server(FakeEmbedder):
    """Answers two texts at a time, the last ones first; goes away after ``answers``; refuses some."""

    def __init__(self, answers: int = 1000, refused: Sequence[str] = ()) -> None:
        super().__init__()
        self.answers = answers
        self.refused = refused

    def embed_in_parts(self, texts: Sequence[str]) -> Iterator[tuple[Sequence[int], Vectors]]:
        taken = [number for number, text in enumerate(texts) if text not in self.refused]
        for first in reversed(range(0, len(taken), 2)):
            if not self.answers:
                raise EndpointUnavailable(endpoint="http://s", detail="gone", setting="CARREL_EMBEDDER_URL")
            self.answers -= 1
            numbers = taken[first : first + 2]
            yield numbers, self.embed_documents([texts[number] for number in numbers])
        if refused := {number: "too long" for number, text in enumerate(texts) if text in self.refused}:
            raise TextsRefused(refused, endpoint="http://s", count=len(refused), detail="too long")


TEXTS = ["one", "two", "three", "four", "five"]


def test_each_distinct_text_is_asked_for_once_or_never() -> None:
    server, cache = Server(), InMemoryVectorCache()
    embedder = CachedEmbedder(server, cache)
    first = embedder.embed_documents([*TEXTS, "two", "one"])
    assert sorted(server.embedded) == sorted(TEXTS)
    np.testing.assert_array_equal(first[[5, 6]], first[[1, 0]])
    again = CachedEmbedder(server, cache).embed_documents(["six", *TEXTS[::-1]])
    assert sorted(server.embedded) == sorted([*TEXTS, "six"])
    np.testing.assert_array_equal(again[1:], first[:5][::-1])
    expected = FakeEmbedder().embed_documents(TEXTS)
    assert float((again[1:][::-1] * expected).sum(axis=1).min()) > 0.99999


def test_queries_are_not_cached() -> None:
    server, cache = Server(), InMemoryVectorCache()
    embedder = CachedEmbedder(server, cache)
    embedder.embed_query("one")
    embedder.embed_query("one")
    assert server.embedded == ["one", "one"]
    assert cache.kept == {}


def test_what_was_answered_before_the_server_went_away_is_not_asked_for_again() -> None:
    server, cache = Server(answers=2), InMemoryVectorCache()
    embedder = CachedEmbedder(server, cache)
    with pytest.raises(EndpointLost, match="http://s"):
        embedder.embed_documents(TEXTS)
    assert sorted(server.embedded) == ["five", "four", "three"]
    server.answers = 1000
    assert embedder.embed_documents(TEXTS).shape == (5, 64)
    assert sorted(server.embedded) == sorted(TEXTS)


def test_a_server_that_was_never_there_is_not_lost() -> None:
    with pytest.raises(EndpointUnavailable) as raised:
        CachedEmbedder(Server(answers=0), InMemoryVectorCache()).embed_documents(TEXTS)
    assert not isinstance(raised.value, EndpointLost)


def test_refused_texts_are_numbered_as_the_caller_put_them_and_the_others_are_kept() -> None:
    server, cache = Server(refused=["two", "five"]), InMemoryVectorCache()
    embedder = CachedEmbedder(server, cache)
    embedder.embed_documents(["one", "three"])
    with pytest.raises(TextsRefused) as raised:
        embedder.embed_documents(["one", "two", "three", "two", "four", "five"])
    assert raised.value.refused == dict.fromkeys((1, 3, 5), "too long")
    assert raised.value.parameters["count"] == "3"
    assert sorted(server.embedded) == ["four", "one", "three"]
    embedder.embed_documents(["four", "three"])
    assert sorted(server.embedded) == ["four", "one", "three"]


def _unit(*values: float) -> Vectors:
    row = np.array(values, np.float32)
    unit: Vectors = row / np.linalg.norm(row)
    return unit


def test_a_server_that_gives_other_vectors_than_before_is_caught() -> None:
    guard = DriftGuard(InMemoryVectorCache())
    mine, other = (Encoder(name, "1", "{text}", "last", 3) for name in ("mine", "other"))
    guard.check_encoder(mine, _unit(1, 0, 0), "http://s")
    guard.check_encoder(mine, _unit(1, 0.1, 0), "http://s")
    guard.check_encoder(other, _unit(0, 1, 0), "http://s")
    with pytest.raises(
        EncoderChanged, match=r"http://s gives other vectors of mine than before \(cosine 0.9"
    ):
        guard.check_encoder(mine, _unit(1, 0.3, 0), "http://s")
    with pytest.raises(EncoderChanged):
        guard.check_encoder(mine, _unit(float("nan"), 0, 0), "http://s")
    guard.check_encoder(mine, _unit(1, 0, 0), "http://s")
