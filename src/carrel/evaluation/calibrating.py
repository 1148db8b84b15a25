"""How much meaning counts against words, found out on a knowledge base itself: without labels or with them.

Sentences held out of its papers are asked, and queries that were judged in it. What is found by meaning and
by words is fused as searches do it, with each share of meaning; what is right counts by its place among the
first ten.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from carrel.core.calibration import FEWEST_JUDGED, Calibration
from carrel.core.domain_terms import question_text
from carrel.core.engine_errors import TextsRefused
from carrel.core.ids import PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.paper import in_context
from carrel.core.ports import Embedder, VectorCache
from carrel.core.ranking import FusedPaper
from carrel.core.space import Vectors, cut, rounded
from carrel.core.tasks import task_of
from carrel.evaluation.held_out import HeldOut, Unit, drawn
from carrel.evaluation.paper_sample import Sample, sample_of
from carrel.evaluation.sample_lists import Analysis, Instead, SampleLists, Terms
from carrel.evaluation.share import SHARES, Point, chosen, curve
from carrel.ingest.pipeline import about_text
from carrel.search.fuse import Weights, fuse
from carrel.search.weighing import usual_share, weighed_for
from carrel.storage import judgments
from carrel.storage.clock import now
from carrel.storage.database import Catalog

MOST_SENTENCES = 200
FEWEST_PAPERS = 100  # among fewer nearly everything is found, whatever the share
FEWEST_QUESTIONS = 50
_JUDGED_WEIGHT = 5.0  # sentences that a judged query counts for: it is what is asked in earnest
_DEEP = 10  # places that count
_TEXTS_A_REQUEST = 8  # of a model's server; a model here reads one after the other anyhow
_UNITS_AT_ONCE = 25
_SEED = "calibration"

T = TypeVar("T")


class Reason(StrEnum):
    """Why a share was chosen."""

    FEW_PAPERS = "few-papers"  # of those that the model reads
    FEW_QUESTIONS = "few-questions"
    USUAL = "usual"  # no other is better by more than chance
    BETTER = "better"


@dataclass(frozen=True, slots=True)
class Instruments:
    """What is measured with. The embedder keeps nothing: what is held out is no paper of anybody's.

    ``pause`` is called before each piece of work: others may go first.
    """

    catalog: Catalog
    vectors: VectorCache
    embedder: Embedder
    analysis: Analysis
    instruction: str = ""
    pause: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Found:
    """What was found out, and on what. Without a curve there was too little to measure on."""

    calibration: Calibration
    reason: Reason
    papers: int  # of the sample
    sentences: int  # that there were, enough or not
    judged: int
    curve: tuple[Point, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    """What is asked, the grades of the papers that are right, how much it counts, and what was held out."""

    text: str
    grades: Mapping[PaperId, int]
    weight: float = 1.0
    held_out: HeldOut | None = None
    rest: Vectors | None = None  # of what is left of the unit, [dimensions]


def calibrate(base: KnowledgeBase, tools: Instruments) -> Found:
    """Find out how much meaning counts in the generation that serves; nothing is changed.

    Raises:
        ServiceError: the model cannot be loaded or reached.
    """
    usual = usual_share([base.domain])
    sample = sample_of(base, tools.catalog, tools.vectors, tools.embedder, _SEED)
    sentences = drawn(sample.units, MOST_SENTENCES, _SEED)
    with tools.catalog.read() as tx:
        queries = judgments.queries_by_keepers(tx).get(base.id, 0)
    asked, judged = len(sentences), len(sample.judged)
    reason = Reason.USUAL
    points: tuple[Point, ...] = ()
    share = usual
    if sample.papers < FEWEST_PAPERS:
        reason = Reason.FEW_PAPERS
    elif asked + judged < FEWEST_QUESTIONS and judged < FEWEST_JUDGED:
        reason = Reason.FEW_QUESTIONS
    else:
        questions = list(_questions(sample, sentences, tools))
        asked = len(questions) - judged
        columns = _measured(base, sample, questions, sorted({*SHARES, usual}), tools)
        weights = [question.weight for question in questions]
        points, share = curve(columns, weights, usual), chosen(columns, weights, usual)
        reason = Reason.USUAL if share == usual else Reason.BETTER
    used = (asked, judged) if points else (0, 0)
    calibration = Calibration(share, usual, *used, papers=base.papers, queries=queries, at=now())
    return Found(calibration, reason, sample.papers, asked, judged, points)


def _questions(sample: Sample, sentences: Sequence[HeldOut], tools: Instruments) -> Iterator[_Question]:
    """Yield the sentences, each with the vector of what is left, and the judged queries.

    Those whose rest the model's server refuses are left out.
    """
    for query, grades in sample.judged.items():
        yield _Question(query, grades, _JUDGED_WEIGHT)
    width = sample.vectors.shape[1]
    # A search that comes meanwhile waits for what is under way: for no more than one text of a model here.
    piece = 1 if tools.embedder.parallel_calls == 1 else _TEXTS_A_REQUEST
    for some in _pieces(sentences, piece):
        tools.pause()
        rests = [_embedded(sample.units[each.unit], each.rest, tools.embedder) for each in some]
        try:
            vectors = cut(rounded(tools.embedder.embed_documents(rests)), width)
        except TextsRefused:
            continue
        for each, vector in zip(some, vectors, strict=True):
            yield _Question(each.sentence, {sample.units[each.unit].paper: 1}, 1.0, each, vector)


def _embedded(unit: Unit, text: str, embedder: Embedder) -> str:
    """Return what the model reads of a unit with this text in the place of its own."""
    title = unit.metadata.title
    return in_context(title, unit.section, text) if unit.is_passage else about_text(title, text, embedder)


def _measured(
    base: KnowledgeBase,
    sample: Sample,
    questions: Sequence[_Question],
    shares: Sequence[float],
    tools: Instruments,
) -> dict[float, list[float]]:
    """Return how good each answer is with each share, weighed by the question's length as in searches."""
    lists = _lists(base, sample, tools)
    width = sample.vectors.shape[1]
    task = task_of(tools.instruction, (base.domain,))
    columns: dict[float, list[float]] = {share: [] for share in shares}
    for question in questions:
        tools.pause()
        vector = cut(tools.embedder.embed_query(question.text, task).vector, width)
        terms = tools.analysis.question(question_text(base.domain, question.text))
        tools.pause()
        found = lists.of(vector, terms, _instead(base, sample, question, tools.analysis))
        for share in shares:
            weights = weighed_for(question.text, Weights(dense=share))
            columns[share].append(worth(fuse(found, weights), question.grades))
    return columns


