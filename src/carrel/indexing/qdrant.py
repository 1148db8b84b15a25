"""The embedded index: passages and whole papers of one knowledge base in one Qdrant Edge shard.

Passages and papers are points with vectors of different names, so that each of the four signals
searches its own kind and counts document frequencies over it (the engine counts per vector name).
A point's id is the passage's or paper's id. Search is exact: a shard is never optimised here, as that
stops every Python thread (DESIGN §5). Authors are stored with the paper only; filters resolve them first.

Measured on 2 cores of an EPYC: the engine holds the interpreter's lock during a call and its search
thread sleeps between calls. A write is in the log before ``add`` returns and survives ``kill -9``;
a power failure can lose what came after the last flush.
"""

import shutil
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np
from qdrant_edge import (
    CountRequest,
    Distance,
    EdgeConfig,
    EdgeShard,
    EdgeSparseVectorParams,
    EdgeVectorParams,
    FacetRequest,
    FieldCondition,
    Filter,
    HasVectorCondition,
    MatchAny,
    MatchValue,
    Modifier,
    PayloadSchemaType,
    Point,
    PointVectors,
    Query,
    QueryBatchRequest,
    QueryRequest,
    RangeFloat,
    Record,
    ScoredPoint,
    ScrollRequest,
    SearchParams,
    SparseVector,
    UpdateOperation,
)

from carrel.core.author_names import searchable_words, wanted_names
from carrel.core.errors import IndexDamaged
from carrel.core.ids import PaperId
from carrel.core.ports import IndexedPaper, IndexQuery
from carrel.core.ranking import Candidate, Signal
from carrel.core.space import Space, Vectors
from carrel.indexing.analysis import PAPERS, PASSAGES, Field, document_terms, query_terms
from carrel.indexing.marker import check_marker, is_complete, write_marker
from carrel.indexing.room import make_sure_of_room

_PASSAGE, _PAPER = "passage", "paper"
_PASSAGE_TERMS, _PAPER_TERMS = "passage_terms", "paper_terms"
_VECTOR_OF = {
    Signal.DENSE_PASSAGES: _PASSAGE,
    Signal.DENSE_PAPERS: _PAPER,
    Signal.LEXICAL_PASSAGES: _PASSAGE_TERMS,
    Signal.LEXICAL_PAPERS: _PAPER_TERMS,
}
_OWNER, _YEAR, _AUTHORS = "paper_id", "year", "authors"
_AUTHOR_WORDS = f"{_AUTHORS}[].words"

if TYPE_CHECKING:
    from qdrant_edge import ConditionType  # stubs only

_Vectors = dict[str, list[float] | SparseVector | list[list[float]]]

_FLUSH_BYTES = 8 << 20  # since the last flush, about: bounds the log and what a power failure can lose
_TERMS_BYTES = 2_000  # of one passage's terms, about
_SCROLL = 10_000
_TIE_FACTOR = 4  # how much deeper to look when equal scores straddle the limit


