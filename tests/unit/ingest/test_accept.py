"""Accepting a file, and finding the files that a path names."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from carrel.core.errors import (
    EmptyFile,
    FileUnreadable,
    NoPapersInFolder,
    NotAPdf,
    PaperError,
    PathMissing,
    StorageFull,
)
from carrel.core.jobs import JobState
from carrel.core.knowledge_base import KnowledgeBase
from carrel.ingest.accept import Accepted, accept, find_files
from carrel.library.shelves import Shelves
from carrel.storage import queue, removals
from carrel.storage.database import Catalog, open_database
from tests.fakes.blobs import InMemoryBlobStore
from tests.fakes.parser import fake_pdf


@dataclass
class Desk:
    catalog: Catalog
    blobs: InMemoryBlobStore
    shelf: KnowledgeBase

    def accept(self, path: Path) -> Accepted:
        return accept(path, self.shelf, self.catalog, self.blobs)

    def nothing_was_stored(self) -> bool:
        with self.catalog.read() as tx:
            rows = tx.rows("SELECT id FROM papers") + tx.rows("SELECT id FROM jobs")
            return not rows and not self.blobs.blobs and not removals.pending(tx)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    catalog = open_database(tmp_path / "home")
    yield Desk(catalog, InMemoryBlobStore(), Shelves(catalog).create("library"))
    catalog.close()


def test_an_accepted_file_has_its_bytes_stored_and_one_job(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(fake_pdf("Title", "Text."))
    accepted = desk.accept(path)
    (content,) = desk.blobs.blobs.values()
    assert content == path.read_bytes()
    assert accepted.job is not None
    assert (accepted.job.state, accepted.job.file_name) == (JobState.QUEUED, "paper.pdf")
    with desk.catalog.read() as tx:
        assert removals.pending(tx) == ()
    assert desk.accept(path) == accepted


def test_junk_before_the_mark_of_a_pdf_is_forgiven_up_to_a_point(desk: Desk, tmp_path: Path) -> None:
    near, far = tmp_path / "near.pdf", tmp_path / "far.pdf"
    near.write_bytes(b"\r\n" * 400 + fake_pdf("Near"))
    far.write_bytes(b"\r\n" * 600 + fake_pdf("Far"))
    assert desk.accept(near).job is not None
    with pytest.raises(NotAPdf):
        desk.accept(far)


@pytest.mark.parametrize(("content", "error"), [(b"", EmptyFile), (b"<html>", NotAPdf), (b"%PD", NotAPdf)])
def test_what_is_no_pdf_is_refused_and_nothing_is_stored(
    desk: Desk, tmp_path: Path, content: bytes, error: type[PaperError]
) -> None:
    path = tmp_path / "odd.pdf"
    path.write_bytes(content)
    with pytest.raises(error) as raised:
        desk.accept(path)
    assert raised.value.parameters["name"] == "odd.pdf"
    assert desk.nothing_was_stored()


def test_what_is_not_there_is_refused(desk: Desk, tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.pdf", tmp_path / "no" / "folder.pdf"):
        with pytest.raises(PathMissing):
            desk.accept(path)
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(FileUnreadable):
        desk.accept(tmp_path / "file" / "below.pdf")
    assert desk.nothing_was_stored()


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes and devices in the file system")
def test_what_is_no_regular_file_is_refused_without_opening_it(desk: Desk, tmp_path: Path) -> None:
    pipe, loop = tmp_path / "pipe.pdf", tmp_path / "loop.pdf"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    for path in (pipe, loop, tmp_path, Path("/dev/zero"), tmp_path / ("x" * 300)):
        with pytest.raises(FileUnreadable):
            desk.accept(path)
    assert desk.nothing_was_stored()


@pytest.mark.skipif(sys.platform != "linux", reason="needs names that are no text")
def test_a_name_that_is_no_text_is_shown_as_well_as_it_can_be(desk: Desk, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.pdf"))
    path.write_bytes(fake_pdf("Café"))
    accepted = desk.accept(path)
    assert accepted.job is not None
    assert accepted.job.file_name == "caf\ufffd.pdf"


def test_without_room_nothing_is_stored_and_what_was_is_kept(desk: Desk, tmp_path: Path) -> None:
    small, large = tmp_path / "small.pdf", tmp_path / "large.pdf"
    small.write_bytes(fake_pdf("Small"))
    large.write_bytes(fake_pdf("Large", "word " * 1000))
    tight = Desk(desk.catalog, InMemoryBlobStore(room=1000), desk.shelf)
    kept = tight.accept(small)
    with pytest.raises(StorageFull):
        tight.accept(large)
    assert [name[:32] for name in tight.blobs.blobs] == [kept.paper_id]
    with desk.catalog.read() as tx:
        assert [row["id"] for row in tx.rows("SELECT id FROM papers")] == [kept.paper_id]
        assert queue.any_unfinished(tx)


def test_a_folder_names_its_pdfs_in_order_and_its_subfolders_only_when_asked(tmp_path: Path) -> None:
    for name in ("b.pdf", "a.PDF", "notes.txt", "sub/c.pdf", ".hidden.pdf"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    (tmp_path / "folder.pdf").mkdir()
    assert [path.name for path in find_files(tmp_path, recursive=False)] == [".hidden.pdf", "a.PDF", "b.pdf"]
    found = [path.name for path in find_files(tmp_path, recursive=True)]
    assert found == [".hidden.pdf", "a.PDF", "b.pdf", "c.pdf"]
    assert list(find_files(tmp_path / "b.pdf", recursive=False)) == [tmp_path / "b.pdf"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs links")
def test_links_that_run_in_circles_end(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "paper.pdf").write_bytes(b"x")
    (tmp_path / "sub" / "up").symlink_to(tmp_path)
    assert [path.name for path in find_files(tmp_path, recursive=True)] == ["paper.pdf"]


def test_a_folder_without_a_pdf_and_a_path_to_nothing_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    for recursive in (False, True):
        with pytest.raises(NoPapersInFolder):
            list(find_files(tmp_path, recursive))
    with pytest.raises(PathMissing):
        list(find_files(tmp_path / "nothing", recursive=False))
    with pytest.raises(FileUnreadable):
        list(find_files(tmp_path / ("x" * 300), recursive=False))
