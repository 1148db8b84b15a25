"""How good rankings are, by the measures of ir-measures (MacAvaney et al. 2022), an extra package."""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from carrel.core.evaluation_errors import MetricsNotInstalled, MetricUnknown
from carrel.evaluation.judged_set import Judgments

DEFAULT_METRICS = ("nDCG@10", "RR@10", "R@10", "R@100", "AP")
_SAME = {"MRR": "RR", "MAP": "AP", "RECALL": "R", "PRECISION": "P"}

_MISNAMED = (NameError, SyntaxError, ValueError, TypeError, AssertionError, AttributeError, RuntimeError)

Run = Mapping[str, Sequence[str]]
"""Documents by query, best first, each once."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One measure of one run: a value a query, in the queries' order."""

    metric: str
    values: Mapping[str, float]

    @property
    def mean(self) -> float:
        """The mean over all queries."""
        return sum(self.values.values()) / len(self.values)


class _Measure(Protocol):
    def iter_calc(
        self, qrels: Mapping[str, Mapping[str, int]], run: Mapping[str, Mapping[str, float]]
    ) -> "Sequence[_Value]": ...


class _Value(Protocol):
    query_id: str
    measure: _Measure
    value: float


class _Package(Protocol):
    def parse_measure(self, text: str) -> _Measure: ...

    def iter_calc(
        self,
        measures: Sequence[_Measure],
        qrels: Mapping[str, Mapping[str, int]],
        run: Mapping[str, Mapping[str, float]],
    ) -> "Sequence[_Value]": ...


def checked(metrics: Sequence[str]) -> tuple[str, ...]:
    """Return the metrics as ir-measures names them, each once; MRR, MAP and Recall mean RR, AP and R.

    Raises:
        MetricUnknown, MetricsNotInstalled.
    """
    package = _package()
    return tuple(dict.fromkeys(str(_parsed(package, name)) for name in metrics))


def measured(run: Run, judgments: Judgments, metrics: Sequence[str]) -> tuple[Measured, ...]:
    """Return each metric of a run, over the queries that are judged; one without a ranking counts as 0.

    The order of a ranking is all that counts: there are no ties left to break.

    Raises:
        MetricUnknown, MetricsNotInstalled.
    """
    package = _package()
    measures = {name: _parsed(package, name) for name in metrics}
    scored = {
        query: {document: 1 / place for place, document in enumerate(run.get(query, ()), start=1)}
        for query in judgments
    }
    values: dict[str, dict[str, float]] = {name: dict.fromkeys(judgments, 0.0) for name in measures}
    names = {str(measure): name for name, measure in measures.items()}
    for found in package.iter_calc(list(measures.values()), judgments, scored):
        values[names[str(found.measure)]][found.query_id] = float(found.value)
    return tuple(Measured(name, values[name]) for name in measures)


def ranked(scores: Mapping[str, float]) -> tuple[str, ...]:
    """Return documents by falling score; those of one score by their ids."""
    return tuple(sorted(scores, key=lambda document: (-scores[document], document)))


def _package() -> _Package:
    try:
        return cast(_Package, importlib.import_module("ir_measures"))
    except ImportError as error:
        raise MetricsNotInstalled() from error


def _parsed(package: _Package, name: str) -> _Measure:
    stem, at, cutoff = name.strip().partition("@")
    try:
        measure = package.parse_measure(_SAME.get(stem.upper(), stem) + at + cutoff)
        # A name alone may be read and still lack its cutoff: it is tried on nothing much.
        list(package.iter_calc([measure], {"q": {"d": 1}}, {"q": {"d": 1.0}}))
    except _MISNAMED as error:
        raise MetricUnknown(name=name) from error
    return measure
