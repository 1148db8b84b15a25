"""The ports: what the journeys need of the outside world.

Each has one contract suite in ``tests/contract``, run against its fake and every real adapter.
Adapters never call back into a journey.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from carrel.core.exchange import Exchange
from carrel.core.ids import PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.paper import ParsedPaper
from carrel.core.ranking import Candidate, Filters, Signal
from carrel.core.space import Encoder, Space, Vectors


class Parser(Protocol):
    """Reads a file into text, blocks and word boxes. Safe to call from several threads."""

    @property
    def fingerprint(self) -> str:
        """Names the parser and its version; another fingerprint may read the same bytes otherwise.

        Begins with the parser's name in small letters, followed by a slash.
        """
        ...

    def parse(self, path: Path, name: str) -> ParsedPaper:
        """Read the file at ``path``; ``name`` is what error messages call it.

        Raises:
            PaperError: the file cannot be read; the reason is in its kind. The parser goes on.
            ServiceError: no file is to blame; it can be tried again.
        """
        ...

    def close(self) -> None:
        """End child processes and release what was opened."""
        ...


class Unlocker(Protocol):
    """Opens encrypted PDFs with the one password it was made with. Safe to call from several threads."""

    def unlocked(self, path: Path, name: str) -> bytes:
        """Return the PDF at ``path`` as one that needs no password; nothing where it needs none as it is.

        Raises:
            WrongPassword: the password does not open it.
            PaperError: it cannot be opened for another reason.
        """
        ...


class TokenCounter(Protocol):
    """Counts text in a model's own tokens."""

    def token_ends(self, text: str) -> NDArray[np.int64]:
        """Return the character offset at which each token ends, in order; no special tokens."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedQuery:
    """A question's vector, [width], of length 1, and what went over the wire for it, if anything."""

    vector: Vectors
    exchanges: tuple[Exchange, ...] = ()


