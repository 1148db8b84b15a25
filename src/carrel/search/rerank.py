"""The stage that has a reranker read the best candidates together with the question.

A reranker that fails or takes too long changes nothing, and the answer says so. Papers trade places and the
places keep their scores: the fused scores, in falling order. So a score falls with the rank whatever scale
the reranker has, and the reranker's own score stands beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from carrel.core.engine_errors import EngineNotInstalled, GgufAmbiguous, GgufNotHere, GgufUnusable
from carrel.core.errors import CarrelError, PathMissing, ServiceError
from carrel.core.exchange import Exchange
from carrel.core.ids import PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.language import tr
from carrel.core.paper import in_context, is_reference_list
from carrel.core.ports import Reranked
from carrel.core.ranking import FusedPaper, Reranking
from carrel.core.tasks import task_of
from carrel.search.inquiry import Inquiry
from carrel.search.reading import Document, Heard, Reading
from carrel.storage import papers, passages
from carrel.storage.database import Catalog

_READ_TWICE = 10  # papers, the best, of which two passages are read: the second may answer better
_LOOKED_THROUGH = 3  # passages of a paper among which those that are read are chosen

# Of the engine, whether it is made or asked; a setting that makes no sense stays an error.
ENGINE_FAILURES = (ServiceError, EngineNotInstalled, GgufUnusable, GgufNotHere, GgufAmbiguous, PathMissing)


@dataclass(frozen=True, slots=True)
class Order:
    """The papers in their order, whether a reranker made it, and what went to its server."""

    papers: tuple[FusedPaper, ...]
    reranking: Reranking | None = None  # None where none was asked for
    exchanges: tuple[Exchange, ...] = ()


@dataclass(frozen=True, slots=True)
class BrokenReranker:
    """Stands for a reranker that could not be made: it fails with the reason whenever it is asked."""

    model: str
    reason: CarrelError  # one of ENGINE_FAILURES

    def rerank(self, query: str, documents: Sequence[str], instruction: str = "") -> Reranked:  # noqa: ARG002
        """Raise the reason."""
        raise self.reason

    def close(self) -> None:
        """Do nothing: there is nothing to end."""


def rerank(inquiry: Inquiry, fused: Sequence[FusedPaper], reading: Reading) -> Order:
    """Return the papers, the best of them in the reranker's order and the others behind.

    The reranker is asked as the sources say.
    """
    if (reranker := reading.reranker) is None:
        return Order(tuple(fused))
    bases, sources = inquiry.knowledge_bases, inquiry.sources
    documents = _documents(fused[: reading.papers], bases, sources.catalog)
    if not documents:
        return Order(tuple(fused), Reranking(reranker.model, False, 0, tr("there is nothing to reorder")))
    text = inquiry.text or inquiry.words
    task = task_of(inquiry.query.instruction, [base.domain for base in bases])
    heard, reason = Heard(documents), ""
    try:
        with sources.asking(reranker.model):
            heard.read(reading, lambda texts: reranker.rerank(text, texts, task))
    except ENGINE_FAILURES as error:
        reason = error.message
    scores = scores_of(heard.scores)
    if not scores:
        candidates = len({document.paper for document in documents})
        return Order(tuple(fused), Reranking(reranker.model, False, candidates, reason))
    # Where it failed later on, what it has read before is as good as if the time had been over.
    reranking = Reranking(reranker.model, True, len(scores), reason)
    return Order(reordered(fused, scores), reranking, tuple(heard.exchanges))


def scores_of(scores: Mapping[Document, float]) -> dict[PaperId, dict[str, float]]:
    """Return the scores of each paper's passages, by the passages' ids; "" is the paper as a whole."""
    found: dict[PaperId, dict[str, float]] = {}
    for document, score in scores.items():
        found.setdefault(document.paper, {})[document.passage] = score
    return found


def reordered(
    fused: Sequence[FusedPaper], scores: Mapping[PaperId, Mapping[str, float]]
) -> tuple[FusedPaper, ...]:
    """Return the papers by their best passage's score; those without one keep their order behind.

    Where the query quotes papers and fusion has put them first, they stay there, as do the passages of any
    paper that it quotes: a reranker judges what a text is about, and a quotation asks for its source.
    """
    quoted = list(takewhile(lambda paper: paper.quotation > 0, fused))
    others = fused[len(quoted) :]
    best = {paper: max(of_passages.values()) for paper, of_passages in scores.items()}
    judged = [paper for paper in others if paper.paper_id in best]
    judged.sort(key=lambda paper: -best[paper.paper_id])  # stable: equals keep their order
    behind = [paper for paper in others if paper.paper_id not in best]
    places = sorted((paper.score for paper in fused), reverse=True)
    return tuple(
        replace(
            paper,
            score=place,
            rerank_score=best.get(paper.paper_id),
            passages=paper.passages if paper.quotation else _traded(paper, scores.get(paper.paper_id, {})),
        )
        for paper, place in zip([*quoted, *judged, *behind], places, strict=True)
    )


def _traded(paper: FusedPaper, scores: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """Return the passages with those that were read in their new order, in the places that they had."""
    read = [passage for passage, _ in paper.passages if passage in scores]
    read.sort(key=lambda passage: -scores[passage])
    better = iter(read)
    return tuple((next(better) if passage in scores else passage, score) for passage, score in paper.passages)


def _documents(
    fused: Sequence[FusedPaper], knowledge_bases: Sequence[KnowledgeBase], catalog: Catalog
) -> list[Document]:
    """Return what is to be read of each paper, best first; nothing of one that was removed meanwhile."""
    wanted = [passage for paper in fused for passage, _ in paper.passages[:_LOOKED_THROUGH]]
    with catalog.read() as tx:
        abouts = papers.titles_and_abstracts(
            tx, [base.id for base in knowledge_bases], [paper.paper_id for paper in fused]
        )
        found = passages.sections_and_texts(tx, knowledge_bases, wanted)
    documents = []
    for place, paper in enumerate(fused):
        if (about := abouts.get(paper.paper_id)) is None:
            continue
        title = about.partition("\n")[0]
        there = [passage for passage, _ in paper.passages[:_LOOKED_THROUGH] if passage in found]
        # A list of references has everybody's words in it and answers nothing.
        there.sort(key=lambda passage: is_reference_list(found[passage][0]))
        documents += [
            Document(paper.paper_id, passage, in_context(title, *found[passage]))
            for passage in there[: 2 if place < _READ_TWICE else 1]
        ]
        if not there and about.strip():
            documents.append(Document(paper.paper_id, "", about.strip()))
    return documents
