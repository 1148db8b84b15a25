import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.indexing.analysis import placed_terms
from carrel.search.marking import marker

QUESTION = "How does sparse attention scale to long documents?"


def marked(query: str, text: str) -> list[str]:
    return [text[start:end] for start, end in marker(query, placed_terms).marks(text)]


@pytest.mark.parametrize(
    ("query", "text", "words"),
    [
        (QUESTION, "Scaling attentions in Longer documents.", ["Scaling", "attentions", "documents"]),
        (QUESTION, "It is how it does it to.", []),
        ("the of", "the of", []),
        ("pretraining", "Pre-training and pre training", ["Pre-training"]),
        ("pre-training", "We train; pretraining helps", ["train", "pretraining"]),
        ("GPT-4 results", "Table 4: results of GPT-4, gpt4 and GPT-3", ["results", "GPT-4", "gpt4", "GPT"]),
        ("4", "Table 4", ["4"]),
        ("长序列建模", "用于长序列的建模方法", ["长序列", "建模"]),
        ("基于Transformer的方法", "Transformers方法", ["Transformers方法"]),
        ("naive bayes", "Naïve Bayes", ["Naïve", "Bayes"]),
        ("<script>", "<script>alert(1)</script>", ["script", "script"]),
    ],
)
def test_words_are_marked_as_the_index_finds_them(query: str, text: str, words: list[str]) -> None:
    assert marked(query, text) == words


PASSAGE = (
    "We begin with some remarks that nobody needs. They go on for a while, as such remarks do in "
    "papers of this kind, and lead to nothing. More is said about them in the appendix, which is "
    "wide and dull and full of tables that were made by hand. Sparse attention scales to long "
    "documents because each token looks at a window. The cost is linear in the length of the "
    "document. Other methods are slower, and we do not say by how much. At last we thank everybody "
    "who has read this far and the foundation that paid for it, in full."
)


def test_an_excerpt_begins_with_the_sentence_that_answers() -> None:
    found = marker(QUESTION, placed_terms).excerpt(PASSAGE)
    shown = PASSAGE[found.start : found.end]
    assert shown.startswith("Sparse attention scales")
    assert shown.endswith(".")
    assert len(shown) <= 350
    assert found.more_before
    assert [PASSAGE[start:end] for start, end in found.marks][:3] == ["Sparse", "attention", "scales"]


def test_an_excerpt_of_the_end_has_what_stands_before() -> None:
    found = marker("who paid for it, the foundation?", placed_terms).excerpt(PASSAGE)
    shown = PASSAGE[found.start : found.end]
    assert PASSAGE.endswith(shown)
    assert 200 < len(shown) <= 350
    assert not found.more_after


def test_without_a_match_the_beginning_is_shown() -> None:
    found = marker("zebras", placed_terms).excerpt(PASSAGE)
    assert (found.start, found.marks, found.more_before, found.more_after) == (0, (), False, True)
    assert PASSAGE[: found.end].endswith(".")


def test_a_short_passage_is_shown_whole() -> None:
    found = marker("cost", placed_terms).excerpt("  The cost is linear.\n")
    assert (found.start, found.end, found.more_before, found.more_after) == (2, 21, False, False)


def test_a_long_sentence_is_cut_between_words_around_the_matches() -> None:
    text = "word " * 300 + "sparse attention, " + "more " * 300
    found = marker(QUESTION, placed_terms).excerpt(text)
    shown = text[found.start : found.end]
    assert "sparse attention" in shown
    assert len(shown) <= 350
    assert set(shown.replace(",", "").split()) <= {"word", "more", "sparse", "attention"}


def test_chinese_is_twice_as_wide() -> None:
    sentence = "长序列建模的复杂度与长度的平方成正比，因此需要稀疏的方法。"
    text = "这一段与问题无关，只是为了占据篇幅而写在这里的文字。" * 20 + sentence + "其余从略。" * 30
    found = marker("稀疏方法的复杂度", placed_terms).excerpt(text)
    shown = text[found.start : found.end]
    assert shown.startswith(sentence)
    assert len(shown) <= 175


@given(st.text(), st.text(max_size=2000), st.integers(30, 400))
def test_an_excerpt_is_in_bounds_whatever_the_text(query: str, text: str, most: int) -> None:
    found = marker(query, placed_terms).excerpt(text, most)
    assert 0 <= found.start <= found.end <= len(text)
    shown = text[found.start : found.end]
    assert shown == shown.strip()
    assert len(shown) <= most
    place = found.start
    for start, end in found.marks:
        assert place <= start < end <= found.end
        place = end + 1
    assert bool(shown) == bool(text.strip())


@given(st.lists(st.sampled_from(["alpha ", "beta ", "gamma. ", "Delta ", "很好。", "word, "]), max_size=400))
def test_what_the_query_finds_is_in_the_excerpt(pieces: list[str]) -> None:
    text = "".join(pieces)
    found = marker("gamma", placed_terms).excerpt(text)
    assert bool(found.marks) == ("gamma" in text)
