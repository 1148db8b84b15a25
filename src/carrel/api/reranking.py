"""``POST /v1/rerank``: a question and documents in, scores out, in Jina's and Cohere's shape."""

from functools import partial

import numpy as np

from carrel.api.failures import json_bytes
from carrel.api.fair_queue import FairQueue
from carrel.api.requests import RerankRequest
from carrel.core.engine_errors import TextsRefused
from carrel.core.gateway_errors import ModelNotServed, NoRerankerServed, TextNotTaken
from carrel.core.ports import Embedder, Reranker

_THREADS = 4  # a reranker's server has its own queue


class RerankService:
    """Answers requests for scores with one reranker, or says that there is none."""

    def __init__(self, reranker: Reranker | None, embedder: Embedder) -> None:
        """Take the reranker, and the embedder, in whose tokens ``usage`` counts: rerankers count none."""
        self._reranker = reranker
        self._embedder = embedder
        self._queue = FairQueue(_THREADS, "reranking")

    async def rerank(self, asked: RerankRequest) -> bytes:
        """Return the body of the answer: results by score, falling, at most ``top_n``.

        Raises:
            RequestError: the request cannot be answered.
            ServiceError: the reranker cannot be used.
        """
        reranker = self._reranker
        if reranker is None:
            raise NoRerankerServed(field="model")
        if asked.model is not None and asked.model != reranker.model:
            raise ModelNotServed(field="model", model=asked.model, served=reranker.model)
        (answer,) = await self._queue.run([partial(self._answer, reranker, asked)])
        return answer

    def close(self) -> None:
        """Take no more work."""
        self._queue.close()

    def _answer(self, reranker: Reranker, asked: RerankRequest) -> bytes:
        query, documents = asked.question(), asked.texts()
        try:
            scores = reranker.rerank(query, documents, asked.instruction or "").scores
        except TextsRefused as error:
            places = ", ".join(f"documents[{number}]" for number in sorted(error.refused)) or "documents"
            detail = error.parameters.get("detail", "")
            raise TextNotTaken(field="documents", places=places, detail=detail) from error
        results: list[dict[str, object]] = []
        for row in np.argsort(-scores, kind="stable")[: asked.top_n]:
            result: dict[str, object] = {"index": int(row), "relevance_score": float(scores[row])}
            if asked.return_documents:
                result["document"] = {"text": documents[row]}
            results.append(result)
        count = sum(len(self._embedder.tokens.token_ends(text)) for text in (query, *documents))
        usage = {"prompt_tokens": count, "total_tokens": count}
        return json_bytes({"model": reranker.model, "usage": usage, "results": results})
