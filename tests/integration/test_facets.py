"""Facets of real searches: over every candidate and not only over what is shown."""

from collections.abc import Iterator

import pytest

from carrel.core.accounts import Caller
from carrel.core.errors import KnowledgeBaseMissing
from carrel.core.facets import Facet
from carrel.core.ranking import Filters, Mode
from tests.integration.worlds import World, fake_paper, world_of_fakes, world_on_postgres


@pytest.fixture(scope="module", params=[world_of_fakes, world_on_postgres], ids=["fakes", "postgres"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with request.param(tmp_path_factory.mktemp("facets")) as opened:
        for number in range(30):
            header = {"year": str(2000 + number % 2), "authors": f"Anna Smith; Author {number % 20:02}"}
            if number % 3 == 0:
                header["venue"] = "Nature"
            content = fake_paper(f"Paper {number}", "A paper about stars.", **header)
            opened.accept_bytes(f"{number}.pdf", content, "library" if number % 5 else "other")
        opened.accept_bytes("alone.pdf", fake_paper("鲸", "一篇关于鲸的论文。", language="zh"), "other")
        opened.work()
        yield opened


def shown(facets: tuple[Facet, ...]) -> dict[str, int]:
    return {each.name: each.count for each in facets}


def test_all_candidates_count_and_not_only_the_results(world: World) -> None:
    result = world.search("a paper about stars", mode=Mode.LEXICAL, limit=3)
    assert len(result.hits) == 3
    facets = world.services.facets(result)
    assert facets.papers == 30
    assert shown(facets.knowledge_bases) == {"library": 24, "other": 6}
    assert [(each.name, each.count) for each in facets.years] == [("2001", 15), ("2000", 15)]
    assert shown(facets.venues) == {"Nature": 10}
    assert shown(facets.languages) == {"en": 30}
    assert len(facets.authors) == 12
    assert facets.authors[0] == Facet("Anna Smith", 30, "Anna Smith")


def test_a_facet_says_how_many_papers_its_filter_leaves(world: World) -> None:
    facets = world.services.facets(world.search("stars", mode=Mode.LEXICAL))
    for author in facets.authors:
        found = world.search("stars", mode=Mode.LEXICAL, filters=Filters(authors=(author.value,)), limit=50)
        assert len(found.hits) == author.count
    (venue,) = facets.venues
    narrowed = world.search("stars", mode=Mode.LEXICAL, filters=Filters(venues=(venue.value,)), limit=50)
    assert len(narrowed.hits) == venue.count == world.services.facets(narrowed).papers


def test_without_a_question_every_paper_counts(world: World) -> None:
    facets = world.services.facets(None)
    assert facets.papers == 31
    assert shown(facets.languages) == {"en": 30, "zh": 1}
    assert shown(world.services.facets(None, ["other"]).knowledge_bases) == {"other": 7}


def test_a_search_that_finds_nothing_has_no_facets(world: World) -> None:
    result = world.search("zebras", mode=Mode.LEXICAL)
    assert result.hits == ()
    assert world.services.facets(result).papers == 0


def test_nobody_counts_what_they_may_not_read(world: World) -> None:
    stranger = Caller("nobody", "nobody", administrator=False)
    result = world.search("stars")  # of somebody who may
    assert world.services.facets(result, (), stranger).papers == 0
    assert world.services.facets(None, (), stranger).papers == 0
    with pytest.raises(KnowledgeBaseMissing):
        world.services.facets(None, ["library"], stranger)
