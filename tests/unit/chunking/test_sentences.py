import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.chunking.sentences import sentence_ends

prose = st.text(alphabet=st.sampled_from("aB .!?。！？\n\"')“”0中文"), max_size=200)


@given(prose)
def test_sentences_cover_the_text_without_gap_or_overlap(text: str) -> None:
    ends = sentence_ends(text)
    assert ends == sorted(set(ends))
    assert all(end > 0 for end in ends)
    assert (ends[-1] if ends else 0) == len(text)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One ends. Two begins.", ["One ends. ", "Two begins."]),
        ("As shown by Vaswani et al. This is new.", ["As shown by Vaswani et al. This is new."]),
        ("See Fig. 3 and Eq. 4. It holds.", ["See Fig. 3 and Eq. 4. ", "It holds."]),
        ("It costs 3.5 units, i.e. more. Why?", ["It costs 3.5 units, i.e. more. ", "Why?"]),
        ("She asked: “Why?” Nobody knew.", ["She asked: “Why?” ", "Nobody knew."]),
        ("长文本很难。稀疏注意力有用！为什么？", ["长文本很难。", "稀疏注意力有用！", "为什么？"]),
        ("A heading without a stop\n\nA paragraph.", ["A heading without a stop\n\n", "A paragraph."]),
    ],
)
def test_known_sentences(text: str, sentences: list[str]) -> None:
    ends = sentence_ends(text)
    assert [text[a:b] for a, b in zip([0, *ends], ends, strict=False)] == sentences
