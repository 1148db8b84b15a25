"""An embedder that asks the model once a text: what was answered before comes from the vector cache."""

from collections.abc import Iterator, Sequence
from threading import Lock
from typing import Protocol

import numpy as np

from carrel.core.engine_errors import EncoderChanged, EndpointLost, EndpointUnavailable, TextsRefused
from carrel.core.ids import text_key
from carrel.core.ports import EmbeddedQuery, Embedder, TokenCounter, VectorCache
from carrel.core.probe import PROBE_KEY
from carrel.core.space import Encoder, Vectors, rounded

_LEAST_COSINE = 0.99  # batching and kernels change less, another model or quantisation more


class PartwiseEmbedder(Embedder, Protocol):
    """An engine whose answers can be kept as they come."""

    def embed_in_parts(self, texts: Sequence[str]) -> Iterator[tuple[Sequence[int], Vectors]]:
        """Yield (numbers of texts, their vectors, [len(numbers), width]) until each has been yielded once.

        In any order. What comes after an interruption is not asked for again, so parts are as small as
        the engine's own batches.

        Raises:
            ServiceError: the model cannot be loaded or reached; what was yielded counts.
            TextsRefused: at the end, when all others have been yielded.
        """
        ...


class CachedEmbedder:
    """An engine with the vector cache before it: an ``Embedder``. Safe to call from several threads.

    Documents' vectors are always rounded to the cache's 16 bits, so that the first answer is the same as
    later ones. Queries go to the engine each time.
    """

    def __init__(self, engine: PartwiseEmbedder, cache: VectorCache) -> None:
        self._engine = engine
        self._cache = cache
        self._has_answered = False

    @property
    def encoder(self) -> Encoder:
        """The engine's."""
        return self._engine.encoder

    @property
    def max_tokens(self) -> int:
        """The engine's."""
        return self._engine.max_tokens

    @property
    def languages(self) -> frozenset[str]:
        """The engine's."""
        return self._engine.languages

    @property
    def tokens(self) -> TokenCounter:
        """The engine's. Raises like it."""
        return self._engine.tokens

    @property
    def parallel_calls(self) -> int:
        """The engine's."""
        return self._engine.parallel_calls

    @property
    def engine(self) -> PartwiseEmbedder:
        """What is asked for the texts that are not cached."""
        return self._engine

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Return [len(texts), width], rows of length 1; each distinct text is asked for once or never.

        Every part is kept as it comes: asking again after an error asks only for the rest.

        Raises:
            ServiceError: as the engine; EndpointLost where a server answered before and is away now.
            TextsRefused: numbers are those of ``texts``; all others are in the cache.
        """
        encoder = self._engine.encoder
        keys = [text_key(text) for text in texts]
        found = self._cache.get(encoder, list(dict.fromkeys(keys)))
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if missing:
            asked = list(missing)
            try:
                for numbers, vectors in self._engine.embed_in_parts(list(missing.values())):
                    self._has_answered = True
                    part = [asked[number] for number in numbers]
                    # As they came: rounded twice, with their length mended between, they would differ.
                    self._cache.put(encoder, dict(zip(part, vectors, strict=True)))
                    found |= zip(part, rounded(vectors), strict=True)
            except EndpointUnavailable as error:
                if self._has_answered and not isinstance(error, EndpointLost):
                    raise EndpointLost(**error.parameters) from error
                raise
            except TextsRefused as error:
                raise _as_numbered(error, asked, keys) from error
        rows = [found[key] for key in keys]
        return np.stack(rows) if rows else np.empty((0, encoder.width), np.float32)

    def embed_query(self, text: str, instruction: str = "") -> EmbeddedQuery:
        """Embed a question, not cached. Raises as the engine."""
        return self._engine.embed_query(text, instruction)

    def close(self) -> None:
        """Close the engine and let go of the cache's file."""
        self._engine.close()
        self._cache.close()


class DriftGuard:
    """Compares a server's vector of a fixed text with the one it gave when it was first used."""

    def __init__(self, cache: VectorCache) -> None:
        self._cache = cache
        self._lock = Lock()

    def check_encoder(self, encoder: Encoder, probe: Vectors, endpoint: str) -> None:
        """Check a fresh vector, [width], of ``PROBE_TEXT`` embedded as a document.

        The first of an encoder is remembered for later ones. Without a cache nothing is remembered.

        Raises:
            EncoderChanged: it is another one than before.
        """
        with self._lock:
            before = self._cache.get(encoder, [PROBE_KEY]).get(PROBE_KEY)
            if before is None:
                self._cache.put(encoder, {PROBE_KEY: probe})
                return
        cosine = float(before @ rounded(probe))
        if not cosine >= _LEAST_COSINE:
            raise EncoderChanged(model=encoder.model, endpoint=endpoint, cosine=f"{cosine:.3f}")


def _as_numbered(error: TextsRefused, asked: Sequence[str], keys: Sequence[str]) -> TextsRefused:
    """Return the error with the numbers of the caller's texts, several where one text stands there twice."""
    refused = {asked[number]: detail for number, detail in error.refused.items()}
    numbers = {number: refused[key] for number, key in enumerate(keys) if key in refused}
    return TextsRefused(numbers, **(error.parameters | {"count": str(len(numbers))}))
