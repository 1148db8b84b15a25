"""What every Embedder does, the fake as well as the real ones."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from carrel.core.ports import Embedder
from carrel.core.space import Vectors
from carrel.engines.cached_embedder import CachedEmbedder, PartwiseEmbedder
from carrel.engines.http_embedder import HttpEmbedder
from carrel.engines.minilm import MiniLmEmbedder
from carrel.engines.models import load_minilm
from carrel.engines.vector_cache import SqliteVectorCache
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.embedding_server import EmbeddingServerFake
from tests.unit.engines.model_cache import model_cache
from tests.unit.engines.served import embedder_at, served

__all__ = ["model_cache"]

_GIVEN_URL = os.environ.get("CARREL_TEST_EMBEDDER_URL", "")
_GIVEN_MODEL = os.environ.get("CARREL_TEST_EMBEDDER", "")

TEXTS = (
    "Sparse attention reduces the quadratic cost of self-attention.",
    "",
    "a",
    "基于Transformer的长序列建模方法有哪些?",
    "Naïve Bayes — π≈3.14159, ﬁne-tuning, x² + y² = z².",
    "word " * 3000,
    " \n\t ",
    "line one\nline two\x00 with a zero byte",
    "half a pair \ud835 and another \udc00",
    "a\u0301\u0302\u0303" * 50 + "\u200b\ufeff\U0001f469\u200d\U0001f52c",
    "x" * 5000,
)


@pytest.fixture(
    params=[
        "fake",
        "cached fake",
        "http",
        "cached http",
        pytest.param("minilm", marks=pytest.mark.model),
        pytest.param("cached minilm", marks=pytest.mark.model),
        # A real server, where someone names one: benchmarks/vllm_cpu.py does.
        *(["given"] if _GIVEN_URL else []),
    ],
    scope="module",
)
def embedder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedder]:
    cached, _, name = request.param.rpartition(" ")
    engine: PartwiseEmbedder = FakeEmbedder()
    if name == "minilm":
        cache: Path = request.getfixturevalue("model_cache")
        engine = load_minilm(cache, announce=print, threads=2)
    if name == "given":
        with embedder_at(_GIVEN_URL, _GIVEN_MODEL, embedder_max_tokens=60, embedder_seconds=60) as engine:
            yield engine
        return
    if name == "http":
        with served(EmbeddingServerFake(), embedder_max_tokens=254) as engine:
            yield from _plain_or_cached(engine, bool(cached), tmp_path_factory)
        return
    yield from _plain_or_cached(engine, bool(cached), tmp_path_factory)


def _plain_or_cached(
    engine: PartwiseEmbedder, cached: bool, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Embedder]:
    if not cached:
        yield engine
        return
    vectors = SqliteVectorCache(tmp_path_factory.mktemp("cache") / "vectors.db")
    yield CachedEmbedder(engine, vectors)
    vectors.close()


def cosines(left: Vectors, right: Vectors) -> list[float]:
    return [float(value) for value in (left * right).sum(axis=-1)]


def test_rows_are_float32_of_length_one_in_the_order_of_the_texts(embedder: Embedder) -> None:
    vectors = embedder.embed_documents(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), embedder.encoder.width)
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.argmax(vectors @ embedder.embed_query(TEXTS[0]).vector) == 0


def test_languages_are_codes_of_two_letters(embedder: Embedder) -> None:
    assert isinstance(embedder.languages, frozenset)
    assert [code for code in embedder.languages if not (len(code) == 2 and code.islower())] == []
    if isinstance(getattr(embedder, "engine", embedder), MiniLmEmbedder):
        assert embedder.languages == {"en"}


def test_no_texts_give_no_rows(embedder: Embedder) -> None:
    assert embedder.embed_documents([]).shape == (0, embedder.encoder.width)


def test_a_row_does_not_depend_on_its_companions(embedder: Embedder) -> None:
    together = embedder.embed_documents([*TEXTS, *reversed(TEXTS)])
    alone = np.stack([embedder.embed_documents([text])[0] for text in TEXTS])
    assert min(cosines(together[: len(TEXTS)], alone)) >= 0.99999
    assert min(cosines(together[len(TEXTS) :][::-1], alone)) >= 0.99999


def test_a_query_is_one_vector(embedder: Embedder) -> None:
    vector = embedder.embed_query("sparse attention").vector
    assert vector.shape == (embedder.encoder.width,)
    assert vector.dtype == np.float32
    assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-5)


def test_like_texts_are_nearer_than_unlike_ones(embedder: Embedder) -> None:
    query = embedder.embed_query("sparse attention for long documents").vector
    near, far = embedder.embed_documents(
        ["long documents need sparse attention", "boundary layers on a flat plate in supersonic flow"]
    )
    assert float(query @ near) > float(query @ far) + 0.2


def test_text_beyond_what_the_model_reads_does_not_count(embedder: Embedder) -> None:
    read = "attention " * embedder.max_tokens
    vectors = embedder.embed_documents([read, read + "and then something else entirely"])
    assert cosines(vectors[0], vectors[1][None])[0] >= 0.99999


def test_several_threads_get_the_vectors_one_thread_gets(embedder: Embedder) -> None:
    expected = embedder.embed_documents(TEXTS)
    found: list[Vectors] = []
    threads = [
        threading.Thread(target=lambda: found.append(embedder.embed_documents(TEXTS))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(threads)
    assert all(min(cosines(vectors, expected)) >= 0.99999 for vectors in found)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_token_ends_rise_within_the_text(embedder: Embedder, text: str) -> None:
    ends = embedder.tokens.token_ends(text)
    assert ends.dtype == np.int64
    assert all(before <= after for before, after in pairwise(ends.tolist()))
    assert all(0 < end <= len(text) for end in ends.tolist())


def test_token_ends_are_characters_not_bytes(embedder: Embedder) -> None:
    text = "naïve 方法 π"
    ends = embedder.tokens.token_ends(text).tolist()
    assert ends[-1] == len(text)
    assert {text.index("方") + 1, text.index("法") + 1} <= set(ends)


def test_no_tokens_in_no_text(embedder: Embedder) -> None:
    assert embedder.tokens.token_ends("").tolist() == []


def test_a_text_cut_at_a_token_end_has_as_many_tokens(embedder: Embedder) -> None:
    text = "We prove a lower bound of Ω(n log n) on the comparison complexity. " * 20
    ends = embedder.tokens.token_ends(text)
    for count in (1, 7, 100):
        assert len(embedder.tokens.token_ends(text[: int(ends[count - 1])])) == count


def test_the_encoder_is_the_same_in_another_process(embedder: Embedder) -> None:
    name = type(embedder.engine if isinstance(embedder, CachedEmbedder) else embedder).__name__
    code = {
        "FakeEmbedder": "from tests.fakes.embedder import FakeEmbedder; e = FakeEmbedder()",
        "MiniLmEmbedder": (
            "from pathlib import Path; from carrel.engines.models import load_minilm; "
            "e = load_minilm(Path('absent'), announce=print)"
        ),
        "HttpEmbedder": (
            "from carrel.engines.embedders import load_embedder; "
            "from tests.unit.engines.served import settings_for; "
            f"settings = settings_for('http://127.0.0.1:9/v1', embedder_width={embedder.encoder.width}); "
            f"e = load_embedder({embedder.encoder.model!r}, settings, print)"
        ),
    }[name]
    command = [sys.executable, "-c", f"{code}; print(e.encoder.id)"]
    root = Path(__file__).resolve().parents[2]
    assert subprocess.check_output(command, text=True, cwd=root).strip() == embedder.encoder.id


def test_parts_are_the_vectors_of_all_texts_each_once(embedder: Embedder) -> None:
    engine = embedder.engine if isinstance(embedder, CachedEmbedder) else embedder
    assert isinstance(engine, FakeEmbedder | MiniLmEmbedder | HttpEmbedder)
    whole = engine.embed_documents(TEXTS)
    numbers: list[int] = []
    for some, vectors in engine.embed_in_parts(TEXTS):
        numbers += some
        assert min(cosines(vectors, whole[list(some)])) >= 0.99999
    assert sorted(numbers) == list(range(len(TEXTS)))
    assert list(engine.embed_in_parts([])) == []
