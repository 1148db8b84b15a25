"""Words cut one by one and remembered are cut exactly as the tokenizer cuts the whole text."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carrel.engines.weights import TOKENIZER
from carrel.engines.word_pieces import WordPieces

pieces_of_text = st.lists(
    st.sampled_from(
        ["Sparse", "attention", "O(n²)", "naïve", "re-use", "长文本", "e\u0301", "\u0301", "\t", "\n\n",
         "\u00a0", "\x1f", "\u2003", "don't", "…", "[CLS]", "[MASK]", "##ing",
         "a_b", "(x+y)=z;", "𝑛", "\ud800", "Ⅷ", "ﬁnal", "x" * 120]
    ),
    max_size=120,
)  # fmt: skip


@pytest.fixture(scope="module")
def pieces(model_cache: Path) -> WordPieces:
    return WordPieces(next(model_cache.rglob(TOKENIZER.name)))


@settings(max_examples=200)
@given(found=pieces_of_text, gap=st.sampled_from(["", " ", "  "]), limit=st.integers(1, 60))
def test_ends_and_ids_are_those_of_the_whole_text(
    pieces: WordPieces, found: list[str], gap: str, limit: int
) -> None:
    text = gap.join(found)
    whole = pieces._encode(text)
    assert pieces.token_ends(text).tolist() == [end for _, end in whole.offsets]
    assert pieces.ids(text, limit)[1:-1] == list(whole.ids)[:limit]
