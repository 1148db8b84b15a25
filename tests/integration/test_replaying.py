"""Replaying a search: on the same index the same list, ties included; else what differs, and why it may."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.ids import PaperId
from carrel.core.ranking import Filters, Mode, Query
from carrel.core.rebuild import Change
from carrel.core.search_record import Cause, SearchRecord, What, compared
from carrel.core.search_record_format import NewerFormat, record_fields, record_of
from tests.integration.worlds import World, fake_paper, world_of_fakes, world_with_real_index

WORDS = (
    "azure",
    "beige",
    "coral",
    "denim",
    "ebony",
    "fawn",
    "green",
    "hazel",
    "ivory",
    "jade",
    "khaki",
    "lime",
)
LIKE_ONE_ANOTHER = {f"A {word} whale": f"Whales sing of {word} things." for word in WORDS}


def filled(world: World, titles: Sequence[str]) -> None:
    """Let two knowledge bases hold papers that no word of the question tells apart, in this order."""
    for title in titles:
        content = fake_paper(title, LIKE_ONE_ANOTHER[title])
        world.accept_bytes(f"{title}.pdf", content)
        world.accept_bytes(f"{title}.pdf", content, "other")
    world.work()


def record(world: World, query: Query) -> SearchRecord:
    """Search, and return the record as a file would keep it."""
    result = world.services.search(query)
    made = world.services.record(query, result)
    return record_of(json.loads(json.dumps(record_fields(made, made.query.text))))


def the_list(found: SearchRecord) -> list[tuple[PaperId, float, tuple[tuple[str, float], ...]]]:
    return [(paper.paper, paper.score, paper.passages) for paper in found.papers]


def test_ties_fall_alike_whatever_the_order_in_which_papers_came(tmp_path: Path) -> None:
    titles = list(LIKE_ONE_ANOTHER)
    queries = [Query("whales sing of things", mode=mode, limit=4) for mode in (Mode.LEXICAL, Mode.HYBRID)]
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with world_with_real_index(tmp_path / "one") as world:
        filled(world, titles)
        first = [record(world, query) for query in queries]
    assert len({paper.score for paper in first[0].papers}) == 1  # there were ties
    with world_with_real_index(tmp_path / "one") as world:  # opened again
        world.services.own_index("a test", 0)
        for before in first:
            assert compared(before, record(world, before.query)) == compared(before, before)
    with world_with_real_index(tmp_path / "two") as world:
        filled(world, titles[::-1])
        assert [the_list(record(world, query)) for query in queries] == [the_list(each) for each in first]


def test_what_differs_is_told_with_why_it_may(tmp_path: Path) -> None:
    with world_of_fakes(tmp_path) as world:
        filled(world, list(LIKE_ONE_ANOTHER)[:4])
        query = Query("azure whales", ("library",), limit=3)
        before = record(world, query)
        assert [base.name for base in before.knowledge_bases] == ["library"]
        assert before.knowledge_bases[0].space == world.services.space_of(world.shelf()).id
        assert before.knowledge_bases[0].weights
        shelves = world.services.shelves
        shelves.remove(before.papers[0].paper, shelves.readable(["library"]))
        removed = compared(before, record(world, before.query))
        assert removed.differences[0].what is What.GONE
        assert {each.what for each in removed.differences} >= {What.GONE, What.NEW, What.MOVED}
        assert [(each.what, each.before, each.now) for each in removed.causes] == [
            ("papers", "4", "3"),
            ("passages", "8", "6"),
        ]
        smaller = record(world, before.query)
        world.reindex(Change(chunk_size=128, chunk_overlap=32))
        world.finish_rebuild()
        causes = compared(smaller, record(world, before.query)).causes
        assert [each.what for each in causes] == ["generation", "chunking"]


def test_scores_are_the_same_within_a_millionth(tmp_path: Path) -> None:
    with world_of_fakes(tmp_path) as world:
        filled(world, list(LIKE_ONE_ANOTHER)[:2])
        found = record(world, Query("azure whales"))
    first, *others = found.papers

    def changed(by: float) -> SearchRecord:
        return replace(found, papers=(replace(first, score=first.score + by), *others), version="9.9")

    assert compared(found, changed(5e-7)).differences == ()
    assert [each.what for each in compared(found, changed(5e-6)).differences] == [What.SCORE]
    assert compared(found, changed(0)).causes == (Cause("version", "", found.version, "9.9"),)


YEARS = st.none() | st.integers(1, 9999)


@given(st.text(max_size=20), YEARS, YEARS, st.lists(st.text(max_size=5), max_size=2))
def test_every_question_comes_back_from_its_record(
    text: str, first: int | None, last: int | None, names: list[str]
) -> None:
    filters = Filters(first, last, *(tuple(names),) * 4)
    query = Query(text, (), Mode.DENSE, 7, filters, "evidence", rerank=True)
    made = SearchRecord("1", "now", query, (), None, ())
    assert record_of(json.loads(json.dumps(record_fields(made, text)))) == made


@pytest.mark.parametrize(
    "broken",
    [[], {}, {"format": "carrel-search-record", "format_version": 1}, {"format": "x", "format_version": 9}],
)
def test_what_is_no_record_is_refused(broken: object) -> None:
    try:
        record_of(broken)
    except NewerFormat:
        pytest.fail("not of a newer Carrel")
    except ValueError:
        return
    pytest.fail("taken for a record")


def test_a_newer_format_is_told_from_what_is_none() -> None:
    with pytest.raises(NewerFormat):
        record_of({"format": "carrel-search-record", "format_version": 2, "carrel": "3.0"})
