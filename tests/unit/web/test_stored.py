"""``/settings/storage``: sizes, and a look at the stores that finds what is wrong and changes nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.bootstrap.room import room_of
from carrel.storage.figures import figures
from tests.unit.api.rest.lab import Lab
from tests.unit.web.browsing import look, pages, send

STORAGE, LOOK = "/settings/storage", "/settings/storage/look"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Lab]:
    with pages(tmp_path) as opened:
        opened.base("filled")
        opened.world.add("Glaciers", "Violins", kb="filled")
        yield opened


def test_it_is_for_administrators(opened: Lab) -> None:
    assert look(opened, STORAGE, "owner").status_code == 404
    assert send(opened, LOOK, "owner").status_code == 404
    assert send(opened, LOOK, "administrator", csrf="guessed").status_code == 403
    assert look(opened, STORAGE, "nobody").status_code == 303


def test_sizes_and_numbers_are_those_of_the_folder(opened: Lab) -> None:
    services = opened.world.services
    page = look(opened, STORAGE, "administrator").text
    assert str(services.settings.home) in page
    assert "SQLite" in page
    assert "carrel backup" in page
    found = figures(services.catalog)
    assert (found.knowledge_bases, found.papers, found.indexes, found.kept) == (1, 2, 1, 0)
    assert found.passages == opened.world.shelf("filled").passages
    room = room_of(services)
    (services.settings.home / "blobs" / "more").write_bytes(b"x" * 100_000)
    (services.settings.home / "note.txt").write_bytes(b"x" * 10_000)
    after = room_of(services)
    assert after.papers - room.papers >= 100_000
    assert after.other - room.other >= 10_000
    assert min(room.catalog, room.papers, room.parses, room.indexes, room.vectors, room.free) > 0


def test_all_is_well(opened: Lab) -> None:
    part = send(opened, LOOK, "administrator", hx_request="true")
    assert "Nothing is lost, left over or out of step." in part.text
    assert "2 files, 2 parses, 1 indexes" in part.text
    assert "<html" not in part.text
    assert "<html" in send(opened, LOOK, "administrator").text


def test_what_is_lost_is_named_and_not_mended(opened: Lab) -> None:
    services = opened.world.services
    lost, other = list(services.blobs.list())
    services.blobs.path(lost).unlink()
    with services.catalog.write() as tx:
        tx.run("DELETE FROM holdings WHERE paper_id = (SELECT id FROM papers WHERE sha256 = :sha)", sha=other)
    for _ in range(2):  # nothing is mended
        page = send(opened, LOOK, "administrator").text
        assert "file-lost" in page
        assert "points-of-nothing" in page
        assert "carrel doctor --fsck" in page


def test_indexes_are_left_out_while_papers_are_on_their_way(opened: Lab) -> None:
    opened.world.accept("Waiting", kb="filled")
    page = send(opened, LOOK, "administrator").text
    assert "left out while papers are on their way" in page
    assert "0 indexes" in page
