"""Papers in the question's own language beside those that only its translation finds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.ids import PaperId
from carrel.core.ranking import Contribution, FusedPaper, Signal
from carrel.search.own_language import share_held, stepped_back

CHINESE, ENGLISH = PaperId("chinese"), PaperId("english")
SURE = st.floats(0, 1)


def paper(name: PaperId, score: float) -> FusedPaper:
    return FusedPaper(name, score, (), (Contribution(Signal.LEXICAL_PAPERS, 1, 3.0, score),))


def first(by_meaning: float, by_words: float) -> PaperId:
    found = (paper(ENGLISH, 0.92), paper(CHINESE, 0.87))
    return stepped_back(found, {CHINESE}, by_meaning, by_words)[0].paper_id


def test_the_surer_language_comes_first() -> None:
    assert first(by_meaning=0.3, by_words=0.8) == CHINESE
    assert first(by_meaning=1.0, by_words=0.2) == ENGLISH
    assert first(by_meaning=0.0, by_words=0.0) == ENGLISH


@given(SURE, SURE)
def test_only_the_less_sure_loses_and_at_most_half(by_meaning: float, by_words: float) -> None:
    found = (paper(ENGLISH, 0.92), paper(CHINESE, 0.87))
    after = {each.paper_id: each for each in stepped_back(found, {CHINESE}, by_meaning, by_words)}
    surer, other = (ENGLISH, CHINESE) if by_meaning >= by_words else (CHINESE, ENGLISH)
    before = {each.paper_id: each.score for each in found}
    assert after[surer].score == pytest.approx(before[surer])
    assert before[other] / 2 <= after[other].score <= before[other]
    for each in after.values():
        assert sum(part.share for part in each.contributions) == pytest.approx(each.score)


@given(SURE, SURE, st.lists(st.floats(0.1, 1), min_size=1, max_size=6))
def test_within_a_language_the_order_stays(by_meaning: float, by_words: float, scores: list[float]) -> None:
    ranked = sorted(scores, reverse=True)
    found = [paper(PaperId(f"p{number}"), score) for number, score in enumerate(ranked)]
    after = stepped_back([*found, paper(CHINESE, 0.5)], {CHINESE}, by_meaning, by_words)
    assert [each.paper_id for each in after if each.paper_id != CHINESE] == [each.paper_id for each in found]


def test_of_a_question_the_pairs_of_ideographs_count() -> None:
    assert share_held("遗产管理人如何确定？", ["遗产管理人由继承人确定", "合同"]) == pytest.approx(5 / 8)
    assert share_held("遗产管理人", []) == share_held("DNA", ["DNA"]) == 0.0
