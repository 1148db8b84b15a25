"""One generation's index in Chroma: collections of passages and of papers, and its words beside them.

Chroma's own word search is not BM25 and its sparse vectors are for its cloud only, so the lexical side is
a file of ours (``lexical.py``), with a server too. A paper is pending there until both sides hold it. No
text of a user reaches Chroma: filters are resolved here, to numbers and to papers' ids.
"""

import shutil
import sqlite3
import threading
from collections import Counter
from collections.abc import Collection as AnyOf
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from carrel.core.errors import IndexDamaged, SpaceMismatch
from carrel.core.ids import PaperId
from carrel.core.ports import IndexedPaper, IndexQuery
from carrel.core.ranking import Candidate, Signal
from carrel.core.space import Space, Vectors
from carrel.indexing.analysis import query_terms
from carrel.indexing.chroma_client import Server, engine_errors, open_client
from carrel.indexing.lexical import LexicalSide
from carrel.indexing.marker import check_marker, is_complete, marker_of, write_marker
from carrel.indexing.pieces import Pieces
from carrel.indexing.room import make_sure_of_room

if TYPE_CHECKING:
    from chromadb import Collection, Where
    from chromadb.api.client import Client
    from chromadb.api.collection_configuration import CreateHNSWConfiguration

LEXICAL_FILE = "lexical.db"
STORE_FOLDER, _OWNER, _SPACE = "store", "paper_id", "space"
_KINDS = ("passages", "papers")
# Measured over 10,000 random directions of 384, the hardest case: 99.9 % of the nearest 100 are found.
_HNSW: "CreateHNSWConfiguration" = {
    "space": "cosine",
    "ef_construction": 200,
    "ef_search": 800,
    "max_neighbors": 32,
}
_SMALL = 1_000  # points that are all ranked: exact, in the time that the graph would take
_TIE_FACTOR = 4  # how much deeper to look when equal scores straddle the limit
_PAGE = 2_000  # points read at once
_PAPERS_AT_ONCE = 100  # removed


def collection_name(knowledge_base_id: str, generation: int, kind: str) -> str:
    """Return what a collection is called; ``kind`` is passages or papers."""
    return f"carrel-{knowledge_base_id}-{generation}-{kind}"


def delete_collections(client: "Client", knowledge_base_id: str, generation: int) -> None:
    """Delete the collections of an index, if they are there."""
    from chromadb.errors import NotFoundError

    for kind in _KINDS:
        try:
            client.delete_collection(collection_name(knowledge_base_id, generation, kind))
        except NotFoundError:
            continue


