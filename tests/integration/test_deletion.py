"""Deletion that deletes: rows, files, parses, points and cached vectors, and nothing that others use."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.core.account_errors import RoleTooLow
from carrel.core.accounts import Caller, Role
from carrel.core.ids import PaperId, paper_id, text_key
from carrel.core.probe import PROBE_KEY
from carrel.core.rebuild import Change
from carrel.library.vectors import delete_unreferenced, unreferenced, work_off_vectors
from carrel.storage import holds, members, queue, removals, vector_keys
from carrel.storage.clock import now
from carrel.storage.database import Transaction
from tests.integration.worlds import WORLDS, World, nothing_happens

ALIKE = "Attention is compared with recurrence on long documents, once and for all."

TABLES_OF_A_BASE = (
    "knowledge_bases",
    "holdings",
    "passages",
    "jobs",
    "handovers",
    "generations",
    "built",
    "members",
)
TABLES_OF_PAPERS = ("papers", "likenesses", "likeness_keys", "version_links")


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with WORLDS[request.param](tmp_path) as world:
        yield world


def keys_in_cache(world: World) -> set[str]:
    return {key for _, key in world.services.vectors.names(("", ""), 10_000)}


def keys_in_catalog(tx: Transaction) -> set[str]:
    rows = tx.rows("SELECT text_key AS key FROM passages UNION SELECT about_key FROM holdings")
    return {row["key"] for row in rows}


def count(world: World, table: str) -> int:
    with world.services.catalog.read() as tx:
        row = tx.row(f"SELECT count(*) AS count FROM {table}")
        assert row is not None
        return int(row["count"])


def plant_generation(world: World, kb: str, paper: PaperId) -> None:
    """Write what a generation that was kept, with a paper in it, leaves in the catalog; and an open hand."""
    shelf = world.shelf(kb)
    with world.services.catalog.write() as tx:
        tx.run(
            """
            INSERT INTO generations VALUES (:id, 7, 'kept', :embedder, 0, 512, 0, 0, 'pdfium', '', :now, '',
                '', '')
            """,
            id=shelf.id,
            embedder=shelf.embedder,
            now=now(),
        )
        tx.run("INSERT INTO built VALUES (:id, 7, :paper, 3, :key)", id=shelf.id, paper=paper, key="b" * 32)
        row = tx.row("SELECT id FROM jobs WHERE paper_id = :paper", paper=paper)
        assert row is not None
        tx.run("INSERT INTO handovers VALUES (:job, 0, :payload)", job=row["id"], payload=b"vectors")


def test_after_everything_was_removed_nothing_is_left_on_any_store(world: World) -> None:
    papers = [world.accept(title, ALIKE).paper_id for title in ("First", "Second", "Third")]
    world.accept("Third", ALIKE, kb="other")
    world.work()
    assert keys_in_cache(world)
    plant_generation(world, "library", papers[0])
    shelves = world.services.shelves
    shelves.remove(papers[0], shelves.readable(["library"]))
    assert count(world, "built") == count(world, "handovers") == 0
    shelves.delete("library")
    shelves.delete("other")
    world.services.own_index("a test", 0)
    for table in (*TABLES_OF_A_BASE, *TABLES_OF_PAPERS, "removals"):
        assert count(world, table) == 0, table
    assert list(world.services.blobs.list()) == []
    assert list(world.services.parses.list()) == []
    assert world.services.indexes.stored() == ()
    assert keys_in_cache(world) == set()


def test_a_base_goes_with_its_generations_members_and_handovers(world: World) -> None:
    paper = world.accept("Alone").paper_id
    world.work()
    plant_generation(world, "library", paper)
    with world.services.catalog.write() as tx:
        tx.run(
            "INSERT INTO users VALUES ('u', 'ann', 'ann', 'x', 0, 0, 0, :now, '')",
            now=now(),
        )
        members.set_role(tx, world.shelf().id, "u", Role.VIEWER)
    viewer = world.services.shelves.of(Caller("u", "ann", administrator=False))
    with pytest.raises(RoleTooLow):
        viewer.delete("library")
    generation = world.services.shelves.delete("library").generation
    with world.services.catalog.read() as tx:
        noted = {removal.key.partition("/")[2] for removal in removals.pending(tx) if removal.what == "index"}
    assert noted == {str(generation), "7"}
    world.services.own_index("a test", 0)
    for table in TABLES_OF_A_BASE:
        assert count(world, table) == 0, table


def test_texts_that_another_paper_or_base_has_stay_cached(world: World) -> None:
    shared = world.accept("Shared", ALIKE).paper_id
    world.accept("Shared", ALIKE, kb="other")
    alone = world.accept(
        "Alone", "A text that stands in no other paper at all, whatever it may say."
    ).paper_id
    world.work()
    shelves = world.services.shelves
    shelves.remove(shared, shelves.readable(["library"]))
    shelves.remove(alone, shelves.readable(["library"]))
    world.services.own_index("a test", 0)
    with world.services.catalog.read() as tx:
        assert keys_in_cache(world) == keys_in_catalog(tx) != set()
    before = len(world.titles("attention", "other"))
    assert before == 1


def test_vectors_stay_while_a_paper_is_on_its_way(world: World) -> None:
    paper = world.accept("Once", ALIKE).paper_id
    world.work()
    cached = keys_in_cache(world)
    shelves = world.services.shelves
    shelves.remove(paper, shelves.readable())
    world.accept("Once", ALIKE)  # again, before anybody cleaned
    world.services.own_index("a test", 0)
    assert keys_in_cache(world) == cached

    asked: list[str] = []
    world.embedder.before = asked.append
    world.work()
    assert asked == []  # the vectors were still there
    world.services.own_index("a test", 0)
    assert keys_in_cache(world) == cached
    world.check(library=[paper])


def test_an_interruption_leaves_the_notes(world: World) -> None:
    paper = world.accept("Once", ALIKE).paper_id
    world.work()
    shelves = world.services.shelves
    shelves.remove(paper, shelves.readable())
    with world.services.catalog.read() as tx:
        noted = vector_keys.noted(tx, 100)
    assert set(noted) == keys_in_cache(world)

    class Stopped(Exception):
        pass

    class Stopping:
        def __getattr__(self, name: str) -> object:
            return getattr(world.services.vectors, name)

        def delete(self, keys: list[str]) -> bool:
            world.services.vectors.delete(keys[:1])
            raise Stopped

    with pytest.raises(Stopped):
        work_off_vectors(world.services.catalog, Stopping())  # type: ignore[arg-type]
    with world.services.catalog.read() as tx:
        assert vector_keys.noted(tx, 100) == noted
    assert not work_off_vectors(world.services.catalog, world.services.vectors)
    assert keys_in_cache(world) == set()


def test_what_nobody_noted_is_found_and_the_probe_is_not(world: World) -> None:
    world.add("Once")
    encoder = world.embedder.encoder
    vector = world.embedder.embed_documents(["of a paper that failed"])[0]
    orphan = text_key("of a paper that failed")
    world.services.vectors.put(encoder, {orphan: vector, PROBE_KEY: vector})
    found = list(unreferenced(world.services.catalog, world.services.vectors))
    assert found == [(orphan,)]
    assert delete_unreferenced(world.services.catalog, world.services.vectors, found[0]) == 1
    world.accept("Twice")
    world.services.vectors.put(encoder, {orphan: vector})
    assert delete_unreferenced(world.services.catalog, world.services.vectors, found[0]) is None
    assert {orphan, PROBE_KEY} <= keys_in_cache(world)


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


def test_files_stay_while_a_backup_holds_them(world: World) -> None:
    paper = world.accept("Held").paper_id
    world.work()
    with world.services.catalog.write() as tx:
        hold = holds.take(tx)
    world.services.shelves.delete("library")
    world.services.own_index("a test", 0)
    assert [paper_id(sha256) for sha256 in world.services.blobs.list()] == [paper]
    assert list(world.services.parses.list()) == [paper]
    with world.services.catalog.write() as tx:
        holds.renew(tx, hold)
        holds.end(tx, hold)
        assert not holds.held(tx)
    world.services.own_index("a test", 0)
    assert list(world.services.blobs.list()) == list(world.services.parses.list()) == []


def test_the_hold_of_a_killed_backup_ends_by_itself(world: World) -> None:
    with world.services.catalog.write() as tx:
        old = holds.take(tx)
        tx.run("UPDATE server_settings SET value = '2020-01-01T00:00:00.000+00:00'")
        assert not holds.held(tx)
        holds.end(tx, holds.take(tx))
        assert tx.row("SELECT 1 FROM server_settings WHERE name = :old", old=old) is None
