"""Measuring on a knowledge base: its cached vectors are enough, and the result is kept while it holds."""

from pathlib import Path

import pytest

from carrel.core.engine_errors import EndpointUnavailable
from carrel.evaluation.measuring import FEWEST_PASSAGES
from tests.integration.worlds import World, world_of_fakes


def filled(world: World, papers: int) -> None:
    world.add(*(f"Subject {number} of many" for number in range(papers)))


def test_it_asks_no_model_and_is_kept(tmp_path: Path) -> None:
    with world_of_fakes(tmp_path) as world:
        filled(world, FEWEST_PASSAGES)
        world.embedder.gone = EndpointUnavailable(endpoint="x", detail="gone", setting="X")
        services, shelf = world.services, world.shelf()
        assert services.measurements.known(shelf) is None
        measured = services.recall_of_cuts(shelf)
        assert measured.passages >= FEWEST_PASSAGES
        assert measured.cuts[-1].dimensions == measured.width == world.embedder.encoder.width
        assert measured.cuts[-1].recall == 1
        assert services.recall_of_cuts(shelf) is measured
        assert services.measurements.known(world.shelf()) is measured


def test_another_paper_is_another_measurement(tmp_path: Path) -> None:
    with world_of_fakes(tmp_path) as world:
        filled(world, FEWEST_PASSAGES)
        first = world.services.recall_of_cuts(world.shelf())
        world.add("One more")
        assert world.services.measurements.known(world.shelf()) is None
        assert world.services.recall_of_cuts(world.shelf()).passages > first.passages


@pytest.mark.parametrize("papers", [0, 3])
def test_of_few_passages_nothing_is_said(tmp_path: Path, papers: int) -> None:
    with world_of_fakes(tmp_path) as world:
        world.services.shelves.existing_or_new("library")
        filled(world, papers)
        measured = world.services.recall_of_cuts(world.shelf())
        assert measured.cuts == ()
        assert measured.passages < FEWEST_PASSAGES