class ChromaIndex:
    """Index port over two collections and a lexical file. Safe to use from several threads."""

    def __init__(
        self,
        folder: Path,
        server: Server | None,
        name: str,
        dimensions: int,
        keep_free_bytes: int,
    ) -> None:
        self._folder = folder
        self._server = server
        self._name = name
        self._dimensions = dimensions
        self._keep_free_bytes = keep_free_bytes
        self._writing = threading.Lock()  # an add is several calls
        self._pieces = Pieces()
        self._client = open_client(folder / STORE_FOLDER, server, name)
        self._lexical: LexicalSide
        self._passages: Collection
        self._papers: Collection

    @classmethod
    def open(
        cls,
        folder: Path,
        name: tuple[str, int],
        space: Space,
        server: Server | None,
        shown_name: str,
        keep_free_bytes: int,
    ) -> "ChromaIndex":
        """Open the index in ``folder``; create an empty one where there is none or half of one.

        Args:
            folder: of the lexical file and, without a server, of Chroma's own files.
            name: (knowledge base id, generation).
            space: of its vectors.
            server: that keeps the vectors; None where this process does.
            shown_name: what messages call the index.
            keep_free_bytes: room that must be left on the disk.

        Raises:
            StorageFull: the disk has no room for a new index.
            SpaceMismatch: it was built in another space.
            IndexDamaged, IndexEngineNotInstalled, IndexServerUnavailable, IndexServerRefuses: as they say.
        """
        complete = is_complete(folder)
        if complete:
            check_marker(folder, space, shown_name)
            if server is not None:  # this process kept the vectors before
                shutil.rmtree(folder / STORE_FOLDER, ignore_errors=True)
        elif folder.exists():
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        if not complete:
            make_sure_of_room(folder, keep_free_bytes)
        index = cls(folder, server, shown_name, space.dimensions, keep_free_bytes)
        try:
            with index._errors():
                index._begin(name, space, complete)
        except BaseException:
            index._client.close()
            raise
        if not complete:
            write_marker(folder, space)
        return index

    def _begin(self, name: tuple[str, int], space: Space, complete: bool) -> None:
        """Open both sides and take out what a crash left on its way."""
        if not complete:
            delete_collections(self._client, *name)
        self._passages, self._papers = (self._collection(name, kind, space) for kind in _KINDS)
        self._lexical = LexicalSide(self._folder / LEXICAL_FILE)
        try:
            self._take_out(self._lexical.pending())
        except BaseException:
            self._lexical.close()
            raise

    def _collection(self, name: tuple[str, int], kind: str, space: Space) -> "Collection":
        """Return a collection, made where it is missing: what it lacks then shows in ``counts``."""
        marker = marker_of(space)
        found = self._client.get_or_create_collection(
            collection_name(*name, kind),
            metadata={_SPACE: marker.space_id, "model": marker.model, "analyser": marker.analyser},
            configuration={"hnsw": _HNSW},
            embedding_function=None,
        )
        if (there := (found.metadata or {}).get(_SPACE)) != marker.space_id:
            raise SpaceMismatch(index=self._name, expected=marker, found=there)
        return found

    def add(self, papers: Sequence[IndexedPaper], staying: AnyOf[str] = ()) -> None:
        """Add papers; those already in it are replaced, passages of an older chunking removed.

        One that comes in pieces is written once all of ``staying`` has come.

        Raises:
            StorageFull: the disk has no room; nothing of the next paper was written.
            ValueError: a vector has another shape than the space or is not finite.
            ServiceError: the engine or its server failed; the paper is not in the index.
        """
        for piece in papers:
            for vector in (piece.vector, *(passage.vector for passage in piece.passages)):
                self._check(vector)
            paper = self._pieces.whole(piece, staying)
            if paper is None:
                continue
            with self._writing, self._errors():
                make_sure_of_room(self._folder, self._keep_free_bytes)
                if self._lexical.put(paper):
                    self._take_out_of_engine([paper.id])
                self._put_into_engine(paper)
                self._lexical.confirm(paper.id)

    def remove(self, papers: Sequence[PaperId]) -> None:
        """Remove papers and all their passages; unknown ids are ignored."""
        with self._writing, self._errors():
            self._take_out(self._lexical.doubt(papers))

    def search(self, query: IndexQuery) -> dict[Signal, tuple[Candidate, ...]]:
        """Return, for each signal the query has, candidates with scores falling, ties by id.

        Dense lists of more than a thousand points come from a graph, which may miss one now and then.
        """
        if query.vector is not None:
            self._check(query.vector)
        terms = None if query.text is None else query_terms(query.text, query.also)
        found: dict[Signal, tuple[Candidate, ...]] = {}
        with self._errors():
            passing = self._lexical.passing(query) if query.limit > 0 else set[PaperId]()
            for signal in Signal:
                if signal.dense and query.vector is not None:
                    found[signal] = self._dense(signal, query.vector, passing, query)
                elif not signal.dense and terms is not None:
                    possible = terms.ids and passing != set()
                    found[signal] = self._lexical.search(terms, signal.of_passages, query) if possible else ()
        return found

    def paper_ids(self) -> frozenset[PaperId]:
        """Return every paper that has a point in the index."""
        with self._errors():
            return self._lexical.paper_ids()

    def counts(self) -> tuple[int, int]:
        """Return (papers, passages) that both sides hold; no paper that lacks a point on one."""
        with self._errors():
            counts = self._lexical.counts()
            if counts == (self._papers.count(), self._passages.count()):
                return counts
            papers, points = self._ids(self._papers), self._ids(self._passages)
            passages: Counter[PaperId] = Counter()
            lacking: set[PaperId] = set()
            for paper, point, of_passages in self._lexical.point_ids():
                passages[paper] += of_passages
                if point not in (points if of_passages else papers):
                    lacking.add(paper)
            whole = passages.keys() - lacking
            return len(whole), sum(passages[paper] for paper in whole)

    def close(self) -> None:
        """Let go of both sides. Any later call but this one fails."""
        with self._writing:
            self._lexical.close()
            self._client.close()

    def _put_into_engine(self, paper: IndexedPaper) -> None:
        owner: dict[str, str | int] = {_OWNER: paper.id}
        at_once = max(1, self._client.get_max_batch_size())
        for first in range(0, len(paper.passages), at_once):
            passages = paper.passages[first : first + at_once]
            self._passages.upsert(
                ids=[passage.id for passage in passages],
                embeddings=np.stack([passage.vector for passage in passages]),
                metadatas=[owner] * len(passages),
            )
        self._papers.upsert(ids=[paper.id], embeddings=paper.vector[None], metadatas=[owner])

    def _take_out(self, papers: Sequence[PaperId]) -> None:
        """Take papers out of both sides, the engine first: until then they are pending."""
        self._take_out_of_engine(papers)
        self._lexical.remove(papers)

    def _take_out_of_engine(self, papers: Sequence[PaperId]) -> None:
        for first in range(0, len(papers), _PAPERS_AT_ONCE):
            doomed = _of(papers[first : first + _PAPERS_AT_ONCE])
            self._passages.delete(where=doomed)
            self._papers.delete(where=doomed)

    def _dense(
        self, signal: Signal, vector: Vectors, passing: set[PaperId] | None, query: IndexQuery
    ) -> tuple[Candidate, ...]:
        collection = self._passages if signal.of_passages else self._papers
        every = collection.count()
        if passing is None:
            expected = every
        else:
            expected = self._lexical.passages_of(passing) if signal.of_passages else len(passing)
        if not expected or query.limit < 1:
            return ()
        where = None if passing is None else _of(sorted(passing))
        # One more than wanted shows whether equal scores straddle the limit.
        depth = max(query.limit + 1, _SMALL if every <= _SMALL else 0)
        while True:
            found = self._nearest(collection, vector, depth, where)
            if len(found) < min(depth, expected):  # the graph has lost its way to some
                return self._exact(collection, vector, query.limit, where)
            if (
                len(found) <= query.limit
                or len(found) < depth
                or found[-1].score < found[query.limit - 1].score
            ):
                found.sort(key=lambda candidate: (-candidate.score, candidate.point_id))
                return tuple(found[: query.limit])
            depth *= _TIE_FACTOR

    def _nearest(
        self, collection: "Collection", vector: Vectors, depth: int, where: "Where | None"
    ) -> list[Candidate]:
        answer = collection.query(
            query_embeddings=vector[None], n_results=depth, where=where, include=["distances", "metadatas"]
        )
        owners, distances = answer["metadatas"], answer["distances"]
        assert owners is not None
        assert distances is not None
        return [
            Candidate(point, PaperId(str(owner[_OWNER])), 1.0 - distance)
            for point, owner, distance in zip(answer["ids"][0], owners[0], distances[0], strict=True)
            if owner  # one that comes or goes at this moment has its vector there and nothing else
        ]

    def _exact(
        self, collection: "Collection", vector: Vectors, limit: int, where: "Where | None"
    ) -> tuple[Candidate, ...]:
        """Rank every point by its vector: for the rare case that the graph does not reach all."""
        best: list[Candidate] = []
        unit = vector / max(float(np.linalg.norm(vector)), 1e-12)
        for first in range(0, collection.count(), _PAGE):
            page = collection.get(where=where, limit=_PAGE, offset=first, include=["embeddings", "metadatas"])
            owners, rows = page["metadatas"], np.asarray(page["embeddings"], np.float32)
            if owners is None or not len(rows):
                break
            scores = rows @ unit / np.maximum(np.linalg.norm(rows, axis=1), 1e-12)
            best += [
                Candidate(point, PaperId(str(owner[_OWNER])), float(score))
                for point, owner, score in zip(page["ids"], owners, scores, strict=True)
            ]
            best.sort(key=lambda candidate: (-candidate.score, candidate.point_id))
            del best[limit:]
        return tuple(best)

    def _ids(self, collection: "Collection") -> set[str]:
        return {
            point
            for first in range(0, collection.count(), _PAGE)
            for point in collection.get(limit=_PAGE, offset=first, include=[])["ids"]
        }

    def _check(self, vector: Vectors) -> None:
        if vector.shape != (self._dimensions,):
            raise ValueError(f"a vector of shape {vector.shape} in an index of {self._dimensions} dimensions")
        if not np.isfinite(vector).all():
            raise ValueError("a vector with a value that is not finite")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with engine_errors(self._folder, self._server, self._name):
                yield
        except sqlite3.Error as error:
            raise IndexDamaged(index=self._name, folder=self._folder, detail=error) from error


def _of(papers: Sequence[PaperId]) -> "Where":
    """Return the condition that a point is of one of these papers."""
    wanted: dict[Literal["$in", "$nin"], list[str | int | float | bool]] = {"$in": [*papers]}
    return {_OWNER: wanted}
