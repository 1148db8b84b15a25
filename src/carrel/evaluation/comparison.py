"""Configurations side by side: every query asked in each of them, measured, and compared with the first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from carrel.core.ranking import PaperRecord
from carrel.evaluation.asking import Ask, answers
from carrel.evaluation.configuration import Configuration
from carrel.evaluation.judged_set import Questions
from carrel.evaluation.measures import Measured, measured
from carrel.evaluation.significance import Compared, compared, holm, interval

Told = Callable[[Configuration, int, int], None]
"""Told of a configuration how many of how many queries are answered."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric of one configuration: its mean, where that may lie, and how it stands to the baseline."""

    metric: str
    mean: float
    low: float  # of the confidence interval of 95 %
    high: float
    against: Compared | None = None  # None: this is the baseline
    corrected_p: float = 1.0  # as there are several configurations


@dataclass(frozen=True, slots=True)
class Outcome:
    """One configuration: its figures, its values a query by metric, and milliseconds a search."""

    configuration: Configuration
    figures: tuple[Figure, ...]
    values: Mapping[str, Mapping[str, float]] = field(repr=False)
    median_ms: float = 0.0  # without the model that embeds the query
    slow_ms: float = 0.0  # of twenty searches, the slowest
    hindered: int = 0  # queries that a model, or the reranker, failed to take part in


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was compared: the first outcome is the baseline."""

    name: str
    documents: int
    questions: Questions = field(repr=False)
    metrics: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    dimensions: int = 0  # of the collection's own index; 0: not known
    literal: bool = False  # nothing in the queries was taken for an operator

    @property
    def baseline(self) -> Outcome:
        """What the others are compared with."""
        return self.outcomes[0]

    def differences(self, outcome: Outcome, metric: str) -> dict[str, float]:
        """Return how much each query gains against the baseline, most first; ties by the query's id."""
        before = self.baseline.values[metric]
        found = {query: value - before[query] for query, value in outcome.values[metric].items()}
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def kinds(self, metric: str) -> dict[str, tuple[float, ...]]:
        """Return each kind of query's means, one a configuration; nothing where all are of one kind."""
        kinds = self.questions.kinds
        return {
            kind: tuple(
                float(np.mean([values[query] for query, each in kinds.items() if each == kind]))
                for values in (outcome.values[metric] for outcome in self.outcomes)
            )
            for kind in dict.fromkeys(kinds.values())
        }


def compare(
    name: str,
    documents: int,
    questions: Questions,
    configurations: Sequence[Configuration],
    metrics: Sequence[str],
    ask_of: Callable[[Configuration], Ask],
    name_of: Callable[[PaperRecord], str],
    told: Told,
) -> Comparison:
    """Ask every query in every configuration, and compare.

    Args:
        name: of the collection, for people; it has so many ``documents``.
        questions: with at least one query.
        configurations: at least one; the first is the baseline.
        metrics: as ``measures.checked`` gives them.
        ask_of: what answers a query in a configuration.
        name_of: what judgments call a paper.
        told: told of progress.
    """
    outcomes = [
        _outcome(questions, configuration, metrics, ask_of(configuration), name_of, told)
        for configuration in configurations
    ]
    return Comparison(name, documents, questions, tuple(metrics), _against_the_first(outcomes))


def _outcome(
    questions: Questions,
    configuration: Configuration,
    metrics: Sequence[str],
    ask: Ask,
    name_of: Callable[[PaperRecord], str],
    told: Told,
) -> Outcome:
    run, took, hindered = {}, [], 0
    told(configuration, 0, len(questions.queries))
    for answer in answers(questions.queries, ask, name_of):
        run[answer.query] = answer.ranking
        took.append(answer.milliseconds)
        hindered += answer.hindered
        told(configuration, len(run), len(questions.queries))
    found = measured(run, questions.judgments, metrics)
    return Outcome(
        configuration,
        tuple(_figure(each) for each in found),
        {each.metric: each.values for each in found},
        float(np.median(took)),
        float(np.quantile(took, 0.95)),
        hindered,
    )


def _figure(found: Measured) -> Figure:
    low, high = interval(list(found.values.values()))
    return Figure(found.metric, found.mean, low, high)


def _against_the_first(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    first, *others = outcomes
    made = [first]
    tables = [_compared(first, other) for other in others]
    for other, table in zip(others, tables, strict=True):
        figures = [
            replace(
                figure,
                against=table[figure.metric],
                corrected_p=holm([each[figure.metric].p for each in tables])[len(made) - 1],
            )
            for figure in other.figures
        ]
        made.append(replace(other, figures=tuple(figures)))
    return tuple(made)


def _compared(first: Outcome, other: Outcome) -> dict[str, Compared]:
    found = {}
    for metric, values in other.values.items():
        before = first.values[metric]
        found[metric] = compared(list(values.values()), [before[query] for query in values])
    return found
