"""A quotation is told from a question."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.ids import PaperId
from carrel.core.ranking import FusedPaper
from carrel.search import quotation

SENTENCE = "There was little documentation and a rather quirky organisation of the files in the archive."
ABOUT = "Documentation of archived code is often missing, and files are organised in quirky ways."
FIRST = FusedPaper(PaperId("p1"), 0.9, (("about", 0.9), ("other", 0.2)), ())
SECOND = FusedPaper(PaperId("p2"), 0.7, (("quoted", 0.6),), ())
TEXTS = {"about": ABOUT, "other": "Nothing to do with it.", "quoted": f"As we said. {SENTENCE} It ran."}


def test_the_source_of_a_quotation_comes_first() -> None:
    ranked = quotation.favour_quotations(SENTENCE, (FIRST, SECOND), TEXTS)
    assert [paper.paper_id for paper in ranked] == ["p2", "p1"]
    assert ranked[1] == FIRST


@pytest.mark.parametrize("seed", range(20))
def test_words_may_be_missing(seed: int) -> None:
    words = (SENTENCE + " It ran on our machine after we had changed two lines of the script.").split()
    kept = sorted(random.Random(seed).sample(range(len(words)), len(words) * 2 // 3))
    query = " ".join(words[n] for n in kept)
    texts = {**TEXTS, "quoted": " ".join(words)}
    ranked = quotation.favour_quotations(query, (FIRST, SECOND), texts)
    raised = {str(paper.paper_id): paper.score for paper in ranked}
    assert raised["p2"] >= SECOND.score
    assert raised["p1"] == FIRST.score


def test_a_question_changes_nothing() -> None:
    question = "how well was the archived code documented and how were its files organised"
    assert quotation.favour_quotations(question, (FIRST, SECOND), TEXTS) == (FIRST, SECOND)


def test_a_papers_own_title_counts_like_its_citation() -> None:
    title = "Sparse Attention for Long Documents in Linear Time"
    cited = FusedPaper(PaperId("p1"), 0.8, (("reference", 0.8),), ())
    own = FusedPaper(PaperId("p2"), 0.85, (("passage", 0.7),), ())
    texts = {"reference": f"[3] A. Author. {title}. 2020.", "p2": f"{title}\nWe attend."}
    assert [p.paper_id for p in quotation.favour_quotations(title, (own, cited), texts)] == ["p2", "p1"]


def test_a_chinese_quotation_needs_no_spaces() -> None:
    source = FusedPaper(PaperId("p2"), 0.1, (("zh", 0.1),), ())
    texts = {"zh": "本文介绍这两类方法的基本原理、复杂度与适用条件。", "about": "方法很多。"}
    ranked = quotation.favour_quotations("这两类方法的基本原理、复杂度", (FIRST, source), texts)
    assert {str(p.paper_id): p.score for p in ranked}["p2"] > 0.5


@pytest.mark.parametrize("short", ["", "sparse attention", "sparse attention for long documents"])
def test_a_short_query_is_no_quotation(short: str) -> None:
    assert not quotation.could_be_quotation(short)


@given(
    st.text(max_size=200), st.dictionaries(st.sampled_from(["about", "quoted", "p1"]), st.text(max_size=200))
)
def test_scores_only_grow_and_by_at_most_a_half(query: str, texts: dict[str, str]) -> None:
    ranked = {p.paper_id: p.score for p in quotation.favour_quotations(query, (FIRST, SECOND), texts)}
    for paper in (FIRST, SECOND):
        assert paper.score <= ranked[paper.paper_id] <= paper.score + 0.5


def test_likely_sources_are_the_best_passages_of_any_paper() -> None:
    assert quotation.likely_sources((FIRST, SECOND), 2) == ["about", "quoted"]
