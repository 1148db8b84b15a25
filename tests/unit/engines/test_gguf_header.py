"""GGUF headers: read as they were written; hostile and cut files end in a clear error."""

import random
import struct
import time
from contextlib import suppress
from pathlib import Path

import pytest

from carrel.engines.gguf_header import GgufHeader, MalformedGguf, read_gguf_header
from tests.models.tiny_gguf import RERANK_PROMPT, write_embedding_gguf, write_reranker_gguf
from tests.models.tiny_qwen3 import END, make_tiny_qwen3


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_embedding_gguf(make_tiny_qwen3(), tmp_path_factory.mktemp("gguf") / "a.gguf").read_bytes()


def _read(content: bytes, folder: Path) -> GgufHeader:
    path = folder / "x.gguf"
    path.write_bytes(content)
    return read_gguf_header(path)


def _entry(key: bytes, kind: int, value: bytes) -> bytes:
    return struct.pack("<Q", len(key)) + key + struct.pack("<I", kind) + value


def _file(*entries: bytes, tensors: int = 0, version: int = 3, rest: bytes = b"") -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, tensors, len(entries)) + b"".join(entries) + rest


def test_a_hostile_count_of_texts_ends_at_the_end_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.gguf"
    count = 1 << 38
    path.write_bytes(_file(_entry(b"a", 9, struct.pack("<IQQ", 8, count, count))))
    with path.open("r+b") as stream:
        stream.truncate(count)  # sparse: it takes no room
    began = time.monotonic()
    with pytest.raises(MalformedGguf, match="ends at byte"):
        read_gguf_header(path)
    assert time.monotonic() - began < 5


def test_an_embedding_model(tmp_path: Path) -> None:
    model = make_tiny_qwen3()
    assert read_gguf_header(write_embedding_gguf(model, tmp_path / "a.gguf")) == GgufHeader(
        architecture="qwen3",
        name="tiny-qwen3",
        context_length=512,
        embedding_length=128,
        pooling="last",
        tokenizer="gpt2",
        eos_token=model.tokens.id(END),
        add_eos=True,
        rerank_prompt="",
        has_classifier=False,
    )


def test_a_reranker(tmp_path: Path) -> None:
    header = read_gguf_header(write_reranker_gguf(make_tiny_qwen3(), tmp_path / "a.gguf"))
    assert (header.pooling, header.has_classifier, header.add_eos) == ("rank", True, None)
    assert header.rerank_prompt == RERANK_PROMPT


def test_what_is_not_said_is_empty(tmp_path: Path) -> None:
    header = _read(_file(_entry(b"general.architecture", 8, struct.pack("<Q", 4) + b"bert")), tmp_path)
    assert (header.architecture, header.pooling, header.context_length, header.add_eos) == (
        "bert",
        "",
        0,
        None,
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "too short"),
        (b"GGUF", "too short"),
        (b"<!DOCTYPE html><html>Sign in</html>", "does not begin"),
        (_file(version=1, rest=bytes(8)), "version 1"),
        (_file(version=0x03000000, rest=bytes(8)), "version"),
        (b"GGUF" + struct.pack("<IQQ", 3, 2**63, 0), "number of tensors"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 2**64 - 1), "number of entries"),
        (_file(struct.pack("<Q", 2**63)), "length of a text"),
        (_file(_entry(b"k", 8, struct.pack("<Q", 2**24 - 1))), "within its header"),
        (_file(_entry(b"k", 99, b"")), "unknown type"),
        (_file(_entry(b"k", 9, struct.pack("<IQ", 9, 1))), "unknown type"),
        (_file(_entry(b"k", 9, struct.pack("<IQ", 4, 2**62))), "length of 'k'"),
        (_file(_entry(b"k", 9, struct.pack("<IQQ", 8, 3, 2**64 - 1))), "within its header"),
        (_file(_entry(b"k", 9, struct.pack("<IQ", 8, 30))), "within its header"),
        (_file(tensors=1, rest=struct.pack("<Q", 1) + b"t" + struct.pack("<I", 99)), "sides"),
        (
            _file(tensors=1, rest=struct.pack("<Q", 1) + b"t" + struct.pack("<IQIQ", 1, 8, 0, 2**60)),
            "before its last tensor",
        ),
    ],
)
def test_what_is_no_gguf_file_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(MalformedGguf, match=said):
        _read(content, tmp_path)


def test_a_file_cut_anywhere_in_its_header_is_refused(whole: bytes, tmp_path: Path) -> None:
    for length in [*range(200), *range(200, 40_000, 997)]:
        with pytest.raises(MalformedGguf):
            _read(whole[:length], tmp_path)


def test_a_file_with_bytes_changed_is_read_or_refused_at_once(whole: bytes, tmp_path: Path) -> None:
    draw = random.Random(0)
    head = whole[:60_000]
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(draw.randint(1, 4)):
            damaged[draw.randrange(len(head)) if draw.random() < 0.5 else draw.randrange(400)] = (
                draw.randrange(256)
            )
        with suppress(MalformedGguf):
            assert _read(bytes(damaged), tmp_path).context_length >= 0


def test_a_vocabulary_as_large_as_the_real_one_is_passed_over(tmp_path: Path) -> None:
    words = b"".join(struct.pack("<Q", 6) + b"abcdef" for _ in range(300_000))
    entries = (
        _entry(b"tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 300_000) + words),
        _entry(b"general.architecture", 8, struct.pack("<Q", 5) + b"qwen3"),
    )
    assert _read(_file(*entries), tmp_path).architecture == "qwen3"
