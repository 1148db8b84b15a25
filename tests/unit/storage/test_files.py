"""Files that are there whole or not at all, and what is swept."""

import errno
import os
import sys
from pathlib import Path

import pytest

from carrel.core.errors import DataFolderNotWritable, StorageFull
from carrel.core.ids import paper_id
from carrel.core.paper import ParsedPaper
from carrel.storage.files import TEMPORARY_SUFFIX, sweep_temporary, written_whole
from carrel.storage.parses import ParseStore
from tests.fakes.parser import FakeParser, fake_pdf


def test_a_file_takes_its_name_when_it_is_complete(tmp_path: Path) -> None:
    place = tmp_path / "deep" / "file"
    with written_whole(tmp_path / "tmp") as (stream, destination):
        stream.write(b"whole")
        assert not place.exists()
        destination.become(place)
        assert place.read_bytes() == b"whole"
    assert place.read_bytes() == b"whole"
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="folders cannot be brought to the disk there")
@pytest.mark.parametrize("replacing", [True, False])
def test_a_name_is_on_the_disk_with_its_folders_when_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, replacing: bool
) -> None:
    synced: list[int] = []
    fsync = os.fsync

    def watched(handle: int) -> None:
        synced.append(os.fstat(handle).st_ino)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", watched)
    place = tmp_path / "ab" / "cd" / "file"
    if not replacing:
        place.parent.mkdir(parents=True)
    with written_whole(tmp_path / "tmp") as (stream, destination):
        stream.write(b"whole")
        (destination.become if replacing else destination.become_unless_there)(place)
    inode = place.stat().st_ino
    named = place.parent.stat().st_ino
    assert synced.index(inode) < synced.index(named)
    if replacing:
        assert {tmp_path.stat().st_ino, place.parent.parent.stat().st_ino} <= set(synced)


def test_a_file_that_was_not_named_is_gone(tmp_path: Path) -> None:
    with written_whole(tmp_path) as (stream, _):
        stream.write(b"whole")
        assert [path.suffix for path in tmp_path.iterdir()] == [TEMPORARY_SUFFIX]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EROFS, DataFolderNotWritable),
        (errno.EIO, OSError),
    ],
)
def test_what_the_system_refuses_is_named_and_leaves_nothing(
    tmp_path: Path, number: int, expected: type[Exception]
) -> None:
    with pytest.raises(expected), written_whole(tmp_path):
        raise OSError(number, os.strerror(number))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_no_mystery(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError, match="file"), written_whole(tmp_path / "file"):
        pass


def test_sweeping_takes_what_nobody_writes_and_nothing_else(tmp_path: Path) -> None:
    left = tmp_path / f"left{TEMPORARY_SUFFIX}"
    other = tmp_path / "a file"
    left.write_bytes(b"half")
    other.write_bytes(b"whole")
    with written_whole(tmp_path) as (stream, destination):
        stream.write(b"new")
        sweep_temporary(tmp_path)
        assert not left.exists()
        destination.become(tmp_path / "new")
    sweep_temporary(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a file", "new"]


def test_sweeping_a_folder_that_is_not_there_is_nothing(tmp_path: Path) -> None:
    sweep_temporary(tmp_path / "nowhere")


PAPER = paper_id("ab" * 32)


@pytest.fixture
def parsed(tmp_path: Path) -> ParsedPaper:
    path = tmp_path / "paper.pdf"
    path.write_bytes(fake_pdf("Title", "# One\n\nText with 中文.", "# Two\n\nMore.", authors="A. B; C. D"))
    return FakeParser().parse(path, "paper.pdf")


def test_a_stored_parse_comes_back_as_it_went_in(tmp_path: Path, parsed: ParsedPaper) -> None:
    store = ParseStore(tmp_path / "parses")
    store.put(PAPER, "fake/1", parsed)
    found = store.get(PAPER, "fake/1")
    assert found is not None
    assert (found.text, found.metadata, found.blocks) == (parsed.text, parsed.metadata, parsed.blocks)
    assert list(store.list()) == [PAPER]


def test_another_parsers_parse_and_a_damaged_one_are_none_of_ours(
    tmp_path: Path, parsed: ParsedPaper
) -> None:
    store = ParseStore(tmp_path / "parses")
    assert store.get(PAPER, "fake/1") is None
    store.put(PAPER, "fake/1", parsed)
    assert store.get(PAPER, "fake/2") is None
    assert store.get(PAPER, "fake/") is None
    (path,) = (tmp_path / "parses").glob("??/*")
    whole = path.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], whole[:8], whole + b"x", os.urandom(100)):
        path.write_bytes(damaged)
        assert store.get(PAPER, "fake/1") is None
    store.put(PAPER, "fake/1", parsed)
    assert store.get(PAPER, "fake/1") is not None


def test_every_parser_keeps_its_own_parse_and_all_go_together(tmp_path: Path, parsed: ParsedPaper) -> None:
    store = ParseStore(tmp_path / "parses")
    for fingerprint in ("fake/1", "other/1.2", "fake/2"):
        store.put(PAPER, fingerprint, parsed)
    found = [store.get(PAPER, fingerprint) is not None for fingerprint in ("fake/1", "other/1.2", "fake/2")]
    assert found == [False, True, True]
    assert list(store.list()) == [PAPER]
    store.delete(PAPER)
    assert list((tmp_path / "parses").glob("??/*")) == []


def test_a_parse_from_before_parsers_could_be_chosen_goes_when_its_paper_is_read_again(
    tmp_path: Path, parsed: ParsedPaper
) -> None:
    store = ParseStore(tmp_path / "parses")
    store.put(PAPER, "fake/1", parsed)
    (path,) = (tmp_path / "parses").glob("??/*")
    path.rename(path.with_name(f"{PAPER}.parse"))
    assert store.get(PAPER, "fake/1") is None
    assert list(store.list()) == [PAPER]
    store.put(PAPER, "other/1", parsed)
    assert [each.name for each in (tmp_path / "parses").glob("??/*")] == [f"{PAPER}.other.parse"]
    store.delete(PAPER)
    assert list(store.list()) == []


def test_deleting_a_parse_twice_is_deleting_it_once(tmp_path: Path, parsed: ParsedPaper) -> None:
    store = ParseStore(tmp_path / "parses")
    store.put(PAPER, "fake/1", parsed)
    store.delete(PAPER)
    store.delete(PAPER)
    assert list(store.list()) == []
