"""A worker and an owner of the index who know each other by the catalog alone."""

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from carrel.bootstrap.unhurried import Unhurried
from carrel.core.courtesy import Courtesy
from carrel.core.engine_errors import EndpointLost, EndpointUnavailable
from carrel.core.errors import StorageFull
from carrel.core.jobs import JobState
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import Embedder, Index, IndexedPaper, IndexQuery
from carrel.core.ranking import Filters
from carrel.core.rebuild import Change
from carrel.ingest.owner import Owner
from carrel.ingest.worker import Event, Finished, Postponed, work
from carrel.storage import handovers, queue, removals
from tests.integration.test_embedding_ahead import states
from tests.integration.worlds import WIDE_MODEL, World, world_of_fakes, world_with_real_index

SECONDS = 60.0
LONG = " ".join(f"Sentence number {n} of a long paper about comets." for n in range(4000))


@pytest.fixture(params=[world_of_fakes, world_with_real_index])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with request.param(tmp_path) as world:
        world.services.own_index("a test", 0)
        yield world


def hand_over(world: World, until: Callable[[list[Event]], bool]) -> list[Event]:
    """Run a worker without an index until it has told enough."""
    stop, events = threading.Event(), list[Event]()
    for event in work(world.services.workshop(hand_over=True), stop):
        events.append(event)
        if until(events):
            stop.set()
    return events


def handed(count: int) -> Callable[[list[Event]], bool]:
    return lambda events: sum(isinstance(event, Finished) for event in events) >= count


def take_in(world: World, owner: Owner | None = None) -> None:
    owner = owner or world.services.owner()
    while owner.step():
        pass


def rows(world: World) -> dict[str, tuple[str, str]]:
    with world.services.catalog.read() as tx:
        return {row["file_name"]: (row["state"], row["error_kind"]) for row in tx.rows("SELECT * FROM jobs")}


def test_what_is_handed_over_is_what_one_process_would_have_made(world: World, tmp_path: Path) -> None:
    titles = ("Comets", "Glaciers", "Violins")
    with world_of_fakes(tmp_path / "other") as alone:
        for each in (world, alone):
            for title in titles:
                each.accept(title, LONG if title == "Comets" else "")
        alone.work()
        events = hand_over(world, handed(3))
        ended = [event for event in events if isinstance(event, Finished)]
        assert {event.job.state for event in ended} == {JobState.HANDED}
        assert max(event.passages for event in ended) > 64  # in several pieces
        assert world.titles("comets") == []
        take_in(world)
        assert set(states(world).values()) == {JobState.DONE}
        tables = ("passages", "holdings", "likenesses", "version_links", "cited_works", "papers")
        columns = {"knowledge_base_id", "added_at", "published_at", "number"}
        for table in tables:
            found = []
            for each in (world, alone):
                with each.services.catalog.read() as tx:
                    listed = tx.rows(f"SELECT * FROM {table}")
                found.append(
                    sorted(str({k: row[k] for k in row.keys() if k not in columns}) for row in listed)  # noqa: SIM118
                )
            assert found[0] == found[1], table
        query = IndexQuery(
            world.embedder.embed_query("comets of a long paper").vector, "comets", Filters(), 50
        )
        mine, theirs = world.index().search(query), alone.index().search(query)
        for signal, candidates in mine.items():
            assert [c.point_id for c in candidates] == [c.point_id for c in theirs[signal]]
            np.testing.assert_allclose(
                [c.score for c in candidates], [c.score for c in theirs[signal]], rtol=1e-5
            )
        world.check(library=[job.paper_id for job in (event.job for event in ended)])


def test_a_paper_that_is_cancelled_or_removed_on_its_way_leaves_nothing(world: World) -> None:
    kept, removed, cancelled = (world.accept(title) for title in ("Kept", "Removed", "Cancelled"))
    hand_over(world, handed(3))
    shelf = world.shelf()
    world.services.shelves.remove(removed.paper_id, [shelf])
    assert cancelled.job is not None
    with world.services.catalog.write() as tx:
        queue.cancel(tx, cancelled.job)
    take_in(world)
    assert world.titles("kept removed cancelled") == ["Kept"]
    assert states(world) == {"Kept.pdf": JobState.DONE, "Cancelled.pdf": JobState.CANCELLED}
    with world.services.catalog.write() as tx:
        queue.retry(tx, cancelled.job)
    hand_over(world, handed(1))
    take_in(world)
    world.check(library=[kept.paper_id, cancelled.paper_id])


def test_a_paper_cancelled_while_it_is_read_is_dropped_and_others_go_on(world: World) -> None:
    first, second = world.accept("First"), world.accept("Second")
    assert first.job is not None
    job = first.job

    def cancel(text: str) -> None:
        if "first" in text.lower():
            with world.services.catalog.write() as tx:
                queue.cancel(tx, job)

    world.embedder.before = cancel
    hand_over(world, handed(2))
    take_in(world)
    assert states(world) == {"First.pdf": JobState.CANCELLED, "Second.pdf": JobState.DONE}
    assert world.titles("first second") == ["Second"]
    assert world.index().paper_ids() == {second.paper_id}