class QdrantIndex:
    """Index port over the shard in one folder. Safe to use from several threads."""

    def __init__(self, shard: EdgeShard, folder: Path, dimensions: int, keep_free_bytes: int) -> None:
        self._shard = shard
        self._folder = folder
        self._dimensions = dimensions
        self._keep_free_bytes = keep_free_bytes
        self._unflushed = 0  # bytes, about
        self._writing = threading.Lock()  # an add is several engine calls

    @classmethod
    def open(cls, folder: Path, space: Space, name: str, keep_free_bytes: int) -> "QdrantIndex":
        """Open the index in ``folder``; create an empty one where there is none or half of one.

        ``keep_free_bytes`` of room must be left on the disk to create an index or for ``add`` to write:
        the engine writes through memory maps, where a full disk kills the process.

        Raises:
            StorageFull: the disk has no room for a new index.
            SpaceMismatch: it was built in another space; ``name`` is what the message calls it.
            IndexDamaged: the engine cannot open it, for example after a power failure.
        """
        if is_complete(folder):
            check_marker(folder, space, name)
            with _engine_errors(folder, name):
                shard = EdgeShard.load(str(folder / "shard"))
        else:
            if folder.exists():
                shutil.rmtree(folder)
            folder.mkdir(parents=True)
            make_sure_of_room(folder, keep_free_bytes)
            with _engine_errors(folder, name):
                shard = _create(folder / "shard", space.dimensions)
            write_marker(folder, space)
        return cls(shard, folder, space.dimensions, keep_free_bytes)

    def add(self, papers: Sequence[IndexedPaper], staying: Collection[str] = ()) -> None:
        """Add papers; those already in it are replaced, passages of an older chunking removed.

        Those whose ids are in ``staying`` came before or come later, and are left alone. What is given of a
        paper is one entry of the log, so that a crash leaves it whole or not there. Stale passages go after
        the new ones came: a crash between the two leaves both until the paper is added again.

        Raises:
            StorageFull: the disk has no room; nothing of the next paper was written.
            ValueError: a vector has another shape than the space or is not finite.
        """
        for paper in papers:
            points = self._points(paper)
            with self._writing:
                make_sure_of_room(self._folder, self._keep_free_bytes)
                given = (p.id for p in paper.passages)
                stale = self._point_ids(paper.id).difference((paper.id,), given, staying)
                self._shard.update(UpdateOperation.upsert_points(points))
                self._delete(stale)
                self._wrote(len(points))

    def remove(self, papers: Sequence[PaperId]) -> None:
        """Remove papers and all their passages; unknown ids are ignored."""
        if papers:
            passing = Filter(must=[FieldCondition(_OWNER, match=MatchAny([*map(str, papers)]))])
            with self._writing:
                self._delete({_hex(record.id) for record in self._scroll(passing, payload=[])})

    def search(self, query: IndexQuery) -> dict[Signal, tuple[Candidate, ...]]:
        """Return, for each signal the query has, candidates with scores falling, ties by id."""
        wanted = self._wanted(query)
        found: dict[Signal, tuple[Candidate, ...]] = dict.fromkeys(wanted, ())
        if query.limit < 1:
            return found
        conditions = self._conditions(query)
        if conditions is None:
            return found
        passing = Filter(must=conditions) if conditions else None
        # One more than wanted shows whether equal scores straddle the limit.
        depth = query.limit + 1
        asked = {signal: vector for signal, vector in wanted.items() if vector is not None}
        while asked:
            requests = [_request(signal, vector, depth, passing) for signal, vector in asked.items()]
            answers = self._shard.query_batch(QueryBatchRequest(requests))
            for signal, points in zip(list(asked), answers, strict=True):
                if len(points) < depth or points[-1].score < points[query.limit - 1].score:
                    found[signal] = _ranked(points, query.limit)
                    del asked[signal]
            depth *= _TIE_FACTOR
        return found

    def paper_ids(self) -> frozenset[PaperId]:
        """Return every paper that has a point in the index."""
        points = self._shard.count(CountRequest())
        hits = self._shard.facet(FacetRequest(_OWNER, limit=points + 1, exact=True)).hits
        return frozenset(PaperId(str(hit.value).replace("-", "")) for hit in hits if hit.count)

    def counts(self) -> tuple[int, int]:
        """Return (papers, passages) in the index."""
        is_paper = Filter(must=[HasVectorCondition(_PAPER)])
        papers = self._shard.count(CountRequest(filter=is_paper))
        return papers, self._shard.count(CountRequest()) - papers

    def close(self) -> None:
        """Flush to the disk and let go of the folder. Any later call but this one fails."""
        with self._writing:
            self._shard.flush()
            self._shard.close()

    def _points(self, paper: IndexedPaper) -> list[Point]:
        owner: dict[str, object] = {_OWNER: paper.id}
        if paper.year is not None:
            owner[_YEAR] = paper.year
        authors = [{"words": list(words)} for name in paper.authors if (words := searchable_words(name))]
        points = [
            Point(
                passage.id,
                {
                    _PASSAGE: self._dense(passage.vector),
                    _PASSAGE_TERMS: _sparse_document(passage.text, PASSAGES),
                },
                owner,
            )
            for passage in paper.passages
        ]
        whole: _Vectors = {
            _PAPER: self._dense(paper.vector),
            _PAPER_TERMS: _sparse_document(paper.text, PAPERS),
        }
        return [*points, Point(paper.id, whole, {**owner, _AUTHORS: authors})]

    def _dense(self, vector: Vectors) -> list[float]:
        if vector.shape != (self._dimensions,):
            raise ValueError(f"a vector of shape {vector.shape} in an index of {self._dimensions} dimensions")
        if not np.isfinite(vector).all():
            raise ValueError("a vector with a value that is not finite")
        values: list[float] = vector.tolist()
        return values

    def _point_ids(self, paper: PaperId) -> set[str]:
        passing = Filter(must=[FieldCondition(_OWNER, match=MatchValue(paper))])
        return {_hex(record.id) for record in self._scroll(passing, payload=[])}

    def _scroll(self, passing: Filter, payload: list[str]) -> Iterator[Record]:
        offset = None
        while True:
            request = ScrollRequest(offset=offset, limit=_SCROLL, filter=passing, with_payload=payload)
            records, offset = self._shard.scroll(request)
            yield from records
            if offset is None:
                return

    def _delete(self, point_ids: set[str]) -> None:
        """Delete points, their terms first: those of a deleted point count until the shard is reopened."""
        if point_ids:
            nothing = SparseVector([], [])
            emptied: _Vectors = {_PASSAGE_TERMS: nothing, _PAPER_TERMS: nothing}
            self._shard.update(UpdateOperation.update_vectors([PointVectors(i, emptied) for i in point_ids]))
            self._shard.update(UpdateOperation.delete_points(list(point_ids)))

    def _wrote(self, points: int) -> None:
        self._unflushed += points * (4 * self._dimensions + _TERMS_BYTES)
        if self._unflushed >= _FLUSH_BYTES:
            self._shard.flush()
            self._unflushed = 0

    def _wanted(self, query: IndexQuery) -> dict[Signal, list[float] | SparseVector | None]:
        """Return what to ask under each signal; None where a text has no term to ask for."""
        wanted: dict[Signal, list[float] | SparseVector | None] = {}
        if query.vector is not None:
            vector = self._dense(query.vector)
            wanted |= {Signal.DENSE_PASSAGES: vector, Signal.DENSE_PAPERS: vector}
        if query.text is not None:
            terms = query_terms(query.text, query.also)
            sparse = SparseVector(terms.ids, terms.weights) if terms.ids else None
            wanted |= {Signal.LEXICAL_PASSAGES: sparse, Signal.LEXICAL_PAPERS: sparse}
        return wanted

    def _conditions(self, query: IndexQuery) -> "list[ConditionType] | None":
        """Return what a point must meet; None where nothing can."""
        filters = query.filters
        conditions: list[ConditionType] = []
        if filters.year_from is not None or filters.year_to is not None:
            conditions.append(
                FieldCondition(_YEAR, range=RangeFloat(gte=filters.year_from, lte=filters.year_to))
            )
        if query.without:
            barred = MatchAny([*map(str, query.without)])
            conditions.append(Filter(must_not=[FieldCondition(_OWNER, match=barred)]))
        papers = None if query.among is None else set[str](query.among)
        if names := wanted_names(filters.authors):
            by_author = {paper for words in names for paper in self._papers_by(words)}
            papers = by_author if papers is None else papers & by_author
        if papers is not None:
            if not papers:
                return None
            conditions.append(FieldCondition(_OWNER, match=MatchAny(sorted(papers))))
        return conditions

    def _papers_by(self, words: Sequence[str]) -> list[str]:
        """Return the papers that have one author with all these words in the name."""
        if not words:
            return []
        passing = Filter(must=[FieldCondition(_AUTHOR_WORDS, match=MatchValue(word)) for word in words])
        wanted = set(words)
        return [
            _hex(record.id)
            for record in self._scroll(passing, payload=[_AUTHORS] if len(wanted) > 1 else [])
            if len(wanted) == 1
            or any(wanted.issubset(author["words"]) for author in (record.payload or {}).get(_AUTHORS, ()))
        ]


