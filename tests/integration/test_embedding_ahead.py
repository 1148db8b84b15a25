"""Papers embedded several at once: refused texts, servers that go away, an impatient user."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from carrel.core.engine_errors import (
    EncoderChanged,
    EndpointNonsense,
    EndpointNotSet,
    EndpointRefuses,
    EndpointUnavailable,
    TextsRefused,
)
from carrel.core.errors import CarrelError
from carrel.core.jobs import JobState, Stage
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import Embedder
from carrel.core.space import Vectors
from carrel.engines.cached_embedder import CachedEmbedder
from carrel.ingest.bench import Bench
from carrel.ingest.pauses import Paused
from carrel.ingest.pipeline import Progress
from carrel.ingest.worker import Event, Finished, Postponed, work
from tests.integration.worlds import HookedEmbedder, World, world_of_fakes
from tests.unit.ingest.test_pauses import Time

TITLES = tuple(f"Paper {name}" for name in ("alpha", "beta", "gamma", "delta", "epsilon", "zeta"))
GONE = EndpointUnavailable(endpoint="http://s", detail="gone", setting="CARREL_EMBEDDER_URL")
WAIT = 30.0  # seconds until a test that hangs fails


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_of_fakes(tmp_path) as world:
        yield world


@pytest.fixture
def time() -> Time:
    return Time()


def run(world: World, time: Time, patience: float = 3600) -> list[Event]:
    world.services.own_index("a test", 0)
    workshop = replace(world.services.workshop(), clock=time.clock, patience_seconds=patience)
    return list(work(workshop))


def run_to_the_end(world: World, time: Time) -> list[Event]:
    """Run, and fail where the worker goes round for ever with nothing to tell."""
    rounds = 0
    usual = Bench.next_events

    def counted(bench: Bench) -> Iterator[Event]:
        nonlocal rounds
        rounds += 1
        assert rounds < 10_000, "it spins"
        return usual(bench)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Bench, "next_events", counted)
        return run(world, time)


def ended(events: Sequence[Event]) -> dict[str, JobState]:
    return {event.job.file_name: event.job.state for event in events if isinstance(event, Finished)}


def states(world: World) -> dict[str, str]:
    with world.services.catalog.read() as tx:
        return {row["file_name"]: row["state"] for row in tx.rows("SELECT * FROM jobs")}


class Served(HookedEmbedder):
    """Like a server's client: all texts of a call at once, some refused, all lost while it is away."""

    def __init__(self, calls: int = 4) -> None:
        super().__init__()
        self.calls = calls
        self.given: list[list[str]] = []  # the texts of each call
        self.refused = ""
        self.away = 0  # calls that find nobody

    def embed_in_parts(self, texts: Sequence[str]) -> Iterator[tuple[Sequence[int], Vectors]]:
        self.given.append(list(texts))
        if self.away:
            self.away -= 1
            raise GONE
        refused = {n: "too long" for n, text in enumerate(texts) if self.refused and self.refused in text}
        for number, text in enumerate(texts):
            if number not in refused:
                yield [number], self.embed_documents([text])
        if refused:
            raise TextsRefused(refused, endpoint="http://s", count=len(refused), detail="too long")


def serve(world: World, embedder: HookedEmbedder) -> None:
    """Let another embedder serve every knowledge base of a world."""
    cached = CachedEmbedder(embedder, world.services.vectors)
    world.services = replace(world.services, embedder_of=lambda _: cached)


def test_as_many_papers_are_embedded_at_once_as_the_embedder_makes_use_of(world: World, time: Time) -> None:
    server = Served(calls=3)
    serve(world, server)
    together, seen = threading.Barrier(3), threading.Lock()
    at_once: set[str] = set()
    most: list[int] = []

    def before(text: str) -> None:
        title = text.splitlines()[0]
        with seen:
            fresh = title not in at_once
            at_once.add(title)
        if fresh:
            most.append(together.wait(WAIT))

    server.before = before
    for title in TITLES:
        world.accept(title)
    assert set(ended(run(world, time)).values()) == {JobState.DONE}
    assert len(most) == 6
    assert world.titles("paper") == sorted(TITLES)


def test_all_of_a_paper_is_given_at_once_to_an_embedder_of_several_calls(world: World, time: Time) -> None:
    server = Served()
    serve(world, server)
    world.accept("Long", " ".join(f"Sentence number {n} of a long paper." for n in range(5000)))
    (finished,) = [event for event in run(world, time) if isinstance(event, Finished)]
    assert finished.passages > 64
    (given,) = server.given
    assert len(given) == finished.passages + 1


