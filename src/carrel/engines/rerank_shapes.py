"""How servers want to be asked for scores, three shapes of one request, and how they reply. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from carrel.core.language import tr
from carrel.engines.address import Endpoint

Scores = NDArray[np.float32]
Body = Mapping[str, object]


class UnusableScores(Exception):
    """A reply that has no score for every document. The message is for people."""


@dataclass(frozen=True, slots=True)
class RerankShape:
    """One way to ask: where, and with what."""

    name: str
    url: Callable[[Endpoint], str]
    body: Callable[[str, str, Sequence[str]], Body]  # of model, query and documents


def _listed(model: str, query: str, documents: Sequence[str]) -> Body:
    return {"model": model, "query": query, "documents": list(documents), "top_n": len(documents)}


def _texts(_: str, query: str, documents: Sequence[str]) -> Body:
    return {"query": query, "texts": list(documents), "raw_scores": False}


def _pairs(model: str, query: str, documents: Sequence[str]) -> Body:
    return {"model": model, "text_1": query, "text_2": list(documents)}


SHAPES: tuple[RerankShape, ...] = (
    # vLLM, llama.cpp, SGLang, Jina, Cohere, LiteLLM, Infinity
    RerankShape("rerank", lambda at: f"{at.url}/rerank", _listed),
    # Hugging Face's text-embeddings-inference, which has no /v1/rerank
    RerankShape("texts", lambda at: f"{at.root}/rerank", _texts),
    # vLLM's own, where only that is let through
    RerankShape("score", lambda at: f"{at.url}/score", _pairs),
)
"""In the order in which they are tried."""


def read_scores(document: object, documents: int) -> Scores:
    """Return [documents] scores, in the documents' order, whatever order they came in.

    A reply is a list of indexes and scores, bare or under ``results`` or ``data``: what a server replies
    does not always go with how it wants to be asked (SGLang).

    Raises:
        UnusableScores: it is no such reply, a document has no score or two, or a score is no number.
    """
    found = document
    if isinstance(document, dict):
        found = document.get("results", document.get("data"))
    if not isinstance(found, list):
        raise UnusableScores(tr("it holds no list of scores"))
    if len(found) != documents:
        detail = tr("{found} scores for {documents} documents")
        raise UnusableScores(detail.format(found=len(found), documents=documents))
    scores = np.full(documents, np.nan, np.float32)
    for each in found:
        index = each.get("index") if isinstance(each, dict) else None
        if type(index) is not int or not 0 <= index < documents or not np.isnan(scores[index]):
            detail = tr("the index {index} is doubled or out of range")
            raise UnusableScores(detail.format(index=str(index)[:40]))
        scores[index] = _number(each.get("relevance_score", each.get("score")))
    return scores


def _number(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        with np.errstate(over="ignore"):
            try:
                number = np.float32(value)
            except OverflowError:  # an integer of hundreds of digits
                number = np.float32(np.inf)
        if np.isfinite(number):
            return float(number)
    raise UnusableScores(tr("a score is no number ({value})").format(value=str(value)[:40]))