@contextmanager
def _engine_errors(folder: Path, name: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # the engine's errors have no class of their own
        raise IndexDamaged(index=name, folder=folder, detail=error) from error


def _create(folder: Path, dimensions: int) -> EdgeShard:
    """Create an empty shard: 0.2 MB on the disk, though its sparse files claim 170 MB."""
    folder.mkdir(parents=True)
    dense = EdgeVectorParams(dimensions, Distance.Dot)  # of rows of length 1, so a cosine
    terms = EdgeSparseVectorParams(modifier=Modifier.Idf)
    config = EdgeConfig(
        vectors={_PASSAGE: dense, _PAPER: dense},
        sparse_vectors={_PASSAGE_TERMS: terms, _PAPER_TERMS: terms},
        max_search_threads=1,  # one segment and the interpreter's lock: more would only idle
    )
    shard = EdgeShard.create(str(folder), config)
    for name, kind in (
        (_OWNER, PayloadSchemaType.Uuid),
        (_YEAR, PayloadSchemaType.Integer),
        (_AUTHOR_WORDS, PayloadSchemaType.Keyword),
    ):
        shard.update(UpdateOperation.create_field_index(name, kind))
    shard.flush()
    return shard


def _request(
    signal: Signal, vector: list[float] | SparseVector, depth: int, passing: Filter | None
) -> QueryRequest:
    return QueryRequest(
        limit=depth,
        query=Query.Nearest(vector, using=_VECTOR_OF[signal]),
        filter=passing,
        with_payload=[_OWNER],
        params=SearchParams(exact=True),
    )


def _sparse_document(text: str, field: Field) -> SparseVector:
    terms = document_terms(text, field)
    return SparseVector(terms.ids, terms.weights)


def _ranked(points: Iterable[ScoredPoint], limit: int) -> tuple[Candidate, ...]:
    candidates = [
        Candidate(_hex(point.id), PaperId((point.payload or {})[_OWNER]), point.score) for point in points
    ]
    candidates.sort(key=lambda candidate: (-candidate.score, candidate.point_id))
    return tuple(candidates[:limit])


def _hex(point_id: int | str | UUID) -> str:
    """Return an id as Carrel writes it; the engine answers with UUIDs."""
    return str(point_id).replace("-", "")
