"""An embedder that needs no model: texts that share words are near one another."""

import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from carrel.core.ports import EmbeddedQuery
from carrel.core.space import Encoder, Vectors

WIDTH = 64
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\s\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")


class FakeTokens:
    """Counts a word, or a Chinese, Japanese or Korean character, as one token."""

    def token_ends(self, text: str) -> NDArray[np.int64]:
        return np.array([match.end() for match in _WORD.finditer(text)], dtype=np.int64)


class FakeEmbedder:
    """Adds up one direction a word; deterministic across processes and machines."""

    def __init__(
        self,
        max_tokens: int = 254,
        width: int = WIDTH,
        model: str = "fake-bag-of-words",
        languages: frozenset[str] = frozenset(),
    ) -> None:
        self._max_tokens = max_tokens
        self._width = width
        self._model = model
        self._languages = languages
        self.embedded: list[str] = []  # every text it was asked for, in order

    @property
    def encoder(self) -> Encoder:
        return Encoder(self._model, "1", "{text}", "mean", self._width)

    @property
    def max_tokens(self) -> int:
        return self._max_tokens

    @property
    def languages(self) -> frozenset[str]:
        return self._languages

    @property
    def tokens(self) -> FakeTokens:
        return FakeTokens()

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        self.embedded.extend(texts)
        return np.array([self._vector(text) for text in texts], np.float32).reshape(-1, self._width)

    def embed_in_parts(self, texts: Sequence[str]) -> Iterator[tuple[Sequence[int], Vectors]]:
        for number, text in enumerate(texts):
            yield [number], self.embed_documents([text])

    def embed_query(self, text: str, instruction: str = "") -> EmbeddedQuery:
        return EmbeddedQuery(self.embed_documents([text])[0])

    @property
    def parallel_calls(self) -> int:
        return 1

    def close(self) -> None:
        """Nothing is open."""

    def _vector(self, text: str) -> NDArray[np.float64]:
        # A little of every direction, so that a text without words has a vector as well.
        total = np.full(self._width, 0.01)
        for word in self._words(text):
            total += _direction(word, self._width)
        unit: NDArray[np.float64] = total / np.linalg.norm(total)
        return unit

    def _words(self, text: str) -> Iterator[str]:
        for count, match in enumerate(_WORD.finditer(text.lower())):
            if count == self._max_tokens:
                return
            yield match.group().strip(".,;:!?()[]{}\"'") or match.group()


@cache
def _direction(word: str, width: int) -> NDArray[np.int64]:
    """So many signs, from the bits of the word's hash."""
    digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=width // 8).digest()
    return np.unpackbits(np.frombuffer(digest, np.uint8)).astype(np.int64) * 2 - 1
