"""A reranker that needs no model: a document scores by the words it shares with the question."""

import re
from collections.abc import Sequence

import numpy as np

from carrel.core.ports import Reranked

_WORD = re.compile(r"\w+")


class FakeReranker:
    """Scores the share of the question's words that stand in the document; deterministic."""

    model = "fake-shared-words"

    def rerank(self, query: str, documents: Sequence[str], instruction: str = "") -> Reranked:
        wanted = _words(query)
        shares = [len(wanted & _words(text)) / max(len(wanted), 1) for text in documents]
        return Reranked(np.array(shares, np.float32))

    def close(self) -> None:
        """Nothing is open."""


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower()))
