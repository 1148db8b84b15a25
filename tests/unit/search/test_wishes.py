"""What a query may wish for besides answers: newer papers, and papers unlike one another."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.ids import PaperId
from carrel.core.ranking import Favour, FusedPaper, Preference
from carrel.core.space import Vectors
from carrel.search.diversity import diversified
from carrel.search.preference import HALF_LIFE, favouring

Papers = tuple[FusedPaper, ...]


def ranked(*scores: float) -> Papers:
    """Return papers a, b, c, … with these scores."""
    return tuple(FusedPaper(PaperId(chr(97 + n)), score, (), ()) for n, score in enumerate(scores))


def order(papers: Papers) -> str:
    return "".join(paper.paper_id for paper in papers)


def vectors(**of_papers: tuple[float, ...]) -> dict[PaperId, Vectors]:
    made = {PaperId(paper): np.array(vector, np.float32) for paper, vector in of_papers.items()}
    return {paper: vector / np.linalg.norm(vector) for paper, vector in made.items()}


def test_what_says_the_same_as_one_before_comes_later() -> None:
    papers = ranked(0.9, 0.89, 0.8, 0.5)
    same = vectors(a=(1, 0, 0), b=(1, 0.01, 0), c=(0, 1, 0), d=(0, 0, 1))
    found = diversified(papers, [same], ahead=2)
    assert order(found) == "acbd"
    assert [each.score for each in found] == [0.9, 0.89, 0.8, 0.5]  # the places keep theirs
    assert [each.place_before for each in found] == [3, 5, 4, 6]


def test_papers_of_different_models_are_not_compared() -> None:
    papers = ranked(0.9, 0.89, 0.8)
    found = diversified(papers, [vectors(a=(1, 0), c=(1, 0)), vectors(b=(1, 0, 0))])
    assert order(found) == "abc"


units = st.lists(st.floats(-1, 1, width=32), min_size=3, max_size=3).filter(lambda v: np.linalg.norm(v) > 0.1)
scores = st.lists(st.floats(0, 1), max_size=12).map(lambda found: sorted(found, reverse=True))


@given(scores, st.data())
def test_diverse_is_a_permutation_and_the_first_stays(scores: list[float], data: st.DataObject) -> None:
    papers = ranked(*scores)
    there = [paper.paper_id for paper in papers if data.draw(st.booleans())]
    found = diversified(papers, [vectors(**{paper: tuple(data.draw(units)) for paper in there})])
    assert sorted(order(found)) == sorted(order(papers))
    assert order(found)[:1] == order(papers)[:1]
    assert [each.score for each in found] == scores
    assert order(diversified(papers, [])) == order(papers)  # nothing is known of any
    alike = vectors(**{paper.paper_id: (1.0, 0.0, 0.0) for paper in papers})
    assert order(diversified(papers, [alike])) == order(papers)


def test_what_is_newer_comes_up_by_a_share_that_halves() -> None:
    years = {PaperId("a"): 2010, PaperId("b"): 2020, PaperId("d"): 2015}
    found = favouring(ranked(0.8, 0.79, 0.78, 0.5), Preference.RECENT, years)
    assert order(found) == "bacd"
    shares = {paper.paper_id: paper.favours[0].share for paper in found}
    assert shares[PaperId("d")] == pytest.approx(shares[PaperId("b")] / 2)
    assert shares[PaperId("a")] == pytest.approx(shares[PaperId("b")] * 0.5 ** (10 / HALF_LIFE))
    assert found[2].favours == (Favour(Preference.RECENT, None, 0.0),)
    assert found[2].score == 0.78


def test_what_is_cited_comes_up_by_the_logarithm() -> None:
    cited = {PaperId("a"): 0, PaperId("b"): 1, PaperId("c"): 9}
    found = favouring(ranked(0.8, 0.79, 0.75), Preference.CITED, cited)
    assert order(found) == "cba"
    assert [paper.favours[0].value for paper in found] == [9, 1, 0]
    shares = [paper.favours[0].share for paper in found]
    assert shares == pytest.approx([0.08, 0.08 * np.log(2) / np.log(10), 0.0])


@given(st.sampled_from(Preference), scores, st.data())
def test_a_preference_is_a_permutation_whose_scores_fall(
    preference: Preference, scores: list[float], data: st.DataObject
) -> None:
    papers = ranked(*scores)
    values = {paper.paper_id: data.draw(st.integers(0, 2100)) for paper in papers if data.draw(st.booleans())}
    found = favouring(papers, preference, values)
    assert sorted(order(found)) == sorted(order(papers))
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
    before = {paper.paper_id: paper.score for paper in papers}
    for paper in found:
        assert paper.score == before[paper.paper_id] + paper.favours[0].share
    assert order(favouring(papers, preference, {})) == order(papers)
    alike = {paper.paper_id: 1999 for paper in papers}
    assert order(favouring(papers, preference, alike)) == order(papers)
