"""What is shown of what a search finds: marked words, excerpts, sentences that tell, similar papers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.core.accounts import Caller
from carrel.core.errors import KnowledgeBaseMissing, PaperMissing
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


def test_similar_papers_come_nearest_first_from_what_the_caller_may_read(tmp_path: Path) -> None:
    with world_of_fakes(tmp_path) as world:
        world.add("Old violins of Cremona", "Violins of Paris", "Compilers")
        world.add("Violins of Cremona", "Violins of Paris", kb="other")
        services = world.services
        (paper,) = (
            record.id
            for record in services.shelves.contents([world.shelf("library")]).papers
            if record.metadata.title == "Old violins of Cremona"
        )

        def found(*within: str, limit: int = 10) -> list[str]:
            near = services.similar("library", paper, within, limit)
            scores = [each.score for each in near]
            assert scores == sorted(scores, reverse=True)
            return [each.paper.metadata.title for each in near]

        assert found() == ["Violins of Cremona", "Violins of Paris", "Compilers"]
        assert found("library") == ["Violins of Paris", "Compilers"]
        assert found(limit=1) == ["Violins of Cremona"]
        services.vectors.delete([key for _, key in services.vectors.names(("", ""), 1000)])
        assert found("library") == ["Violins of Paris", "Compilers"]  # the vector is made anew
        with pytest.raises(KnowledgeBaseMissing):
            services.similar("library", paper, caller=CALLER)
        with pytest.raises(PaperMissing):
            services.similar("other", paper)
