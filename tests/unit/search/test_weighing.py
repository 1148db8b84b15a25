"""What counts how much, by the domains that are searched."""

from hypothesis import given
from hypothesis import strategies as st

from carrel.core.calibration import Calibration
from carrel.core.domains import Domain
from carrel.core.ids import KnowledgeBaseId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.search.fuse import DEFAULT_WEIGHTS, Weights
from carrel.search.weighing import weighed_for, weights_of


def of(*domains: Domain) -> list[KnowledgeBase]:
    return [KnowledgeBase(KnowledgeBaseId(each.value), each.value, domain=each) for each in domains]


def calibrated(share: float | None, papers: int, domain: Domain = Domain.PAPERS) -> KnowledgeBase:
    found = None if share is None else Calibration(share, 0.8, 200, 0, papers, 0, "")
    return KnowledgeBase(KnowledgeBaseId("x"), "x", domain=domain, papers=papers, calibration=found)


def test_what_was_found_out_counts_by_papers() -> None:
    assert weights_of([calibrated(0.6, 10)]).dense == 0.6
    assert weights_of([calibrated(0.6, 300), calibrated(0.9, 100)]).dense == 0.675
    assert weights_of([calibrated(0.6, 300), calibrated(None, 100)]).dense == 0.65
    assert weights_of([calibrated(0.7, 3), calibrated(None, 0, Domain.CODE)]).paper == DEFAULT_WEIGHTS.paper


def test_words_count_less_where_nothing_but_programs_is_searched() -> None:
    assert weights_of(of(Domain.CODE)).dense > DEFAULT_WEIGHTS.dense
    for domains in ((), (Domain.PAPERS,), (Domain.CODE, Domain.PAPERS), (Domain.STATUTES,)):
        assert weights_of(of(*domains)) == DEFAULT_WEIGHTS


@given(st.text(), st.floats(0, 1), st.booleans())
def test_a_question_never_takes_meaning_away_and_leaves_words_at_least_half(
    text: str, share: float, translated: bool
) -> None:
    dense = weighed_for(text, Weights(share), translated).dense
    assert share - 1e-6 <= dense <= 1 - (1 - share) / 2 + 1e-6


def test_a_long_question_is_read_as_a_sentence() -> None:
    words = [f"word{count}" for count in range(12)]
    shares = [weighed_for(" ".join(words[:count]), Weights(0.8)).dense for count in range(1, 13)]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.8, 0.9)
    assert weighed_for("the of and in " * 9 + "calcium", Weights(0.8)).dense == 0.8


def test_a_text_that_was_copied_keeps_its_words() -> None:
    for translated in (False, True):
        assert weighed_for(" ".join(map(str, range(100, 160))), Weights(0.8), translated).dense == 0.8


def test_two_ideographs_are_a_word() -> None:
    assert weighed_for("注意力机制", Weights(0.8)).dense == 0.8
    assert 0.8 < weighed_for("如何用注意力机制做长文本的机器翻译", Weights(0.8)).dense < 0.9


def test_the_words_of_a_translation_count_half() -> None:
    assert weighed_for("注意力", Weights(0.8), translated=True).dense == 0.9


def test_the_more_passages_a_paper_has_the_more_they_count() -> None:
    def share(papers: int, passages: int) -> float:
        base = KnowledgeBase(KnowledgeBaseId("x"), "x", papers=papers, passages=passages)
        return weights_of([base]).paper

    assert share(100, 100) == share(100, 200) == share(0, 0) == DEFAULT_WEIGHTS.paper
    assert share(100, 200) > share(100, 400) > share(100, 4000) > 0.3
