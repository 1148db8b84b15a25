"""Vectors that were embedded for nobody: of papers removed or given up meanwhile, and of killed workers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.core.ids import text_key
from carrel.core.rebuild import Change
from carrel.library.vectors import unreferenced
from carrel.storage import holds, queue
from tests.integration.worlds import WORLDS, World, nothing_happens

ALIKE = "Attention is compared with recurrence on long documents, once and for all."


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with WORLDS[request.param](tmp_path) as world:
        yield world


def keys_in_cache(world: World) -> set[str]:
    return {key for _, key in world.services.vectors.names(("", ""), 10_000)}


def test_vectors_of_a_paper_that_goes_while_it_is_embedded_go(world: World) -> None:
    stays = world.accept("Stays", ALIKE).paper_id
    world.work()
    leaving = world.accept("Leaving", "A text that is taken out while the model looks at it.").paper_id
    shelves = world.services.shelves

    def remove(_: str) -> None:
        world.embedder.before = nothing_happens
        shelves.remove(leaving, shelves.readable())

    world.embedder.before = remove
    world.work()
    assert list(unreferenced(world.services.catalog, world.services.vectors))
    world.services.own_index("a test", 0)
    assert list(unreferenced(world.services.catalog, world.services.vectors)) == []
    assert keys_in_cache(world)
    world.check(library=[stays])


@pytest.mark.parametrize("way", ["cancelled", "base deleted", "re-index cancelled"])
def test_vectors_of_work_that_is_given_up_go(world: World, way: str) -> None:
    world.accept("Stays", " ".join(f"Sentence {number} of a long story is this one." for number in range(60)))
    world.work()
    cached = keys_in_cache(world)
    if way == "re-index cancelled":
        world.services.rebuilds().begin(world.shelf(), Change(chunk_size=64))
        while world.services.rebuilds().step(world.shelf()):
            continue
    else:
        world.accept("Leaving", "A text that nobody wants any more, as it turns out.", kb="other")

    def give_up(_: str) -> None:
        world.embedder.before = nothing_happens
        if way == "re-index cancelled":
            world.services.rebuilds().cancel(world.shelf())
        elif way == "base deleted":
            world.services.shelves.delete("other")
        else:
            with world.services.catalog.write() as tx:
                for job in queue.waiting(tx, [world.shelf("other").id]):
                    queue.cancel(tx, job)

    world.embedder.before = give_up
    world.work()
    assert world.embedder.before is nothing_happens
    assert keys_in_cache(world) > cached
    world.services.own_index("a test", 0)
    assert keys_in_cache(world) == cached


def test_what_a_straggler_puts_after_the_look_goes_with_the_next(world: World) -> None:
    world.add("Once")
    world.services.own_index("a test", 0)
    cached = keys_in_cache(world)
    vector = world.embedder.embed_documents(["late"])[0]
    for text in ("late", "later"):  # whoever put it was killed then, and told nobody
        world.services.vectors.put(world.embedder.encoder, {text_key(text): vector})
        assert keys_in_cache(world) > cached
        assert not world.services.clean()
        assert keys_in_cache(world) == cached
    world.accept("Twice")
    world.services.vectors.put(world.embedder.encoder, {text_key("late"): vector})
    world.services.own_index("a test", 0)
    assert text_key("late") in keys_in_cache(world)  # "Twice" may be what it is for
    asked: list[str] = []
    world.work()
    world.services.own_index("a test", 0)
    world.embedder.before = asked.append
    world.accept("Twice", kb="other")
    world.work()
    assert asked == []  # what is in use was looked at and stayed
    assert text_key("late") not in keys_in_cache(world)


def test_vectors_stay_while_a_backup_is_being_added(world: World) -> None:
    world.add("Once")
    world.services.own_index("a test", 0)
    vector = world.embedder.embed_documents(["comes"])[0]
    mark = holds.IMPORTING + world.shelf().id
    with world.services.catalog.write() as tx:
        tx.run("INSERT INTO server_settings VALUES (:name, '', 0)", name=mark)
    world.services.vectors.put(world.embedder.encoder, {text_key("comes"): vector})
    world.services.own_index("a test", 0)
    assert text_key("comes") in keys_in_cache(world)
    with world.services.catalog.write() as tx:
        tx.run("DELETE FROM server_settings WHERE name = :name", name=mark)
    world.services.own_index("a test", 0)
    assert text_key("comes") not in keys_in_cache(world)
