import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.folding import normalise
from carrel.indexing import analysis
from carrel.indexing.analysis import (
    PASSAGES,
    document_terms,
    placed_terms,
    query_terms,
    terms,
    tokens,
)

ANYTHING = st.text(st.characters(codec=None))  # every code point, lone surrogates too


def stems(text: str) -> list[str]:
    return [term for token in tokens(text) for term in terms(token)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("pre-training", "pretraining"),
        ("GPT-4", "gpt4"),
        ("Llama-3.1", "llama 3.1"),
        ("α-synuclein", "alpha-synuclein"),
        ("TNFα", "TNF-alpha"),
        ("µ-opioid", "μ opioid"),
        ("naïve", "naive"),
        ("Erdős", "erdos"),
        ("STRASSE", "Straße"),
        ("ﬁne", "fine"),
        ("ｆｕｌｌ ｗｉｄｔｈ", "full width"),
        ("networks", "network"),
        ("1,000", "1000"),
        ("Alzheimer's", "Alzheimer’s"),
        ("co\u00adoperate", "cooperate"),
        ("non‐linear", "nonlinear"),
        ("数据库", "数据"),
    ],
)
def test_these_share_a_term(one: str, other: str) -> None:
    assert set(stems(one)) & set(stems(other))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("state-of-the-art", ["state", "art"]),
        ("C++ and F#, C", ["c++", "f#", "c"]),
        ("[1,2,3] 0.05", ["1", "2", "3", "0.05"]),
        ("基于Transformer的长序列", ["基于", "transform", "的长", "长序", "序列"]),
        ("Transformer的", ["transform"]),
        ("熵", ["熵"]),
        ("ニューラル", ["ニュ", "ュー", "ーラ", "ラル"]),
        ("the of and", []),
        ("x_i", ["x"]),
        ("… ?! \x00 \ud800", []),
        ("", []),
    ],
)
def test_what_a_text_counts_as(text: str, expected: list[str]) -> None:
    assert stems(text) == expected


@given(ANYTHING)
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(ANYTHING)
def test_any_text_has_distinct_32_bit_terms_of_positive_weight(text: str) -> None:
    for found in (document_terms(text, PASSAGES), query_terms(text)):
        assert len(set(found.ids)) == len(found.ids) == len(found.weights)
        assert all(0 <= term < 2**32 for term in found.ids)
        assert all(weight > 0 for weight in found.weights)


@given(ANYTHING)
def test_a_text_finds_itself(text: str) -> None:
    assert set(query_terms(text).ids) <= set(document_terms(text, PASSAGES).ids)


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_text_is_read_the_same_beside_other_letters(text: str) -> None:
    assert stems(text + " é")[:-1] == stems(text)


@given(ANYTHING, ANYTHING)
def test_texts_side_by_side_have_the_terms_of_both(one: str, other: str) -> None:
    assert stems(f"{one}\n{other}") == stems(one) + stems(other)


def test_ids_are_the_same_in_another_process() -> None:
    text = "Sparse attention α-synuclein 长序列建模 GPT-4"
    code = f"from carrel.indexing.analysis import query_terms; print(query_terms({text!r}).ids)"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == str(query_terms(text).ids)


def test_weights_grow_with_the_count_and_shrink_with_the_length() -> None:
    once, twice, long = (
        document_terms(text, PASSAGES).weights[0] for text in ("reef", "reef reef", "reef " + "coral " * 99)
    )
    assert long < once < twice < once * 2


def test_of_a_long_query_the_frequent_terms_are_kept() -> None:
    words = " ".join(f"w{n}" for n in range(10_000))
    found = query_terms(f"{words} transformer reef transformer transformer transformer reef")
    kept = dict(zip(found.ids, found.weights, strict=True))
    assert len(kept) == analysis.QUERY_TERMS
    assert kept[analysis.term_id(stems("transformer")[0])] == 3  # capped
    assert kept[analysis.term_id("reef")] == 2


def test_a_pasted_library_is_analysed_in_a_moment() -> None:
    started = time.perf_counter()
    query_terms("unheard-of words " * 1_000_000)
    assert time.perf_counter() - started < 2


def test_more_words_than_the_cache_holds() -> None:
    text = " ".join(f"word{n}" for n in range(analysis._CACHED_WORDS + 10))
    assert len(document_terms(text, PASSAGES).ids) > analysis._CACHED_WORDS
    assert len(analysis._vocabulary) <= analysis._CACHED_WORDS


def test_threads_agree() -> None:
    texts = [" ".join(f"running{n}ly networks {m}" for n in range(200)) for m in range(40)]
    expected = [stems(text) for text in texts]
    found: dict[int, list[list[str]]] = {}

    def work(worker: int) -> None:
        found[worker] = [stems(text) for text in texts]

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(result == expected for result in found.values())
    assert len(found) == 4


# What texts have: letters of several scripts, marks, compounds, numbers, ligatures, soft hyphens.
_WRITTEN = st.text(
    st.one_of(
        st.sampled_from("abcdeXYZ 0123.,-/‐+#\n()'’éïßﬁ\u0301\u00ad½αβΔ中文献检索，。的カな한국Ⅳ²"),
        st.characters(min_codepoint=32, max_codepoint=0x24F),
    )
)


@given(_WRITTEN)
def test_every_term_of_a_text_has_its_place(text: str) -> None:
    placed = list(placed_terms(text))
    assert sorted(each.term for each in placed) == sorted(stems(text))
    for each in placed:
        assert 0 <= each.start < each.end <= len(text)
        # What stands there has the term, be it cut out of a longer word.
        assert each.term in stems(text[each.start : each.end]) or len(each.term) == 1


@given(ANYTHING)
def test_places_lie_within_any_text(text: str) -> None:
    for each in placed_terms(text):
        assert 0 <= each.start < each.end <= len(text)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("Sparse attention", [("Sparse", "spars"), ("attention", "attent")]),
        ("GPT-4 is", [("GPT", "gpt"), ("4", "4"), ("GPT-4", "gpt4")]),
        ("naïve, nai\u0308ve", [("naïve", "naiv"), ("nai\u0308ve", "naiv")]),
        ("深度学习", [("深度", "深度"), ("度学", "度学"), ("学习", "学习")]),
        ("基于BERT的", [("基于", "基于"), ("BERT", "bert")]),
        ("1,000 ﬁelds", [("1,000", "1000"), ("ﬁelds", "field")]),
        ("TNFα/TNF", [("TNFα", "tnfalpha"), ("TNF", "tnf"), ("TNFα/TNF", "tnfalphatnf")]),
        ("co\u00adoperate", [("co\u00adoperate", "cooper")]),
        ("İstanbul", [("İstanbul", "istanbul")]),
    ],
)
def test_a_place_is_the_word_as_it_is_written(text: str, places: list[tuple[str, str]]) -> None:
    assert [(text[each.start : each.end], each.term) for each in placed_terms(text)] == places


def test_only_the_terms_that_are_wanted_are_placed() -> None:
    text = "GPT-4 reads 深度学习 papers"
    wanted = frozenset({"gpt4", "学习", "paper", "absent"})
    assert [each.term for each in placed_terms(text, wanted)] == ["gpt4", "学习", "paper"]
    assert list(placed_terms(text, frozenset())) == []
