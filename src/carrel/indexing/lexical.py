"""The words of an index in one SQLite file: BM25 for an engine that has none, and what filters ask for.

A row of ``postings`` holds one term's weights in all points of one paper, so that a paper of fifty
passages is some 1,500 rows and not 5,000. A paper is ``pending`` from before the engine is told of it
until the engine has it: what a crash leaves pending is known and undone when the index is opened.
"""

import json
import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from carrel.core.author_names import searchable_words, wanted_names
from carrel.core.ids import PaperId
from carrel.core.ports import IndexedPaper, IndexQuery
from carrel.core.ranking import Candidate
from carrel.indexing.analysis import PAPERS, PASSAGES, TermWeights, document_terms

_PASSAGE, _PAPER = 0, 1  # what a point is
_ENTRY = np.dtype([("point", "<u4"), ("weight", "<f4")])
_LARGEST = (1 << 63) - 1  # that SQLite's integers hold
_OF_PAPERS = "FROM points JOIN papers ON papers.number = points.paper"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS papers (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, pending INTEGER NOT NULL, year INTEGER,
    passage_terms BLOB NOT NULL, paper_terms BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS pending ON papers (number) WHERE pending;
CREATE TABLE IF NOT EXISTS points (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, kind INTEGER NOT NULL, paper INTEGER NOT NULL,
    with_terms INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS points_of ON points (paper, kind);
CREATE INDEX IF NOT EXISTS points_with_terms ON points (kind, with_terms);
CREATE TABLE IF NOT EXISTS postings (
    kind INTEGER, term INTEGER, paper INTEGER, entries BLOB NOT NULL,
    PRIMARY KEY (kind, term, paper)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS authors (
    word TEXT, paper INTEGER, author INTEGER, PRIMARY KEY (word, paper, author)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS authors_of ON authors (paper);
"""


class LexicalSide:
    """Postings, years and authors of one generation. Safe to use from several threads of its owner."""

    def __init__(self, path: Path) -> None:
        """Open the file at ``path``, or make it. Raises sqlite3.DatabaseError where it is damaged."""
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._using = threading.RLock()
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")  # whole after kill -9, as the other side
        self._connection.execute("PRAGMA cache_size = -32000")
        self._connection.executescript(_SCHEMA)

    def put(self, paper: IndexedPaper) -> bool:
        """Store a paper as pending in the place of its older self; return whether there was one."""
        points = [
            (passage.id, _PASSAGE, document_terms(passage.text, PASSAGES)) for passage in paper.passages
        ]
        points.append((paper.id, _PAPER, document_terms(paper.text, PAPERS)))
        with self._transaction() as connection:
            replaced = self._delete(connection, paper.id)
            number = connection.execute(
                "INSERT INTO papers (id, pending, year, passage_terms, paper_terms) VALUES (?, 1, ?, ?, ?)",
                (paper.id, paper.year, b"", b""),
            ).lastrowid
            packed = []
            for kind in (_PASSAGE, _PAPER):
                postings = self._postings(connection, number, kind, points)
                connection.executemany(
                    "INSERT INTO postings VALUES (?, ?, ?, ?)",
                    ((kind, term, number, entries) for term, entries in postings),
                )
                packed.append(np.array([term for term, _ in postings], "<u4").tobytes())
            connection.execute(
                "UPDATE papers SET passage_terms = ?, paper_terms = ? WHERE number = ?", (*packed, number)
            )
            connection.executemany(
                "INSERT OR IGNORE INTO authors VALUES (?, ?, ?)",
                (
                    (word, number, author)
                    for author, name in enumerate(paper.authors)
                    for word in searchable_words(name)
                ),
            )
        return replaced

    def confirm(self, paper: PaperId) -> None:
        """Declare that the engine holds the paper too."""
        with self._transaction() as connection:
            connection.execute("UPDATE papers SET pending = 0 WHERE id = ?", (paper,))

    def doubt(self, papers: Sequence[PaperId]) -> list[PaperId]:
        """Declare papers pending; return those that are there."""
        with self._transaction() as connection:
            return [
                paper
                for paper in dict.fromkeys(papers)
                if connection.execute("UPDATE papers SET pending = 1 WHERE id = ?", (paper,)).rowcount
            ]

    def remove(self, papers: Sequence[PaperId]) -> None:
        """Remove papers; unknown ids are ignored."""
        with self._transaction() as connection:
            for paper in papers:
                self._delete(connection, paper)

    def pending(self) -> list[PaperId]:
        """Return the papers that were on their way in or out."""
        return [PaperId(row[0]) for row in self._rows("SELECT id FROM papers WHERE pending")]

    def paper_ids(self) -> frozenset[PaperId]:
        """Return every paper, pending ones too."""
        return frozenset(PaperId(row[0]) for row in self._rows("SELECT id FROM papers"))

    def counts(self) -> tuple[int, int]:
        """Return (papers, passages) that are not pending."""
        [(papers,)] = self._rows("SELECT count(*) FROM papers WHERE NOT pending")
        [(every,)] = self._rows("SELECT count(*) FROM points WHERE kind = ?", _PASSAGE)
        [(out,)] = self._rows(
            "SELECT count(*) FROM points WHERE kind = ? "
            "AND paper IN (SELECT number FROM papers WHERE pending)",
            _PASSAGE,
        )
        return papers, every - out

    def point_ids(self) -> Iterator[tuple[PaperId, str, bool]]:
        """Yield (paper, point, whether it is a passage) of every point that is not pending."""
        for paper, point, kind in self._rows(
            f"SELECT papers.id, points.id, kind {_OF_PAPERS} WHERE NOT pending"
        ):
            yield PaperId(paper), point, kind == _PASSAGE

    def passing(self, query: IndexQuery) -> set[PaperId] | None:
        """Return the papers that the query may find; None where it may find every one but ``without``."""
        numbers = self._passing(query)
        if numbers is None:
            return None
        return {
            PaperId(paper)
            for number, paper in self._rows("SELECT number, id FROM papers")
            if number in numbers
        } - query.without

    def points_of(self, papers: Collection[PaperId], of_passages: bool) -> int:
        """Return how many points of one kind these papers have together."""
        counts = self._rows(
            f"SELECT papers.id, count(*) {_OF_PAPERS} WHERE kind = ? GROUP BY paper",
            _PASSAGE if of_passages else _PAPER,
        )
        return sum(count for paper, count in counts if paper in papers)

    def search(self, terms: TermWeights, of_passages: bool, query: IndexQuery) -> tuple[Candidate, ...]:
        """Return the points that the query may find with the best BM25 scores, falling, ties by id."""
        kind = _PASSAGE if of_passages else _PAPER
        with self._using:
            allowed, barred = self._passing(query), self._numbers(query.without)
            [(total,)] = self._rows("SELECT count(*) FROM points WHERE kind = ? AND with_terms", kind)
            points, scores = [], []
            for term, weight in zip(terms.ids, terms.weights, strict=True):
                rows = self._rows(
                    "SELECT paper, entries FROM postings WHERE kind = ? AND term = ?", kind, term
                )
                holding = sum(len(entries) for _, entries in rows) // _ENTRY.itemsize
                idf = np.log(1 + (total - holding + 0.5) / (holding + 0.5))
                kept = (
                    entries
                    for paper, entries in rows
                    if (allowed is None or paper in allowed) and paper not in barred
                )
                found = np.frombuffer(b"".join(kept), _ENTRY)
                points.append(found["point"])
                scores.append(found["weight"].astype(np.float64) * (weight * idf))
            if not points:
                return ()
            # Summed in the order of the query's terms for every point, so that equal texts score equal.
            numbers, places = np.unique(np.concatenate(points), return_inverse=True)
            summed = np.bincount(places, np.concatenate(scores), len(numbers)).astype(np.float64)
            return self._best(numbers, summed, query.limit)

    def close(self) -> None:
        """Close the file. Any later call but this one fails."""
        with self._using:
            self._connection.close()

    def _best(
        self, numbers: NDArray[np.uint32], scores: NDArray[np.float64], limit: int
    ) -> tuple[Candidate, ...]:
        if limit < len(scores):
            least = np.partition(scores, -limit)[-limit]  # all that are tied with the last are looked at
            numbers, scores = numbers[scores >= least], scores[scores >= least]
        scored = dict(zip(numbers.tolist(), scores.tolist(), strict=True))
        rows = self._rows(
            "SELECT points.number, points.id, papers.id FROM points JOIN papers ON papers.number = paper "
            "WHERE points.number IN (SELECT value FROM json_each(?))",
            json.dumps([*scored]),
        )
        candidates = [Candidate(point, PaperId(paper), scored[number]) for number, point, paper in rows]
        candidates.sort(key=lambda candidate: (-candidate.score, candidate.point_id))
        return tuple(candidates[:limit])

    def _passing(self, query: IndexQuery) -> set[int] | None:
        """Return the numbers of the papers that the query may find; None where it may find every one."""
        filters = query.filters
        numbers: set[int] | None = None
        if filters.year_from is not None or filters.year_to is not None:
            first, last = _held(filters.year_from, -_LARGEST), _held(filters.year_to, _LARGEST)
            rows = self._rows("SELECT number FROM papers WHERE year BETWEEN ? AND ?", first, last)
            numbers = {row[0] for row in rows}
        if names := wanted_names(filters.authors):
            by_author = {paper for words in names for paper in self._papers_by(words)}
            numbers = by_author if numbers is None else numbers & by_author
        if query.among is not None:
            chosen = self._numbers(query.among)
            numbers = chosen if numbers is None else numbers & chosen
        return numbers

    def _numbers(self, papers: frozenset[PaperId]) -> set[int]:
        if not papers:
            return set()
        ids = json.dumps([*papers])
        rows = self._rows("SELECT number FROM papers WHERE id IN (SELECT value FROM json_each(?))", ids)
        return {row[0] for row in rows}

    def _papers_by(self, words: Sequence[str]) -> set[int]:
        """Return the papers that have one author with all these words in the name."""
        authors: set[tuple[int, int]] | None = None
        for word in words:
            found = set(self._rows("SELECT paper, author FROM authors WHERE word = ?", word))
            authors = found if authors is None else authors & found
            if not authors:
                break
        return {paper for paper, _ in authors or ()}

    def _postings(
        self,
        connection: sqlite3.Connection,
        paper: int | None,
        kind: int,
        points: Sequence[tuple[str, int, TermWeights]],
    ) -> list[tuple[int, bytes]]:
        """Store a paper's points of one kind; return (term, its entries) of each of their terms, in order."""
        ids: list[int] = []
        weights: list[float] = []
        numbers: list[int | None] = []
        for point, of_kind, terms in points:
            if of_kind == kind:
                number = connection.execute(
                    "INSERT INTO points (id, kind, paper, with_terms) VALUES (?, ?, ?, ?)",
                    (point, kind, paper, bool(terms.ids)),
                ).lastrowid
                ids += terms.ids
                weights += terms.weights
                numbers += [number] * len(terms.ids)
        entries = np.empty(len(ids), _ENTRY)
        entries["point"], entries["weight"] = numbers, weights
        order = np.argsort(np.array(ids, np.int64), kind="stable")
        terms_found, starts = np.unique(np.array(ids, np.int64)[order], return_index=True)
        ends = [*starts[1:].tolist(), len(ids)][: len(starts)]
        entries = entries[order]
        return [
            (int(term), entries[start:end].tobytes())
            for term, start, end in zip(terms_found, starts.tolist(), ends, strict=True)
        ]

    def _delete(self, connection: sqlite3.Connection, paper: str) -> bool:
        found = connection.execute(
            "SELECT number, passage_terms, paper_terms FROM papers WHERE id = ?", (paper,)
        ).fetchone()
        if found is None:
            return False
        number, *terms = found
        for kind, packed in zip((_PASSAGE, _PAPER), terms, strict=True):
            connection.executemany(
                "DELETE FROM postings WHERE kind = ? AND term = ? AND paper = ?",
                ((kind, term, number) for term in np.frombuffer(packed, "<u4").tolist()),
            )
        connection.execute("DELETE FROM points WHERE paper = ?", (number,))
        connection.execute("DELETE FROM authors WHERE paper = ?", (number,))
        connection.execute("DELETE FROM papers WHERE number = ?", (number,))
        return True

    def _rows(self, sql: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]
        with self._using:
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._using:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


def _held(year: int | None, otherwise: int) -> int:
    """Return a year as SQLite can hold it."""
    return otherwise if year is None else min(max(year, -_LARGEST), _LARGEST)
