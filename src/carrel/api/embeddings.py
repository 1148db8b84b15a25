"""``POST /v1/embeddings``: texts in, vectors out, in OpenAI's shape."""

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from carrel.api.failures import json_bytes
from carrel.api.fair_queue import FairQueue
from carrel.api.requests import EmbeddingsRequest
from carrel.core.engine_errors import DimensionsImpossible, TextsRefused
from carrel.core.gateway_errors import ModelNotServed, TextNotTaken
from carrel.core.ports import Embedder
from carrel.core.space import Vectors, cut

# A piece is what one call of the engine is given: small enough that the next in the queue does not wait for
# long (a quarter of a second on two cores), large enough to fill a batch.
_PIECE_CHARACTERS = 8192
_MOST_THREADS = 64
_NAMED = 5  # texts that an error names


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """Vectors, [texts, dimensions], and how many tokens the model read for them."""

    vectors: Vectors
    tokens: int


class EmbeddingService:
    """Answers requests for embeddings with one embedder."""

    def __init__(self, embedder: Embedder, name: str, batch_texts: int) -> None:
        """Take the embedder, the name that clients call it by, and how many texts a call of it takes."""
        self._embedder = embedder
        self._name = name
        self._batch_texts = batch_texts
        threads = min(max(embedder.parallel_calls, 1), _MOST_THREADS)
        self._queue = FairQueue(threads, "embedding")

    async def embed(self, asked: EmbeddingsRequest) -> Embedded:
        """Embed what is asked for, a piece at a time, in turn with others.

        Raises:
            RequestError: the request cannot be answered.
            DimensionsImpossible: the vectors have fewer dimensions.
            ServiceError: the engine cannot be used.
        """
        if asked.model != self._name:
            raise ModelNotServed(field="model", model=asked.model, served=self._name)
        texts = asked.texts()
        if asked.dimensions is not None:
            await self._queue.run([partial(self._check_dimensions, asked.dimensions)])
        parts = await self._queue.run(list(self._pieces(texts, asked)))
        return Embedded(np.concatenate([part.vectors for part in parts]), sum(part.tokens for part in parts))

    def close(self) -> None:
        """Take no more work."""
        self._queue.close()

    def _check_dimensions(self, wanted: int) -> None:
        """Run in the queue: an engine may have to ask its server how many there are."""
        encoder = self._embedder.encoder
        if wanted > encoder.width:
            raise DimensionsImpossible(
                model=self._name, wanted=wanted, expected=f"1 … {encoder.width}", field="dimensions"
            )

    def _pieces(self, texts: Sequence[str], asked: EmbeddingsRequest) -> Iterator[Callable[[], Embedded]]:
        """Yield the work: each query for itself, documents in batches."""
        if asked.input_type == "query":
            for number, text in enumerate(texts):
                yield partial(self._query, text, asked.instruction or "", number, asked.dimensions)
            return
        first, characters = 0, 0
        for number, text in enumerate(texts):
            full = number - first == self._batch_texts or characters + len(text) > _PIECE_CHARACTERS
            if number > first and full:
                yield partial(self._documents, texts[first:number], first, asked.dimensions)
                first, characters = number, 0
            characters += len(text)
        yield partial(self._documents, texts[first:], first, asked.dimensions)

    def _query(self, text: str, instruction: str, number: int, dimensions: int | None) -> Embedded:
        try:
            vectors = self._embedder.embed_query(text, instruction).vector[None]
        except TextsRefused as error:
            raise _not_taken(error, number) from error
        return self._embedded([text], vectors, dimensions)

    def _documents(self, texts: Sequence[str], first: int, dimensions: int | None) -> Embedded:
        try:
            vectors = self._embedder.embed_documents(texts)
        except TextsRefused as error:
            raise _not_taken(error, first) from error
        return self._embedded(texts, vectors, dimensions)

    def _embedded(self, texts: Sequence[str], vectors: Vectors, dimensions: int | None) -> Embedded:
        read = sum(min(len(self._embedder.tokens.token_ends(t)), self._embedder.max_tokens) for t in texts)
        return Embedded(vectors if dimensions is None else cut(vectors, dimensions), read)


def embeddings_answer(model: str, embedded: Embedded, as_base64: bool) -> bytes:
    """Return the body of the answer. Takes seconds for many large vectors: not for the event loop."""
    write = _base64 if as_base64 else _numbers
    data = [
        b'{"object":"embedding","index":%d,"embedding":%b}' % (index, write(vector))
        for index, vector in enumerate(embedded.vectors)
    ]
    usage = json_bytes({"prompt_tokens": embedded.tokens, "total_tokens": embedded.tokens})
    return b'{"object":"list","data":[%b],"model":%b,"usage":%b}' % (
        b",".join(data),
        json_bytes(model),
        usage,
    )


def _numbers(vector: Vectors) -> bytes:
    # Nine digits tell every 32-bit float from its neighbours; Python would write seventeen.
    return ("[" + ",".join([f"{value:.9g}" for value in vector.tolist()]) + "]").encode("ascii")


def _base64(vector: Vectors) -> bytes:
    return b'"' + base64.b64encode(vector.astype("<f4").tobytes()) + b'"'


def _not_taken(error: TextsRefused, first: int) -> TextNotTaken:
    numbers = sorted(first + number for number in error.refused)
    places = ", ".join(f"input[{number}]" for number in numbers[:_NAMED]) or "input"
    detail = error.parameters.get("detail", "")
    return TextNotTaken(field=places.split(",")[0], places=places, detail=detail)
