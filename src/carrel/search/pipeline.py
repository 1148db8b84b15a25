"""The query's journey, from a question to papers with passages. It reads from top to bottom.

    understand → embed → retrieve (dense + BM25, passages + whole papers) → fuse → rerank → present

No stage loads a model or builds an index: both are open before the journey begins.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import chain

from carrel.core.courtesy import Asking, at_once
from carrel.core.errors import CarrelError
from carrel.core.ids import PaperId, PassageId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.paper import Passage, is_reference_list
from carrel.core.ports import EmbeddedQuery, Embedder, Index, IndexQuery, Reranker
from carrel.core.ranking import (
    Candidate,
    Filters,
    FusedPaper,
    Hit,
    LeftOut,
    Mode,
    PaperRecord,
    PassageHit,
    Query,
    SearchResult,
    Signal,
    StageTimings,
    published_first,
)
from carrel.core.space import Vectors, cut
from carrel.search import quotation, understand
from carrel.search.fuse import fuse, on_one_scale
from carrel.search.rerank import rerank
from carrel.search.selection import Selected, selected
from carrel.storage import papers, passages, versions
from carrel.storage.database import Catalog

# Candidates that each signal gives to fusion; more changes little below ten results.
CANDIDATES = 100
RERANKED = 50  # papers that a reranker looks at
PASSAGES_A_PAPER = 3
_PASSAGES_CONSIDERED = 6
_BEHIND = 0.1  # how far a list of references stands behind: less than a quotation from it counts
_SOURCES = 30  # passages, and papers, whose words are compared with the query's, in case it quotes one


def search(
    query: Query,
    knowledge_bases: Sequence[KnowledgeBase],
    catalog: Catalog,
    embedder_of: Callable[[KnowledgeBase], Embedder],
    index_of: Callable[[KnowledgeBase], Index],
    reranker: Reranker | None = None,
    reranker_candidates: int = RERANKED,
    asking: Asking = at_once,
) -> SearchResult:
    """Answer a query over knowledge bases that the asker may read; without a reranker, in the fused order.

    Each call of a model is made within ``asking``. Where one of several models cannot be used, what it
    embedded is searched by words alone, and the answer says so.

    Raises:
        EmptyQuery: there is nothing to search for.
        ServiceError: no model can be reached, or an index cannot.
        SpaceMismatch: an index was built in another space than its model makes.
    """
    marks = [time.perf_counter()]
    text = understand.normalised(query.text)
    filled = [knowledge_base for knowledge_base in knowledge_bases if knowledge_base.papers]
    among = selected(query.filters, filled, catalog)
    if among is not None:
        filled = [knowledge_base for knowledge_base in filled if among[knowledge_base.id]]

    questions, failures = _embed(text, query, filled, embedder_of, asking)
    left_out = _without(failures, query, filled, index_of)
    unsearched = {each.knowledge_base_id for each in left_out if not each.by_words}
    filled = [knowledge_base for knowledge_base in filled if knowledge_base.id not in unsearched]
    marks.append(time.perf_counter())

    lists = _retrieve(text, query, filled, among, questions, index_of)
    marks.append(time.perf_counter())

    fused = _favour_quotations(text, fuse(lists), filled, catalog)
    marks.append(time.perf_counter())

    order = rerank(text, query, fused, filled, catalog, reranker, reranker_candidates, asking)
    marks.append(time.perf_counter())

    hits = _present(order.papers, query, filled, catalog)
    marks.append(time.perf_counter())
    sent = [question.exchanges for question in questions.values()]
    return SearchResult(
        query=text,
        mode=query.mode,
        took_ms=_timings(*marks),
        hits=hits,
        candidates=tuple(lists.items()),
        reranking=order.reranking,
        exchanges=tuple(chain(*sent, order.exchanges)),
        left_out=left_out,
    )


def _timings(
    began: float, embedded: float, retrieved: float, fused: float, reranked: float, done: float
) -> StageTimings:
    """Return how long each stage took, by the seconds at which it ended."""
    return StageTimings(
        embed=(embedded - began) * 1000,
        retrieve=(retrieved - embedded) * 1000,
        fuse=(fused - retrieved) * 1000,
        rerank=(reranked - fused) * 1000,
        total=(done - began) * 1000,
    )


def _embed(
    text: str,
    query: Query,
    knowledge_bases: Sequence[KnowledgeBase],
    embedder_of: Callable[[KnowledgeBase], Embedder],
    asking: Asking,
) -> tuple[dict[str, EmbeddedQuery], dict[str, CarrelError]]:
    """Return the query as each model in use embeds it, each once; and why a model does not.

    Raises what the first of them raises where none does.
    """
    questions: dict[str, EmbeddedQuery] = {}
    failures: dict[str, CarrelError] = {}
    models = {knowledge_base.embedder: knowledge_base for knowledge_base in knowledge_bases}
    for model, knowledge_base in models.items() if query.mode is not Mode.LEXICAL else ():
        try:
            with asking(model):
                questions[model] = embedder_of(knowledge_base).embed_query(text, query.instruction)
        except CarrelError as error:
            failures[model] = error
    if failures and not questions:
        raise next(iter(failures.values()))
    return questions, failures


def _without(
    failures: Mapping[str, CarrelError],
    query: Query,
    knowledge_bases: Sequence[KnowledgeBase],
    index_of: Callable[[KnowledgeBase], Index],
) -> tuple[LeftOut, ...]:
    """Return the knowledge bases of the models that failed, and whether words can still be searched there."""
    left_out = []
    for knowledge_base in knowledge_bases:
        if (error := failures.get(knowledge_base.embedder)) is None:
            continue
        by_words = query.mode is not Mode.DENSE
        try:
            index_of(knowledge_base)
        except CarrelError:  # it opens with its model's width, and that is not known yet
            by_words = False
        found = LeftOut(knowledge_base.id, knowledge_base.name, by_words, error.message, error)
        left_out.append(found)
    return tuple(left_out)


def _retrieve(
    text: str,
    query: Query,
    knowledge_bases: Sequence[KnowledgeBase],
    among: Selected | None,
    questions: Mapping[str, EmbeddedQuery],
    index_of: Callable[[KnowledgeBase], Index],
) -> dict[Signal, tuple[Candidate, ...]]:
    """Return each signal's candidates over all the knowledge bases, best first."""
    lists: dict[Signal, dict[tuple[str, int], list[Candidate]]] = {}
    for knowledge_base in knowledge_bases:
        # Cosines of two models, or of two cuts, are on scales of their own; BM25 has one.
        space = (knowledge_base.embedder, knowledge_base.dimensions)
        asked = IndexQuery(
            vector=_question_vector(questions.get(knowledge_base.embedder), knowledge_base),
            text=None if query.mode is Mode.DENSE else text,
            filters=query.filters,
            limit=max(CANDIDATES, query.limit),
            among=None if among is None else among[knowledge_base.id],
        )
        for signal, found in index_of(knowledge_base).search(asked).items():
            scale = space if signal.dense else ("", 0)
            lists.setdefault(signal, {}).setdefault(scale, []).extend(found)
    return {
        signal: tuple(sorted(_distinct(on_one_scale(found.values())), key=lambda c: (-c.score, c.point_id)))
        for signal, found in lists.items()
    }


