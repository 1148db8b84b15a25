"""Properties that any sane fusion has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.ids import PaperId
from carrel.core.ranking import Candidate, Signal
from carrel.search.fuse import Weights, fuse, on_one_scale


def of_passage(number: int, score: float) -> Candidate:
    return Candidate(f"passage{number}", PaperId(f"paper{number // 3}"), score)


def of_paper(number: int, score: float) -> Candidate:
    return Candidate(f"paper{number}", PaperId(f"paper{number}"), score)


scores = st.dictionaries(st.integers(0, 20), st.floats(0.001, 50, allow_nan=False), max_size=12)


@st.composite
def ranked_lists(draw: st.DrawFn) -> dict[Signal, list[Candidate]]:
    lists = {}
    for signal in draw(st.sets(st.sampled_from(list(Signal)))):
        make = of_passage if signal.of_passages else of_paper
        found = [make(number, score) for number, score in draw(scores).items()]
        lists[signal] = sorted(found, key=lambda c: (-c.score, c.point_id))
    return lists


weights = st.builds(Weights, dense=st.floats(0, 1), paper=st.floats(0, 1))


@given(ranked_lists(), weights)
def test_every_paper_found_appears_once_with_a_score_between_0_and_1(
    lists: dict[Signal, list[Candidate]], weight: Weights
) -> None:
    fused = fuse(lists, weight)
    expected = {candidate.paper_id for found in lists.values() for candidate in found}
    assert {paper.paper_id for paper in fused} == expected
    assert len(fused) == len(expected)
    assert all(-1e-9 <= paper.score <= 1 + 1e-9 for paper in fused)
    assert [p.score for p in fused] == sorted((p.score for p in fused), reverse=True)
    for paper in fused:
        assert sum(part.share for part in paper.contributions) == pytest.approx(paper.score)


@given(ranked_lists(), weights)
def test_fusion_does_not_depend_on_the_order_of_signals(
    lists: dict[Signal, list[Candidate]], weight: Weights
) -> None:
    backwards = dict(reversed(lists.items()))
    one, other = fuse(lists, weight), fuse(backwards, weight)
    assert {p.paper_id: round(p.score, 9) for p in one} == {p.paper_id: round(p.score, 9) for p in other}


@given(scores.filter(lambda found: len(found) > 1))
def test_one_signal_alone_keeps_its_order(found: dict[int, float]) -> None:
    candidates = sorted((of_paper(n, s) for n, s in found.items()), key=lambda c: (-c.score, c.point_id))
    fused = fuse({Signal.LEXICAL_PAPERS: candidates})
    assert [paper.paper_id for paper in fused] == [candidate.paper_id for candidate in candidates]


@given(ranked_lists())
def test_a_better_score_never_hurts(lists: dict[Signal, list[Candidate]]) -> None:
    found = lists.get(Signal.LEXICAL_PASSAGES, [])
    if len(found) < 2:
        return
    last = found[-1]
    raised = Candidate(last.point_id, last.paper_id, found[0].score)
    improved = {**lists, Signal.LEXICAL_PASSAGES: [raised, *found[:-1]]}
    before = {p.paper_id: p.score for p in fuse(lists)}
    after = {p.paper_id: p.score for p in fuse(improved)}
    assert after[last.paper_id] >= before[last.paper_id] - 1e-9


def test_passages_come_best_first_and_reasons_are_given() -> None:
    lists = {
        Signal.DENSE_PASSAGES: [of_passage(0, 0.9), of_passage(1, 0.5), of_passage(3, 0.1)],
        Signal.LEXICAL_PASSAGES: [of_passage(1, 9.0), of_passage(3, 3.0)],
    }
    first, second = fuse(lists, Weights(dense=0.5, paper=0.3))
    assert [point for point, _ in first.passages] == ["passage1", "passage0"]
    assert [(c.signal, c.rank, c.score) for c in first.contributions] == [
        (Signal.DENSE_PASSAGES, 2, 0.5),
        (Signal.LEXICAL_PASSAGES, 1, 9.0),
    ]
    assert second.paper_id == "paper1"


def test_nothing_found_is_an_empty_ranking() -> None:
    assert fuse({}) == ()
    assert fuse({Signal.DENSE_PAPERS: []}) == ()


def test_the_cosines_of_two_models_are_brought_to_one_scale() -> None:
    low = [Candidate("a1", PaperId("a"), 0.6), Candidate("a2", PaperId("a"), 0.3)]
    high = [Candidate("b1", PaperId("b"), 0.8), Candidate("b2", PaperId("b"), 0.76)]
    found = {candidate.point_id: candidate.score for candidate in on_one_scale([low, high, []])}
    assert found["a1"] == pytest.approx(found["b1"]) == pytest.approx(0.8)
    assert found["a2"] == pytest.approx(0.4)
    assert on_one_scale([low]) == low
    assert on_one_scale([]) == []


def test_words_stand_in_for_meaning_where_the_model_does_not_read_a_paper() -> None:
    lists = {
        Signal.DENSE_PAPERS: [of_paper(1, 0.9), of_paper(2, 0.8)],
        Signal.LEXICAL_PAPERS: [of_paper(2, 9.0), of_paper(1, 4.5)],
    }
    papers = {paper.paper_id: paper for paper in fuse(lists, Weights(0.8, 1.0), unread={PaperId("paper2")})}
    assert papers[PaperId("paper2")].score == pytest.approx(1.0)
    assert [part.share for part in papers[PaperId("paper2")].contributions] == pytest.approx([0.8, 0.2])
    assert papers[PaperId("paper1")].score == pytest.approx(0.8 + 0.2 * 0.5)


def test_by_meaning_alone_nothing_is_kept_out() -> None:
    lists = {Signal.DENSE_PAPERS: [of_paper(1, 0.9), of_paper(2, 0.8)]}
    assert fuse(lists, unread={PaperId("paper2")}) == fuse(lists)
