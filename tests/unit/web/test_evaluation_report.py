"""The report of a comparison: one file that needs nothing else, its marks where they belong."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.language import use_language
from carrel.core.metadata import Metadata
from carrel.core.ranking import Hit, Mode, PaperRecord, SearchResult, StageTimings
from carrel.evaluation.asking import Ask
from carrel.evaluation.comparison import Comparison, compare
from carrel.evaluation.configuration import Configuration, configurations
from carrel.evaluation.judged_set import Questions
from carrel.evaluation.tables import document, markdown, moved
from carrel.web.evaluation_charts import WIDTH, differences_of, lines_of, panel_of, reach_of
from carrel.web.evaluation_report import report

HOSTILE = '<img src="http://x.example/a.png"> | "quoted" & 中文'


def a_comparison(texts: Sequence[str], count: int = 12, kinds: bool = False) -> Comparison:
    """Return a comparison of made-up values: where each right paper is, is drawn by the configuration."""
    queries = {f"q{number}": f"query {number}" for number in range(count)} | {"q0": HOSTILE}
    named = {query: "title" if number % 2 else "deep passage" for number, query in enumerate(queries)}
    questions = Questions(queries, {query: {"right": 1} for query in queries}, kinds=named if kinds else {})

    def ask_of(configuration: Configuration) -> Ask:
        chance = np.random.default_rng(len(configuration.label))
        return lambda text: _answer(text, int(chance.integers(0, 6)))

    compared, metrics = configurations(texts), ("RR@10", "nDCG@10")
    found = compare("made <up>", 40, questions, compared, metrics, ask_of, _name, lambda *_: None)
    return Comparison(found.name, found.documents, found.questions, found.metrics, found.outcomes, 384)


def _answer(text: str, place: int) -> SearchResult:
    names = [*(f"wrong{number}" for number in range(place)), "right"]
    hits = tuple(
        Hit(rank, 1.0, PaperRecord(PaperId(name), KnowledgeBaseId(""), Metadata(), name, 0), ())
        for rank, name in enumerate(names, start=1)
    )
    return SearchResult(text, Mode.HYBRID, StageTimings(total=5.0, embed=2.0), hits)


def _name(record: PaperRecord) -> str:
    return record.file_name


SIDE_BY_SIDE = ("lexical", "dense", "dimensions=64", "dimensions=128", "hybrid", "dense,dimensions=64")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_report_is_whole_and_asks_for_nothing(language: str) -> None:
    use_language(language)
    try:
        page = report(a_comparison(SIDE_BY_SIDE, kinds=True))
    finally:
        use_language("en")
    assert ("搜索" in page) == (language == "zh")
    assert "<script" not in page
    assert "made &lt;up&gt;" in page
    assert "<img" not in page
    addresses = re.findall(r'(?:src|href)\s*=\s*"([^"]*)"|url\("?([^")]*)', page)
    assert all(address.startswith("data:") for pair in addresses for address in pair if address)
    assert page.count("<svg") >= 2 * len(SIDE_BY_SIDE) + len(SIDE_BY_SIDE) - 1 + 1
    assert not re.search(r"\bnan\b|\binf\b", page)


def test_a_report_says_how_its_queries_were_asked() -> None:
    comparison = a_comparison(("hybrid",), count=1)
    assert "asked as a user asks it." in report(comparison)
    assert "are no operators" in report(replace(comparison, literal=True))


@pytest.mark.parametrize("texts", [("hybrid",), ("hybrid", "hybrid,dimensions=64")])
def test_few_configurations_make_a_report_too(texts: tuple[str, ...]) -> None:
    assert "</html>" in report(a_comparison(texts, count=1))


@settings(max_examples=12)
@given(st.integers(1, 40))
def test_marks_stand_within_their_charts(count: int) -> None:
    comparison = a_comparison(SIDE_BY_SIDE, count)
    for metric in comparison.metrics:
        panel = panel_of(comparison, metric)
        places = [place for mean in panel.means for place in (mean.begin, mean.place, mean.end)]
        assert all(-1e-6 <= place <= 100 + 1e-6 for place in places)
        assert [tick.place for tick in panel.ticks] == sorted(tick.place for tick in panel.ticks)
    reach = reach_of(comparison, "RR@10")
    for outcome in comparison.outcomes[1:]:
        chart = differences_of(comparison, outcome, "RR@10", reach)
        numbers = [float(number) for number in re.findall(r"[\d.]+", chart.won + chart.lost)]
        assert all(0 <= number <= WIDTH for number in numbers)
        gained = comparison.differences(outcome, "RR@10").values()
        assert (bool(chart.won), bool(chart.lost)) == (max(gained) > 0, min(gained) < 0)
    lines = lines_of(comparison, "RR@10")
    assert lines is not None
    assert {series.label: [point.dimensions for point in series.points] for series in lines.series} == {
        "hybrid": [64, 128, 384],
        "dense": [64, 384],
    }
    names = [series.name_y for series in lines.series]
    assert all(after - before >= 15 - 1e-6 for before, after in pairwise(names))


def test_no_dimensions_no_chart_of_them() -> None:
    assert lines_of(a_comparison(("lexical", "dense", "hybrid")), "RR@10") is None


def test_answers_that_lack_the_reranker_are_told_of() -> None:
    comparison = a_comparison(("lexical", "rerank"))
    late = replace(comparison.outcomes[1], hindered=3)
    told = replace(comparison, outcomes=(comparison.outcomes[0], late))
    assert "hybrid, rerank: 3 queries" in markdown(told)
    assert 'class="warning"' in report(told)
    assert "answered without" not in markdown(comparison)


def test_tables_and_documents_say_the_same() -> None:
    comparison = a_comparison(("lexical", "dense"), kinds=True)
    said = document(comparison)
    assert said["baseline"] == "lexical"
    text = markdown(comparison)
    assert all(line.count(" | ") == line.replace("\\|", "").count(" | ") for line in text.splitlines())
    won, lost = moved(comparison, comparison.outcomes[1], "RR@10")
    assert all(each.difference > 0 for each in won)
    assert all(each.difference < 0 for each in lost)
    assert [each.difference for each in won] == sorted((each.difference for each in won), reverse=True)