def _question_vector(question: EmbeddedQuery | None, knowledge_base: KnowledgeBase) -> Vectors | None:
    """Return the question's vector in the knowledge base's space."""
    if question is None:
        return None
    return cut(question.vector, knowledge_base.dimensions or len(question.vector))


def _distinct(candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    """Return each point once, at its best: two knowledge bases may hold the same paper."""
    best: dict[str, Candidate] = {}
    for candidate in candidates:
        known = best.get(candidate.point_id)
        if known is None or candidate.score > known.score:
            best[candidate.point_id] = candidate
    return list(best.values())


def _favour_quotations(
    text: str, fused: tuple[FusedPaper, ...], knowledge_bases: Sequence[KnowledgeBase], catalog: Catalog
) -> tuple[FusedPaper, ...]:
    if not quotation.could_be_quotation(text):
        return fused
    with catalog.read() as tx:
        texts = passages.texts(tx, knowledge_bases, quotation.likely_sources(fused, _SOURCES))
        found = [paper.paper_id for paper in fused[:_SOURCES]]
        texts |= papers.titles_and_abstracts(tx, [base.id for base in knowledge_bases], found)
    return quotation.favour_quotations(text, fused, texts)


def _present(
    fused: Sequence[FusedPaper], query: Query, knowledge_bases: Sequence[KnowledgeBase], catalog: Catalog
) -> tuple[Hit, ...]:
    """Return the best papers with their best passages, one a work, in a fixed number of look-ups."""
    ids = [knowledge_base.id for knowledge_base in knowledge_bases]
    with catalog.read() as tx:
        groups = versions.groups(tx, ids, [paper.paper_id for paper in fused])
        # Some to spare: a paper removed a moment ago may still be in the index, and is left out.
        best = _one_a_work(fused, groups)[: query.limit + CANDIDATES // 4]
        others = _versions_to_name(best, groups, query.filters, fused)
        wanted_records = {paper.paper_id for paper in best}.union(*others.values())
        records: dict[str, PaperRecord] = {}
        for record in papers.records(tx, ids, sorted(wanted_records)):
            records.setdefault(record.id, record)
        best = [paper for paper in best if paper.paper_id in records][: query.limit]
        wanted = [point for paper in best for point, _ in paper.passages[:_PASSAGES_CONSIDERED]]
        found = passages.by_id(tx, knowledge_bases, wanted)
        # Found as a whole paper only: its beginning says what it is about.
        bare = [paper.paper_id for paper in best if not paper.passages]
        openings = passages.openings(tx, knowledge_bases, bare)
    return tuple(
        _hit(
            rank,
            paper,
            records[paper.paper_id],
            published_first(records[other] for other in others.get(paper.paper_id, ())),
            found,
            openings,
        )
        for rank, paper in enumerate(best, start=1)
    )


def _one_a_work(
    fused: Sequence[FusedPaper], groups: Mapping[PaperId, frozenset[PaperId]]
) -> list[FusedPaper]:
    """Return the papers without those of which a better version has come before."""
    best, named = [], set[PaperId]()
    for paper in fused:
        if paper.paper_id not in named:
            best.append(paper)
            named |= groups.get(paper.paper_id, frozenset())
    return best


def _versions_to_name(
    best: Sequence[FusedPaper],
    groups: Mapping[PaperId, frozenset[PaperId]],
    filters: Filters,
    fused: Sequence[FusedPaper],
) -> dict[PaperId, frozenset[PaperId]]:
    """Return the other versions of each paper that has some."""
    others = {
        paper.paper_id: groups[paper.paper_id] - {paper.paper_id}
        for paper in best
        if paper.paper_id in groups
    }
    if filters == Filters():
        return others
    # The index has looked only at what meets the filters.
    meeting = frozenset(paper.paper_id for paper in fused)
    return {paper: found & meeting for paper, found in others.items()}


def _hit(
    rank: int,
    paper: FusedPaper,
    record: PaperRecord,
    versions_of_it: tuple[PaperRecord, ...],
    found: dict[PassageId, Passage],
    openings: dict[PaperId, Passage],
) -> Hit:
    best = [
        PassageHit(found[PassageId(point)], score)
        for point, score in paper.passages[:_PASSAGES_CONSIDERED]
        if PassageId(point) in found
    ]
    # A list of references has everybody's words in it; what the paper says itself answers better.
    best.sort(key=lambda hit: is_reference_list(hit.passage.section) * _BEHIND - hit.score)
    if not best and record.id in openings:
        best = [PassageHit(openings[record.id], 0.0)]
    return Hit(
        rank=rank,
        score=paper.score,
        paper=record,
        passages=tuple(best[:PASSAGES_A_PAPER]),
        contributions=paper.contributions,
        quotation=paper.quotation,
        versions=versions_of_it,
        rerank_score=paper.rerank_score,
    )
