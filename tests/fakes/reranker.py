"""A reranker that needs no model: a document scores by the words that it shares with the question."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from carrel.core.errors import CarrelError
from carrel.core.ports import Reranked

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+")


class FakeReranker:
    """Scores in [0, 1]: the share of the question's words that a document has."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...], str]] = []  # query, documents, instruction
        self.failing: CarrelError | None = None  # raised, if set
        self.closed = False

    @property
    def model(self) -> str:
        return "fake-shared-words"

    def rerank(self, query: str, documents: Sequence[str], instruction: str = "") -> Reranked:
        self.asked.append((query, tuple(documents), instruction))
        if self.failing is not None:
            raise self.failing
        return Reranked(shared_words(query, documents))

    def close(self) -> None:
        self.closed = True


def shared_words(query: str, documents: Sequence[str]) -> NDArray[np.float32]:
    """Return, for each document, the share of the query's words that it has."""
    wanted = set(_WORD.findall(query.casefold()))
    found = [wanted & set(_WORD.findall(document.casefold())) for document in documents]
    return np.array([len(words) / max(1, len(wanted)) for words in found], np.float32)
