"""Deletion that deletes: rows, files, parses, points and cached vectors, and nothing that others use."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from carrel.core.account_errors import RoleTooLow
from carrel.core.accounts import Caller, Role
from carrel.core.errors import IndexIncomplete
from carrel.core.ids import PaperId, paper_id, text_key
from carrel.core.index_errors import IndexServerUnavailable
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import Index
from carrel.core.probe import PROBE_KEY
from carrel.library.mending import check_complete
from carrel.library.vectors import delete_unreferenced, unreferenced, work_off_vectors
from carrel.storage import holds, members, removals, vector_keys
from carrel.storage.clock import now
from carrel.storage.database import Transaction
from tests.integration.worlds import WORLDS, WORLDS_OF_STORES, World, world_of_fakes, world_with_real_index

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
    "corrections",
    "paper_tags",
    "judgments",
)
TABLES_OF_PAPERS = ("papers", "likenesses", "likeness_keys", "version_links", "cited_works")


@pytest.fixture(params=WORLDS_OF_STORES)
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
                '', '', '')
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
        noted = {removal.key.split("/")[1] for removal in removals.pending(tx) if removal.what == "index"}
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


class Away:
    """Indexes on a server that is away, which says so when something is to be dropped."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._indexes = world.services.indexes
        self.gone = True

    def __getattr__(self, name: str) -> object:
        return getattr(self._indexes, name)

    def drop(self, knowledge_base_id: str, generation: int) -> None:
        with self._world.services.catalog.write() as tx:  # what takes its time keeps nobody from writing
            tx.run("UPDATE knowledge_bases SET description = 'written'")
        if self.gone:
            raise IndexServerUnavailable(index=knowledge_base_id, url="http://s", detail="gone")
        self._indexes.drop(knowledge_base_id, generation)


def test_a_server_that_is_away_keeps_its_notes_and_nothing_else(tmp_path: Path) -> None:
    with world_of_fakes(tmp_path) as world:
        world.add("One")
        removed = world.accept("Two", kb="other").paper_id
        world.work()
        indexes = Away(world)
        world.services = replace(world.services, indexes=indexes)  # type: ignore[arg-type]
        world.services.shelves.delete("library")
        world.services.shelves.remove(removed, [world.shelf("other")])
        world.services.own_index("a test", 0)
        with world.services.catalog.read() as tx:
            assert [note.what for note in removals.pending(tx)] == ["index"]
        assert world.index("other").counts() == (0, 0)
        assert list(world.services.blobs.list()) == []
        indexes.gone = False
        world.services.own_index("a test", 0)
        with world.services.catalog.read() as tx:
            assert removals.pending(tx) == ()
        assert [base for base, _ in world.services.indexes.stored()] == [world.shelf("other").id]


def test_a_search_under_way_outlives_the_knowledge_base_and_leaves_no_index(tmp_path: Path) -> None:
    with world_with_real_index(tmp_path) as world:
        world.add("Glaciers")
        world.add("Glaciers in winter", kb="other")
        services = world.services
        services.own_index("a test", 0)
        held = services.index_of(world.shelf("other"))

        def deleted_between_embedding_and_retrieval(knowledge_base: KnowledgeBase) -> Index:
            if len(services.shelves.readable()) == 2:
                services.shelves.delete("other")
                services.clean()
            return services.index_of(knowledge_base)

        world.services = replace(services, index_of=deleted_between_embedding_and_retrieval)
        assert world.titles("glaciers") == ["Glaciers"]
        assert held.counts()[0] == 1  # whoever has it in hand can go on
        world.services = services
        services.own_index("a test", 0)
        assert [base for base, _ in services.indexes.stored()] == [world.shelf().id]


def test_a_paper_removed_since_it_was_looked_up_makes_no_index_incomplete(world: World) -> None:
    removed = world.accept("Glaciers").paper_id
    kept = world.accept("Violins").paper_id
    world.work()
    seen = world.shelf()
    services = world.services
    services.shelves.remove(removed, [seen])
    services.own_index("a test", 0)
    check_complete(seen, world.index(), services.catalog)
    world.index().remove([kept])
    with pytest.raises(IndexIncomplete):
        check_complete(seen, world.index(), services.catalog)
    services.shelves.delete("library")
    check_complete(seen, services.index_of(seen), services.catalog)
