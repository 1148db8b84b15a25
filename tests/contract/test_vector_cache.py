"""What every VectorCache does, the fake as well as the real one."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from carrel.core.ids import text_key
from carrel.core.ports import VectorCache
from carrel.core.space import Encoder, Vectors, rounded
from carrel.engines.vector_cache import SqliteVectorCache
from tests.fakes.vector_cache import InMemoryVectorCache

WIDTH = 8


@pytest.fixture(params=["fake", "sqlite"], scope="module")
def cache(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[VectorCache]:
    if request.param == "fake":
        yield InMemoryVectorCache()
        return
    opened = SqliteVectorCache(tmp_path_factory.mktemp("cache") / "folder" / "vectors.db")
    yield opened
    opened.close()


def encoder(revision: str, width: int = WIDTH) -> Encoder:
    return Encoder("model", revision, "{text}", "mean", width)


def some_vectors(count: int, seed: int = 0, width: int = WIDTH) -> dict[str, Vectors]:
    rows = np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return {text_key(f"{seed}/{number}"): row for number, row in enumerate(rows)}


units = arrays(np.float32, WIDTH, elements=st.floats(-1, 1, width=32)).filter(
    lambda row: float(np.linalg.norm(row)) > 0.1
)


@given(st.dictionaries(st.text(max_size=20), units, max_size=8), st.text(min_size=1, max_size=20))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_put_is_what_is_got_rounded_and_of_length_one(
    cache: VectorCache, texts: dict[str, Vectors], revision: str
) -> None:
    mine = encoder(f"{revision}/{sorted(texts)}/{[row.tobytes() for row in texts.values()]}")
    put = {text_key(text): row / np.linalg.norm(row) for text, row in texts.items()}
    cache.put(mine, put)
    got = cache.get(mine, [*put, text_key("never put" * 9)])
    assert got.keys() == put.keys()
    for key, vector in got.items():
        assert vector.dtype == np.float32
        np.testing.assert_array_equal(vector, rounded(put[key]))
        assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-6)
        np.testing.assert_allclose(vector, put[key], atol=1e-3)


def test_encoders_are_apart(cache: VectorCache) -> None:
    mine, other = (
        some_vectors(3, seed=1),
        dict(zip(some_vectors(3, seed=1), some_vectors(3, seed=2).values(), strict=True)),
    )
    cache.put(encoder("mine"), mine)
    cache.put(encoder("other"), other)
    for key in mine:
        np.testing.assert_array_equal(cache.get(encoder("mine"), [key])[key], rounded(mine[key]))
        np.testing.assert_array_equal(cache.get(encoder("other"), [key])[key], rounded(other[key]))
    assert cache.get(encoder("third"), list(mine)) == {}


def test_what_is_there_stays_as_it_is(cache: VectorCache) -> None:
    first = some_vectors(1, seed=3)
    (key,) = first
    cache.put(encoder("stays"), first)
    cache.put(encoder("stays"), {key: -first[key]})
    np.testing.assert_array_equal(cache.get(encoder("stays"), [key])[key], rounded(first[key]))


def test_thousands_are_looked_up_at_once(cache: VectorCache) -> None:
    put = some_vectors(3500, seed=4)
    cache.put(encoder("many"), put)
    assert cache.get(encoder("many"), list(put)).keys() == put.keys()
    assert cache.get(encoder("many"), []) == {}
    cache.put(encoder("many"), {})


def test_several_threads_put_and_get(cache: VectorCache) -> None:
    def work(seed: int) -> None:
        for key, vector in some_vectors(40, seed=seed).items():
            cache.put(encoder("threads"), {key: vector})
            cache.get(encoder("threads"), [key])

    threads = [threading.Thread(target=work, args=(seed,)) for seed in (10, 11, 12, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in (10, 11, 12):
        put = some_vectors(40, seed=seed)
        assert cache.get(encoder("threads"), list(put)).keys() == put.keys()


def test_it_opens_again_after_it_was_closed(cache: VectorCache) -> None:
    put = some_vectors(2, seed=20)
    cache.put(encoder("closed"), put)
    cache.close()
    cache.close()
    assert cache.get(encoder("closed"), list(put)).keys() == put.keys()


def test_names_come_in_pages_and_each_once(cache: VectorCache) -> None:
    put = some_vectors(25, seed=30)
    for name in ("paged", "paged too"):
        cache.put(encoder(name), put)
    wanted = {(encoder(name).id, key) for name in ("paged", "paged too") for key in put}
    after, seen = ("", ""), []
    while page := cache.names(after, 7):
        assert len(page) <= 7
        assert page == sorted(page)
        assert page[0] > after
        after = page[-1]
        seen.extend(page)
    assert len(seen) == len(set(seen))
    assert wanted <= set(seen)


def test_what_is_deleted_is_gone_with_every_encoder_and_the_rest_stays(cache: VectorCache) -> None:
    put = some_vectors(6, seed=31)
    doomed, kept = list(put)[:4], list(put)[4:]
    for name in ("here", "there"):
        cache.put(encoder(name), put)
    assert cache.delete([*doomed, text_key("never put")])
    assert cache.delete(doomed)
    assert cache.delete([])
    for name in ("here", "there"):
        assert cache.get(encoder(name), list(put)).keys() == set(kept)


def look_to_the_end(cache: VectorCache) -> list[str]:
    """Look at all that has not been looked at, in pages; return the keys."""
    seen: list[str] = []
    while page := cache.unexamined(7):
        assert len(page) <= 7
        seen.extend(key for _, key in page)
        assert cache.mark_examined(page[-1][0], ())
    return seen


def test_each_is_looked_at_once_in_the_order_in_which_it_came(cache: VectorCache) -> None:
    look_to_the_end(cache)
    put = some_vectors(20, seed=33)
    cache.put(encoder("looked"), put)
    cache.put(encoder("looked"), put)
    cache.copy_in(dict.fromkeys([(encoder("looked too").id, next(iter(put)))], bytes(2 * WIDTH)))
    assert look_to_the_end(cache) == [*put, next(iter(put))]
    cache.put(encoder("looked"), put)
    cache.close()
    assert cache.unexamined(7) == []


@given(st.lists(st.tuples(st.sampled_from(["put", "delete", "look", "look and delete"]), st.integers(1, 4))))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_deleted_between_what_comes_is_looked_at(
    cache: VectorCache, steps: list[tuple[str, int]]
) -> None:
    look_to_the_end(cache)
    new: list[str] = []  # not looked at, in order
    old: list[str] = []
    for number, (step, count) in enumerate(steps):
        if step == "put":
            put = {text_key(f"{number}/{n}"): np.eye(1, WIDTH, dtype=np.float32)[0] for n in range(count)}
            cache.put(encoder("mixed"), put)
            new.extend(put)
        elif step == "delete":  # the newest: their numbers are free again
            doomed = (old + new)[-count:]
            assert cache.delete(doomed)
            old, new = [[key for key in keys if key not in doomed] for keys in (old, new)]
        else:
            page = cache.unexamined(count)
            assert [key for _, key in page] == new[:count]
            gone = [page[-1][1]] if page and step == "look and delete" else []
            assert not page or cache.mark_examined(page[-1][0], gone)
            old, new = old + [key for key in new[:count] if key not in gone], new[count:]
    assert look_to_the_end(cache) == new
    assert cache.get(encoder("mixed"), old + new).keys() == set(old + new)
    cache.delete(old + new)


def test_a_copy_is_the_same_to_the_bit(cache: VectorCache) -> None:
    put = some_vectors(5, seed=32)
    cache.put(encoder("copied"), put)
    before = cache.get(encoder("copied"), list(put))
    names = [(encoder("copied").id, key) for key in put]
    copy = cache.copy_out([*names, (encoder("copied").id, text_key("never put"))])
    assert copy.keys() == set(names)
    cache.delete(list(put))
    assert cache.copy_in(copy)
    assert cache.copy_in({name: bytes(2 * WIDTH) for name in copy})  # what is there stays
    after = cache.get(encoder("copied"), list(put))
    for key, vector in before.items():
        np.testing.assert_array_equal(after[key], vector)
