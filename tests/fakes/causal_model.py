"""A small causal model with random weights, and a server of it that can be told to do everything wrong.

Like Qwen3-Embedding in what matters to whoever asks from outside: attention looks back only, positions do not
enter values, every token counts, an end token closes each text, and the last token's state is the vector.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from carrel.core.space import Vectors
from tests.fakes.embedding_server import (
    Asked,
    EmbeddingServerFake,
    Reply,
    embeddings_document,
    error_reply,
    json_reply,
)

END = "<|endoftext|>"
NAME = "qwen3-embedding-tiny"
WIDTH = 96
_TOKEN = re.compile(r"<\|endoftext\|>|\w+|[^\w\s]")
_LAYERS = 2
_DECAY = 0.05  # a token's weight falls by so much a place: the last ones count most
_FRESH = np.random.default_rng()

Rows = NDArray[np.float64]


def tokens_of(text: str) -> list[str]:
    return [token if token == END else token.lower() for token in _TOKEN.findall(text)]


@cache
def _direction(token: str) -> Rows:
    digest = hashlib.blake2b(token.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    vector: Rows = np.random.default_rng(int.from_bytes(digest, "big")).standard_normal(WIDTH)
    # Short words say little, as in trained models.
    return vector * (1.0 if len(token) > 4 else 0.5)


@cache
def _weights(layer: int) -> tuple[Rows, Rows]:
    random = np.random.default_rng(layer)
    mix = random.standard_normal((WIDTH, WIDTH)) / np.sqrt(WIDTH)
    return np.eye(WIDTH) + 0.3 * mix, 0.5 * mix.T


def states(tokens: Sequence[str]) -> Rows:
    """Return the state at each token, [tokens, width]."""
    x = np.stack([_direction(token) for token in tokens])
    place = np.arange(len(tokens))
    back = place[:, None] - place[None, :]
    for layer in range(_LAYERS):
        value, bend = _weights(layer)
        scores = np.where(back >= 0, -_DECAY * np.minimum(back, 40) + _peaks(x), -np.inf)
        attention = np.exp(scores - scores.max(axis=1, keepdims=True))
        attention /= attention.sum(axis=1, keepdims=True)
        x = 0.6 * x + attention @ (_normed(x) @ value)
        x = x + np.tanh(_normed(x) @ bend)
    return _normed(x)


@cache  # each examination asks for the same texts
def _pooled(tokens: tuple[str, ...], pooling: str) -> Rows:
    found = states(tokens)
    pooled: Rows = {"last": found[-1], "mean": found.mean(axis=0), "cls": found[0]}[pooling]
    return pooled.copy()  # of all states only this one is kept


def _normed(x: Rows) -> Rows:
    scaled: Rows = x / np.sqrt((x**2).mean(axis=1, keepdims=True))
    return scaled


def _peaks(x: Rows) -> Rows:
    """Tokens that say more draw more attention."""
    peaks: Rows = 0.5 * np.sqrt((x**2).mean(axis=1))[None, :]
    return peaks


@dataclass
class CausalServer(EmbeddingServerFake):
    """Serves the model rightly; each field is a way to do it wrongly or another server's way."""

    appends_end: bool = True
    pooling: str = "last"  # or "mean", "cls"
    normalises: bool = True
    context: int = 2048
    over_long: str = "refuse"  # or "cut": the end token is lost; "cut before the end": it survives
    takes_ids: bool = True
    shuffles: bool = False
    noise: float = 0.0
    strips_instruction: bool = False
    width: int = WIDTH  # fewer: vectors are cut
    spoil: Callable[[Vectors], Vectors] | None = None
    paths: dict[str, object] = field(default_factory=dict)  # GET, such as /version

    def __post_init__(self) -> None:
        super().__init__()
        self.model = NAME
        self.counted = 0

    def reply(self, asked: Asked) -> Reply:
        if asked.method == "GET" and asked.path != "/v1/models":
            found = self.paths.get(asked.path)
            return json_reply({"detail": "Not Found"}, 404) if found is None else json_reply(found)
        return super().reply(asked)

    def embeddings(self, asked: Asked) -> Reply:
        if asked.document.get("model") != self.model:
            return error_reply(f"The model `{asked.document.get('model')}` does not exist.", 404)
        given = asked.document["input"]
        items = given if isinstance(given, list) else [given]
        if self.max_texts and len(items) > self.max_texts:
            return error_reply(f"batch size {len(items)} exceeds the maximum", 413)
        if not self.takes_ids and not all(isinstance(item, str) for item in items):
            return error_reply("invalid input type", 400)
        texts = [self._tokens(item) for item in items]
        if self.over_long == "refuse" and max(map(len, texts)) > self.context:
            return error_reply(f"maximum context length is {self.context} tokens", 400)
        vectors = np.stack([self._vector(self._fitting(text)) for text in texts]).astype(np.float32)
        if self.shuffles:
            vectors = np.roll(vectors, 1, axis=0)
        as_base64 = asked.document.get("encoding_format") == "base64"
        spoilt = vectors if self.spoil is None else self.spoil(vectors)
        document = embeddings_document(spoilt, self.model, as_base64=as_base64)
        tokens = sum(map(len, texts))
        return json_reply({**document, "usage": {"prompt_tokens": tokens, "total_tokens": tokens}})

    def _tokens(self, item: object) -> list[str]:
        if isinstance(item, list):
            return [f"token {number}" for number in item]  # and nothing appended
        text = str(item)
        if self.strips_instruction:
            text = re.sub(r"^Instruct: .*\nQuery:", "", text)
        return tokens_of(text) + [END] * self.appends_end

    def _fitting(self, tokens: list[str]) -> list[str]:
        if len(tokens) <= self.context:
            return tokens
        if self.over_long == "cut":
            return tokens[: self.context]
        return [*tokens[: self.context - 1], tokens[-1]]

    def _vector(self, tokens: list[str]) -> Rows:
        vector = _pooled(tuple(tokens or [" "]), self.pooling)
        if self.noise:
            vector = vector + self.noise * _FRESH.standard_normal(WIDTH)
        if self.normalises:
            vector = vector / np.linalg.norm(vector)
        return vector[: self.width]
