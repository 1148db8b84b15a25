"""Metrics are those of a plain implementation written from their definitions, to 1e-6."""

import sys
from collections.abc import Callable, Mapping, Sequence
from math import log2

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carrel.core.evaluation_errors import MetricsNotInstalled, MetricUnknown
from carrel.evaluation.measures import checked, measured, ranked

Grades = Mapping[str, int]
DOCUMENTS = [f"d{number}" for number in range(14)]


def ndcg(ranking: Sequence[str], grades: Grades, depth: int) -> float:
    """Järvelin and Kekäläinen 2002, gains linear in the grade."""

    def gain(values: Sequence[int]) -> float:
        return sum(max(value, 0) / log2(place + 1) for place, value in enumerate(values[:depth], start=1))

    best = gain(sorted(grades.values(), reverse=True))
    return gain([grades.get(document, 0) for document in ranking]) / best if best else 0.0


def reciprocal_rank(ranking: Sequence[str], grades: Grades, depth: int) -> float:
    found = (1 / place for place, each in enumerate(ranking[:depth], start=1) if grades.get(each, 0) > 0)
    return next(found, 0.0)


def recall(ranking: Sequence[str], grades: Grades, depth: int) -> float:
    answers = {document for document, grade in grades.items() if grade > 0}
    return len(answers & set(ranking[:depth])) / len(answers) if answers else 0.0


def precision(ranking: Sequence[str], grades: Grades, depth: int) -> float:
    return sum(grades.get(document, 0) > 0 for document in ranking[:depth]) / depth


def average_precision(ranking: Sequence[str], grades: Grades, _: int) -> float:
    answers = sum(grade > 0 for grade in grades.values())
    hits = [place for place, each in enumerate(ranking, start=1) if grades.get(each, 0) > 0]
    return sum(count / place for count, place in enumerate(hits, start=1)) / answers if answers else 0.0


PLAIN: Mapping[str, tuple[Callable[[Sequence[str], Grades, int], float], int]] = {
    "nDCG@10": (ndcg, 10),
    "nDCG@3": (ndcg, 3),
    "RR@10": (reciprocal_rank, 10),
    "R@5": (recall, 5),
    "R@100": (recall, 100),
    "P@1": (precision, 1),
    "AP": (average_precision, 0),
}

Drawn = Mapping[str, tuple[Grades, Mapping[str, float]]]
judged = st.dictionaries(st.sampled_from(DOCUMENTS), st.integers(0, 3), min_size=1)
# Few different scores, so that many documents have the same.
scored = st.dictionaries(st.sampled_from(DOCUMENTS), st.integers(0, 4).map(lambda n: n / 4))


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from("abcd"), st.tuples(judged, scored), min_size=1))
def test_metrics_are_those_of_the_definitions(
    drawn: Mapping[str, tuple[Grades, Mapping[str, float]]],
) -> None:
    judgments = {query: grades for query, (grades, _) in drawn.items()}
    run = {query: ranked(scores) for query, (_, scores) in drawn.items() if scores}
    for found in measured(run, judgments, list(PLAIN)):
        plain, depth = PLAIN[found.metric]
        for query, grades in judgments.items():
            expected = plain(run.get(query, ()), grades, depth)
            assert found.values[query] == pytest.approx(expected, abs=1e-6), (found.metric, query)
        assert found.mean == pytest.approx(sum(found.values.values()) / len(judgments), abs=1e-9)


def test_documents_of_one_score_stand_in_the_order_of_their_ids() -> None:
    assert ranked({"b": 1.0, "c": 2.0, "a": 1.0}) == ("c", "a", "b")
    # The order of a ranking is kept as it is: trec_eval alone would turn ties round.
    (found,) = measured({"q": ("a", "b")}, {"q": {"a": 1}}, ["P@1"])
    assert found.values == {"q": 1.0}


def test_long_rankings_stay_in_order() -> None:
    documents = [f"d{number:04}" for number in range(1000)]
    (found,) = measured({"q": documents}, {"q": {"d0999": 1}}, ["RR"])
    assert found.values["q"] == pytest.approx(1 / 1000)


def test_names_are_ir_measures_own_and_the_usual_others() -> None:
    assert checked(["MRR@10", "recall@100", "MAP", "nDCG@10", "RR@10"]) == ("RR@10", "R@100", "AP", "nDCG@10")
    for name in ("nonsense", "nDCG@", "R", "__import__('os')", "P@x", ""):
        with pytest.raises(MetricUnknown):
            checked([name])


def test_without_the_package_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ir_measures", None)
    with pytest.raises(MetricsNotInstalled, match=r"carrel\[eval\]"):
        checked(["nDCG@10"])
