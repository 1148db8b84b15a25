"""One file in knowledge bases of two domains: what one reads in it changes nothing in the other."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from carrel.core.domains import Domain
from carrel.core.jobs import JobState
from carrel.core.ranking import Filters, PaperRecord
from carrel.core.rebuild import Change
from carrel.ingest.worker import Finished, work
from tests.fakes.parser import fake_pdf
from tests.integration.worlds import World, world_of_fakes, world_with_real_index

PATENT = fake_pdf(
    "How comets move",
    "(54) PAINTING OF FENCES (72) Mallory, Eve (71) Acme Corp. (43) Pub. Date: 3 May 1999\n\n"
    "(57) Fences are painted.\n\nBackground\n\nComets move as they always did.",
    authors="Ada Lovelace",
    year="2020",
    venue="Annals",
)
AS_PAPER = ("How comets move", ("Ada Lovelace",), 2020, "Annals", "")
AS_PATENT = ("Painting Of Fences", ("Mallory, Eve",), 1999, "Acme Corp.", "Fences are painted.")


def in_this_process(world: World) -> None:
    world.work()


def handed_over(world: World) -> None:
    """Work the queue off as a server does: a worker makes papers ready, the owner of the index takes them."""
    world.services.own_index("a test", 0)
    stop = threading.Event()
    with world.services.catalog.read() as tx:
        waiting = len(tx.rows("SELECT 1 FROM jobs WHERE state = :state", state=JobState.QUEUED))
    for event in work(world.services.workshop(hand_over=True), stop):
        waiting -= isinstance(event, Finished)
        if not waiting:
            stop.set()
    owner = world.services.owner()
    while owner.step():
        pass


Way = Callable[[World], None]
both_ways = pytest.mark.parametrize("bring_in", [in_this_process, handed_over])


@pytest.fixture(params=[world_of_fakes, world_with_real_index])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with request.param(tmp_path) as world:
        world.services.shelves.create("patents", domain=Domain.PATENTS)
        yield world


def record(world: World, kb: str = "library") -> PaperRecord:
    (found,) = world.services.shelves.contents([world.shelf(kb)]).papers
    return found


def read(world: World, kb: str = "library") -> tuple[object, ...]:
    metadata = record(world, kb).metadata
    return metadata.title, metadata.authors, metadata.year, metadata.venue, metadata.abstract


def years(world: World, kb: str) -> set[int]:
    """Return the years by which a knowledge base's index finds its one paper."""
    return {
        year
        for year in (1999, 2020)
        if world.search("comets", kb, filters=Filters(year_from=year, year_to=year)).hits
    }


def kept_of_the_paper(world: World) -> dict[str, list[tuple[object, ...]]]:
    with world.services.catalog.read() as tx:
        return {
            table: [tuple(row) for row in tx.rows(f"SELECT * FROM {table}")]
            for table in ("papers", "likenesses", "cited_works")
        }


@both_ways
def test_what_was_read_first_stands_for_both(world: World, bring_in: Way) -> None:
    world.accept_bytes("p.pdf", PATENT)
    bring_in(world)
    before = kept_of_the_paper(world)

    world.accept_bytes("p.pdf", PATENT, "patents")
    bring_in(world)

    assert kept_of_the_paper(world) == before
    assert read(world) == read(world, "patents") == AS_PAPER
    assert years(world, "library") == years(world, "patents") == {2020}
    assert "Mallory" not in str(world.search("author:Mallory", "patents").hits)


@both_ways
def test_two_that_come_at_once_agree(world: World, bring_in: Way) -> None:
    world.accept_bytes("p.pdf", PATENT, "patents")
    world.accept_bytes("p.pdf", PATENT)
    bring_in(world)
    assert read(world) == read(world, "patents")
    assert read(world) in (AS_PAPER, AS_PATENT)
    assert years(world, "library") == years(world, "patents") == {record(world).metadata.year}


def test_a_base_alone_reads_as_it_likes(world: World) -> None:
    world.accept_bytes("p.pdf", PATENT)
    world.work()
    world.reindex(Change(domain=Domain.PATENTS))
    assert read(world) == AS_PATENT
    assert years(world, "library") == {1999}
    world.services.rebuilds().rollback(world.shelf())
    world.finish_rebuild()
    assert read(world) == AS_PAPER
    assert years(world, "library") == {2020}


def test_a_base_that_becomes_one_of_patents_changes_nothing_for_others(world: World) -> None:
    world.services.shelves.create("other")
    for kb in ("library", "other"):
        world.accept_bytes("p.pdf", PATENT, kb)
    world.work()
    before = kept_of_the_paper(world)
    world.reindex(Change(domain=Domain.PATENTS), "other")
    assert world.shelf("other").domain is Domain.PATENTS
    assert kept_of_the_paper(world) == before
    assert read(world) == read(world, "other") == AS_PAPER
    assert years(world, "library") == years(world, "other") == {2020}


def test_once_the_other_base_is_gone_the_paper_is_read_as_its_own_domain_has_it(world: World) -> None:
    for kb in ("library", "patents"):
        world.accept_bytes("p.pdf", PATENT, kb)
        world.work()
    world.services.shelves.remove(record(world).id, [world.shelf()])
    assert read(world, "patents") == AS_PAPER  # as its index has it
    assert years(world, "patents") == {2020}
    world.services.shelves.remove(record(world, "patents").id, [world.shelf("patents")])
    world.accept_bytes("p.pdf", PATENT, "patents")
    world.work()
    assert read(world, "patents") == AS_PATENT
    assert years(world, "patents") == {1999}
