"""Wishes as to the order, in real searches: what they do, what stays; without one nothing is looked up."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from carrel.core.ids import PaperId
from carrel.core.ranking import FusedPaper, Preference, Query, SearchResult
from carrel.core.rebuild import Change
from carrel.core.search_record import compared
from carrel.core.search_record_format import record_fields, record_of
from carrel.search.inquiry import Inquiry
from carrel.search.scope import Scope
from carrel.search.understand import read
from carrel.search.wishes import granted
from tests.integration.worlds import World, fake_paper, title_of, world_of_fakes

# Title, text, year: two that say the same of nearly the same, and others.
PAPERS = (
    ("Corals bleach where summers bring heat", "Corals bleach where summers bring heat.", "2001"),
    ("Corals bleach where winters bring heat", "Corals bleach where winters bring heat.", "2003"),
    ("Corals shelter shrimp from hungry barracuda", "Corals shelter shrimp from hungry fish.", "2019"),
    ("Violins of Cremona", "Makers of violins chose spruce and corals never.", "2021"),
)
QUESTION = "corals summers"
QUOTATION = "makers of violins chose spruce and corals never ever"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_of_fakes(tmp_path) as opened:
        for title, text, year in PAPERS:
            content = fake_paper(title, text, year=year, authors=f"A. {title.split()[-1].title()}")
            opened.accept_bytes(f"{title}.pdf", content, "library")
        opened.work()
        yield opened


def search(world: World, text: str = QUESTION, **wishes: object) -> SearchResult:
    world.services.indexes.acquire("a test", 0)
    return world.services.search(replace(Query(text), **wishes))  # type: ignore[arg-type]


def titles(result: SearchResult) -> list[str]:
    return [title_of(hit) for hit in result.hits]


def test_each_wish_does_what_it_says_and_says_what_it_did(world: World) -> None:
    plain = search(world)
    assert all(hit.favours == () and hit.place_before is None for hit in plain.hits)

    diverse = search(world, diverse=True)
    first, other, same, last = titles(plain)
    assert {first, same} == {PAPERS[0][0], PAPERS[1][0]}
    assert titles(diverse) == [first, other, last, same]
    assert [hit.place_before for hit in diverse.hits] == [1, 2, 4, 3]
    assert [hit.score for hit in diverse.hits] == [hit.score for hit in plain.hits]

    recent = search(world, prefer=(Preference.RECENT,))
    years = {title: int(year) for title, _, year in PAPERS}
    best = plain.hits[0].score
    for hit in recent.hits:
        (favour,) = hit.favours
        assert favour.value == years[title_of(hit)]
        assert favour.share == pytest.approx(0.1 * best * 0.5 ** ((2021 - favour.value) / 5))
        assert hit.score == pytest.approx(
            sum(part.share for part in hit.contributions) + hit.quotation + favour.share
        )


def test_papers_that_others_of_the_searched_cite_come_up_and_reindexing_fills_in_what_is_missing(
    world: World,
) -> None:
    cited = titles(search(world, "corals bleach"))[1]
    reference = f"\n\n> Heat, A. (2003). {cited}. Journal of Corals, 1."
    for name, kb in (("One", "library"), ("Two", "library"), ("Three", "elsewhere")):
        world.accept_bytes(f"{name}.pdf", fake_paper(f"{name} of coral reefs", f"On reefs.{reference}"), kb)
    world.work()

    def counted(*kbs: str) -> dict[str, int | None]:
        found = search(world, knowledge_bases=kbs, prefer=(Preference.CITED,))
        return {title_of(hit): hit.favours[0].value for hit in found.hits}

    assert counted("library") == {title: 0 for title, *_ in PAPERS} | {"One": 0, "Two": 0, cited: 2}
    assert counted()[cited] == 3
    assert titles(search(world, "corals bleach"))[0] != cited
    assert titles(search(world, "corals bleach", prefer=(Preference.CITED,)))[0] == cited
    with world.services.catalog.write() as tx:
        tx.run("DELETE FROM cited_works")  # as in a library from before
    assert counted("library")[cited] == 0
    world.reindex(Change(chunk_size=128, chunk_overlap=32))
    assert counted("library")[cited] == 2


def test_a_quoted_paper_stays_first_and_scores_fall(world: World) -> None:
    plain = search(world, QUOTATION)
    assert plain.hits[0].quotation > 0
    wished = search(world, QUOTATION, prefer=(Preference.RECENT,), diverse=True)
    assert titles(wished)[0] == titles(plain)[0] == PAPERS[3][0]
    scores = [hit.score for hit in wished.hits]
    assert scores == sorted(scores, reverse=True)


def test_a_search_with_wishes_is_replayed_and_older_records_are_read(world: World) -> None:
    query = Query(QUESTION, diverse=True, prefer=(Preference.RECENT,), literal=True)
    result = search(world, diverse=True, prefer=(Preference.RECENT,))
    before = record_of(record_fields(world.services.record(query, result), query.text))
    assert (before.query.diverse, before.query.prefer, before.query.literal) == (
        True,
        (Preference.RECENT,),
        True,
    )
    again = world.services.search(before.query)
    now = record_of(record_fields(world.services.record(before.query, again), query.text))
    assert compared(before, now) == compared(before, before)
    fields = record_fields(world.services.record(Query("corals"), search(world, "corals")), "corals")
    new = ("prefer", "diverse", "literal")
    asked = {name: value for name, value in fields["query"].items() if name not in new}  # type: ignore[union-attr]
    older = record_of({**fields, "query": asked})
    assert (older.query.diverse, older.query.prefer, older.query.literal) == (False, (), False)


def test_without_a_wish_nothing_is_touched() -> None:
    papers = (FusedPaper(PaperId("a"), 0.5, (), ()),)
    inquiry = Inquiry(Query("corals"), read("corals"), (), Scope(Query("").filters), sources=None)  # type: ignore[arg-type]
    assert granted(inquiry, papers) is papers
