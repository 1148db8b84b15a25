"""A GGUF file as embedder and reranker: llama.cpp in its own process, behind Carrel's own clients."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from carrel.config import Settings
from carrel.core.engine_errors import GgufNotHere, GgufUnusable
from carrel.core.errors import CarrelError
from carrel.core.space import Vectors
from carrel.engines.cached_embedder import CachedEmbedder
from carrel.engines.embedders import load_embedder
from carrel.engines.gguf_embedder import GgufEmbedder
from carrel.engines.rerankers import load_reranker
from tests.models.numpy_qwen3 import embed, relevance
from tests.models.served import needs_llama
from tests.models.tiny_gguf import RERANK_PROMPT, write_embedding_gguf, write_reranker_gguf
from tests.models.tiny_qwen3 import TinyQwen3, make_tiny_qwen3

TEXTS = [
    "Sparse attention reduces the quadratic cost of self-attention.",
    "基于Transformer的长序列建模方法有哪些?",
    "Naïve Bayes — π≈3.14159, x² + y² = z².",
    "learning " * 60,
    *(f"paper number {number}" for number in range(30)),
]


@pytest.fixture(scope="module")
def model() -> TinyQwen3:
    return make_tiny_qwen3()


def settings_in(folder: Path, **changes: object) -> Settings:
    return Settings(home=folder / "home", cache=folder / "cache", threads=1, **changes)  # type: ignore[arg-type]


@pytest.fixture(params=["with its end token", "without"])
def embedder(request: pytest.FixtureRequest, model: TinyQwen3, tmp_path: Path) -> Iterator[CachedEmbedder]:
    needs_llama()
    path = write_embedding_gguf(
        model, tmp_path / "Qwen3-Embedding-tiny.gguf", add_end=request.param != "without"
    )
    opened = load_embedder(str(path), settings_in(tmp_path), print)
    yield opened
    opened.close()


def cosines(left: Vectors, right: Vectors) -> Vectors:
    found: Vectors = (left * right).sum(axis=1)
    return found


def test_vectors_are_those_of_the_forward_pass(embedder: CachedEmbedder, model: TinyQwen3) -> None:
    found, expected = embedder.embed_documents(TEXTS), embed(model, TEXTS)
    assert embedder.encoder.width == expected.shape[1]
    assert cosines(found, expected).min() >= 0.999


def test_questions_carry_the_instruction(embedder: CachedEmbedder, model: TinyQwen3) -> None:
    found = embedder.embed_query("sparse attention", "Find papers")
    expected = embed(model, ["Instruct: Find papers\nQuery:sparse attention"])[0]
    assert float(found.vector @ expected) >= 0.999
    assert "Instruct: Find papers" in found.exchanges[0].sent


@pytest.mark.skipif(os.name == "nt", reason="there are no such signals on Windows")
def test_a_process_that_is_killed_is_started_again(embedder: CachedEmbedder, model: TinyQwen3) -> None:
    embedder.embed_documents(TEXTS[:1])
    (child,) = [each for each in psutil.Process().children() if "gguf_child" in " ".join(each.cmdline())]
    child.send_signal(signal.SIGKILL)
    child.wait(10)
    found = embedder.embed_documents(TEXTS)
    assert cosines(found, embed(model, TEXTS)).min() >= 0.999


def test_closing_ends_the_process(embedder: CachedEmbedder) -> None:
    embedder.embed_query("a")
    embedder.close()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and _children():
        time.sleep(0.05)
    assert _children() == []


def test_the_encoder_is_the_file_s_content_whatever_its_place(model: TinyQwen3, tmp_path: Path) -> None:
    one = write_embedding_gguf(model, tmp_path / "Qwen3-Embedding-tiny.gguf")
    (tmp_path / "elsewhere").mkdir()
    moved = tmp_path / "elsewhere" / one.name
    moved.write_bytes(one.read_bytes())
    other = write_embedding_gguf(make_tiny_qwen3(seed=1), tmp_path / "Qwen3-Embedding-other.gguf")
    ids = [load_embedder(str(path), settings_in(tmp_path), print).encoder.id for path in (one, moved, other)]
    assert ids[0] == ids[1] != ids[2]
    assert isinstance(load_embedder(str(one), settings_in(tmp_path), print).engine, GgufEmbedder)


def test_a_reranker_in_a_file_orders_as_its_forward_pass(model: TinyQwen3, tmp_path: Path) -> None:
    needs_llama()
    path = write_reranker_gguf(model, tmp_path / "Qwen3-Reranker-tiny.gguf")
    reranker = load_reranker(settings_in(tmp_path, reranker=str(path), reranker_seconds=60.0))
    assert reranker is not None
    documents = TEXTS[:3]
    try:
        scores = reranker.rerank("sparse attention", documents).scores
    finally:
        reranker.close()
    expected = [
        relevance(model, RERANK_PROMPT.replace("{query}", "sparse attention").replace("{document}", text))
        for text in documents
    ]
    assert np.argsort(scores).tolist() == np.argsort(expected).tolist()


@pytest.mark.parametrize("content", [b"", b"GGUF", b"not a model at all" * 100])
def test_what_is_no_gguf_file_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(content)
    with pytest.raises(GgufUnusable, match=r"broken\.gguf"):
        load_embedder(str(path), settings_in(tmp_path), print)


def test_a_file_that_was_not_fetched_says_how_to_fetch_it(tmp_path: Path) -> None:
    with pytest.raises(GgufNotHere) as caught:
        load_embedder("Qwen/Qwen3-Embedding-0.6B-GGUF:Q8_0", settings_in(tmp_path), print)
    assert "carrel models pull" in caught.value.hint
    with pytest.raises(CarrelError, match=r"gone\.gguf"):
        load_embedder(str(tmp_path / "gone.gguf"), settings_in(tmp_path), print)


def _children() -> list[psutil.Process]:
    return [each for each in psutil.Process().children() if "gguf_child" in " ".join(each.cmdline())]


def test_a_first_question_costs_no_second_text(embedder: CachedEmbedder) -> None:
    assert len(json.loads(embedder.embed_query("a").exchanges[0].sent)["input"]) == 1