class Watched:
    """An index that lets something happen once a part of a paper was added."""

    def __init__(self, index: Index, happens: Callable[[], object]) -> None:
        self._index = index
        self._happens = happens

    def __getattr__(self, name: str) -> object:
        return getattr(self._index, name)

    def add(self, papers: Sequence[IndexedPaper], staying: Collection[str] = ()) -> None:
        self._index.add(papers, staying)
        self._happens()


@pytest.mark.parametrize("ending", ["cancelled", "failed"])
def test_a_paper_given_up_while_it_is_added_leaves_nothing_in_the_index(world: World, ending: str) -> None:
    kept, given_up = world.accept("Kept"), world.accept("Given up", LONG)
    assert given_up.job is not None
    job, services = given_up.job, world.services
    hand_over(world, handed(2))

    def happens() -> None:
        if not world.index().paper_ids() & {given_up.paper_id}:
            return
        if ending == "failed":
            raise RuntimeError("a fault")
        with services.catalog.write() as tx:
            queue.cancel(tx, job)

    watched = Watched(world.index(), happens)
    world.services = replace(services, index_of=lambda _: watched)  # type: ignore[arg-type,return-value]
    take_in(world)
    assert states(world) == {"Kept.pdf": JobState.DONE, "Given up.pdf": JobState(ending)}
    world.services = services
    services.clean()
    assert world.index().paper_ids() == {kept.paper_id}
    with services.catalog.write() as tx:
        queue.retry(tx, job)
    hand_over(world, handed(1))
    take_in(world)
    world.check(library=[kept.paper_id, given_up.paper_id])


@pytest.mark.parametrize("piece", [0, 1])
def test_what_was_handed_over_damaged_is_made_again(world: World, piece: int) -> None:
    accepted = world.accept("Damaged")
    hand_over(world, handed(1))
    assert accepted.job is not None
    with world.services.catalog.write() as tx:
        handovers.put(tx, accepted.job.id, piece, [b"CRLH nonsense"])
    take_in(world)
    assert states(world) == {"Damaged.pdf": JobState.QUEUED}
    hand_over(world, handed(1))
    take_in(world)
    world.check(library=[accepted.paper_id])


def test_what_was_made_for_another_generation_is_made_again(world: World) -> None:
    accepted = world.accept("Outdated")
    hand_over(world, handed(1))
    with world.services.catalog.write() as tx:
        tx.run("UPDATE knowledge_bases SET dimensions = 32")
    take_in(world)
    assert states(world) == {"Outdated.pdf": JobState.QUEUED}
    hand_over(world, handed(1))
    take_in(world)
    assert states(world) == {"Outdated.pdf": JobState.DONE}
    assert world.index().paper_ids() == {accepted.paper_id}


class Troubled:
    """An index in which nothing can be written for a while."""

    def __init__(self, index: Index, folder: Path) -> None:
        self._index = index
        self._folder = folder
        self.full = True

    def __getattr__(self, name: str) -> object:
        if name == "add" and self.full:
            raise StorageFull(folder=self._folder, free_mb=0, needed_mb=1)
        return getattr(self._index, name)


def test_an_index_without_room_loses_nothing(world: World) -> None:
    accepted = world.accept("Late")
    hand_over(world, handed(1))
    troubled = Troubled(world.index(), world.folder)
    world.services = replace(world.services, index_of=lambda _: troubled)  # type: ignore[arg-type,return-value]
    owner = world.services.owner()
    take_in(world, owner)
    assert rows(world) == {"Late.pdf": ("handed", "storage-full")}
    with world.services.catalog.write() as tx:
        tx.run("UPDATE jobs SET not_before = ''")
    troubled.full = False
    take_in(world, owner)
    assert rows(world) == {"Late.pdf": ("done", "")}
    world.check(library=[accepted.paper_id])


def test_a_duty_that_fails_stops_neither_the_others_nor_the_work(world: World) -> None:
    done: list[str] = []

    def failing() -> None:
        raise OSError("the disk is gone")

    world.accept("Work")
    hand_over(world, handed(1))
    take_in(world, world.services.owner((failing, lambda: done.append("duty"))))
    assert set(done) == {"duty"}  # more than once where a second has passed
    assert states(world) == {"Work.pdf": JobState.DONE}


def test_jobs_of_workers_that_are_gone_go_on_at_once(world: World) -> None:
    accepted = world.accept("Interrupted")
    with world.services.catalog.write() as tx:
        assert queue.claim(tx, "") is not None
    take_in(world)
    assert states(world) == {"Interrupted.pdf": JobState.QUEUED}
    hand_over(world, handed(1))
    take_in(world)
    world.check(library=[accepted.paper_id])


