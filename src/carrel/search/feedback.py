"""The stage that lets the best papers say what the question meant: its vector is drawn towards theirs.

A question is short; what answers it says in the collection's own words what it is about. The vector moves
by a share of the mean of the best papers' (Rocchio 1971; with a model's vectors: Li et al., "Pseudo Relevance
Feedback with Deep Language Models and Dense Retrievers", TOIS 2023), and the indexes are asked by it once
more. The vectors are those that the cache has; no model is asked. A long text says itself what it is about.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from carrel.core.domains import Domain
from carrel.core.ids import PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import EmbeddedQuery
from carrel.core.ranking import FusedPaper, Mode, Query
from carrel.core.space import Encoder, Vectors
from carrel.core.understanding import Understood
from carrel.search.retrieve import Asked, asked_of
from carrel.search.sources import Sources
from carrel.storage import vector_keys

_BEST = 2  # papers that are taken to be what was asked for
_SHARE = 0.3  # of their mean, beside the question's own vector
_LONGEST = 300  # characters of a question


def says_more(
    understood: Understood,
    query: Query,
    fused: Sequence[FusedPaper],
    knowledge_bases: Sequence[KnowledgeBase],
) -> bool:
    """Whether the best papers can say more of what is meant.

    Not of a long text, nor of a quotation; not where somebody has named papers, or words that must occur. Nor
    where nothing but programs is searched: they are near to one another by their form (CoSQA: .5976 nDCG@10
    with it, .6056 without).
    """
    if {base.domain for base in knowledge_bases} == {Domain.CODE}:
        return False
    plain = query.mode is Mode.HYBRID and not (query.liked or query.disliked or understood.of_words)
    return plain and bool(fused) and not fused[0].quotation and 0 < len(understood.text) <= _LONGEST


def drawn(
    questions: Mapping[Asked, EmbeddedQuery],
    query: Query,
    fused: Sequence[FusedPaper],
    knowledge_bases: Sequence[KnowledgeBase],
    sources: Sources,
    unread: Container[PaperId] = frozenset(),
) -> dict[Asked, EmbeddedQuery]:
    """Return the questions, each drawn towards the best papers that its model has embedded.

    A paper stands for itself by its best passage; without one, by its title and abstract. Papers that the
    model does not read draw nothing.
    """
    read = islice((paper for paper in fused if paper.paper_id not in unread), _BEST)
    best = [paper.passages[0][0] if paper.passages else paper.paper_id for paper in read]
    keys: dict[Asked, list[str]] = {}
    encoders: dict[Asked, Encoder] = {}
    with sources.catalog.read() as tx:
        for base in knowledge_bases:
            if (asked := asked_of(query, base)) in questions:
                keys.setdefault(asked, []).extend(vector_keys.of_points(tx, base, best))
                encoders[asked] = sources.embedder_of(base).encoder
    # The cache is a file of its own: nothing of the catalog waits for it.
    near = {asked: sources.vectors.get(encoders[asked], found) for asked, found in keys.items() if found}
    return {
        asked: replace(question, vector=moved(question.vector, list(near[asked].values())))
        if near.get(asked)
        else question
        for asked, question in questions.items()
    }


def moved(question: Vectors, near: Sequence[Vectors]) -> Vectors:
    """Return the question's vector, [width], moved towards the mean of others; of length 1."""
    vector: Vectors = question + np.float32(_SHARE) * np.mean(near, axis=0, dtype=np.float32)
    return vector / np.linalg.norm(vector)
