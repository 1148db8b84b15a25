"""The stage that makes one list of papers out of what the signals found; the best of it may ask once more."""

from collections.abc import Mapping
from dataclasses import dataclass

from carrel.core.ranking import Candidate, FusedPaper, Signal
from carrel.search import feedback, quotation, retrieve
from carrel.search.fuse import Weights, fuse
from carrel.search.identified import put_first
from carrel.search.inquiry import Inquiry
from carrel.search.own_language import balanced
from carrel.search.unread import unread_papers
from carrel.search.weighing import weighed_for, weights_of
from carrel.storage import papers, passages

Lists = Mapping[Signal, tuple[Candidate, ...]]

_SOURCES = 30  # passages, and papers, whose words are compared with the query's, in case it quotes one


@dataclass(frozen=True, slots=True)
class Fused:
    """The papers, best first, the signals' lists that they are made of, and how those were weighed."""

    papers: tuple[FusedPaper, ...]
    lists: Lists
    weights: Weights


def fused(inquiry: Inquiry, lists: Lists) -> Fused:
    """Return the candidates of all signals as one list of papers.

    Papers that the query quotes or names by an identifier come first.
    """
    answer = inquiry.translation.answer
    translated = answer is not None and answer.made
    weights = weighed_for(inquiry.text, weights_of(inquiry.knowledge_bases), translated)
    query, bases, sources = inquiry.query, inquiry.knowledge_bases, inquiry.sources
    models = {model for model, _ in inquiry.questions}
    unread = unread_papers(inquiry.text, lists, bases, models, sources)
    found = _favour_quotations(inquiry, fuse(lists, weights, unread))
    asked = lists
    if feedback.says_more(inquiry.understood, query, found, bases):
        drawn = feedback.drawn(inquiry.questions, query, found, bases, sources, unread)
        lists = {**lists, **retrieve.retrieved("", query, bases, inquiry.scope, drawn, sources)}
        found = fuse(lists, weights, unread)
    found = balanced(inquiry, found, asked, unread)
    found = put_first(inquiry.understood, found, inquiry.scope, bases, sources.catalog)
    return Fused(found, lists, weights)


def _favour_quotations(inquiry: Inquiry, found: tuple[FusedPaper, ...]) -> tuple[FusedPaper, ...]:
    if not quotation.could_be_quotation(inquiry.text):
        return found
    bases = inquiry.knowledge_bases
    with inquiry.sources.catalog.read() as tx:
        texts = passages.texts(tx, bases, quotation.likely_sources(found, _SOURCES))
        best = [paper.paper_id for paper in found[:_SOURCES]]
        texts |= papers.titles_and_abstracts(tx, [base.id for base in bases], best)
    return quotation.favour_quotations(inquiry.text, found, texts)
