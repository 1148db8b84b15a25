import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core import ids

texts = st.text(max_size=50)


@given(st.binary(max_size=5000))
def test_the_same_bytes_have_the_same_id_whatever_holds_them(data: bytes) -> None:
    first = ids.content_hash(io.BytesIO(data))
    assert first == ids.content_hash(io.BytesIO(data))
    assert ids.paper_id(first) == first[:32]


@given(st.binary(max_size=500), st.binary(max_size=500))
def test_other_bytes_have_another_id(one: bytes, other: bytes) -> None:
    assert (one == other) == (ids.content_hash(io.BytesIO(one)) == ids.content_hash(io.BytesIO(other)))


@given(st.lists(texts, max_size=4), st.lists(texts, max_size=4))
def test_a_fingerprint_tells_any_two_sequences_apart(one: list[str], other: list[str]) -> None:
    assert (one == other) == (ids.fingerprint(*one) == ids.fingerprint(*other))


@given(texts, st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_passage_id_is_stable_and_depends_on_what_is_embedded(text: str, start: int, end: int) -> None:
    paper = ids.paper_id("a" * 64)
    one = ids.passage_id(paper, start, end, text)
    assert one == ids.passage_id(paper, start, end, text)
    assert one != ids.passage_id(paper, start, end, text + "x")
    assert one != ids.passage_id(ids.paper_id("b" * 64), start, end, text)
    assert len(one) == 32


@pytest.mark.parametrize("wrong", ["", "abc", "A" * 64, "g" * 64, "../" + "a" * 61])
def test_what_is_no_hash_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        ids.paper_id(wrong)
