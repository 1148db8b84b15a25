"""The models that tests make on the spot: the same every time, and like a Qwen3."""

import dataclasses
import hashlib
import json
from pathlib import Path

import gguf
import numpy as np

from carrel.engines.safetensors import read_safetensors
from tests.models.numpy_qwen3 import embed, last_state, relevance
from tests.models.tiny_gguf import RERANK_PROMPT, write_embedding_gguf, write_reranker_gguf
from tests.models.tiny_qwen3 import END, make_tiny_qwen3, write_checkpoint

TEXTS = ("sparse attention for long documents", "机器学习, naïve π", "", "a" * 300)


def _hashes(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_files_every_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        folder = write_checkpoint(make_tiny_qwen3(), tmp_path / name)
        write_embedding_gguf(make_tiny_qwen3(), folder / "tiny.gguf")
    assert _hashes(tmp_path / "one") == _hashes(tmp_path / "two")


def test_the_checkpoint_holds_the_weights(tmp_path: Path) -> None:
    model = make_tiny_qwen3()
    found = read_safetensors(write_checkpoint(model, tmp_path) / "model.safetensors")
    assert found.keys() == model.weights.keys()
    assert all((found[name].values == value).all() for name, value in model.weights.items())
    config = json.loads((tmp_path / "config.json").read_text())
    assert (config["model_type"], config["hidden_size"]) == ("qwen3", 128)


def test_every_text_ends_with_the_end_token() -> None:
    tokens = make_tiny_qwen3().tokens
    assert all(tokens.ids(text) == [*tokens.ids(text, end=False), tokens.id(END)] for text in TEXTS)
    assert tokens.ids("yes", end=False) == [tokens.id("yes")]


def test_vectors_have_length_one_and_texts_with_words_in_common_are_alike() -> None:
    model = make_tiny_qwen3()
    vectors = embed(model, TEXTS)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    query, near, far = embed(
        model,
        [
            "sparse attention for long documents",
            "long documents need sparse attention",
            "boundary layers on a flat plate in supersonic flow",
        ],
    )
    assert query @ near > query @ far + 0.2


def test_a_token_sees_those_before_it_and_its_position() -> None:
    model = make_tiny_qwen3()
    first = last_state(model, [5])
    assert np.abs(last_state(model, [9, 5]) - first).max() > 0.1
    assert np.abs(last_state(model, [9, 7, 5]) - last_state(model, [7, 9, 5])).max() > 0.1


def test_without_attention_and_mlp_a_state_is_the_embedding_behind_the_norm() -> None:
    model = make_tiny_qwen3()
    silent = {
        name: value * (0 if "o_proj" in name or "down_proj" in name else 1)
        for name, value in model.weights.items()
    }
    row = silent["model.embed_tokens.weight"][5].astype(float)
    expected = row / np.sqrt((row**2).mean() + 1e-6) * silent["model.norm.weight"]
    found = last_state(dataclasses.replace(model, weights=silent), [9, 5])
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_gguf_files_say_how_they_are_pooled(tmp_path: Path) -> None:
    model = make_tiny_qwen3()
    plain = gguf.GGUFReader(write_embedding_gguf(model, tmp_path / "f32.gguf"))
    small = gguf.GGUFReader(write_embedding_gguf(model, tmp_path / "q8.gguf", quantised=True))
    reranker = gguf.GGUFReader(write_reranker_gguf(model, tmp_path / "rerank.gguf"))
    pooling = [int(reader.fields["qwen3.pooling_type"].contents()) for reader in (plain, small, reranker)]
    assert pooling == [gguf.PoolingType.LAST, gguf.PoolingType.LAST, gguf.PoolingType.RANK]
    assert reranker.fields["tokenizer.chat_template.rerank"].contents() == RERANK_PROMPT
    assert "cls.output.weight" in {tensor.name for tensor in reranker.tensors}
    assert (tmp_path / "q8.gguf").stat().st_size < (tmp_path / "f32.gguf").stat().st_size / 2


def test_relevance_is_a_share_that_depends_on_the_document() -> None:
    model = make_tiny_qwen3()
    shares = [
        relevance(model, RERANK_PROMPT.format(query="search", document=text))
        for text in ("a", "kernel image policy")
    ]
    assert all(0 < share < 1 for share in shares)
    assert shares[0] != shares[1]
