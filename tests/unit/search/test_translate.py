"""Chinese questions put into English, word by word."""

from pathlib import Path

import pytest

from carrel.core.translation import Dictionary
from carrel.engines.dictionaries import open_dictionary
from carrel.search.translate import Translated, in_english, is_chinese, question_for, words_asked
from tests.fakes.dictionary import put_dictionary
from tests.fakes.embedder import FakeEmbedder
from tests.unit.engines.model_cache import dictionary_cache

__all__ = ["dictionary_cache"]

ENGLISH = frozenset({"en"})


@pytest.fixture(scope="module")
def dictionary(tmp_path_factory: pytest.TempPathFactory) -> Dictionary:
    return put_dictionary(tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        ("冰川", True),
        ("基于Transformer的方法", True),
        ("glaciers", False),
        ("naïve Größe π", False),
        ("氷河の融解", False),  # Japanese
        ("빙하 氷河", False),  # Korean
    ],
)
def test_chinese_is_known_by_its_characters(text: str, chinese: bool) -> None:
    assert is_chinese(text) is chinese


@pytest.mark.parametrize("text", ["Transformer的语言模型 2019?", "Transformer的語言模型 2019?"])
def test_both_scripts_are_read_and_what_is_not_chinese_stays(dictionary: Dictionary, text: str) -> None:
    found = in_english(text, dictionary)
    assert found.text == "Transformer language model 2019?"
    assert [gloss.senses for gloss in found.glosses] == [
        ("language",),
        ("model", "mold", "matrix", "pattern"),
    ]
    assert (found.made, found.language) == (True, "zh")
    assert (found.dictionary, found.licence) == ("CC-CEDICT", "CC BY-SA 4.0")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("发展中国家", ["发展中", "国家"]),  # and not 发展 中国 家
        ("中国家", ["中国", "家"]),  # of two ways with two words, neither is wrong: 中 is a particle
        ("冰川方法模型", ["冰川", "方法", "模型"]),
        ("冰川魑魅彗星", ["冰川", "彗星"]),  # a word that the dictionary does not have
        ("的中的", []),
    ],
)
def test_a_run_is_cut_into_the_fewest_words(dictionary: Dictionary, text: str, words: list[str]) -> None:
    found = in_english(text, dictionary)
    assert [gloss.word for gloss in found.glosses] == words
    assert found.made is bool(words)


def test_the_senses_of_a_word_weigh_together_as_much_as_one_word(dictionary: Dictionary) -> None:
    small = frozenset({"small"})
    translated = Translated(in_english("彗星模型", dictionary), small, small)
    also = translated.also("small")
    assert also[0] == ("comet", 1.0)
    assert [words for words, _ in also[1:]] == ["model", "mold", "matrix", "pattern"]
    weights = [weight for _, weight in also[1:]]
    assert weights == sorted(weights, reverse=True)
    assert sum(weights) == pytest.approx(1)
    assert translated.question("彗星模型", "small") == "comet model"
    assert translated.also("large") == ()  # it reads Chinese
    assert translated.question("彗星模型", "large") == "彗星模型"


def test_a_long_text_is_translated_in_part(dictionary: Dictionary) -> None:
    assert len(in_english("彗星" * 100_000, dictionary).glosses) == 500


def test_a_model_compares_with_passages_in_the_language_it_reads(dictionary: Dictionary) -> None:
    reads_english = FakeEmbedder(languages=ENGLISH)

    def asked(embedder: FakeEmbedder, passage: str, text: str = "彗星") -> str:
        return question_for(text, [passage], embedder, lambda: dictionary)

    assert asked(reads_english, "Comets by night.") == "comet"
    assert asked(reads_english, "彗星在夜空中。") == "彗星"
    assert asked(FakeEmbedder(), "Comets by night.") == "彗星"
    assert asked(reads_english, "Comets by night.", "comets") == "comets"
    assert question_for("彗星", ["Comets."], reads_english, lambda: None) == "彗星"


def test_what_is_marked_are_the_words_that_were_asked(dictionary: Dictionary) -> None:
    found = in_english("彗星", dictionary)
    assert words_asked("彗星", found) == "彗星 comet"
    assert words_asked("彗星", None) == "彗星"


def test_the_real_dictionary_translates_the_question_of_the_demo(dictionary_cache: Path) -> None:
    opened = open_dictionary(dictionary_cache)
    assert opened is not None
    found = in_english("基于Transformer的长序列建模方法有哪些?", opened)
    assert {"Transformer", "long", "sequence", "modelling", "method"} <= set(found.text.split())
    traditional = in_english("基於Transformer的長序列建模方法有哪些?", opened)
    assert traditional.text == found.text
