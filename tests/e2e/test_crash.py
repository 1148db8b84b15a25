"""SIGKILL of a server and its workers at random moments: every paper ends up searchable, exactly once.

Meanwhile papers come and go, and another knowledge base is re-indexed. Moments are drawn from a fixed seed.
``CARREL_CRASH_ROUNDS=300`` runs it for longer than the suite does, and with 60 real papers.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.core.jobs import JobState
from carrel.core.rebuild import GenerationState
from tests.conftest import SHARED_DATA
from tests.e2e.conftest import write_paper
from tests.e2e.lab import Lab
from tests.postgres import fresh_database

BY_HAND = "CARREL_CRASH_ROUNDS"
ROUNDS = int(os.environ.get(BY_HAND, "6"))  # every kind of round occurs in six
SEED = 20261130
# Of the knowledge base that is filled, and of the one that is re-indexed.
PAPERS, SURVEYED = (60, 12) if BY_HAND in os.environ else (36, 6)
A_ROUND = 6
ROUNDS_BETWEEN = 25  # two looks at everything

pytestmark = pytest.mark.timeout(300 + 10 * ROUNDS)


@pytest.fixture(params=["sqlite", "postgres"])
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    if request.param == "sqlite":
        yield Lab(tmp_path)
    else:
        with fresh_database() as url:
            yield Lab(tmp_path, url)
            assert not (tmp_path / "home" / "carrel.db").exists()


@pytest.fixture
def papers(tmp_path: Path) -> list[Path]:
    """So many papers that both knowledge bases have their own: real ones by hand, where they are there."""
    if BY_HAND in os.environ:
        real = sorted(path for path in SHARED_DATA.glob("pdf/*/*.pdf") if path.parent.name != "weird")
        if len(real) >= PAPERS + SURVEYED:
            random.Random(SEED).shuffle(real)
            return real[: PAPERS + SURVEYED]
    return written(tmp_path, PAPERS + SURVEYED)


def written(folder: Path, count: int) -> list[Path]:
    return [write_paper(folder / "papers" / f"{n}.pdf", f"subject number {n}") for n in range(count)]


def play_a_round(lab: Lab, outside: list[Path], chance: random.Random, number: int) -> Counter[str]:
    """Papers come and go, a re-index is begun or ended, and everything is killed at some moment of it."""
    happened: Counter[str] = Counter()
    server = lab.start()
    try:
        coming = [outside.pop(0) for _ in range(min(A_ROUND, len(outside)))]
        lab.add(coming)
        if number % 3:  # else it is killed while it starts, maybe
            lab.wait_until_ready(server)
        time.sleep(chance.uniform(0.0, 0.6))
        happened[lab.reindex(chance, "survey")] += 1
        time.sleep(chance.uniform(0.0, 0.6))
        going = chance.sample(sorted(lab.held["library"]), 1 if outside else A_ROUND)
        lab.remove(going)
        outside.extend(going)
        workers = lab.workers()
        if number % 2 and workers:  # a worker first: the server starts another one
            chance.choice(workers).kill()
            happened["workers killed"] += 1
            time.sleep(chance.uniform(0.0, 0.6))
    finally:
        server.kill()
        server.wait()
    happened["killed in a re-index"] += lab.is_rebuilding()
    happened["killed with papers on their way"] += set(lab.states()) != {JobState.DONE}
    return happened


def settle(lab: Lab, chance: random.Random) -> None:
    """Start once more, with something to re-index; in the end every store is as it should be."""
    while lab.reindex(chance, "survey") == "cancelled":
        pass
    server = lab.start()
    lab.wait_until_done()
    lab.stop(server)
    lab.check()
    assert GenerationState.FAILED not in lab.generations()
    found, allowed = lab.stored("survey")
    assert found == allowed


def test_killed_at_any_moment_every_paper_comes_in_exactly_once(lab: Lab, papers: list[Path]) -> None:
    chance = random.Random(SEED)
    outside, surveyed = papers[:PAPERS], papers[PAPERS:]
    lab.add([*surveyed, outside[0]], "survey")  # one of them is in both
    server = lab.start()
    lab.wait_until_done()
    lab.stop(server)
    happened: Counter[str] = Counter()
    for number in range(ROUNDS):
        happened += play_a_round(lab, outside, chance, number)
        if number % ROUNDS_BETWEEN == ROUNDS_BETWEEN - 1:
            settle(lab, chance)
            print(number + 1, dict(happened), flush=True)
    lab.add(outside)
    settle(lab, chance)
    assert len(lab.held["library"]) == PAPERS
    assert happened["killed in a re-index"]
    assert happened["killed with papers on their way"]


@pytest.mark.parametrize("lab", ["sqlite"], indirect=True)
def test_workers_of_a_killed_server_end_by_themselves(lab: Lab, tmp_path: Path) -> None:
    lab.add(written(tmp_path, 1))
    server = lab.start()
    lab.wait_until_done()
    server.kill()
    server.wait()
    lab.wait_for_nobody()


@pytest.mark.parametrize("lab", ["sqlite"], indirect=True)
def test_a_stopped_server_gives_back_what_is_in_hand(lab: Lab, tmp_path: Path) -> None:
    lab.add(written(tmp_path, 20))
    server = lab.start()
    while set(lab.states()) == {JobState.QUEUED}:
        time.sleep(0.02)
    lab.stop(server)
    assert JobState.RUNNING not in lab.states()
    server = lab.start(workers=1)
    lab.wait_until_done()
    lab.stop(server)
    lab.check()
