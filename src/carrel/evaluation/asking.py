"""Every query asked as users ask: a run, which is the ranked list of each query."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from carrel.core.errors import EmptyQuery
from carrel.core.ports import EmbeddedQuery, Embedder, TokenCounter
from carrel.core.ranking import Hit, PaperRecord, SearchResult
from carrel.core.space import Encoder, Vectors

Ask = Callable[[str], SearchResult]


@dataclass(frozen=True, slots=True)
class Answered:
    """A query's answer: documents, best first, each once; and how long it took without the model."""

    query: str  # its id
    ranking: tuple[str, ...]
    milliseconds: float
    result: SearchResult | None = field(repr=False, default=None)  # None: there was nothing to search for

    @property
    def hindered(self) -> bool:
        """Whether a model or the reranker that should have taken part did not."""
        if self.result is None:
            return False
        reranking = self.result.reranking
        return bool(self.result.left_out) or (reranking is not None and bool(reranking.reason))


def answers(
    queries: Mapping[str, str], ask: Ask, name_of: Callable[[PaperRecord], str]
) -> Iterator[Answered]:
    """Yield the answer to each query. Raises what ``ask`` raises, but for a query without a word in it."""
    for query, text in queries.items():
        try:
            result = ask(text)
        except EmptyQuery:
            yield Answered(query, (), 0.0)
            continue
        took = result.took_ms.total - result.took_ms.embed
        yield Answered(query, ranking(result.hits, name_of), took, result)


def ranking(hits: Sequence[Hit], name_of: Callable[[PaperRecord], str]) -> tuple[str, ...]:
    """Return the names of the papers of an answer, best first, each once.

    Versions of a work are one hit, with the others named in it: they stand right behind it.
    """
    return tuple(dict.fromkeys(name_of(record) for hit in hits for record in (hit.paper, *hit.versions)))


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
    def languages(self) -> frozenset[str]:
        """The embedder's."""
        return self._embedder.languages

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
