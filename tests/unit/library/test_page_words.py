"""Words of a page, and words found in a paper however they are written and broken."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.metadata import Metadata
from carrel.core.paper import NO_WORD_BOXES, PageSize, ParsedPaper, WordBoxes
from carrel.core.titles import folded
from carrel.library.page_words import find_words, fold, words_on


def paper(text: str) -> ParsedPaper:
    """Return a paper of two pages: each word on a line of its own, the second half on page two."""
    spans, at = [], 0
    for word in text.split():
        at = text.index(word, at)
        spans.append((at, at + len(word)))
        at += len(word)
    count = len(spans)
    numbers = np.arange(count, dtype=np.int32)
    start, end = (np.array([span[side] for span in spans], np.int32) for side in (0, 1))
    page = (1 + (numbers >= (count + 1) // 2)).astype(np.int32)
    box = np.stack([numbers * 10, numbers, numbers * 10 + 9, numbers + 1], axis=1).astype(np.float32)
    return ParsedPaper(
        Metadata(), text, (), WordBoxes(start, end, page, numbers, box), (PageSize(600, 800),) * 2
    )


def test_the_words_of_a_page() -> None:
    parsed = paper("one two three")
    assert [word.text for word in words_on(parsed, 1)] == ["one", "two"]
    (last,) = words_on(parsed, 2)
    assert (last.text, last.line, last.x0, last.y0, last.x1, last.y1) == ("three", 2, 20, 2, 29, 3)
    assert words_on(parsed, 3) == ()


@pytest.mark.parametrize(
    ("text", "query", "found"),
    [
        ("Sparse Attention here", "sparse attention", ["Sparse Attention"]),
        ("Sparse\nAttention", "sparse  ATTENTION ", ["Sparse\nAttention"]),
        ("self-attention, self attention, selfattention", "self-attention", 3),
        ("self-attention, selfattention", "selfattention", 2),
        ("a naïve Naive nai\u0308ve", "naive", 3),
        ("naive", "NAÏVE", 1),
        ("the eﬀect of ﬁre", "effect of fire", ["eﬀect of ﬁre"]),
        ("the atten-\ntion", "attention", ["atten-\ntion"]),
        ("atten\u00adtion", "attention", 1),
        ("基于注意力\n的机器 翻译", "注意力的机器翻译", ["注意力\n的机器 翻译"]),
        ("ＡＢＣ１２３", "abc123", 1),
        ("Straße", "strasse", ["Straße"]),
        ("a.b (c) [d]*", "(c) [d]*", ["(c) [d]*"]),
        ("onthe month early", "on the", 0),
        ("nothing", "", 0),
        ("nothing", " - ", 0),
        ("", "x", 0),
    ],
)
def test_words_are_found(text: str, query: str, found: list[str] | int) -> None:
    places = find_words(paper(text), query, 10)
    if isinstance(found, int):
        assert len(places) == found
    else:
        assert [place.text for place in places] == found


def test_a_place_knows_its_page_boxes_and_surroundings() -> None:
    (place,) = find_words(paper("one two three four"), "wo thr", 5)
    assert (place.before, place.text, place.after) == ("one t", "wo thr", "ee four")
    assert place.page == 1
    assert [(box.page, box.x0, box.x1) for box in place.boxes] == [(1, 10, 19), (2, 20, 29)]
    assert len(find_words(paper("x x x x"), "x", 2)) == 2
    (bare,) = find_words(ParsedPaper(Metadata(), "one two", (), NO_WORD_BOXES, ()), "two", 2)
    assert (bare.page, bare.boxes) == (None, ())


@given(st.text(max_size=60), st.text(max_size=6), st.text(max_size=60))
def test_whatever_is_in_a_text_is_found_in_it(before: str, query: str, after: str) -> None:
    text = before + query + after
    for place in find_words(ParsedPaper(Metadata(), text, (), NO_WORD_BOXES, ()), query, 100):
        assert 0 <= place.start < place.end <= len(text)
        assert place.text == text[place.start : place.end]


@given(st.text("abcXYZ 注意é", min_size=1, max_size=12).filter(str.strip), st.text("abc 意\n", max_size=20))
def test_words_are_found_where_they_stand(query: str, other: str) -> None:
    text = f"{other} {query} {other}"
    assert find_words(ParsedPaper(Metadata(), text, (), NO_WORD_BOXES, ()), query, 100)


@given(st.text(max_size=40) | st.text("aÉßﬃ\u0308ａが注，、 \n\ud800", max_size=40))
def test_a_text_is_folded_as_its_characters_are(text: str) -> None:
    folds = [
        "" if unicodedata.combining(letter) and not letter.isascii() else folded(letter) for letter in text
    ]
    found = fold(text)
    assert found.text == "".join(folds)
    assert found.places.tolist() == [at for at, each in enumerate(folds) for _ in each]


def test_words_are_found_in_a_book() -> None:
    text = "深度学习与注意力机制，" * 20_000
    (place,) = find_words(bare(text), "机制，深", 1, fold(text))
    assert text[place.start : place.end] == "机制，深"


def bare(text: str) -> ParsedPaper:
    return ParsedPaper(Metadata(), text, (), NO_WORD_BOXES, ())
