"""A server that forgets the end token or pools wrongly is recognised, whatever it says of itself."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from carrel.core.engine_errors import EngineNotStarted, GgufUnusable
from carrel.engines.gguf_check import END, Purpose, check_header, check_server
from carrel.engines.gguf_header import GgufHeader
from tests.models.numpy_qwen3 import all_states
from tests.models.tiny_qwen3 import make_tiny_qwen3

PATH = Path("model.gguf")
EMBEDDING = GgufHeader("qwen3", "tiny", 512, 128, "last", "gpt2", 550, True, "", False)
RERANKER = replace(EMBEDDING, pooling="rank", rerank_prompt="{query} {document}", has_classifier=True)
MODEL = make_tiny_qwen3()
Pool = Callable[[Sequence[int]], NDArray[np.float64]]


@cache
def _states(ids: tuple[int, ...]) -> NDArray[np.float64]:
    return all_states(MODEL, ids)


def _last(ids: Sequence[int]) -> NDArray[np.float64]:
    return np.asarray(_states(tuple(ids))[-1])


def _first(ids: Sequence[int]) -> NDArray[np.float64]:
    return np.asarray(_states(tuple(ids))[0])


def _mean(ids: Sequence[int]) -> NDArray[np.float64]:
    return np.asarray(_states(tuple(ids)).mean(axis=0))


class Llama:
    """Answers as llama.cpp does; ``end`` is what it puts behind a text, ``start`` before it."""

    def __init__(self) -> None:
        self.pool: Pool = _last
        self.width = 128
        self.start: list[int] = []
        self.end = [MODEL.tokens.id(END)]
        self.vocabulary: Callable[[str, bool], list[int]] = MODEL.tokens.ids
        self.scores = [0.9, 0.2]
        self.nonsense: object = None

    def answer(self, where: str, asked: dict[str, object]) -> object:
        if self.nonsense is not None:
            return self.nonsense
        if where == "/tokenize":
            return {"tokens": self._tokens(asked["content"], bool(asked["add_special"]))}
        if where == "/v1/rerank":
            rows = [{"index": i, "relevance_score": score} for i, score in enumerate(self.scores)]
            return {"results": rows[::-1]}
        vector = self.pool(self._tokens(asked["input"], special=True))[: self.width]
        return {"data": [{"index": 0, "embedding": (vector / np.linalg.norm(vector)).tolist()}]}

    def _tokens(self, text: object, special: bool) -> list[int]:
        if isinstance(text, list):
            return text
        tokens = self.vocabulary(str(text), False)
        return [*self.start, *tokens, *self.end] if special else tokens


@contextmanager
def _serving(llama: Llama) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(llama.answer(self.path, asked)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _checked(llama: Llama, purpose: Purpose = Purpose.EMBEDDING) -> str:
    with _serving(llama) as address:
        header = EMBEDDING if purpose is Purpose.EMBEDDING else RERANKER
        return check_server(PATH, header, purpose, address, "key")


def test_a_server_that_does_as_it_should_needs_nothing_more() -> None:
    assert _checked(Llama()) == ""
    assert _checked(Llama(), Purpose.RERANK) == ""


def test_where_the_server_adds_no_end_token_the_client_must() -> None:
    llama = Llama()
    llama.end = []
    assert _checked(llama) == END


@pytest.mark.parametrize("pool", [_mean, _first])
def test_pooling_over_other_tokens_is_refused(pool: Pool) -> None:
    llama = Llama()
    llama.pool = pool
    with pytest.raises(GgufUnusable, match="last token"):
        _checked(llama)


def test_an_end_token_that_is_dropped_behind_the_tokenizer_is_refused() -> None:
    llama = Llama()
    llama.pool = lambda ids: _last(ids[:-1]) if len(ids) % 2 else _last(ids)
    with pytest.raises(GgufUnusable, match=r"differ|last token"):
        _checked(llama)


def test_other_tokens_around_a_text_are_refused() -> None:
    for name in ("start", "end"):
        llama = Llama()
        setattr(llama, name, [MODEL.tokens.id("<|im_end|>")])
        with pytest.raises(GgufUnusable, match="something else"):
            _checked(llama)


def test_a_vocabulary_without_the_end_token_is_refused() -> None:
    llama = Llama()

    def without_it(text: str, end: bool) -> list[int]:
        return MODEL.tokens.ids(text.replace("<", "< "), end=end)

    llama.vocabulary = without_it
    with pytest.raises(GgufUnusable, match="vocabulary"):
        _checked(llama)


def test_vectors_of_another_width_or_without_numbers_are_refused() -> None:
    llama = Llama()
    llama.width = 64
    with pytest.raises(GgufUnusable, match="64 dimensions, not 128"):
        _checked(llama)
    llama = Llama()
    llama.pool = lambda _: np.full(128, np.nan)
    with pytest.raises(GgufUnusable):
        _checked(llama)


@pytest.mark.parametrize("scores", [[0.5, 0.5], [3.0, -2.0], [float("nan"), 0.5], [0.5], []])
def test_scores_that_are_none_are_refused(scores: list[float]) -> None:
    llama = Llama()
    llama.scores = scores
    with pytest.raises(GgufUnusable, match="score"):
        _checked(llama, Purpose.RERANK)


@pytest.mark.parametrize(
    "nonsense", [{}, [], {"tokens": "x"}, {"tokens": [1, None]}, {"error": {"message": "no"}}]
)
@pytest.mark.parametrize("purpose", Purpose)
def test_nonsense_is_refused(nonsense: object, purpose: Purpose) -> None:
    llama = Llama()
    llama.nonsense = nonsense
    with pytest.raises(GgufUnusable):
        _checked(llama, purpose)


def test_a_server_that_is_gone_is_said_to_be() -> None:
    with _serving(Llama()) as address:
        pass
    with pytest.raises(EngineNotStarted, match="no answer"):
        check_server(PATH, EMBEDDING, Purpose.EMBEDDING, address, "key")


@pytest.mark.parametrize(
    ("header", "purpose", "said"),
    [
        (replace(EMBEDDING, architecture="bert"), Purpose.EMBEDDING, "bert"),
        (replace(EMBEDDING, architecture=""), Purpose.RERANK, "unknown"),
        (replace(EMBEDDING, tokenizer="bert"), Purpose.EMBEDDING, "tokenizer"),
        (replace(EMBEDDING, embedding_length=0), Purpose.EMBEDDING, "dimensions"),
        (replace(EMBEDDING, pooling="mean"), Purpose.EMBEDDING, "mean"),
        (RERANKER, Purpose.EMBEDDING, "rank"),
        (EMBEDDING, Purpose.RERANK, "reranker"),
        (replace(RERANKER, rerank_prompt=""), Purpose.RERANK, "prompt"),
    ],
)
def test_a_file_that_says_it_is_something_else_is_refused(
    header: GgufHeader, purpose: Purpose, said: str
) -> None:
    with pytest.raises(GgufUnusable, match=said):
        check_header(PATH, header, purpose)


def test_files_that_say_the_right_thing_or_nothing_pass() -> None:
    check_header(PATH, EMBEDDING, Purpose.EMBEDDING)
    check_header(PATH, replace(EMBEDDING, pooling=""), Purpose.EMBEDDING)
    check_header(PATH, RERANKER, Purpose.RERANK)
