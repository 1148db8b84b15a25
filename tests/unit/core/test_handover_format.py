"""What a worker hands over comes back as it was, or not at all."""

from dataclasses import astuple, fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.handover_format import (
    Head,
    Piece,
    ReadyPassage,
    decode_head,
    decode_piece,
    encode_head,
    encode_piece,
)
from carrel.core.likeness import Likeness
from carrel.core.metadata import Metadata
from carrel.core.quality import ParseQuality
from carrel.core.space import Vectors, cut, rounded

texts = st.text(max_size=30)
numbers = st.integers(0, 2**40)
ready = st.builds(ReadyPassage, texts, numbers, numbers, numbers, texts, texts, texts, texts, numbers, texts)


def some_vectors(rows: int, dimensions: int = 48) -> Vectors:
    chance = np.random.default_rng(rows)
    return cut(rounded(chance.normal(size=(rows, 64)).astype(np.float32)), dimensions)


def a_head(**changes: object) -> Head:
    values: dict[str, object] = {
        "made_for": "f" * 32,
        "metadata": Metadata(title="A title", authors=("Ada", "博"), year=1999),
        "quality": ParseQuality(0.0, 0.1, None, 0.2, (1,), (2,)),
        "pages": 7,
        "cited": b"12345678",
        "likeness": Likeness(b"\x00\xff", 12, "a title", ("ada",), ("doi:1",)),
        "about_key": "k",
        "ids": ("one", "two"),
        "vector": some_vectors(1)[0],
    }
    return Head(**(values | changes))  # type: ignore[arg-type]


@given(st.lists(ready, max_size=5))
def test_a_piece_comes_back_as_it_was(passages: list[ReadyPassage]) -> None:
    piece = Piece(tuple(passages), some_vectors(len(passages)))
    back = decode_piece(encode_piece(piece))
    assert [astuple(passage) for passage in back.passages] == [astuple(passage) for passage in passages]
    assert back.vectors.dtype == np.float32
    assert back.vectors.tobytes() == piece.vectors.tobytes()  # to the last bit


def test_a_head_comes_back_as_it_was() -> None:
    head = a_head()
    back = decode_head(encode_head(head))
    for each in fields(Head):
        if each.name != "vector":
            assert getattr(back, each.name) == getattr(head, each.name)
    assert back.vector.tobytes() == head.vector.tobytes()


@given(st.data())
def test_damage_is_noticed(data: st.DataObject) -> None:
    whole = encode_piece(Piece((), some_vectors(0))) if data.draw(st.booleans()) else encode_head(a_head())
    place = data.draw(st.integers(0, len(whole) - 1))
    change = data.draw(st.integers(1, 255))
    damaged = whole[:place] + bytes([whole[place] ^ change]) + whole[place + 1 :]
    for broken in (damaged, whole[:place], whole + b"\0"):
        for decode in (decode_head, decode_piece):
            with pytest.raises(ValueError, match="handover"):
                decode(broken)


def test_what_is_not_finite_is_refused() -> None:
    vectors = some_vectors(1)[0].copy()
    vectors[3] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        decode_head(encode_head(a_head(vector=vectors)))