def test_a_worker_that_is_stopped_gives_its_jobs_back(world: World) -> None:
    for title in ("Early", "Late", "Later"):
        world.accept(title)
    hand_over(world, handed(1))
    assert sorted(states(world).values()) == [JobState.HANDED, JobState.QUEUED, JobState.QUEUED]
    with world.services.catalog.read() as tx:
        assert {row["attempts"] for row in tx.rows("SELECT attempts FROM jobs WHERE state = 'queued'")} == {0}


def test_trouble_that_is_no_files_fault_is_tried_again_and_others_go_on(world: World) -> None:
    gone = EndpointUnavailable(endpoint="http://s", detail="gone", setting="CARREL_EMBEDDER_URL")

    def away(text: str) -> None:
        if "served" in text.lower():
            raise gone

    world.embedder.before = away
    for title in ("Served one", "Served two"):
        world.accept(title, kb="served")
    world.accept("Own")
    events = hand_over(world, handed(1))
    assert any(isinstance(event, Postponed) for event in events)
    take_in(world)
    found = rows(world)
    assert found["Own.pdf"] == ("done", "")
    assert {state for state, _ in found.values()} == {"done", "queued"}
    assert ("queued", "endpoint-unavailable") in found.values()
    world.embedder.before = lambda _: None
    with world.services.catalog.write() as tx:
        tx.run("UPDATE jobs SET not_before = ''")
    hand_over(world, handed(2))
    take_in(world)
    assert set(rows(world).values()) == {("done", "")}


def test_jobs_and_a_reindex_say_that_their_models_server_went_away_in_the_middle(world: World) -> None:
    world.add("Comets")
    rebuilds = world.services.rebuilds()
    rebuilds.begin(world.shelf(), Change(embedder=WIDE_MODEL))
    rebuilds.step(world.shelf())
    seen = list[tuple[tuple[str, str], str]]()

    def goes_away_once(_: str) -> None:
        under_way = rebuilds.status(world.shelf()).under_way
        with world.services.catalog.read() as tx:
            (job,) = tx.rows("SELECT * FROM jobs WHERE generation > 0")
        seen.append(((job["state"], job["error_kind"]), under_way.error_kind if under_way else ""))
        if len(seen) == 1:
            raise EndpointLost(endpoint="http://s", detail="gone", setting="CARREL_EMBEDDER_URL")

    world.wide.before = goes_away_once
    hand_over(world, handed(1))
    assert seen[0] == (("running", ""), "")
    assert seen[1] == (("running", "endpoint-lost"), "endpoint-lost")
    assert [kind for state, kind in rows(world).values() if state == "handed"] == [""]  # it is over
    under_way = rebuilds.status(world.shelf()).under_way
    assert under_way is not None
    assert under_way.error_kind == ""


def test_a_model_that_hangs_keeps_no_other_knowledge_base_waiting(tmp_path: Path) -> None:
    with world_of_fakes(tmp_path) as world:
        services = world.services
        services.shelves.create("served", embedder=WIDE_MODEL)
        removed = world.accept("Served", kb="served").paper_id
        world.work()
        services.shelves.remove(removed, [world.shelf("served")])
        world.accept("Own")
        hand_over(world, handed(1))
        answers = threading.Event()

        def hanging(knowledge_base: KnowledgeBase) -> Embedder:
            if knowledge_base.embedder == WIDE_MODEL:
                answers.wait(SECONDS)
            return services.embedder_of(knowledge_base)

        unhurried = Unhurried(hanging, services.index_of, at_first_seconds=0.01)
        world.services = replace(services, index_of=unhurried.index_of)
        take_in(world, world.services.owner((world.services.clean,)))
        assert not answers.is_set()
        assert states(world) == {"Own.pdf": JobState.DONE}
        assert points_noted(world) == 1
        answers.set()
        deadline = time.monotonic() + SECONDS
        while points_noted(world):
            assert time.monotonic() < deadline
            world.services.clean()
        assert services.index_of(world.shelf("served")).counts() == (0, 0)


def points_noted(world: World) -> int:
    with world.services.catalog.read() as tx:
        return sum(note.what == "points" for note in removals.pending(tx))


def test_searches_go_first_but_not_for_ever() -> None:
    courtesy = Courtesy()
    courtesy.give_way(60)  # nobody searches: at once
    order: list[str] = []
    entered, over = threading.Event(), threading.Event()

    def search() -> None:
        with courtesy.search():
            entered.set()
            over.wait(60)
            order.append("search")

    def work() -> None:
        courtesy.give_way(60)
        order.append("work")

    threads = [threading.Thread(target=search), threading.Thread(target=work)]
    threads[0].start()
    entered.wait(60)
    courtesy.give_way(0.01)  # it does not wait for ever
    threads[1].start()
    over.set()
    for thread in threads:
        thread.join(60)
    assert order == ["search", "work"]
