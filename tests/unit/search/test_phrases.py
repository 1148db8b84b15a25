"""Phrases in texts: the very words in order, folded; and by which words an index is asked for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.search.phrases import phrase


@pytest.mark.parametrize(
    ("words", "text", "there"),
    [
        ("sparse attention", "Sparse\nATTENTION, as in", True),
        ("sparse attention", "sparse-attention", True),
        ("sparse attention", "sparse attentions", False),
        ("sparse attention", "attention, sparse", False),
        ("sparse attention", "unsparse attention", False),
        ("naïve Bayes", "NAIVE BAYES", True),
        ("naive bayes", "the naïve Bayes rule", True),
        ("ﬁeld", "a field", True),
        ("pre-training", "pre training", True),
        ("pre-training", "pretraining", False),
        ("C++", "in C++ code", True),
        ("C++", "in C code", False),
        ("0.05", "p < 0.05", True),
        ("稀疏注意力", "一种稀疏注意力机制", True),
        ("稀疏注意力", "一种稀疏\n注意力机制", True),
        ("稀疏注意力", "注意力稀疏", False),
        ("BERT模型", "用 BERT 模型", True),
        ("?!", "anything", False),
    ],
)
def test_a_phrase_is_its_words_in_order(words: str, text: str, there: bool) -> None:
    assert phrase(words).within(text) is there
    assert bool(list(phrase(words).places(text))) is there


def test_places_are_those_of_the_text_as_it_is_written() -> None:
    text = "The naïve  Bayes rule, and ﬁnally Naive-Bayes"
    assert [text[start:end] for start, end in phrase("naive bayes").places(text)] == [
        "naïve  Bayes",
        "Naive-Bayes",
    ]


@given(st.text(max_size=40), st.text(max_size=40))
def test_what_is_within_is_at_a_place(words: str, text: str) -> None:
    found = phrase(words)
    joined = f"{text} {words} {text}"
    for within in (text, joined):
        assert all(0 <= start < end <= len(within) for start, end in found.places(within))
        if found.within(within):
            assert found.words


@pytest.mark.parametrize(
    ("words", "probes"),
    [
        ("the attention of transformers", ("transformers", "attention")),
        ("to be or not to be", ()),
        ("稀疏注意力", ("稀疏", "注意")),
        ("水", ()),
        ("GPT-4", ("gpt",)),
        ("0.05", ("0.05",)),
        ("", ()),
    ],
)
def test_an_index_is_asked_by_the_words_that_tell_most(words: str, probes: tuple[str, ...]) -> None:
    assert phrase(words).probes == probes


@pytest.mark.parametrize(
    ("words", "may_be"),
    [("Geoffrey Hinton", True), ("hinton", False), ("王伟", True), ("GPT 4", False), ("a b c d e f", False)],
)
def test_what_may_be_a_name(words: str, may_be: bool) -> None:
    assert phrase(words).may_be_name is may_be
