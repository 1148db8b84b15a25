"""Re-indexing in any order of steps, with papers that come and go: nothing is lost, nothing is left."""

import itertools
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carrel.core.rebuild import Change, GenerationState
from carrel.core.rebuild_errors import NoRebuild, NothingKept, RebuildUnderWay
from carrel.storage import generations
from tests.integration.worlds import WIDE_MODEL, World, world_of_fakes

CHANGES = (Change(), Change(dimensions=32), Change(embedder=WIDE_MODEL), Change(chunk_size=64))
NAMES = """
begin-0 begin-1 begin-2 begin-3 step step step work work finish cancel rollback discard add remove tidy
"""
STEPS = st.lists(st.sampled_from(NAMES.split()), min_size=4, max_size=16)
REFUSED = (RebuildUnderWay, NoRebuild, NothingKept)


def take(world: World, step: str, numbers: "itertools.count[int]") -> None:
    services = world.services
    rebuilds, shelf = services.rebuilds(), world.shelf()
    held = [record.id for record in services.shelves.contents([shelf]).papers]
    if step.startswith("begin"):
        rebuilds.begin(shelf, CHANGES[int(step[-1])])
    elif step == "step":
        rebuilds.step(shelf)
    elif step == "work":
        world.work()
    elif step == "finish":
        world.finish_rebuild()
    elif step == "add":
        world.add(f"Whales number {next(numbers)}")
    elif step == "remove" and len(held) > 1:
        services.shelves.remove(held[0], [shelf])
    elif step == "tidy":
        services.own_index("a test", 0)
    elif step in ("cancel", "rollback", "discard"):
        action = {"cancel": rebuilds.cancel, "rollback": rebuilds.rollback, "discard": rebuilds.discard_kept}
        action[step](shelf)


def check(world: World) -> None:
    """Check that all that is held is found, and that the generations fit each other."""
    services, shelf = world.services, world.shelf()
    with services.catalog.read() as tx:
        states = [found.state for found in generations.all_of(tx, shelf)]
        passages = tx.rows(
            "SELECT id FROM passages WHERE knowledge_base_id = :id AND generation = :generation",
            id=shelf.id,
            generation=shelf.generation,
        )
    assert sum(state.under_way for state in states) <= 1
    assert states.count(GenerationState.KEPT) <= 1
    assert states.count(GenerationState.SERVING) == (1 if states else 0)
    assert len(passages) == shelf.passages
    hits = world.search("whales number", limit=50).hits
    assert len(hits) == shelf.papers


@given(STEPS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_any_order_of_steps(steps: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder, world_of_fakes(Path(folder)) as world:
        numbers = itertools.count()
        world.add(*(f"Whales number {next(numbers)}" for _ in range(3)))
        for step in steps:
            with suppress(*REFUSED):
                take(world, step, numbers)
            check(world)
        world.finish_rebuild()
        check(world)
        world.check(library=[record.id for record in world.services.shelves.contents([world.shelf()]).papers])


@pytest.mark.parametrize("state", GenerationState)
def test_no_state_is_a_trap_but_the_last_ones(state: GenerationState) -> None:
    ended = (GenerationState.GONE, GenerationState.FAILED, GenerationState.CANCELLED)
    steps = [other for other in GenerationState if state.may_become(other)]
    assert bool(steps) is (state not in ended)
    assert state not in steps
