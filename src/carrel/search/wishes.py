"""The last stage that orders papers, where a query wishes for newer ones, cited ones, or different ones.

It looks at the best papers alone, and those behind stay behind; what the query quotes stays first. Without a
wish it does nothing and looks nothing up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile

from carrel.core.cited_keys import keys_of_work
from carrel.core.ids import PaperId
from carrel.core.ranking import FusedPaper, Preference
from carrel.core.space import Encoder, Vectors
from carrel.search.diversity import diversified
from carrel.search.inquiry import Inquiry
from carrel.search.preference import favouring
from carrel.search.retrieve import CANDIDATES
from carrel.storage import citing, vector_keys
from carrel.storage.descriptions import descriptions

_AMONG = 50  # papers among which those unlike one another are looked for: the same for ten results and thirty


def granted(inquiry: Inquiry, papers: tuple[FusedPaper, ...]) -> tuple[FusedPaper, ...]:
    """Return the papers as the query wishes for them."""
    query = inquiry.query
    if not query.prefer and not query.diverse:
        return papers
    quoted = tuple(takewhile(lambda paper: paper.quotation > 0, papers))
    others = papers[len(quoted) :]
    if query.prefer:
        best = others[: max(CANDIDATES, query.limit)]
        others = _preferred(inquiry, best) + others[len(best) :]
    if query.diverse:
        best = others[: max(_AMONG, query.limit)]
        others = diversified(best, _vectors(inquiry, best), len(quoted)) + others[len(best) :]
    # What is quoted may be old: the scores fall with the places all the same.
    places = sorted((paper.score for paper in quoted + others), reverse=True)
    return tuple(replace(p, score=score) for p, score in zip(quoted + others, places, strict=True))


def _preferred(inquiry: Inquiry, papers: tuple[FusedPaper, ...]) -> tuple[FusedPaper, ...]:
    """Return the papers with what the query prefers further up; of two preferences each gives its share."""
    ids = [base.id for base in inquiry.knowledge_bases]
    values: dict[Preference, Mapping[PaperId, int]] = {}
    with inquiry.sources.catalog.read() as tx:
        # Of a paper in several knowledge bases what the first one says of it.
        found = descriptions(tx, ids, [paper.paper_id for paper in papers])
        cards = {card.paper: card for card in sorted(found, key=lambda card: -ids.index(card.knowledge_base))}
        if Preference.RECENT in inquiry.query.prefer:
            values[Preference.RECENT] = {c.paper: c.year for c in cards.values() if c.year is not None}
        if Preference.CITED in inquiry.query.prefer:
            works = {c.paper: keys_of_work(c.title, c.doi, c.arxiv_id) for c in cards.values()}
            values[Preference.CITED] = citing.counts(tx, ids, works)
    for preference, known in values.items():
        papers = favouring(papers, preference, known)
    return papers


def _vectors(inquiry: Inquiry, papers: Sequence[FusedPaper]) -> list[dict[PaperId, Vectors]]:
    """Return the papers' vectors that the cache has, by model; no model is asked."""
    bases, sources = {base.id: base for base in inquiry.knowledge_bases}, inquiry.sources
    with sources.catalog.read() as tx:
        about = vector_keys.of_papers(tx, list(bases), [paper.paper_id for paper in papers])
    keys: dict[Encoder, dict[PaperId, str]] = {}
    for base, paper, key in about:
        keys.setdefault(sources.embedder_of(bases[base]).encoder, {})[paper] = key
    found = []
    for encoder, of_papers in keys.items():
        vectors = sources.vectors.get(encoder, list(of_papers.values()))
        found.append({paper: vectors[key] for paper, key in of_papers.items() if key in vectors})
    return found