def _lists(base: KnowledgeBase, sample: Sample, tools: Instruments) -> SampleLists:
    terms: list[Terms] = []
    for some in _pieces(sample.units, _UNITS_AT_ONCE):
        tools.pause()
        terms += [_terms(base, unit, unit.text, tools.analysis) for unit in some]
    points = [(unit.point, unit.paper) for unit in sample.units]
    return SampleLists(points, sample.vectors, terms, any(unit.is_passage for unit in sample.units))


def _instead(base: KnowledgeBase, sample: Sample, question: _Question, analysis: Analysis) -> Instead | None:
    held_out, rest = question.held_out, question.rest
    if held_out is None or rest is None:
        return None
    terms = _terms(base, sample.units[held_out.unit], held_out.rest, analysis)
    return Instead(held_out.unit, rest, terms)


def _terms(base: KnowledgeBase, unit: Unit, text: str, analysis: Analysis) -> Terms:
    words = unit.words(base.domain, text)
    return analysis.passage(words) if unit.is_passage else analysis.paper(words)


def worth(order: Sequence[FusedPaper], grades: Mapping[PaperId, int]) -> float:
    """Return nDCG@10: what is gained among the first ten, of what could be; lower places count less."""
    found = [grades.get(each.paper_id, 0) for each in order[:_DEEP]]
    return _gained(found) / _gained(sorted(grades.values(), reverse=True)[:_DEEP])


def _gained(grades: Sequence[int]) -> float:
    return sum(grade / math.log2(place + 1) for place, grade in enumerate(grades, start=1))


def _pieces(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[first : first + size] for first in range(0, len(items), size))