class Embedder(Protocol):
    """Turns texts into vectors of one encoder. Safe to call from several threads."""

    @property
    def encoder(self) -> Encoder:
        """Identity of the vectors it makes."""
        ...

    @property
    def max_tokens(self) -> int:
        """How many tokens of text the model reads, special tokens not counted."""
        ...

    @property
    def languages(self) -> frozenset[str]:
        """Languages that the model reads well (ISO 639-1); empty: many, or not known. Costs nothing."""
        ...

    @property
    def tokens(self) -> TokenCounter:
        """Counts in this model's tokens."""
        ...

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Return [len(texts), width], rows of length 1. A row does not depend on its companions.

        Raises:
            ServiceError: the model cannot be loaded or reached.
            TextsRefused: the server refuses some of the texts; the others are embedded and cached.
        """
        ...

    def embed_query(self, text: str, instruction: str = "") -> EmbeddedQuery:
        """Embed a question, for what ``instruction`` says where the model reads instructions.

        Raises like ``embed_documents``.
        """
        ...

    @property
    def parallel_calls(self) -> int:
        """How many calls of ``embed_documents`` at once it makes use of."""
        ...

    def close(self) -> None:
        """End waits, connections and processes. Calls in other threads fail."""
        ...


class VectorCache(Protocol):
    """Vectors of texts at full width, in 16-bit floats. Safe to use from several threads and processes.

    It can be lost at any time: what cannot be read is not there, what cannot be written is left out.
    """

    def get(self, encoder: Encoder, keys: Sequence[str]) -> dict[str, Vectors]:
        """Return the vectors, [width], that are there of the texts with these keys (``ids.text_key``).

        They have length 1 in float32, after they were rounded to 16 bits.
        """
        ...

    def put(self, encoder: Encoder, vectors: Mapping[str, Vectors]) -> None:
        """Keep vectors, [width], by their texts' keys; one that is there already stays as it is."""
        ...

    def names(self, after: tuple[str, str], limit: int) -> list[tuple[str, str]]:
        """Return so many (encoder id, text key) of what is there, in order, those after this one."""
        ...

    def delete(self, keys: Sequence[str]) -> bool:
        """Delete the vectors of the texts with these keys, of every encoder; False where it cannot now."""
        ...

    def unexamined(self, limit: int) -> list[tuple[int, str]]:
        """Return (number, text key) of so many of those that came since the last look, in their order."""
        ...

    def mark_examined(self, number: int, gone: Sequence[str]) -> bool:
        """End a look at what came up to this number, and delete as ``delete`` what was found to be of no use.

        Both at once: what another process puts meanwhile has not been looked at. False where it cannot now.
        """
        ...

    def copy_out(self, names: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        """Return those of these vectors that are there as 16-bit floats, little-endian, for a backup."""
        ...

    def copy_in(self, vectors: Mapping[tuple[str, str], bytes]) -> bool:
        """Keep what ``copy_out`` gave; what is there stays as it is. False where it cannot now."""
        ...

    def close(self) -> None:
        """Let go of what is open; it is opened again when it is used again."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Reranked:
    """What a reranker says: a score a document, [documents], higher is better, on a scale of its own."""

    scores: NDArray[np.float32]
    exchanges: tuple[Exchange, ...] = ()


class Reranker(Protocol):
    """Reads a question together with each document. Safe to call from several threads."""

    @property
    def model(self) -> str:
        """The model's name, for people."""
        ...

    def rerank(self, query: str, documents: Sequence[str], instruction: str = "") -> Reranked:
        """Score documents, within the time that it was made with.

        Raises:
            ServiceError: it cannot be reached, took too long, or gave no usable answer.
        """
        ...

    def close(self) -> None:
        """End waits, connections and processes."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class IndexedPassage:
    """A passage as the index takes it: its vector, and the text whose terms BM25 counts."""

    id: str
    vector: Vectors  # [dimensions]
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class IndexedPaper:
    """A paper as the index takes it: itself (title and abstract), its passages, filter fields."""

    id: PaperId
    vector: Vectors  # [dimensions], of title and abstract
    text: str
    passages: tuple[IndexedPassage, ...]
    year: int | None = None
    authors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class IndexQuery:
    """What is asked of an index: a vector, words, or both; ``limit`` candidates a signal.

    ``also`` are further texts, each with what its words weigh where those of ``text`` weigh 1. Of the filters
    it looks at years and authors. ``among`` are the papers that may be found, None: all.
    """

    vector: Vectors | None
    text: str | None
    filters: Filters
    limit: int
    among: frozenset[PaperId] | None = None
    also: tuple[tuple[str, float], ...] = ()


class Index(Protocol):
    """Dense and lexical retrieval over one generation of one knowledge base."""

    def add(self, papers: Sequence[IndexedPaper], staying: Collection[str] = ()) -> None:
        """Add papers, searchable on return; the same paper again replaces nothing and doubles nothing.

        A long paper may come in pieces, with some of its passages each: passages that it has already and
        whose ids are in ``staying`` stay, although they are not among those that are given.
        """
        ...

    def remove(self, papers: Sequence[PaperId]) -> None:
        """Remove papers and all their passages; unknown ids are ignored."""
        ...

    def search(self, query: IndexQuery) -> dict[Signal, tuple[Candidate, ...]]:
        """Return, for each signal the query has, candidates with scores falling, ties by id."""
        ...

    def paper_ids(self) -> frozenset[PaperId]:
        """Return every paper that has a point in the index (for checks, not for queries)."""
        ...

    def counts(self) -> tuple[int, int]:
        """Return (papers, passages) in the index."""
        ...


class Indexes(Protocol):
    """All indexes of a data folder. One process owns them at a time."""

    def acquire(self, purpose: str, wait_seconds: float) -> None:
        """Become the owner, waiting at most so long; no effect where this process already is.

        Raises:
            IndexBusy: another process is; the error says which.
        """
        ...

    def release(self) -> None:
        """Flush, close every index and give ownership up."""
        ...

    def open(self, knowledge_base: KnowledgeBase, space: Space) -> Index:
        """Return the index of the knowledge base's current generation, creating an empty one.

        Raises:
            SpaceMismatch: it was built in another space.
        """
        ...

    def drop(self, knowledge_base_id: str, generation: int) -> None:
        """Delete an index from the disk, if it is there."""
        ...

    def stored(self) -> tuple[tuple[str, int], ...]:
        """Return (knowledge base id, generation) of every index on the disk."""
        ...


class StagedBlob(Protocol):
    """A complete copy of a stream that is not stored yet."""

    @property
    def sha256(self) -> str:
        """Its name once it is stored."""
        ...

    def keep(self) -> None:
        """Store it, at once and whole; no effect where the same bytes are stored."""
        ...


class BlobStore(Protocol):
    """Immutable files named by their SHA-256 (64 hexadecimal digits).

    Storing takes two steps, so that a transaction of the catalog can enclose the second.
    """

    def staged(self, stream: BinaryIO) -> AbstractContextManager[StagedBlob]:
        """Copy a stream; nothing is stored unless the block calls ``keep``.

        Raises:
            StorageFull: there is no room.
        """
        ...

    def path(self, sha256: str) -> Path:
        """Return a local path to read the bytes from. Raises KeyError where there is none."""
        ...

    def delete(self, sha256: str) -> None:
        """Delete, if it is there. Raises KeyError for what is no SHA-256."""
        ...

    def list(self) -> Iterator[str]:
        """Yield every SHA-256 stored."""
        ...

    def sweep(self) -> None:
        """Delete what killed processes left half written."""
        ...
