"""The tiny Qwen3 in a real llama.cpp, over HTTP: its answers agree with the forward pass in numpy."""

import base64
import unicodedata
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from carrel.engines.gguf_check import END, Purpose
from carrel.engines.gguf_process import GgufServer, LocalServer
from tests.models.numpy_qwen3 import embed, relevance
from tests.models.served import ask, needs_llama
from tests.models.tiny_gguf import RERANK_PROMPT, write_embedding_gguf, write_reranker_gguf
from tests.models.tiny_qwen3 import TinyQwen3, make_tiny_qwen3

TEXTS = (
    "Sparse attention reduces the quadratic cost of self-attention.",
    "",
    "a",
    "基于Transformer的长序列建模方法有哪些?",
    "Naïve Bayes — π≈3.14159, ﬁne-tuning, x² + y² = z².",
    " \n\t ",
    "line one\nline two\x00 with a zero byte",
    "it's 2026: WE'LL   see",
    "retrieval " * 300,
    "x" * 500,
    "👩‍🔬 <|im_start|>user",
)
DOCUMENTS = (
    "sparse attention for long documents",
    "protein language models",
    "convex kernel image policy",
    "a",
    "the causal inference benchmark",
)


@pytest.fixture(scope="module")
def model() -> TinyQwen3:
    return make_tiny_qwen3()


@pytest.fixture(params=["f32", "q8_0", "without-end"], scope="module")
def server(
    request: pytest.FixtureRequest, model: TinyQwen3, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalServer]:
    needs_llama()
    path = write_embedding_gguf(
        model,
        tmp_path_factory.mktemp("gguf") / f"{request.param}.gguf",
        quantised=request.param == "q8_0",
        add_end=request.param != "without-end",
    )
    running = GgufServer(path, Purpose.EMBEDDING, threads=1, context=510)
    yield running.ready()
    running.close()


@pytest.fixture(scope="module")
def reranker(model: TinyQwen3, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    needs_llama()
    path = write_reranker_gguf(model, tmp_path_factory.mktemp("gguf") / "reranker.gguf")
    running = GgufServer(path, Purpose.RERANK, threads=1, context=510)
    yield running.ready()
    running.close()


def _vectors(server: LocalServer, texts: list[str], form: str = "float") -> NDArray[np.float32]:
    written = [text + server.end_token for text in texts]
    status, answer = ask(server, "/embeddings", input=written, encoding_format=form, model="any")
    assert status == 200, answer
    rows = answer["data"]
    assert isinstance(rows, list)
    assert [row["index"] for row in rows] == list(range(len(texts)))
    values = [row["embedding"] for row in rows]
    if form == "base64":
        values = [np.frombuffer(base64.b64decode(value), "<f4") for value in values]
    return np.array(values, np.float32)


def test_vectors_agree_with_numpy(server: LocalServer, model: TinyQwen3) -> None:
    found = _vectors(server, list(TEXTS))
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-4)
    cosines = (found * embed(model, TEXTS)).sum(axis=1)
    assert cosines.min() >= 0.999


def test_a_vector_does_not_depend_on_its_companions(server: LocalServer) -> None:
    together = _vectors(server, list(TEXTS))
    alone = np.concatenate([_vectors(server, [text]) for text in TEXTS])
    assert (together * alone).sum(axis=1).min() >= 0.99999


def test_base64_holds_the_same_numbers(server: LocalServer) -> None:
    np.testing.assert_allclose(
        _vectors(server, list(TEXTS), "base64"), _vectors(server, list(TEXTS)), atol=1e-6
    )


def test_it_says_what_clients_must_know(server: LocalServer, model: TinyQwen3) -> None:
    assert (server.width, server.max_tokens, server.end_token) == (
        128,
        510,
        END if server.model == "without-end" else "",
    )


def test_a_text_as_long_as_it_says_is_read_and_a_longer_one_refused(
    server: LocalServer, model: TinyQwen3
) -> None:
    words = model.tokens.ids(" search" * 600, end=False)
    assert len(words) == 600
    longest = [" search" * server.max_tokens]
    assert float((_vectors(server, longest) * embed(model, longest)).sum()) >= 0.999
    status, answer = ask(server, "/embeddings", input=" search" * 600)
    assert (status, "exceed" in str(answer)) == (400, True)


def test_nobody_is_answered_without_the_key(server: LocalServer) -> None:
    assert ask(server, "/embeddings", key="wrong", input="a")[0] == 401


def test_texts_are_ranked_as_numpy_ranks_them(reranker: LocalServer, model: TinyQwen3) -> None:
    status, answer = ask(reranker, "/rerank", query="search", documents=list(DOCUMENTS), model="any")
    assert status == 200
    rows = answer["results"]
    assert isinstance(rows, list)
    found = np.zeros(len(DOCUMENTS))
    found[[row["index"] for row in rows]] = [row["relevance_score"] for row in rows]
    expected = np.array(
        [relevance(model, RERANK_PROMPT.format(query="search", document=text)) for text in DOCUMENTS]
    )
    np.testing.assert_allclose(found, expected, atol=0.002)
    apart = np.abs(expected[:, None] - expected[None, :]) > 0.004
    assert apart.sum() >= len(DOCUMENTS)
    same = np.sign(found[:, None] - found[None, :]) == np.sign(expected[:, None] - expected[None, :])
    assert same[apart].all()


def test_the_texts_are_ones_that_unicode_does_not_rewrite() -> None:
    # Qwen3's own tokenizer normalises to NFC and llama.cpp's does not: elsewhere they would differ.
    assert all(unicodedata.is_normalized("NFC", text) for text in TEXTS)
