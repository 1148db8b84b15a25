"""Sketches of texts: what they do not see, what they estimate, and that they are the same everywhere."""

import hashlib
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carrel.core.sketch import FEWEST_PIECES, PLACES, Pieces, pieces, resemblance, sketch

WORDS = [
    f"{a}{b}{c}" for a in ("sta", "mor", "quin", "vel") for b in ("do", "ri", "la") for c in ("n", "tes", "x")
]


def text(seed: int, sentences: int = 60) -> str:
    return " ".join(sentence_list(seed, sentences))


def sentence_list(seed: int, sentences: int = 60) -> list[str]:
    chance = random.Random(seed)
    return [" ".join(chance.choices(WORDS, k=14)).capitalize() + "." for _ in range(sentences)]


def true_resemblance(one: Pieces, other: Pieces) -> float:
    common = len(np.intersect1d(one, other))
    return common / (len(one) + len(other) - common)


def likeness(one: str, other: str) -> float:
    return resemblance(sketch(pieces(one)), sketch(pieces(other)))


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), shared=st.integers(0, 60))
def test_the_estimate_is_near_the_true_resemblance(seed: int, shared: int) -> None:
    common, mine, others = sentence_list(seed), sentence_list(seed + 1), sentence_list(seed + 2)
    one = pieces(" ".join(common[:shared] + mine[shared:]))
    other = pieces(" ".join(common[:shared] + others[shared:]))
    # Five standard errors of a share of 256 places.
    assert resemblance(sketch(one), sketch(other)) == pytest.approx(true_resemblance(one, other), abs=0.16)


def test_the_estimate_has_no_bias() -> None:
    errors = []
    for seed in range(60):
        common, mine, others = sentence_list(seed), sentence_list(seed + 100), sentence_list(seed + 200)
        one = pieces(" ".join(common[:40] + mine[40:]))
        other = pieces(" ".join(common[:40] + others[40:]))
        errors.append(resemblance(sketch(one), sketch(other)) - true_resemblance(one, other))
    assert abs(np.mean(errors)) < 0.015
    assert np.std(errors) < 0.04


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), order=st.randoms(use_true_random=False))
def test_the_order_of_sentences_hardly_matters(seed: int, order: random.Random) -> None:
    sentences = sentence_list(seed)
    shuffled = order.sample(sentences, len(sentences))
    assert likeness(" ".join(sentences), " ".join(shuffled)) > 0.45
    # Paragraphs of ten sentences that change places keep nearly everything.
    parts = [" ".join(sentences[n : n + 10]) for n in range(0, 60, 10)]
    assert likeness(" ".join(parts), " ".join(order.sample(parts, len(parts)))) > 0.85


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_the_same_text_has_the_same_sketch_however_it_is_set(seed: int) -> None:
    plain = text(seed)
    expected = sketch(pieces(plain))
    assert len(expected) == 2 * PLACES
    assert sketch(pieces(plain)) == expected
    set_otherwise = plain.upper().replace(" ", "\n").replace(".", " [12, 14–16] —")
    assert sketch(pieces(set_otherwise)) == expected


def test_a_broken_word_and_a_glued_one_cost_one_piece_each() -> None:
    plain = text(1)
    broken = plain.replace("morlates", "mor- lates", 1)
    assert broken != plain
    assert len(set(pieces(broken).tolist()) ^ set(pieces(plain).tolist())) <= 1
    glued = plain.replace(" morlates", "morlates", 1)
    assert len(set(pieces(glued).tolist()) ^ set(pieces(plain).tolist())) <= 1


def test_accents_and_ligatures_do_not_count() -> None:
    assert np.array_equal(
        pieces("Le fichier efficace d'une méthode naïve, façonnée à l'été"),
        pieces("Le ﬁchier eﬃcace d'une methode nai\u0308ve, faconnee a l'ete"),
    )


def test_chinese_characters_are_pieces_without_spaces() -> None:
    sentence = "本文研究长文档的稀疏注意力机制并且在多个数据集上验证了它的有效性"
    found = pieces(sentence)
    assert len(found) == len(sentence) - 7  # runs of eight characters
    assert np.array_equal(pieces(" ".join(sentence)), found)
    other = pieces(sentence.replace("稀疏", "稠密"))
    assert 0 < len(np.intersect1d(found, other)) < len(found)


@pytest.mark.parametrize("short", ["", "Too short.", "…— 。", "\ud800 lone", "a " * 40])
def test_too_short_a_text_has_no_sketch_and_resembles_nothing(short: str) -> None:
    assert len(pieces(short)) < FEWEST_PIECES
    assert sketch(pieces(short)) == b""
    assert resemblance(b"", b"") == 0.0
    assert resemblance(b"", sketch(pieces(text(1)))) == 0.0


def test_different_texts_do_not_resemble_each_other() -> None:
    assert likeness(text(1), text(2)) < 0.03


def test_a_sketch_is_the_same_on_every_machine() -> None:
    # Recorded once: a change of these numbers makes the sketches in every catalog worthless.
    digest = hashlib.sha256(sketch(pieces(text(7) + " 稀疏注意力可以处理很长的文档而且很快"))).hexdigest()
    assert digest[:16] == "fc93274866c6af40"


@settings(max_examples=200)
@given(st.text(max_size=400))
def test_any_text_has_pieces(anything: str) -> None:
    found = pieces(anything)
    assert found.dtype == np.uint64
    assert np.all(found[1:] > found[:-1])
