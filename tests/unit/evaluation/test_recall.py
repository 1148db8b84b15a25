"""Recall of cut vectors: right at full width, never better than it can be, whatever the order of the rows."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from carrel.core.space import Vectors, cut
from carrel.evaluation.recall import NEAREST, SIZES, recall_of_cuts

SEEDS = st.integers(0, 2**32 - 1)


def units(seed: int, count: int, width: int, fading: float = 0.0) -> Vectors:
    """Return random vectors; with ``fading`` the first dimensions say most, as a trained model's do."""
    rows = np.random.default_rng(seed).standard_normal((count, width))
    rows *= np.exp(-fading * np.arange(width) / width)
    made: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return made


def by_hand(vectors: Vectors, queries: NDArray[np.int64], size: int) -> float:
    """Return the recall the slow way."""
    found = 0.0
    for query in queries:
        best = []
        for each in (vectors, cut(vectors, size)):
            scores = each.astype(np.float64) @ each[query].astype(np.float64)
            scores[query] = -np.inf
            best.append(set(np.argsort(-scores)[:NEAREST]))
        found += len(best[0] & best[1]) / NEAREST
    return found / len(queries)


@given(SEEDS, st.integers(2, 80), st.sampled_from([33, 64, 100, 300]))
def test_the_full_width_finds_all_and_no_size_more(seed: int, count: int, width: int) -> None:
    cuts = recall_of_cuts(units(seed, count, width), np.arange(min(count, 20)))
    assert [each.dimensions for each in cuts] == [*(size for size in SIZES if size < width), width]
    assert [each.bytes_a_passage for each in cuts] == [4 * each.dimensions for each in cuts]
    assert cuts[-1].recall == 1
    assert all(0 <= each.recall <= 1 for each in cuts)


@given(SEEDS)
def test_the_order_of_the_rows_is_of_no_account(seed: int) -> None:
    vectors = units(seed, 120, 96)
    queries = np.arange(30)
    order = np.random.default_rng(seed + 1).permutation(len(vectors))
    place = np.argsort(order)
    before = recall_of_cuts(vectors, queries)
    after = recall_of_cuts(vectors[order], place[queries])
    assert [each.recall for each in before] == pytest.approx([each.recall for each in after])


@given(SEEDS)
def test_it_is_what_searching_with_cut_vectors_finds(seed: int) -> None:
    vectors, queries = units(seed, 60, 70), np.arange(5)
    for each in recall_of_cuts(vectors, queries):
        assert each.recall == pytest.approx(by_hand(vectors, queries, each.dimensions))


def test_more_dimensions_find_more() -> None:
    recalls = [each.recall for each in recall_of_cuts(units(7, 1000, 512, fading=6.0), np.arange(100))]
    assert all(after >= before for before, after in pairwise(recalls))
    assert recalls[0] < recalls[len(recalls) // 2] < 1


def test_equal_vectors_are_as_good_as_each_other() -> None:
    vectors = np.repeat(units(3, 20, 64), 15, axis=0)
    assert recall_of_cuts(vectors, np.arange(len(vectors)))[0].recall > 0.999


def test_too_few_say_nothing() -> None:
    assert recall_of_cuts(units(1, 1, 64), np.arange(1)) == ()
    assert recall_of_cuts(units(1, 9, 64), np.arange(0)) == ()
