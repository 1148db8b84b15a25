"""Tags: given, counted, filtered by, kept by backups and re-indexing, gone with the paper; in one base."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.core.account_errors import RoleTooLow
from carrel.core.accounts import COMMAND_LINE, Caller, Role
from carrel.core.bibliography_errors import TagUnusable
from carrel.core.errors import PaperMissing
from carrel.core.ranking import Filters
from carrel.core.rebuild import Change
from carrel.library.backup import back_up
from carrel.library.holdings import Holdings
from carrel.library.importing import add_missing
from carrel.library.opened_backup import OpenedBackup
from carrel.library.tagging import MOST
from carrel.storage import members
from carrel.storage.clock import now
from carrel.storage.paper_pages import Wanted
from carrel.storage.tags import tag_key
from tests.integration.worlds import WORLDS, World, world_of_fakes, world_on_postgres


@pytest.fixture(params=[world_of_fakes, world_on_postgres], ids=["sqlite", "postgres"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with request.param(tmp_path) as world:
        yield world


def holdings(world: World, kb: str = "library", caller: Caller = COMMAND_LINE) -> Holdings:
    return Holdings(world.services.catalog, caller, kb)


def tags_of(world: World, paper: str, kb: str = "library") -> tuple[str, ...]:
    return holdings(world, kb).one(paper).paper.record.tags


def counted(world: World, kb: str = "library") -> dict[str, int]:
    return {each.label: each.papers for each in holdings(world, kb).tags()}


def tagged(world: World, *labels: str) -> list[str]:
    wanted = Wanted(tags=tuple(map(tag_key, labels)))
    return sorted(seen.record.file_name[0] for seen in holdings(world).page(wanted, 10))


def test_papers_are_tagged_in_one_base_alone_and_listed_by_tag(world: World) -> None:
    a, b, c = (world.accept(title, "The same text in all.").paper_id for title in "ABC")
    world.accept("A", "The same text in all.", kb="other")
    world.work()
    holdings(world).tag([a, b], ["Method", "to  read"])
    holdings(world).tag([c], ["METHOD", "方法"])
    assert tags_of(world, a) == ("Method", "to read")
    assert tags_of(world, c) == ("Method", "方法")  # written as it was first
    assert counted(world) == {"Method": 3, "to read": 2, "方法": 1}
    assert counted(world, "other") == {}
    assert tags_of(world, a, "other") == ()
    assert tagged(world, "method") == ["A", "B", "C"]
    assert tagged(world, "Method", "to read") == ["A", "B"]
    assert tagged(world, "to read", "方法") == tagged(world, "nothing") == []
    holdings(world).tag([a, b, c], ["new"], ["method"])
    holdings(world).correct(c, {}, labels=["Ｎew", "last"])
    assert tags_of(world, c) == ("last", "new")
    assert counted(world) == {"last": 1, "new": 3, "to read": 2}
    world.reindex(Change(dimensions=32))
    assert counted(world) == {"last": 1, "new": 3, "to read": 2}
    records = world.services.shelves.contents([world.shelf()]).papers
    assert {record.file_name[0]: record.tags for record in records}["C"] == ("last", "new")
    holdings(world).remove(a)
    assert counted(world) == {"last": 1, "new": 2, "to read": 1}


def test_searches_are_narrowed_down_by_tag(world: World) -> None:
    a, b, _ = (world.accept(title, "The same text in all.").paper_id for title in "ABC")
    world.accept("A", "The same text in all.", kb="other")
    world.work()
    holdings(world).tag([a], ["Method"])
    holdings(world).tag([b], ["data"])
    for labels, found in ((("METHOD",), "A"), (("method", "data"), "AB"), (("nothing",), "")):
        hits = world.search("text", filters=Filters(tags=labels)).hits
        assert sorted(hit.paper.file_name[0] for hit in hits) == list(found)
    assert world.search("text", "other", filters=Filters(tags=("method",))).hits == ()


@pytest.mark.parametrize("tag", ["🦄", "?!"])
def test_a_tag_may_be_of_signs_alone_and_is_asked_for(world: World, tag: str) -> None:
    a, _ = (world.accept(title, "The same text in all.").paper_id for title in "AB")
    world.work()
    holdings(world).tag([a], [tag])
    for query in (f'tag:"{tag}"', f'text tag:"{tag}"'):
        assert [hit.paper.file_name[0] for hit in world.search(query).hits] == ["A"]
    assert [hit.paper.file_name[0] for hit in world.search(f'text -tag:"{tag}"').hits] == ["B"]


def test_a_paper_that_comes_back_has_no_tags(world: World) -> None:
    paper = world.accept("A").paper_id
    world.work()
    holdings(world).tag([paper], ["x"])
    holdings(world).remove(paper)
    world.accept("A")
    world.work()
    assert tags_of(world, paper) == ()


@pytest.mark.parametrize("label", ["", " \t", "x" * 61, "a\0b", "a\x07"])
def test_what_cannot_be_a_tag_is_refused_and_nothing_is_done(tmp_path: Path, label: str) -> None:
    with world_of_fakes(tmp_path) as world:
        paper = world.accept("A").paper_id
        with pytest.raises(TagUnusable):
            holdings(world).tag([paper], ["good", label])
        with pytest.raises(TagUnusable):
            holdings(world).correct(paper, {"year": 2000}, labels=[label])
        with pytest.raises(TagUnusable):
            holdings(world).tag([paper], [f"{number}" for number in range(MOST + 1)])
        with pytest.raises(PaperMissing):
            holdings(world).tag([paper, "0" * 32], ["good"])
        seen = holdings(world).one(paper).paper
        assert (seen.record.tags, seen.record.metadata.year) == ((), None)


def test_viewers_see_tags_and_change_none(world: World) -> None:
    paper = world.accept("A").paper_id
    holdings(world).tag([paper], ["x"])
    with world.services.catalog.write() as tx:
        tx.run("INSERT INTO users VALUES ('u1', 'Ann', 'ann', 'x', 0, 0, 0, :now, '')", now=now())
        members.set_role(tx, world.shelf().id, "u1", Role.VIEWER)
    ann = holdings(world, caller=Caller("u1", "Ann", administrator=False))
    assert [each.label for each in ann.tags()] == ["x"]
    with pytest.raises(RoleTooLow):
        ann.tag([paper], ["y"])


def test_tags_come_with_a_backup(tmp_path: Path) -> None:
    make = WORLDS["fakes"]
    for name in ("one", "beside"):
        (tmp_path / name).mkdir()
    with make(tmp_path / "one") as one, make(tmp_path / "beside") as beside:
        paper = one.accept("A").paper_id
        one.work()
        holdings(one).tag([paper], ["x", "y"])
        stream = io.BytesIO()
        back_up(one.services.stores(), stream, True, lambda *_: None)
        backup = OpenedBackup(io.BytesIO(stream.getvalue()), "a.backup")
        add_missing(backup, beside.services.stores(), lambda *_: None)
        assert tags_of(beside, paper) == ("x", "y")