def test_an_embedder_of_one_call_is_given_pieces_and_progress_flows(world: World, time: Time) -> None:
    world.accept("Long", " ".join(f"Sentence number {n} of a long paper." for n in range(5000)))
    events = run(world, time)
    done = [event.done for event in events if isinstance(event, Progress) and event.stage is Stage.EMBED]
    assert done == sorted(set(done))
    assert len(done) >= 2
    assert done[:2] == [0, 64]
    stages = [event.stage for event in events if isinstance(event, Progress)]
    assert list(dict.fromkeys(stages)) == [Stage.PARSE, Stage.CHUNK, Stage.EMBED, Stage.INDEX]


@pytest.mark.parametrize("calls", [1, 4])
def test_a_refused_text_fails_its_paper_and_says_where_it_stands(
    world: World, time: Time, calls: int
) -> None:
    server = Served(calls)
    server.refused = "delta"
    serve(world, server)
    for title in TITLES:
        world.accept(title)
    events = run(world, time)
    failed = [e.job for e in events if isinstance(e, Finished) and e.job.state is JobState.FAILED]
    assert [(job.file_name, job.error_kind) for job in failed] == [("Paper delta.pdf", "text-refused")]
    assert "Paper delta.pdf: http://s refuses the text at page 1, Introduction (too long)" in (
        failed[0].error_message
    )
    assert world.titles("paper") == sorted(set(TITLES) - {"Paper delta"})
    server.refused = ""
    server.given.clear()
    world.accept("Paper delta")
    assert ended(run(world, time)) == {"Paper delta.pdf": JobState.DONE}


@pytest.mark.parametrize("calls", [1, 4])
def test_a_server_that_goes_away_in_the_middle_is_waited_for_and_nothing_is_asked_twice(
    world: World, time: Time, calls: int
) -> None:
    server = Served(calls)
    serve(world, server)
    for title in TITLES:
        world.accept(title)
    taken: list[str] = []

    def before(text: str) -> None:
        taken.append(text)
        if len(taken) in (6, 12):
            server.away = 3  # the calls that come next
            raise GONE

    server.before = before
    events = run(world, time)
    assert set(ended(events).values()) == {JobState.DONE}
    assert len(ended(events)) == 6
    pauses = [event for event in events if isinstance(event, Paused)]
    assert len([pause for pause in pauses if not pause.waited]) in ((2,) if calls == 1 else (1, 2))
    assert time.seconds > 0
    assert len(server.embedded) == len(set(server.embedded))  # what was answered is not asked for again
    assert world.titles("paper") == sorted(TITLES)


def test_a_server_that_stays_away_is_an_error_in_the_end_and_all_is_queued(world: World, time: Time) -> None:
    server = Served()
    serve(world, server)
    world.add(TITLES[0])
    for title in TITLES[1:]:
        world.accept(title)
    server.away = 10**6
    with pytest.raises(EndpointUnavailable):
        run(world, time, patience=100)
    assert time.seconds == 100
    assert sorted(states(world).values()) == ["done", *["queued"] * 5]
    server.away = 0
    assert len(ended(run(world, time))) == 5


WRONG = (
    EndpointRefuses(endpoint="http://s", detail="401", setting="CARREL_EMBEDDER_API_KEY"),
    EndpointNonsense(endpoint="http://s", detail="no vectors", setting="CARREL_EMBEDDER_URL"),
    EncoderChanged(model="m", endpoint="http://s", cosine="0.1"),
)


@pytest.mark.parametrize("calls", [1, 4])
@pytest.mark.parametrize("error", WRONG, ids=lambda error: error.kind)
def test_a_server_that_comes_back_wrong_holds_its_knowledge_base_and_the_work_ends(
    world: World, time: Time, calls: int, error: CarrelError
) -> None:
    server = Served(calls)
    embedders: dict[str, Embedder] = {
        "served": CachedEmbedder(server, world.services.vectors),
        "library": CachedEmbedder(HookedEmbedder(), world.services.vectors),
    }
    world.services = replace(world.services, embedder_of=lambda shelf: embedders[shelf.name])
    world.add("First", kb="served")
    for title in TITLES:
        world.accept(title, kb="served")
    world.accept("Ours")

    def before(_: str) -> None:
        raise error if time.seconds else GONE

    server.before = before
    events = run_to_the_end(world, time)
    assert ended(events) == {"Ours.pdf": JobState.DONE}
    assert sorted(states(world).values()) == ["done", "done", *["queued"] * 6]
    postponed = [event for event in events if isinstance(event, Postponed)]
    assert {event.error.kind for event in postponed} == {error.kind}
    assert len(postponed) == len({event.job.id for event in postponed})
    server.before = lambda _: None
    assert len(ended(run_to_the_end(world, time))) == 6


