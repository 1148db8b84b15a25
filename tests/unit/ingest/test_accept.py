"""Accepting a file, and finding the files that a path names."""

import hashlib
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import pytest

from carrel.core import ids
from carrel.core.errors import (
    EmptyFile,
    FileUnreadable,
    NoPapersInFolder,
    NotAPdf,
    PaperError,
    PathMissing,
    StorageFull,
)
from carrel.core.file_errors import NotText, UnsupportedFormat, WrongPassword
from carrel.core.jobs import JobState
from carrel.core.knowledge_base import KnowledgeBase
from carrel.ingest.accept import Accepted, accept, find_files
from carrel.library.shelves import Shelves
from carrel.storage import papers, queue, removals
from carrel.storage.database import Catalog
from tests.catalogs import empty_catalog
from tests.fakes.blobs import InMemoryBlobStore, StagedBytes
from tests.fakes.parser import fake_pdf
from tests.fakes.unlocker import FakeUnlocker


@dataclass
class Desk:
    catalog: Catalog
    blobs: InMemoryBlobStore
    shelf: KnowledgeBase

    def accept(self, path: Path, password: str = "") -> Accepted:
        unlocker = FakeUnlocker(password) if password else None
        return accept(path, self.shelf, self.catalog, self.blobs, unlocker)

    def nothing_was_stored(self) -> bool:
        with self.catalog.read() as tx:
            rows = tx.rows("SELECT id FROM papers") + tx.rows("SELECT id FROM jobs")
            return not rows and not self.blobs.blobs and not removals.pending(tx)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    catalog = empty_catalog(tmp_path / "home")
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
    assert desk.accept(path) == replace(accepted, duplicate=True)


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


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("photo.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", NotText),
        ("noise.md", bytes(range(1, 32)) * 9, NotText),
        ("page.html", b"<html>\0\0\0", NotText),
        ("sheet.docx", b"PK\x03\x04" + b"\0" * 26 + b"xl/workbook.xml", UnsupportedFormat),
        ("old.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", UnsupportedFormat),
        ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", UnsupportedFormat),
        ("data.csv", b"a,b\n1,2\n", UnsupportedFormat),
        ("README", b"Read me.", UnsupportedFormat),
        ("letter.pdf", b"Dear editor, this is a text under a PDF's name.", NotAPdf),
        ("empty.md", b"", EmptyFile),
    ],
)
def test_what_is_no_paper_in_any_format_is_refused_with_its_reason(
    desk: Desk, tmp_path: Path, name: str, content: bytes, error: type[PaperError]
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(error) as raised:
        desk.accept(path)
    assert raised.value.parameters["name"] == name
    assert raised.value.hint
    assert desk.nothing_was_stored()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.md", b"# Title\n\nText."),
        ("a.txt", "\u6587\u672c".encode("gb18030")),
        ("b.txt", "text".encode("utf-16")),
        ("a.htm", b"<p>Text."),
        ("page", b"<!DOCTYPE html><p>Text."),
        ("a.docx", b"PK\x03\x04" + b"\0" * 26 + b"word/document.xml"),
        ("download", fake_pdf("A PDF without an ending")),
        ("wrong.txt", fake_pdf("A PDF under a text's name")),
    ],
)
def test_other_formats_are_accepted_as_they_are(
    desk: Desk, tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    accepted = desk.accept(path)
    assert accepted.job is not None
    assert accepted.job.file_name == name
    assert list(desk.blobs.blobs.values()) == [content]


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


def test_a_folder_names_its_papers_in_order_and_its_subfolders_only_when_asked(tmp_path: Path) -> None:
    names = ("b.pdf", "a.PDF", "notes.TXT", "sub/c.pdf", "sub/page.htm", ".hidden.pdf", "x.docx", "y.md")
    for name in (*names, "data.csv", "pdf", "old.doc", "picture.png", "z.markdown", "w.html"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    (tmp_path / "folder.pdf").mkdir()
    for name in ("download", "x.pdf.download"):
        (tmp_path / name).write_bytes(b"%PDF-1.5 ")
    here = [".hidden.pdf", "a.PDF", "b.pdf", "download", "notes.TXT", "old.doc"]
    there = ["w.html", "x.docx", "x.pdf.download", "y.md", "z.markdown"]
    assert [path.name for path in find_files(tmp_path, recursive=False)] == [*here, *there]
    found = [path.name for path in find_files(tmp_path, recursive=True)]
    assert found == [*here, "c.pdf", "page.htm", *there]
    assert list(find_files(tmp_path / "b.pdf", recursive=False)) == [tmp_path / "b.pdf"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes")
@pytest.mark.timeout(20)
def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "paper").write_bytes(b"%PDF-1.5 ")
    os.mkfifo(tmp_path / "pipe")
    assert [path.name for path in find_files(tmp_path, recursive=False)] == ["paper"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs links")
def test_links_that_run_in_circles_end(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "paper.pdf").write_bytes(b"x")
    (tmp_path / "sub" / "up").symlink_to(tmp_path)
    assert [path.name for path in find_files(tmp_path, recursive=True)] == ["paper.pdf"]


def test_what_is_said_of_a_folder_is_no_paper_of_it_unless_it_is_named(tmp_path: Path) -> None:
    papers = ["Changes in ocean heat.md", "License plate recognition.html", "paper.md", "readme-first.pdf"]
    for name in (*papers, "README.md", "License.txt", "changelog.markdown", "README.zh-CN.md"):
        (tmp_path / name).write_bytes(b"%PDF")
    assert [path.name for path in find_files(tmp_path, recursive=True)] == papers
    assert list(find_files(tmp_path / "README.md", recursive=False)) == [tmp_path / "README.md"]


def test_a_folder_without_a_paper_and_a_path_to_nothing_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("x")
    for recursive in (False, True):
        with pytest.raises(NoPapersInFolder):
            list(find_files(tmp_path, recursive))
    with pytest.raises(PathMissing):
        list(find_files(tmp_path / "nothing", recursive=False))
    with pytest.raises(FileUnreadable):
        list(find_files(tmp_path / ("x" * 300), recursive=False))


def locked(title: str = "Secret", text: str = "It is said in confidence.", password: str = "sesame") -> bytes:
    return fake_pdf(title, text, fail="EncryptedPdf", password=password)


def test_of_a_locked_file_the_unlocked_copy_is_stored_under_the_file_s_own_id(
    desk: Desk, tmp_path: Path
) -> None:
    path = tmp_path / "locked.pdf"
    path.write_bytes(locked())
    accepted = desk.accept(path, "sesame")
    assert accepted.paper_id == ids.paper_id(hashlib.sha256(locked()).hexdigest())
    assert list(desk.blobs.blobs.values()) == [fake_pdf("Secret", "It is said in confidence.")]
    with desk.catalog.read() as tx:
        (row,) = tx.rows("SELECT id, sha256, bytes FROM papers")
        assert removals.pending(tx) == ()
    assert row["id"] == accepted.paper_id
    assert row["sha256"] in desk.blobs.blobs
    assert row["bytes"] == len(fake_pdf("Secret", "It is said in confidence."))
    assert desk.accept(path, "sesame") == replace(accepted, duplicate=True)
    # Without the password, too: the opened copy is not given up for the locked file.
    assert desk.accept(path) == replace(accepted, duplicate=True)
    with desk.catalog.read() as tx:
        assert papers.sha256_of(tx, accepted.paper_id) == row["sha256"]


def test_a_file_that_was_added_locked_is_opened_by_adding_it_with_the_password(
    desk: Desk, tmp_path: Path
) -> None:
    path = tmp_path / "locked.pdf"
    path.write_bytes(locked())
    first = desk.accept(path)
    old = hashlib.sha256(locked()).hexdigest()
    assert desk.accept(path, "sesame").paper_id == first.paper_id
    with desk.catalog.read() as tx:
        assert papers.sha256_of(tx, first.paper_id) != old
        assert removals.pending(tx) == (removals.Removal(removals.What.FILE, old),)


def test_a_wrong_password_stores_nothing(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "locked.pdf"
    path.write_bytes(locked())
    with pytest.raises(WrongPassword, match=r"locked\.pdf") as raised:
        desk.accept(path, "simsalabim")
    assert "simsalabim" not in str(raised.value)
    assert desk.nothing_was_stored()


class _Replacing(FakeUnlocker):
    """Another program puts another file in the place of the one that is to be opened."""

    def unlocked(self, path: Path, name: str) -> bytes:
        new = path.with_name("new.pdf")
        new.write_bytes(locked("Another", "Something else."))
        new.replace(path)
        return super().unlocked(path, name)


def test_of_a_file_that_is_replaced_while_it_is_opened_nothing_is_stored(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "locked.pdf"
    path.write_bytes(locked())
    with pytest.raises(FileUnreadable, match=r"locked\.pdf.*changed"):
        accept(path, desk.shelf, desk.catalog, desk.blobs, _Replacing("sesame"))
    assert desk.nothing_was_stored()
    assert desk.accept(path, "sesame").job is not None


class _Growing(InMemoryBlobStore):
    """Another program writes on while the bytes are copied."""

    @contextmanager
    def staged(self, stream: BinaryIO) -> Iterator[StagedBytes]:
        with super().staged(io.BytesIO(stream.read() + b"more")) as copy:
            yield copy


def test_of_a_file_that_is_written_on_while_it_is_copied_nothing_is_stored(
    desk: Desk, tmp_path: Path
) -> None:
    path = tmp_path / "paper.pdf"
    path.write_bytes(fake_pdf("Title", "Text."))
    desk.blobs = _Growing()
    with pytest.raises(FileUnreadable, match="changed"):
        desk.accept(path)
    assert desk.nothing_was_stored()


def test_a_password_does_no_harm_to_files_that_need_none(desk: Desk, tmp_path: Path) -> None:
    unlocker = FakeUnlocker("sesame")
    for name, content in (("open.pdf", fake_pdf("Open", "Text.")), ("notes.md", b"# Notes\n\nText.")):
        (tmp_path / name).write_bytes(content)
        accepted = accept(tmp_path / name, desk.shelf, desk.catalog, desk.blobs, unlocker)
        assert desk.blobs.blobs[hashlib.sha256(content).hexdigest()] == content
        assert accepted.job is not None
    assert unlocker.asked == ["open.pdf"]


def test_two_locks_on_one_paper_are_one_paper_and_so_is_its_unlocked_copy(desk: Desk, tmp_path: Path) -> None:
    for number, password in enumerate(("one", "two")):
        (tmp_path / f"{number}.pdf").write_bytes(locked(password=password))
    (tmp_path / "open.pdf").write_bytes(fake_pdf("Secret", "It is said in confidence."))
    first = desk.accept(tmp_path / "0.pdf", "one")
    assert desk.accept(tmp_path / "1.pdf", "two") == replace(first, duplicate=True)
    assert desk.accept(tmp_path / "open.pdf") == replace(first, duplicate=True)
    assert len(desk.blobs.blobs) == 1
