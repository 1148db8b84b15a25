"""A sample of what a knowledge base holds, and what was judged of it, from the catalog and the vector cache.

Papers that the model does not read are not in it: of them words stand in for meaning anyhow
(``search/unread.py``). Of the versions of a work one is in it: the others say the same in the same words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from carrel.core.domains import Domain
from carrel.core.errors import UsageError
from carrel.core.ids import PaperId
from carrel.core.judgments import agreed
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import Embedder, VectorCache
from carrel.core.space import Vectors, cut
from carrel.core.text_language import language_of
from carrel.evaluation.held_out import Unit
from carrel.search import understand
from carrel.storage import judgments, papers, passages, selection, vector_keys, versions
from carrel.storage.database import Catalog, Transaction

MOST_UNITS = 5000
_MOST_JUDGED = 400  # queries: with more, they are drawn from
_PAPERS_A_STATEMENT = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Units with their vectors, [units, dimensions], and judged queries with their papers' grades."""

    units: tuple[Unit, ...]
    vectors: Vectors
    papers: int
    judged: Mapping[str, Mapping[PaperId, int]]


def sample_of(
    base: KnowledgeBase, catalog: Catalog, vectors: VectorCache, embedder: Embedder, seed: str
) -> Sample:
    """Return papers from anywhere, since their ids are hashes, and all that were judged as answers.

    Raises:
        ServiceError: what knows the model's width does not answer.
    """
    with catalog.read() as tx:
        read, chosen = _read_and_chosen(tx, base, embedder.languages)
        judged = _judged(tx, base, read, embedder.languages, seed)
        wanted = {paper for grades in judged.values() for paper in grades}
        if base.domain is Domain.CODE:
            units = _passages(tx, base, sorted(wanted), sorted(chosen - wanted))
        else:
            units = _papers(tx, base, sorted(wanted | chosen))
    found = _cached(vectors, embedder, [unit.key for unit in units])
    kept = tuple(unit for unit in units if unit.key in found)
    width = base.dimensions or embedder.encoder.width
    rows = [cut(found[unit.key], width) for unit in kept]
    there = {unit.paper for unit in kept}
    return Sample(
        units=kept,
        vectors=np.stack(rows) if rows else np.empty((0, width), np.float32),
        papers=len(there),
        judged={query: grades for query, grades in judged.items() if there & _answers(grades)},
    )


def _read_and_chosen(
    tx: Transaction, base: KnowledgeBase, languages: frozenset[str]
) -> tuple[Mapping[PaperId, PaperId], set[PaperId]]:
    """Return every paper that the model reads by the version that stands for it, and those of the sample."""
    readable = sorted(languages | {""}) if languages else None
    found = sorted(selection.meeting(tx, [base.id], None, readable)[base.id])
    groups = versions.groups(tx, [base.id], found)
    there = frozenset(found)
    stands = {paper: min(groups.get(paper, {paper}) & there | {paper}) for paper in found}
    firsts = [paper for paper in found if stands[paper] == paper]
    return stands, set(firsts[:MOST_UNITS])


def _judged(
    tx: Transaction,
    base: KnowledgeBase,
    stands: Mapping[PaperId, PaperId],
    languages: frozenset[str],
    seed: str,
) -> dict[str, dict[PaperId, int]]:
    """Return the queries that were judged, as they are asked, and the grades of their papers.

    What counts is what those said who may change the knowledge base: it sets everybody's order. A grade is
    that of the version that stands for the paper. Queries that the model does not read are left
    out, and those without an answer among the papers.
    """
    found: dict[str, dict[PaperId, int]] = {}
    for query, grades in agreed(judgments.by_keepers(tx, base.id)).items():
        text = _asked(query)
        if not text or (languages and not text.isascii() and language_of(text) not in languages | {""}):
            continue
        merged: dict[PaperId, int] = found.setdefault(text, {})
        for paper, grade in grades.items():
            if paper in stands:
                merged[stands[paper]] = max(grade, merged.get(stands[paper], 0))
    answered = {query: grades for query, grades in found.items() if _answers(grades)}
    names = sorted(answered)
    if len(names) > _MOST_JUDGED:
        names = Random(seed).sample(names, _MOST_JUDGED)  # noqa: S311 - no secret
    return {query: answered[query] for query in names}


def _asked(query: str) -> str:
    try:
        return understand.read(query, may_be_empty=True).text
    except UsageError:
        return ""


def _answers(grades: Mapping[PaperId, int]) -> set[PaperId]:
    return {paper for paper, grade in grades.items() if grade > 0}


def _papers(tx: Transaction, base: KnowledgeBase, ids: Sequence[PaperId]) -> list[Unit]:
    units = []
    for some in _batches(ids):
        keys = {paper: key for _, paper, key in vector_keys.of_papers(tx, [base.id], some)}
        for record in papers.records(tx, [base.id], some):
            if record.id in keys:
                abstract = record.metadata.abstract
                units.append(Unit(record.id, record.id, keys[record.id], record.metadata, abstract))
    return units


def _passages(
    tx: Transaction, base: KnowledgeBase, wanted: Sequence[PaperId], others: Sequence[PaperId]
) -> list[Unit]:
    """Return passages of papers, all together as many as a sample has; those of the wanted ones first."""
    units: list[Unit] = []
    for some in (*_batches(wanted), *_batches(others)):
        left = max(MOST_UNITS - len(units), 0)
        if not left:
            break
        texts = passages.cached_texts(tx, base, some, left)
        known = {record.id: record.metadata for record in papers.records(tx, [base.id], some)}
        units += [
            Unit(each.id, each.paper_id, each.key, known[each.paper_id], each.text, each.section)
            for each in texts
            if each.paper_id in known
        ]
    return units


def _batches(ids: Sequence[PaperId]) -> list[Sequence[PaperId]]:
    return [ids[first : first + _PAPERS_A_STATEMENT] for first in range(0, len(ids), _PAPERS_A_STATEMENT)]


def _cached(vectors: VectorCache, embedder: Embedder, keys: Sequence[str]) -> dict[str, Vectors]:
    return vectors.get(embedder.encoder, list(dict.fromkeys(keys)))
