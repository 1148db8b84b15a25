"""The catalog in a SQLite file on a real disk: its schema, what damages it, a disk that is full."""

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from carrel.core.errors import CatalogDamaged, DataFolderNotWritable, DataFolderTooNew, StorageFull
from carrel.storage import knowledge_bases, papers
from carrel.storage.database import FILE_NAME, HEAD, open_database
from carrel.storage.migrations.run import head, known_revisions
from tests.contract.test_catalog import base, ready
from tests.disks import small_disk

ROOT = Path(__file__).resolve().parents[2]


def test_the_newest_revision_is_the_one_that_the_program_expects() -> None:
    assert head() == HEAD
    assert HEAD in known_revisions()


def test_a_new_folder_has_the_newest_schema_and_opening_it_again_changes_nothing(tmp_path: Path) -> None:
    open_database(tmp_path / "a" / "b").close()
    database = tmp_path / "a" / "b" / FILE_NAME
    assert revision(database) == HEAD
    before = database.read_bytes()
    open_database(tmp_path / "a" / "b").close()
    assert database.read_bytes() == before


def revision(database: Path) -> str:
    connection = sqlite3.connect(database)
    (found,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    connection.close()
    return str(found)


_OPEN = """
import sys
from pathlib import Path
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ids import new_knowledge_base_id
from carrel.library.shelves import Shelves
from carrel.storage.database import open_database
from carrel.storage.migrations import run

print("ready", flush=True)
sys.stdin.readline()
for number in range(12):
    catalog = open_database(Path(sys.argv[1], str(number)))
    Shelves(catalog).existing_or_new("library")
    catalog.close()
print("opened")
"""


def test_new_folders_opened_by_four_processes_at_once_are_made_once_each(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _OPEN, str(tmp_path)]
    pipe = subprocess.PIPE
    openers = [
        subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": str(ROOT / "src")}, stdin=pipe, stdout=pipe, stderr=pipe
        )
        for _ in range(4)
    ]
    for opener in openers:  # all have imported what they need
        assert opener.stdout is not None
        assert opener.stdout.readline() == b"ready\n"
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.write(b"\n")
        opener.stdin.flush()
    for opener in openers:
        out, err = opener.communicate(timeout=120)
        assert (opener.returncode, out) == (0, b"opened\n"), err.decode()
    for number in range(12):
        catalog = open_database(tmp_path / str(number))
        with catalog.read() as tx:
            assert [shelf.name for shelf in knowledge_bases.all_of_them(tx)] == ["library"]
        catalog.close()


def test_a_folder_of_a_newer_version_is_refused_and_nothing_changed(tmp_path: Path) -> None:
    open_database(tmp_path).close()
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(DataFolderTooNew) as raised:
        open_database(tmp_path)
    assert raised.value.parameters["revision"] == "9999"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    "content", [b"garbage", b"garbage " * 5000, b"SQLite format 3\x00" + b"\xff" * 5000], ids=len
)
def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(CatalogDamaged) as raised:
        open_database(tmp_path)
    assert FILE_NAME in raised.value.message
    assert (tmp_path / FILE_NAME).read_bytes() == content


def test_half_a_catalog_is_named_as_damaged_and_left_alone(tmp_path: Path) -> None:
    catalog = open_database(tmp_path)
    with catalog.write() as tx:
        shelf = base(tx)
        for n in range(50):
            ready(tx, shelf, n)
    catalog.close()
    whole = (tmp_path / FILE_NAME).read_bytes()
    (tmp_path / FILE_NAME).write_bytes(whole[: len(whole) // 2])

    def look() -> None:
        half = open_database(tmp_path)
        try:
            with half.read() as tx:
                for table in ("holdings", "passages", "jobs", "papers"):
                    tx.rows(f"SELECT * FROM {table}")
        finally:
            half.close()

    with pytest.raises(CatalogDamaged):
        look()
    assert (tmp_path / FILE_NAME).read_bytes() == whole[: len(whole) // 2]


def test_a_folder_in_the_catalogs_place_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(DataFolderNotWritable):
        open_database(tmp_path)


def test_a_data_folder_below_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(DataFolderNotWritable):
        open_database(tmp_path / "file" / "home")


def test_a_full_disk_is_named_and_the_transaction_has_not_happened(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=2) as disk:
        catalog = open_database(disk)
        with catalog.write() as tx:
            shelf = base(tx)

        def grow() -> None:
            for first in range(0, 20_000, 200):
                with catalog.write() as tx:
                    for n in range(first, first + 200):
                        ready(tx, shelf, n)

        with pytest.raises(StorageFull):
            grow()
        with catalog.read() as tx:
            count = knowledge_bases.by_id(tx, shelf.id).papers
            assert count % 200 == 0
            assert len(papers.records(tx, [shelf.id])) == count
            assert tx.rows("PRAGMA integrity_check")[0][0] == "ok"
        catalog.close()


@pytest.mark.skipif(os.name != "posix", reason="modes of folders are POSIX's")
def test_a_new_data_folder_is_its_owners_alone_and_one_that_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir(0o750)
    for name, mode in (("new", 0o700), ("there", 0o750)):
        open_database(tmp_path / name).close()
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == mode
