"""Reordering papers by a reranker's scores: places, quotations, passages."""

from hypothesis import given
from hypothesis import strategies as st

from carrel.core.ids import PaperId
from carrel.core.ranking import FusedPaper
from carrel.search.rerank import reordered


def paper(name: str, score: float, *passages: str, quotation: float = 0.0) -> FusedPaper:
    """Return a paper with passages of falling scores."""
    found = tuple((passage, score - place / 100) for place, passage in enumerate(passages))
    return FusedPaper(PaperId(name), score, found, (), quotation)


def order(papers: tuple[FusedPaper, ...]) -> str:
    return "".join(paper.paper_id for paper in papers)


FUSED = (paper("a", 0.9, "a1", "a2"), paper("b", 0.8, "b1"), paper("c", 0.7), paper("d", 0.6, "d1"))


def test_the_best_score_comes_first_and_places_keep_theirs() -> None:
    found = reordered(FUSED, {PaperId("a"): {"a1": -3.0}, PaperId("b"): {"b1": 5.0}, PaperId("c"): {"": 1.0}})
    assert order(found) == "bcad"
    assert [each.score for each in found] == [0.9, 0.8, 0.7, 0.6]
    assert [each.rerank_score for each in found] == [5.0, 1.0, -3.0, None]


def test_those_not_looked_at_keep_their_order_behind() -> None:
    found = reordered(FUSED, {PaperId("d"): {"d1": -99.0}})
    assert order(found) == "dabc"


def test_equal_scores_keep_their_order() -> None:
    same = {PaperId(name): {passage: 1.0} for name, passage in (("b", "b1"), ("a", "a1"), ("d", "d1"))}
    assert order(reordered(FUSED, same)) == "abdc"


def test_no_scores_change_nothing() -> None:
    assert reordered(FUSED, {}) == FUSED


def test_a_paper_is_as_good_as_its_best_passage_and_passages_trade_places() -> None:
    found = reordered(FUSED, {PaperId("a"): {"a1": 0.1, "a2": 0.9}, PaperId("b"): {"b1": 0.5}})
    assert order(found) == "abcd"
    assert found[0].passages == (("a2", 0.9), ("a1", 0.89))


def test_quoted_papers_that_lead_stay_in_front_with_their_passages() -> None:
    fused = (paper("q", 1.2, "q1", "q2", quotation=0.4), *FUSED)
    scores = {PaperId("q"): {"q1": 0.0, "q2": 0.9}, PaperId("b"): {"b1": 1.0}}
    found = reordered(fused, scores)
    assert order(found) == "qbacd"
    assert found[0].passages == fused[0].passages
    assert found[0].rerank_score == 0.9


def test_a_weak_quotation_in_the_middle_is_judged_like_the_others() -> None:
    fused = (FUSED[0], paper("q", 0.85, "q1", quotation=0.02), *FUSED[1:])
    found = reordered(
        fused, {PaperId("q"): {"q1": 0.1}, PaperId("a"): {"a1": 0.2}, PaperId("b"): {"b1": 0.3}}
    )
    assert order(found) == "baqcd"


names = st.lists(st.sampled_from("abcdefghij"), unique=True, min_size=1)


@given(names=names, read=st.sets(st.sampled_from("abcdefghij")), data=st.data())
def test_reordering_loses_and_doubles_nothing(names: list[str], read: set[str], data: st.DataObject) -> None:
    fused = tuple(paper(name, 1 - place / 20, f"{name}1") for place, name in enumerate(names))
    scores = {
        PaperId(name): {f"{name}1": data.draw(st.floats(-9, 9, allow_nan=False))}
        for name in read & set(names)
    }
    found = reordered(fused, scores)
    assert sorted(order(found)) == sorted(names)
    assert [each.score for each in found] == [each.score for each in fused]
    judged = [each.rerank_score for each in found if each.rerank_score is not None]
    assert judged == sorted(judged, reverse=True)
    assert all(each.rerank_score is not None for each in found[: len(judged)])
