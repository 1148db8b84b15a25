"""Papers as a query: those that are liked draw the question towards them, disliked ones push it away.

As Rocchio has it ("Relevance feedback in information retrieval", 1971): the vector asked for is the
question's, plus the mean of the liked papers', minus a share of the disliked ones'; the words are those of
the question and of the liked papers' titles.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from carrel.core.errors import CarrelError, EmptyQuery, PaperMissing
from carrel.core.ids import PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import EmbeddedQuery
from carrel.core.ranking import Mode, PaperRecord, Query
from carrel.core.space import Vectors
from carrel.search.retrieve import Asked, asked_of
from carrel.search.similar import about_vector
from carrel.search.sources import Sources
from carrel.storage import paper_pages, papers, versions
from carrel.storage.database import Catalog

# Against 1 for the question. Cranfield's other relevant papers with one of them liked, nDCG@10 by meaning:
# .394 without it, .432 at .25, .440 at .5, .436 at .75, .421 at 1. What is disliked lowers it a little.
LIKED, DISLIKED = 0.5, 0.15


@dataclass(frozen=True, slots=True)
class Taste:
    """A paper that is liked or not, and the key of its vector in the cache."""

    record: PaperRecord
    key: str


@dataclass(frozen=True, slots=True)
class Tastes:
    """The papers that a query is asked with."""

    liked: tuple[Taste, ...] = ()
    disliked: tuple[Taste, ...] = ()

    def words(self, text: str) -> str:
        """Return the words to ask for."""
        return " ".join(part for part in (text, *(each.record.metadata.title for each in self.liked)) if part)

    def records(self) -> tuple[tuple[PaperRecord, ...], tuple[PaperRecord, ...]]:
        """Return the papers that are liked, and the others."""
        return tuple(each.record for each in self.liked), tuple(each.record for each in self.disliked)


NO_TASTES = Tastes()


def tastes_of(query: Query, readable: Sequence[KnowledgeBase], catalog: Catalog) -> Tastes:
    """Return the papers that a query is asked with, from the knowledge bases that the asker may read.

    Raises:
        PaperMissing: one is in none of them.
    """
    if not query.liked and not query.disliked:
        return NO_TASTES
    bases = {base.id: base for base in readable}
    with catalog.read() as tx:
        found = papers.records(tx, list(bases), sorted({*query.liked, *query.disliked}))
        there = {
            record.id: Taste(record, paper_pages.about_key(tx, bases[record.knowledge_base_id], record.id))
            for record in reversed(found)
        }
    for paper in (*query.liked, *query.disliked):
        if paper not in there:
            raise PaperMissing(id=paper)
    liked = tuple(there[paper] for paper in dict.fromkeys(query.liked))
    disliked = tuple(there[paper] for paper in dict.fromkeys(query.disliked) if paper not in query.liked)
    return Tastes(liked, disliked)


def themselves(tastes: Tastes, knowledge_bases: Sequence[KnowledgeBase], catalog: Catalog) -> set[PaperId]:
    """Return the papers that a query is asked with, and their versions: what is not to come back."""
    asked = [each.record.id for each in (*tastes.liked, *tastes.disliked)]
    if not asked:
        return set()
    with catalog.read() as tx:
        groups = versions.groups(tx, [base.id for base in knowledge_bases], asked)
    return set(asked).union(*(groups.get(paper, frozenset()) for paper in asked))


def weighed(
    questions: Mapping[Asked, EmbeddedQuery],
    failures: Mapping[str, CarrelError],
    query: Query,
    tastes: Tastes,
    knowledge_bases: Sequence[KnowledgeBase],
    sources: Sources,
) -> tuple[dict[Asked, EmbeddedQuery], dict[str, CarrelError]]:
    """Return the questions as the liked and disliked papers turn them, and why a model does not.

    Raises what the first of the models raises where none can.
    """
    turned, failed = dict(questions), dict(failures)
    if tastes == NO_TASTES or query.mode is Mode.LEXICAL:
        return turned, failed
    for asked, base in {asked_of(query, each): each for each in knowledge_bases}.items():
        if base.embedder in failed:
            continue
        try:
            turned[asked] = _turned(questions.get(asked), tastes, base, sources)
        except CarrelError as error:
            turned.pop(asked, None)
            failed[base.embedder] = error
    if failed and not turned:
        raise next(iter(failed.values()))
    return turned, failed


def _turned(
    question: EmbeddedQuery | None, tastes: Tastes, base: KnowledgeBase, sources: Sources
) -> EmbeddedQuery:
    embedder = sources.embedder_of(base)
    liked, disliked = (
        [
            about_vector(each.record, each.key, base, embedder, sources.vectors, sources.asking)
            for each in side
        ]
        for side in (tastes.liked, tastes.disliked)
    )
    vector = rocchio(None if question is None else question.vector, liked, disliked)
    return EmbeddedQuery(vector) if question is None else replace(question, vector=vector)


def rocchio(question: Vectors | None, liked: Sequence[Vectors], disliked: Sequence[Vectors]) -> Vectors:
    """Return the vector to ask for, [width], of length 1. All have length 1. Pure.

    Raises:
        EmptyQuery: there is neither a question nor a liked paper, or they cancel out.
    """
    parts = [] if question is None else [question]
    parts += [LIKED * np.mean(liked, axis=0)] if liked else []
    if not parts:
        raise EmptyQuery()
    wanted = np.sum(parts, axis=0)
    if disliked:
        wanted = wanted - DISLIKED * np.mean(disliked, axis=0)
    length = float(np.linalg.norm(wanted))
    if length == 0:
        raise EmptyQuery()
    vector: Vectors = (wanted / length).astype(np.float32)
    return vector
