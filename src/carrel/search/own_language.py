"""Papers in the question's own language beside those that only its translation finds.

Each of the two is sure of itself to another degree: a cosine of a translated question is that of guesses,
and of papers in the question's own language words alone tell. The best of either stands at the top of its
lists, whatever it is worth; so the less sure of the two steps back. Nothing is read where there is no
translation, or no paper in the question's language.
"""

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from carrel.core.ids import PaperId
from carrel.core.ranking import Candidate, FusedPaper, Signal
from carrel.search.inquiry import Inquiry
from carrel.storage import papers, passages

_LOOKED_THROUGH = 8  # papers in the question's language whose words are compared with the question's
_UNRELATED, _SURE = 0.25, 0.55
# Cosines of the embedded model between a translated question and the best paper: of 40 questions about law
# over papers on science half are below .33; of those that have an answer (xl_arxiv_zh, xl_acl_zh) half are
# above .47 and .74.
_HELD = 0.4  # the share of a question's pairs of characters that its answer has, or more
_STEP = 0.5  # how far the less sure one steps back, at most
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")


def balanced(
    inquiry: Inquiry,
    found: Sequence[FusedPaper],
    lists: Mapping[Signal, Sequence[Candidate]],
    unread: Container[PaperId],
) -> tuple[FusedPaper, ...]:
    """Return the papers with those of the two languages weighed against one another.

    ``lists`` are those of the question itself, before anything was drawn nearer to what it found. What the
    query quotes stays where it is.
    """
    answer = inquiry.translation.answer
    own = list(islice((paper for paper in found if paper.paper_id in unread), _LOOKED_THROUGH))
    if answer is None or not answer.made or not own or all(paper.paper_id in unread for paper in found):
        return tuple(found)
    if found[0].quotation:
        return tuple(found)
    cosines = (
        candidate.score
        for signal, candidates in lists.items()
        for candidate in candidates
        if signal.dense and candidate.paper_id not in unread
    )
    nearest = max(cosines, default=0.0)
    by_meaning = min(max((nearest - _UNRELATED) / (_SURE - _UNRELATED), 0.0), 1.0)
    by_words = min(share_held(inquiry.text, _texts(inquiry, own)) / _HELD, 1.0)
    return stepped_back(found, unread, by_meaning, by_words)


def stepped_back(
    found: Sequence[FusedPaper], unread: Container[PaperId], by_meaning: float, by_words: float
) -> tuple[FusedPaper, ...]:
    """Return the papers, those of the less sure language with less of their scores; 0 is not sure at all."""
    surer = max(by_meaning, by_words)
    if surer == 0.0:
        return tuple(found)
    weighed = [
        _times(paper, 1 - _STEP * (1 - (by_words if paper.paper_id in unread else by_meaning) / surer))
        for paper in found
    ]
    return tuple(sorted(weighed, key=lambda paper: (-paper.score, paper.paper_id)))


def share_held(question: str, texts: Iterable[str]) -> float:
    """Return the share of the question's pairs of ideographs that the best of the texts has."""
    asked = _pairs(question)
    return max((len(asked & _pairs(text)) / len(asked) for text in texts), default=0.0) if asked else 0.0


def _texts(inquiry: Inquiry, own: Sequence[FusedPaper]) -> list[str]:
    """Return the best passage of each paper; of one without, title and abstract."""
    bases = inquiry.knowledge_bases
    bare = [paper.paper_id for paper in own if not paper.passages]
    with inquiry.sources.catalog.read() as tx:
        found = passages.texts(tx, bases, [paper.passages[0][0] for paper in own if paper.passages])
        abouts = papers.titles_and_abstracts(tx, [base.id for base in bases], bare)
    return [*found.values(), *abouts.values()]


def _pairs(text: str) -> frozenset[str]:
    return frozenset(run[at : at + 2] for run in _HAN.findall(text) for at in range(len(run) - 1))


def _times(paper: FusedPaper, factor: float) -> FusedPaper:
    contributions = tuple(replace(part, share=part.share * factor) for part in paper.contributions)
    return replace(paper, score=paper.score * factor, contributions=contributions)
