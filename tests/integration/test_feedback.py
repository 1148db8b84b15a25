"""The best papers say what was meant: a real search finds what shares no word with the question."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.core.ranking import Mode, Signal
from tests.integration.worlds import World, fake_paper, world_of_fakes

NEAR = "Corals lose their colour in warm water"
FAR = "Symbionts leave when warm water comes"


def scores(world: World, text: str, mode: Mode) -> dict[str, float]:
    result = world.search(text, mode=mode)
    found = dict(result.candidates)[Signal.DENSE_PAPERS]
    titles = {hit.paper.id: hit.paper.metadata.title for hit in result.hits}
    return {titles[each.paper_id]: each.score for each in found if each.paper_id in titles}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_of_fakes(tmp_path) as opened:
        for number, title in enumerate((NEAR, FAR, "Violins and their makers", "A grammar of compilers")):
            opened.accept_bytes(f"{number}.pdf", fake_paper(title, f"{title}, it is said."), "library")
        opened.work()
        yield opened


def test_a_neighbour_of_the_answer_comes_nearer_in_both_ways_of_searching_only(world: World) -> None:
    alone = scores(world, "corals colour", Mode.DENSE)
    together = scores(world, "corals colour", Mode.HYBRID)
    assert together[FAR] > alone[FAR]
    assert max(together, key=together.__getitem__) == NEAR


def test_vectors_that_are_lost_leave_the_question_as_it_is(world: World) -> None:
    vectors = world.services.vectors
    assert vectors.delete([key for _, key in vectors.names(("", ""), 1000)])
    assert scores(world, "corals colour", Mode.HYBRID) == pytest.approx(
        scores(world, "corals colour", Mode.DENSE)
    )
