from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.space import Vectors
from carrel.search.telling import (
    AT_A_TIME,
    LONGEST,
    MOST_CHARACTERS,
    MOST_SENTENCES,
    Sentence,
    nearest,
    telling_sentences,
    to_weigh,
)
from tests.fakes.embedder import FakeEmbedder


class CountingEmbedder(FakeEmbedder):
    """Remembers how many texts each call had."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        self.batches.append(len(texts))
        return super().embed_documents(texts)


PASSAGES = [
    "Reefs lose their colour in warm water. Violins are made of spruce and maple wood. See Table 2.",
    "Compilers translate programs into machine code. Glaciers move slowly down their valleys.",
]


def shown(query: str, passages: list[str]) -> list[str]:
    found = telling_sentences(query, passages, FakeEmbedder())
    return [passages[number][each.start : each.end] if each else "" for number, each in enumerate(found)]


def test_each_passage_tells_what_is_nearest() -> None:
    assert shown("violins of maple wood", PASSAGES)[0] == "Violins are made of spruce and maple wood."
    assert shown("how glaciers move", PASSAGES)[1] == "Glaciers move slowly down their valleys."


def test_what_says_little_is_not_told_where_there_is_more() -> None:
    assert "See Table 2." not in shown("see table 2", PASSAGES)
    assert shown("see table 2", ["See Table 2."]) == ["See Table 2."]


def test_chinese_sentences_are_told_too() -> None:
    text = "珊瑚礁在温暖的海水中失去颜色并死亡。小提琴由云杉木和枫木制成，声音优美。"
    assert shown("小提琴由枫木制成", [text]) == ["小提琴由云杉木和枫木制成，声音优美。"]


@pytest.mark.parametrize("nothing", ["", "  \n\n ", "… ?! …", "。。。"])
def test_a_passage_without_a_sentence_tells_nothing(nothing: str) -> None:
    assert shown("violins", [nothing, PASSAGES[0]])[0] == ""
    assert shown("violins", [nothing]) == [""]
    assert telling_sentences("violins", [], FakeEmbedder()) == ()


def test_small_calls_embed_the_sentences_of_all_passages_each_within_what_is_asked() -> None:
    embedder = CountingEmbedder()
    asked: list[int] = []

    @contextmanager
    def asking() -> Iterator[None]:
        before = len(embedder.batches)
        yield
        asked.append(len(embedder.batches) - before)

    found = telling_sentences("violins of maple wood", PASSAGES * 5, embedder, asking=asking)
    assert embedder.batches == [1, AT_A_TIME, 20 - AT_A_TIME]  # the query; two sentences of each passage
    assert asked == [1, 1, 1]
    assert found == telling_sentences("violins of maple wood", PASSAGES, embedder) * 5


def test_of_equals_the_first_is_told() -> None:
    sentences = [Sentence(1, 0, 5), Sentence(1, 6, 9), Sentence(2, 0, 3)]
    found = nearest(sentences, np.array([0.5, 0.5, -1.0], np.float32), 3)
    assert [(each.start, each.end) if each else None for each in found] == [None, (0, 5), (0, 3)]


@given(
    st.lists(st.lists(st.integers(1, 500), max_size=60), max_size=40),
    st.integers(100, 20_000),
    st.integers(1, 200),
)
def test_no_more_is_weighed_than_is_affordable(sizes: list[list[int]], characters: int, most: int) -> None:
    passages = [" ".join("W" + "o" * size + "rd." for size in passage) for passage in sizes]
    chosen = to_weigh(passages, characters, most)
    assert len(chosen) <= most
    assert sum(each.end - each.start for each in chosen) <= characters + LONGEST * len(passages)
    assert len(set(chosen)) == len(chosen)
    for each in chosen:
        assert 0 <= each.start < each.end <= min(len(passages[each.passage]), each.start + LONGEST)


def test_twenty_passages_get_a_fair_share_each() -> None:
    sentence = "This sentence number {} says something that takes a hundred characters to be said in full. "
    long = "".join(sentence.format(number) for number in range(40))
    chosen = to_weigh([long] * 19 + [sentence])
    counts = np.bincount([each.passage for each in chosen], minlength=20)
    assert counts[19] == 1
    assert set(counts[:19].tolist()) <= {3, 4, 5}
    assert sum(each.end - each.start for each in chosen) <= MOST_CHARACTERS
    assert len(chosen) <= MOST_SENTENCES
    starts = [each.start for each in chosen if each.passage == 0]
    assert starts[0] == 0
    assert starts[-1] > len(long) * 0.7  # at even distances over the whole


def test_a_long_sentence_is_read_up_to_the_end_of_a_word() -> None:
    text = "Word " + "another " * 80
    (only,) = to_weigh([text])
    assert text[only.start : only.end].rsplit(maxsplit=1)[-1] == "another"
    assert only.end - only.start <= LONGEST
