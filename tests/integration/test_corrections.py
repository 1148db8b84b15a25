"""Corrections: shown at once, found by, kept through every re-index, taken back; in one base alone."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.core.account_errors import RoleTooLow
from carrel.core.accounts import COMMAND_LINE, Caller, Role
from carrel.core.bibliography_errors import CorrectionUnusable
from carrel.core.corrections import Value
from carrel.core.errors import PaperMissing
from carrel.core.jobs import JobState
from carrel.core.metadata import Source
from carrel.core.ranking import Filters, Mode, PaperRecord
from carrel.core.rebuild import Change
from carrel.library.backup import back_up
from carrel.library.holdings import Holdings
from carrel.library.importing import add_missing
from carrel.library.opened_backup import OpenedBackup
from carrel.storage import members, queue
from carrel.storage.clock import now
from carrel.storage.descriptions import descriptions
from carrel.storage.paper_pages import Order, Wanted
from tests.integration.worlds import (
    WORLDS,
    World,
    fake_paper,
    title_of,
    world_of_fakes,
    world_on_postgres,
    world_with_real_index,
)


@pytest.fixture(
    params=[world_of_fakes, world_with_real_index, world_on_postgres], ids=["fakes", "real index", "postgres"]
)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with request.param(tmp_path) as world:
        yield world


def add(world: World, title: str, kb: str = "library", **header: str) -> str:
    content = fake_paper(title, f"This paper is about {title.lower()}.", **header)
    return world.accept_bytes(f"{title}.pdf", content, kb).paper_id


def holdings(world: World, kb: str = "library", caller: Caller = COMMAND_LINE) -> Holdings:
    return Holdings(world.services.catalog, caller, kb)


def quietly(kind: str, count: int) -> None:
    """Nobody watches."""


def record(world: World, paper: str, kb: str = "library") -> PaperRecord:
    return holdings(world, kb).one(paper).paper.record


def test_a_correction_is_shown_at_once_in_its_base_alone_with_who_and_when(world: World) -> None:
    paper = add(world, "Glaziers", year="1019", authors="A. Smith")
    add(world, "Glaziers", kb="other", year="1019", authors="A. Smith")
    world.work()
    with world.services.catalog.write() as tx:
        tx.run("INSERT INTO users VALUES ('u1', 'Ann', 'ann', 'x', 0, 0, 0, :now, '')", now=now())
        members.set_role(tx, world.shelf().id, "u1", Role.EDITOR)
    ann = Caller("u1", "Ann", administrator=False)
    added_at = holdings(world).one(paper).paper.added_at
    holdings(world, caller=ann).correct(
        paper, {"title": "  Glaciers \n of Iceland", "year": 2019, "authors": ("Å. Smith", "李明")}
    )
    found = record(world, paper)
    metadata = found.metadata
    assert (metadata.title, metadata.year, metadata.authors) == (
        "Glaciers of Iceland",
        2019,
        ("Å. Smith", "李明"),
    )
    assert {metadata.evidence[name].source for name in ("title", "year", "authors")} == {Source.CORRECTED}
    assert found.as_read is not None
    assert (found.as_read.title, found.as_read.year, found.as_read.authors) == (
        "Glaziers",
        1019,
        ("A. Smith",),
    )
    assert {(each.field, each.user_name) for each in found.corrections} == {
        ("title", "Ann"),
        ("year", "Ann"),
        ("authors", "Ann"),
    }
    assert record(world, paper, "other").metadata.title == "Glaziers"
    shelves = world.services.shelves
    assert [each.metadata.title for each in shelves.contents([world.shelf()]).papers] == [metadata.title]
    assert shelves.find(paper, [world.shelf()]).metadata.year == 2019
    world.work()
    assert record(world, paper, "other").metadata.title == "Glaziers"  # nor by the journey
    assert record(world, paper).as_read == found.as_read
    assert holdings(world).one(paper).paper.added_at == added_at


def test_it_is_found_by_once_the_journey_was_made_again(world: World) -> None:
    paper = add(world, "Untitled", year="1019", authors="Nobody")
    add(world, "Compilers", year="1999")
    world.work()
    holdings(world).correct(paper, {"title": "Permafrost", "year": 2019, "authors": ("Li Ming",)})
    assert world.titles("untitled") == ["Compilers", "Untitled"]  # searchable all the while
    asked: list[str] = []
    world.embedder.before = asked.append
    parsed = list(world.parser.parsed)
    world.work()
    assert world.parser.parsed == parsed  # the stored parse is enough
    assert asked
    assert all("Permafrost" in text for text in asked)
    for mode in Mode:
        assert title_of(world.search("permafrost", mode=mode).hits[0]) == "Untitled"
    hit = world.search("permafrost").hits[0]
    assert hit.paper.metadata.title == "Permafrost"
    assert [title_of(h) for h in world.search("paper", filters=Filters(year_from=2019)).hits] == ["Untitled"]
    assert [title_of(h) for h in world.search("paper", filters=Filters(authors=("Ming",))).hits] == [
        "Untitled"
    ]
    assert world.search("paper", filters=Filters(authors=("Nobody",))).hits == ()
    assert world.index().counts() == (2, world.shelf().passages)


def test_a_year_alone_asks_no_model(world: World) -> None:
    paper = add(world, "Comets", year="1019")
    world.work()
    world.embedder.gone = AssertionError("the model was asked")
    holdings(world).correct(paper, {"year": 2019, "doi": "https://doi.org/10.1000/ABC."})
    assert record(world, paper).metadata.doi == "10.1000/abc"
    (finished,) = world.work()
    assert finished.job.state is JobState.DONE


def test_a_doi_alone_queues_nothing_and_what_is_the_same_changes_nothing(world: World) -> None:
    paper = add(world, "Comets", year="2019")
    world.work()
    holdings(world).correct(paper, {"doi": "10.1000/abc"})
    holdings(world).correct(paper, {"title": "Comets", "year": 2019})
    assert world.work() == []
    assert [each.field for each in record(world, paper).corrections] == ["doi"]
    holdings(world).correct(paper, {"doi": ""})
    assert record(world, paper).corrections == ()


def test_it_is_taken_back(world: World) -> None:
    paper = add(world, "Violins", year="1715", venue="nowhere")
    world.work()
    holdings(world).correct(paper, {"title": "Cellos", "year": None})
    world.work()
    assert record(world, paper).metadata.year is None
    assert "year" not in record(world, paper).metadata.evidence
    holdings(world).correct(paper, {}, ["title", "year", "venue"])
    assert (record(world, paper).metadata.title, record(world, paper).metadata.year) == ("Violins", 1715)
    world.work()
    assert record(world, paper).as_read is None
    assert title_of(world.search("violins", mode=Mode.LEXICAL).hits[0]) == "Violins"
    assert world.search("cellos", mode=Mode.LEXICAL).hits == ()
    holdings(world).correct(paper, {"title": "Cellos"})
    holdings(world).correct(paper, {"title": "Violins"})  # what was read: no correction is left
    assert record(world, paper).corrections == ()


def test_it_survives_re_indexing_and_lists_sort_by_it(world: World) -> None:
    paper = add(world, "Zebras", year="1900")
    add(world, "Mules", year="1950")
    world.work()
    holdings(world).correct(paper, {"title": "Antelopes", "year": 2020})
    world.work()
    world.reindex(Change(dimensions=32))
    assert record(world, paper).metadata.title == "Antelopes"
    assert title_of(world.search("antelopes", mode=Mode.LEXICAL).hits[0]) == "Zebras"
    assert [title_of(h) for h in world.search("paper", filters=Filters(year_from=2020)).hits] == ["Zebras"]
    for order in (Order.TITLE, Order.YEAR):
        page = holdings(world).page(Wanted(order), 10)
        assert [each.record.metadata.title for each in page] == ["Antelopes", "Mules"]
        rest = holdings(world).page(Wanted(order, after=(page[0].key, page[0].record.id)), 10)
        assert [each.record.id for each in rest] == [page[1].record.id]
    assert len(holdings(world).page(Wanted(words="ANTEL"), 10)) == 1
    assert [each.record.id for each in holdings(world).page(Wanted(words="zebras"), 10)] == [
        paper
    ]  # its file
    holdings(world).correct(paper, {"year": None})
    assert [s.record.metadata.year for s in holdings(world).page(Wanted(Order.YEAR), 10)] == [1950, None]


def test_generations_that_are_built_or_kept_get_it_too(world: World) -> None:
    paper = add(world, "Reefs")
    world.work()
    world.reindex(Change(dimensions=32))
    rebuilds = world.services.rebuilds()
    rebuilds.begin(world.shelf(), Change(dimensions=48))
    rebuilds.step(world.shelf())
    holdings(world).correct(paper, {"title": "Atolls"})
    world.work()
    world.finish_rebuild()
    assert world.shelf().dimensions == 48
    rebuilds.rollback(world.shelf())
    world.finish_rebuild()
    assert world.shelf().dimensions == 32
    with world.services.catalog.read() as tx:
        rows = tx.rows("SELECT generation, text_key FROM passages ORDER BY generation, ordinal")
    kept: dict[int, list[str]] = {}
    for row in rows:
        kept.setdefault(row["generation"], []).append(row["text_key"])
    first, *others = kept.values()
    assert others == [first] * len(others)
    assert title_of(world.search("atolls", mode=Mode.LEXICAL).hits[0]) == "Reefs"


def test_a_job_in_hand_begins_again(world: World) -> None:
    paper = add(world, "Reefs")

    def correct(text: str) -> None:
        world.embedder.before = lambda _: None
        holdings(world).correct(paper, {"title": "Atolls"})

    world.embedder.before = correct
    world.work()
    world.work()
    assert title_of(world.search("atolls", mode=Mode.LEXICAL).hits[0]) == "Reefs"
    assert world.search("reefs", mode=Mode.DENSE).hits[0].paper.metadata.title == "Atolls"
    with world.services.catalog.read() as tx:
        job = queue.of_paper(tx, world.shelf(), record(world, paper).id)
    assert job is not None
    assert job.state is JobState.DONE
    world.check(library=[record(world, paper).id])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", " \n"),
        ("title", "x" * 1001),
        ("title", None),
        ("year", 99),
        ("year", "2019"),
        ("year", True),
        ("doi", "11.1/x"),
        ("doi", "10.1000/a b"),
        ("language", "English"),
        ("authors", "A. Smith"),
        ("authors", ("x" * 201,)),
        ("venue", "x" * 501),
        ("abstract", "x"),
    ],
)
def test_what_a_field_cannot_be_is_refused(tmp_path: Path, field: str, value: Value) -> None:
    with world_of_fakes(tmp_path) as world:
        paper = add(world, "Comets")
        with pytest.raises(CorrectionUnusable) as refused:
            holdings(world).correct(paper, {field: value, "venue" if field != "venue" else "doi": ""})
        assert field in str(refused.value)
        assert record(world, paper).corrections == ()


def test_viewers_and_strangers_correct_nothing(world: World) -> None:
    paper = add(world, "Comets")
    with world.services.catalog.write() as tx:
        tx.run("INSERT INTO users VALUES ('u1', 'Ann', 'ann', 'x', 0, 0, 0, :now, '')", now=now())
        members.set_role(tx, world.shelf().id, "u1", Role.VIEWER)
    with pytest.raises(RoleTooLow):
        holdings(world, caller=Caller("u1", "Ann", administrator=False)).correct(paper, {"year": 2000})
    with pytest.raises(PaperMissing):
        holdings(world).correct("0" * 32, {"year": 2000})


def test_it_comes_with_a_backup_into_an_empty_folder_and_beside_others(tmp_path: Path) -> None:
    make = WORLDS["fakes"]
    for name in ("one", "beside"):
        (tmp_path / name).mkdir()
    with make(tmp_path / "one") as one, make(tmp_path / "beside") as beside:
        paper = add(one, "Comets")
        one.work()
        holdings(one).correct(paper, {"title": "Meteors"})
        one.work()
        stream = io.BytesIO()
        back_up(one.services.stores(), stream, True, quietly)
        backup = OpenedBackup(io.BytesIO(stream.getvalue()), "a.backup")
        add_missing(backup, beside.services.stores(), quietly)
        assert record(beside, paper).metadata.title == "Meteors"
        beside.embedder.gone = AssertionError("the model was asked")
        beside.work()
        assert title_of(beside.search("meteors", mode=Mode.LEXICAL).hits[0]) == "Comets"


def test_filters_and_facets_know_what_was_corrected(world: World) -> None:
    paper = add(world, "Comets", language="en")
    add(world, "Meteors", language="en")
    world.work()
    holdings(world).correct(paper, {"venue": "Icarus", "language": "zh"})
    for filters in (Filters(venues=("Icarus",)), Filters(languages=("zh",))):
        assert [title_of(hit) for hit in world.search("paper", filters=filters).hits] == ["Comets"]
    assert [title_of(h) for h in world.search("paper", filters=Filters(languages=("en",))).hits] == [
        "Meteors"
    ]
    with world.services.catalog.read() as tx:
        found = descriptions(tx, [world.shelf().id])
    assert sorted((each.venue, each.language) for each in found) == [("", "en"), ("Icarus", "zh")]
