"""Every query asked as users ask: a run, which is the ranked list of each query."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from carrel.core.errors import EmptyQuery
from carrel.core.ports import EmbeddedQuery, Embedder, TokenCounter
from carrel.core.ranking import Hit, SearchResult
from carrel.core.space import Encoder, Vectors

Ask = Callable[[str], SearchResult]


@dataclass(frozen=True, slots=True)
class Answered:
    """A query's answer: documents, best first, each once; and how long it took."""

    query: str  # its id
    ranking: tuple[str, ...]
    milliseconds: float
    result: SearchResult | None = field(repr=False, default=None)  # None: there was nothing to search for


def answers(queries: Mapping[str, str], ask: Ask) -> Iterator[Answered]:
    """Yield the answer to each query. Raises what ``ask`` raises, but for a query without a word in it."""
    for query, text in queries.items():
        began = time.perf_counter()
        try:
            result = ask(text)
        except EmptyQuery:
            yield Answered(query, (), 0.0)
            continue
        yield Answered(query, ranking(result.hits), 1000 * (time.perf_counter() - began), result)


def ranking(hits: tuple[Hit, ...]) -> tuple[str, ...]:
    """Return the names under which the papers of an answer were taken in, best first.

    Versions of a work are one hit, with the others named in it: they stand right behind it.
    """
    return tuple(dict.fromkeys(record.file_name for hit in hits for record in (hit.paper, *hit.versions)))


class RememberingEmbedder:
    """An embedder that is asked once for each question, however many configurations ask it."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[tuple[str, str], EmbeddedQuery] = {}

    @property
    def encoder(self) -> Encoder:
        """The embedder's."""
        return self._embedder.encoder

    @property
    def max_tokens(self) -> int:
        """The embedder's."""
        return self._embedder.max_tokens

    @property
    def tokens(self) -> TokenCounter:
        """The embedder's."""
        return self._embedder.tokens

    @property
    def parallel_calls(self) -> int:
        """The embedder's."""
        return self._embedder.parallel_calls

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Ask the embedder, which has a cache of its own for documents."""
        return self._embedder.embed_documents(texts)

    def embed_query(self, text: str, instruction: str = "") -> EmbeddedQuery:
        """Return the question's vector, asked for once. Raises as the embedder."""
        key = (text, instruction)
        if key not in self._known:
            self._known[key] = self._embedder.embed_query(text, instruction)
        return self._known[key]

    def close(self) -> None:
        """Do nothing: who made the embedder closes it."""