def test_a_fault_that_nobody_foresaw_in_a_trial_fails_its_paper_alone(world: World, time: Time) -> None:
    server = Served(calls=1)
    serve(world, server)
    world.add("First")
    for title in TITLES:
        world.accept(title)

    def before(text: str) -> None:
        if not time.seconds:
            raise GONE
        if "alpha" in text:
            raise ZeroDivisionError

    server.before = before
    found = ended(run_to_the_end(world, time))
    assert found.pop("Paper alpha.pdf") is JobState.FAILED
    assert list(found.values()) == [JobState.DONE] * 5


def test_a_server_that_was_never_there_is_an_error_at_once(world: World, time: Time) -> None:
    server = Served()
    server.away = 10**6
    serve(world, server)
    for title in TITLES:
        world.accept(title)
    with pytest.raises(EndpointUnavailable):
        run(world, time)
    assert time.slept == []
    assert set(states(world).values()) == {"queued"}


def test_while_one_server_is_away_papers_of_other_embedders_go_on(world: World, time: Time) -> None:
    server, steady = Served(calls=1), HookedEmbedder()
    embedders: dict[str, Embedder] = {
        "served": CachedEmbedder(server, world.services.vectors),
        "library": CachedEmbedder(steady, world.services.vectors),
    }
    world.services = replace(world.services, embedder_of=lambda shelf: embedders[shelf.name])
    for title in ("First", *(f"Their {title}" for title in TITLES)):
        world.accept(title, kb="served")
    for title in TITLES:
        world.accept(title)
    order: list[str] = []
    paused = []

    def away(text: str) -> None:
        if "their" in text.lower() and not set(order) >= {f"{title}.pdf" for title in TITLES}:
            raise GONE

    server.before = away
    world.services.own_index("a test", 0)
    workshop = replace(world.services.workshop(), clock=time.clock, patience_seconds=10**6)
    for event in work(workshop):
        if isinstance(event, Finished):
            assert event.job.state is JobState.DONE
            order.append(event.job.file_name)
        elif isinstance(event, Paused):
            paused.append(event)
    # Two embedders are at work, so the first may be overtaken; those that wait for the server are last.
    assert sorted(order[:7]) == sorted(["First.pdf", *(f"{title}.pdf" for title in TITLES)])
    assert len(order) == 13
    assert paused


@pytest.mark.parametrize(
    "error",
    [
        EndpointNotSet(model="m", setting="CARREL_EMBEDDER_URL"),
        EndpointRefuses(endpoint="http://s", detail="401", setting="CARREL_EMBEDDER_API_KEY"),
    ],
    ids=lambda error: error.kind,
)
def test_an_embedder_that_cannot_be_used_holds_up_only_its_own_knowledge_base(
    world: World, time: Time, error: CarrelError
) -> None:
    usual = world.services.embedder_of

    def embedder_of(shelf: KnowledgeBase) -> Embedder:
        if shelf.name == "served":
            raise error
        return usual(shelf)

    world.services = replace(world.services, embedder_of=embedder_of)
    for title in TITLES:
        world.accept(title, kb="served")
    world.accept("Ours")
    events = run(world, time)
    assert ended(events) == {"Ours.pdf": JobState.DONE}
    postponed = [event for event in events if isinstance(event, Postponed)]
    assert {event.error.kind for event in postponed} == {error.kind}
    assert sorted(states(world).values()) == ["done", *["queued"] * 6]


def test_a_user_who_stops_the_work_waits_for_no_server(world: World, time: Time) -> None:
    server = Served()
    serve(world, server)
    release, asked = threading.Event(), threading.Event()

    def hang(_: str) -> None:
        asked.set()
        release.wait(WAIT)

    server.before = hang
    for title in TITLES:
        world.accept(title)
    world.services.own_index("a test", 0)
    events = work(replace(world.services.workshop(), clock=time.clock))
    for event in events:
        if isinstance(event, Progress) and event.stage is Stage.EMBED:
            break
    assert asked.wait(WAIT)
    events.close()
    assert set(states(world).values()) == {"queued"}  # and the server has not answered yet
    assert not release.is_set()
    release.set()
    server.before = lambda _: None
    assert len(ended(run(world, time))) == 6


def test_text_keys_are_those_of_what_was_embedded(world: World, time: Time) -> None:
    world.add("Keyed")
    with world.services.catalog.read() as tx:
        keys = [row["text_key"] for row in tx.rows("SELECT text_key FROM passages")]
        (about,) = [row["about_key"] for row in tx.rows("SELECT about_key FROM holdings")]
    found = world.services.vectors.get(world.embedder.encoder, [*keys, about])
    assert found.keys() == {*keys, about}
