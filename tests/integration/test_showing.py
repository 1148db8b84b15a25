"""What is shown of the passages that a search finds: marked words, excerpts, and sentences that tell."""

from collections.abc import Iterator

import pytest

from carrel.core.accounts import Caller
from carrel.core.errors import KnowledgeBaseMissing
from carrel.core.ranking import Mode
from tests.integration.worlds import World, world_of_fakes

CALLER = Caller("nobody", "nobody", administrator=False)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_of_fakes(tmp_path_factory.mktemp("showing")) as opened:
        opened.accept(
            "Instruments",
            "Violins are made of spruce and of maple wood. Trumpets are made of brass by careful smiths.",
        )
        opened.work()
        yield opened


def test_the_words_that_found_a_passage_are_marked_in_it(world: World) -> None:
    result = world.search("wooden violin", mode=Mode.LEXICAL)
    passage = result.hits[0].passages[0].passage
    shown = world.services.marker(result.query).excerpt(passage.text)
    assert [passage.text[start:end] for start, end in shown.marks] == ["Violins"]


def test_the_telling_sentence_comes_by_the_model_and_leaves_no_vector_behind(world: World) -> None:
    passage = world.search("trumpets").hits[0].passages[0].passage
    before = world.services.vectors.names(("", ""), 1000)
    (told, nothing) = world.services.telling("brass trumpets by smiths", [passage.text, ""], "library")
    assert told is not None
    assert passage.text[told.start : told.end] == "Trumpets are made of brass by careful smiths."
    assert nothing is None
    assert world.services.vectors.names(("", ""), 1000) == before


def test_only_who_may_read_a_knowledge_base_may_use_its_model(world: World) -> None:
    with pytest.raises(KnowledgeBaseMissing):
        world.services.telling("brass", ["Trumpets are made of brass."], "library", CALLER)
