"""Re-index under fire: questions through a change of model, a server that dies, a cancel and a rollback."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from carrel.bootstrap import Services
from carrel.core.engine_errors import EndpointUnavailable
from carrel.core.paper import in_context
from carrel.core.ranking import Mode, Query, SearchResult, Signal
from carrel.core.rebuild import Change, RebuildStatus
from carrel.core.space import cut
from carrel.ingest.worker import work
from carrel.storage.generations import all_of
from tests.fakes.embedder import FakeEmbedder
from tests.integration.worlds import WIDE, WIDE_MODEL, World, world_with_real_index

TITLES = tuple(
    f"{thing} number {number}" for number in range(8) for thing in ("Glaciers", "Violins", "Comets")
)
QUESTIONS = ("violins number 3", "comets", "glaciers number 7 and comets")
GONE = EndpointUnavailable(endpoint="http://s", detail="gone", setting="CARREL_EMBEDDER_URL")
SECONDS = 60.0
_SAME = 2e-3  # cosines of vectors that were rounded to 16 bits


@contextmanager
def at_work(services: Services) -> Iterator[None]:
    """A server without HTTP: the owner of the index in one thread, a worker in another."""
    services.own_index("a test", 0)
    stop = threading.Event()
    owner = services.owner((services.clean, services.rebuilds().advance))

    def labour() -> None:
        for _ in work(services.workshop(hand_over=True), stop):
            pass

    threads = [threading.Thread(target=owner.run, args=(stop,)), threading.Thread(target=labour)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


class Fire:
    """Threads that ask and ask; what they were told, and what went wrong."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stop = threading.Event()
        self.answers: list[tuple[str, SearchResult]] = []
        self.errors: list[Exception] = []

    @contextmanager
    def burning(self, threads: int = 3) -> Iterator[None]:
        askers = [threading.Thread(target=self._ask, args=(number,)) for number in range(threads)]
        for asker in askers:
            asker.start()
        try:
            yield
        finally:
            self._stop.set()
            for asker in askers:
                asker.join()

    def _ask(self, number: int) -> None:
        while not self._stop.is_set():
            question = QUESTIONS[number % len(QUESTIONS)]
            mode = (Mode.DENSE, Mode.HYBRID, Mode.LEXICAL)[number // len(QUESTIONS) % 3]
            try:
                self.answers.append((question, self._services.search(Query(question, ("library",), mode))))
            except Exception as error:  # whatever it is, the test is told
                self.errors.append(error)
            number += 1


def until(world: World, wanted: Callable[[RebuildStatus], bool]) -> RebuildStatus:
    deadline = time.monotonic() + SECONDS
    rebuilds = world.services.rebuilds()
    while not wanted(status := rebuilds.status(world.shelf())):
        assert time.monotonic() < deadline, status
        time.sleep(0.01)
    return status


def done(status: RebuildStatus) -> bool:
    return status.under_way is None


def some_built(status: RebuildStatus) -> bool:
    return done(status) or status.progress.done > 0


def spaces_of(world: World, answers: list[tuple[str, SearchResult]]) -> list[set[str]]:
    """Return, for each answer by meaning alone, the spaces in which all its cosines are right.

    Where words are asked too, the cosines are those of the question as the best papers have drawn it.
    """
    usual, wide = FakeEmbedder(), FakeEmbedder(width=WIDE, model=WIDE_MODEL)
    with world.services.catalog.read() as tx:
        rows = tx.rows(
            "SELECT DISTINCT p.id, section, text, title FROM passages AS p, papers WHERE papers.id = paper_id"
        )
    texts = {row["id"]: in_context(row["title"], row["section"], row["text"]) for row in rows}
    vectors = {
        name: dict(zip(texts, embedder.embed_documents(list(texts.values())), strict=True))
        for name, embedder in (("usual", usual), ("wide", wide))
    }
    found = []
    for question, answer in answers:
        candidates = dict(answer.candidates).get(Signal.DENSE_PASSAGES)
        if candidates is None or answer.mode is not Mode.DENSE:
            continue
        asked = {name: e.embed_query(question).vector for name, e in (("usual", usual), ("wide", wide))}
        known = [each for each in candidates if each.point_id in texts]  # not those of papers that are gone
        right = set()
        for name, dimensions in (("usual", 64), ("wide", WIDE), ("short", 32)):
            space = "usual" if name == "short" else name
            query = cut(asked[space], dimensions)
            cosines = [float(cut(vectors[space][each.point_id], dimensions) @ query) for each in known]
            if np.allclose(cosines, [each.score for each in known], atol=_SAME):
                right.add(name)
        found.append(right)
    return found


@pytest.fixture
def burnt(tmp_path: Path) -> Iterator[World]:
    with world_with_real_index(tmp_path) as world:
        world.add(*TITLES)
        # Many texts a second would be over before anything can happen to them.
        world.wide.before = lambda _: time.sleep(0.005)
        yield world


def test_no_error_no_empty_answer_no_mixture_of_spaces(burnt: World) -> None:
    world, services = burnt, burnt.services
    rebuilds, fire = services.rebuilds(), Fire(burnt.services)
    with at_work(services), fire.burning():
        # A model's server that dies halfway, and a cancel while it is away.
        rebuilds.begin(world.shelf(), Change(embedder=WIDE_MODEL))
        until(world, some_built)
        world.wide.gone = GONE
        time.sleep(0.3)
        assert not done(rebuilds.status(world.shelf()))
        rebuilds.cancel(world.shelf())
        world.wide.gone = None
        assert until(world, done).serving.generation == 1
        # Other dimensions, from the cache.
        rebuilds.begin(world.shelf(), Change(dimensions=32))
        assert until(world, done).serving.dimensions == 32
        # The whole of a change of model, with a server that dies and comes back, and papers that come and go.
        rebuilds.begin(world.shelf(), Change(embedder=WIDE_MODEL, dimensions=0))
        until(world, some_built)
        world.wide.gone = GONE
        world.accept("Comets number 99")
        gone = world.services.shelves.contents([world.shelf()]).papers[0].id
        services.shelves.remove(gone, [world.shelf()])
        time.sleep(0.3)
        world.wide.gone = None
        world.accept("Comets number 100")
        status = until(world, lambda status: done(status) and status.serving.papers == len(TITLES) + 1)
        assert status.serving.embedder == WIDE_MODEL
        # And back.
        rebuilds.rollback(world.shelf())
        status = until(world, done)
        assert (status.serving.dimensions, status.serving.papers) == (32, len(TITLES) + 1)
        time.sleep(0.2)
    assert fire.errors == []
    assert len(fire.answers) > 20
    assert all(answer.hits for _, answer in fire.answers)
    spaces = spaces_of(world, fire.answers)
    assert all(spaces)  # each answer is wholly of one space
    assert {"usual", "wide", "short"} <= set().union(*spaces)
    held = [record.id for record in services.shelves.contents([world.shelf()]).papers]
    world.check(library=held)


def test_what_is_under_way_is_gone_on_with_by_whoever_owns_the_index_next(burnt: World) -> None:
    world, services = burnt, burnt.services
    services.rebuilds().begin(world.shelf(), Change(embedder=WIDE_MODEL))
    with at_work(services):
        until(world, some_built)
    assert not done(services.rebuilds().status(world.shelf()))
    world.wide.before = lambda _: None
    with at_work(replace(services)):
        assert until(world, done).serving.embedder == WIDE_MODEL
    with services.catalog.read() as tx:
        assert [found.state for found in all_of(tx, world.shelf())] == ["kept", "serving"]
    world.check(library=[record.id for record in services.shelves.contents([world.shelf()]).papers])
