"""An index that cannot be opened keeps nothing else from being searched."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from carrel.core.engine_errors import EndpointUnavailable
from carrel.core.errors import CarrelError, SpaceMismatch
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import Index
from carrel.core.ranking import Mode
from tests.integration.worlds import WIDE_MODEL, World, fake_paper, title_of, world_with_real_index

Fails = Callable[[World], type[CarrelError]]
QUESTIONS = ("comets", '"comets"', "comets -zebrafish", "lang:en -zebrafish", 'lang:en -"zebrafish swim"')


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Two knowledge bases of two models, each with a paper on comets and one on zebrafish."""
    with world_with_real_index(tmp_path) as opened:
        opened.services.shelves.create("usual")
        opened.services.shelves.create("wide", embedder=WIDE_MODEL)
        for kb, when in (("usual", "by night"), ("wide", "by day")):
            for title in ("Comets", "Zebrafish"):
                text = f"Here {title.lower()} swim {when}."
                opened.accept_bytes(f"{title} {when}.pdf", fake_paper(title, text, language="en"), kb)
        opened.work()
        yield opened


def of_another_analyser(world: World, kb: str = "wide") -> type[CarrelError]:
    """Have an index look as an earlier version left it."""
    base = world.shelf(kb)
    marker = world.services.settings.home / "index" / base.id / str(base.generation) / "index.json"
    marker.write_text(json.dumps(json.loads(marker.read_text()) | {"analyser": 1}))
    return SpaceMismatch


def of_unknown_width(world: World) -> type[CarrelError]:
    """Have the wide model's server away that has never said how wide its vectors are."""
    index_of = world.services.index_of

    def failing(base: KnowledgeBase) -> Index:
        if base.embedder == WIDE_MODEL:
            raise EndpointUnavailable(endpoint="http://e", detail="away", setting="CARREL_EMBEDDER_URL")
        return index_of(base)

    world.services = replace(world.services, index_of=failing)
    return EndpointUnavailable


@pytest.mark.parametrize("fails", [of_another_analyser, of_unknown_width])
def test_the_others_answer_and_it_is_said_to_be_left_out(world: World, fails: Fails) -> None:
    assert len(world.search("lang:en -zebrafish").hits) == 2
    error = fails(world)
    for text in QUESTIONS:
        for mode in Mode:
            found = world.search(text, mode=mode)
            assert title_of(found.hits[0]) == "Comets by night", (text, mode)
            assert all(title_of(hit).endswith("by night") for hit in found.hits)
            (left_out,) = found.left_out
            assert (left_out.name, left_out.by_words) == ("wide", False)
            assert isinstance(left_out.error, error)
            assert left_out.reason == left_out.error.message
            assert left_out.hint == left_out.error.hint
    assert world.search("lang:en").left_out == ()  # it needs no index
    assert len(world.search("lang:en").hits) == 4
    assert world.search("comets", "usual").left_out == ()


@pytest.mark.parametrize("fails", [of_another_analyser, of_unknown_width])
@pytest.mark.parametrize("text", QUESTIONS)
def test_where_nothing_else_is_searched_it_is_an_error(world: World, fails: Fails, text: str) -> None:
    error = fails(world)
    with pytest.raises(error):
        world.search(text, "wide", mode=Mode.LEXICAL)


def test_the_hint_says_how_to_build_it_anew(world: World) -> None:
    of_another_analyser(world)
    (left_out,) = world.search("comets").left_out
    assert "analyser 1" in left_out.reason
    assert "carrel reindex --kb wide" in left_out.hint


def test_each_index_is_opened_once_a_search(world: World) -> None:
    asked: list[str] = []
    index_of = world.services.index_of

    def counted(base: KnowledgeBase) -> Index:
        asked.append(base.name)
        return index_of(base)

    world.services = replace(world.services, index_of=counted)
    assert world.search('"comets" -zebrafish').hits
    assert sorted(asked) == ["usual", "wide"]


def test_papers_similar_to_one_are_looked_for_in_the_other_indexes(world: World) -> None:
    world.services.shelves.create("more")
    for title in ("Comets", "Zebrafish"):
        text = f"Here {title.lower()} swim at dawn."
        world.accept_bytes(f"{title} at dawn.pdf", fake_paper(title, text, language="en"), "more")
    world.work()
    paper, other = (world.search("comets", kb).hits[0].paper.id for kb in ("usual", "more"))
    assert len(world.services.similar("usual", paper)) == 3
    of_another_analyser(world, "more")
    (near,) = world.services.similar("usual", paper)
    assert near.paper.file_name == "Zebrafish by night.pdf"
    with pytest.raises(SpaceMismatch):
        world.services.similar("more", other)
