"""Backup, restore and ``doctor --fsck`` as commands; killed at random moments, beside others, and misused."""

import random
import shutil
import signal
import subprocess
import tarfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from carrel.storage.database import open_database
from tests.e2e.command import Carrel
from tests.e2e.conftest import write_paper

KILLS = 3
SEED = 20261130


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, model_cache: Path, small_papers: tuple[Path, ...]) -> Path:
    """A data folder with three papers, one of them in two knowledge bases; to be copied."""
    carrel = Carrel(tmp_path_factory.mktemp("kept") / "home", model_cache, {"CARREL_OCR": "false"})
    carrel.json("add", *small_papers[:3])
    carrel.json("add", small_papers[0], "--kb", "other")
    return carrel.home


@pytest.fixture
def filled(carrel: Carrel, kept: Path) -> Carrel:
    """The command on a data folder with three papers, one of them in two knowledge bases."""
    shutil.copytree(kept, carrel.home)
    return carrel


def elsewhere(carrel: Carrel, name: str) -> Carrel:
    return Carrel(carrel.home.with_name(name), carrel.cache, carrel.extra)


def files(carrel: Carrel) -> list[tuple[str, str]]:
    """Return knowledge base and file of every paper, searchable or waiting."""
    document = carrel.json("list")
    return sorted((each["knowledge_base"], each["file"]) for each in document["papers"] + document["waiting"])


def clean(carrel: Carrel) -> None:
    """Check that nothing is lost or left over, all of it read."""
    document = carrel.json("doctor", "--fsck", "--deep")
    assert document["problems"] == []
    assert list(carrel.home.rglob("*.part")) == []


def killed(process: "subprocess.Popen[bytes]", seen: Callable[[], bool], then_seconds: float) -> bool:
    """Kill a process a while after something was seen; return whether it was still at work."""
    deadline = time.monotonic() + 60
    while process.poll() is None and not seen():
        assert time.monotonic() < deadline, "it neither came so far nor ended"
    try:
        process.wait(then_seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    return process.returncode == -signal.SIGKILL


def actions(carrel: Carrel) -> list[str]:
    """Return what the audit log says was done, in order."""
    catalog = open_database(carrel.home)
    with closing(catalog), catalog.read() as tx:
        return [row["action"] for row in tx.rows("SELECT action FROM audit ORDER BY number")]


def test_a_backup_brings_everything_to_another_folder(filled: Carrel, small_papers: tuple[Path, ...]) -> None:
    file = filled.home.with_name("all.backup")
    said = filled.json("backup", file)
    assert (said["knowledge_bases"], said["papers"], said["missing"]) == (2, 3, [])
    assert said["bytes"] == file.stat().st_size
    assert file.stat().st_mode & 0o077 == 0
    filled.run("backup", file).failed_with(2, "all.backup", "--force")
    assert filled.run("backup", file, "--force").code == 0

    other = elsewhere(filled, "second")
    assert other.json("restore", file)["papers"] == 3
    other.run("search", "corals").failed_with(3, "incomplete")
    assert files(other) == files(filled)
    other.json("add", small_papers[0])  # whoever owns the index makes it anew
    assert [hit["paper"]["file"] for hit in other.json("search", "corals", "--limit", "1")["results"]] == [
        small_papers[0].name
    ]
    clean(other)
    other.run("restore", file).failed_with(2, "not empty", "--add", "--replace")
    assert other.json("restore", file, "--add") == {"added": [], "left": ["library", "other"], "papers": 0}
    assert actions(filled)[-2:] == ["backup", "backup"]
    assert actions(other)[-1] == "restore"


def test_it_goes_through_a_pipe(filled: Carrel, tmp_path: Path) -> None:
    process = filled.start("backup", "-", "--without-vectors")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")
    (tmp_path / "piped").write_bytes(out)
    with tarfile.open(tmp_path / "piped") as tar:
        assert not any(name.startswith("vectors/") for name in tar.getnames())
    assert elsewhere(filled, "second").json("restore", tmp_path / "piped")["vectors"] == 0


def test_misuse_is_said_in_a_line(filled: Carrel, tmp_path: Path, small_papers: tuple[Path, ...]) -> None:
    filled.run("backup", tmp_path / "missing" / "x").failed_with(2, "cannot be written")
    filled.run("restore", tmp_path / "missing").failed_with(2, "cannot be read")
    filled.run("restore", tmp_path, "--replace").failed_with(2, "cannot be read")
    filled.run("restore", small_papers[0], "--replace").failed_with(2, "no backup")
    assert filled.run("restore", "x", "--add", "--replace").code == 2
    assert filled.run("doctor", "--deep").code == 2
    assert filled.run("doctor", "--fsck", "--parse", tmp_path).code == 2
    clean(filled)


def test_beside_another_owner_all_but_replacing_is_possible(filled: Carrel, tmp_path: Path) -> None:
    from carrel.indexing.shards import QdrantIndexes

    indexes = QdrantIndexes(filled.home / "index")
    indexes.acquire("a server", 0)
    try:
        file = tmp_path / "all.backup"
        assert filled.json("backup", file)["papers"] == 3
        filled.run("restore", file, "--replace").failed_with(2, "a server", "--add")
        other = elsewhere(filled, "second")
        write_paper(tmp_path / "violas.pdf", "violas")
        other.json("add", tmp_path / "violas.pdf")
        assert filled.json("restore", file, "--add")["added"] == []
        answer = filled.run("doctor", "--fsck", "--json")
        assert (answer.code, answer.document["problems"]) == (0, [])
        assert "a server" in answer.err
        assert "index" not in answer.document["checked"]
    finally:
        indexes.release()


def test_a_killed_backup_leaves_no_half_file_under_its_name(filled: Carrel, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    file, part = tmp_path / "all.backup", tmp_path / "all.backup.part"
    kills = 0
    for _ in range(5 * KILLS):
        if kills == KILLS:
            break
        part.unlink(missing_ok=True)
        kills += killed(filled.start("backup", file), part.exists, chance.uniform(0, 0.01))
        if file.exists():
            elsewhere(filled, "whole").json("restore", file, "--replace")
            file.unlink()
    assert kills, "the kills come too late"
    filled.json("backup", file)
    assert not part.exists()
    clean(filled)


@pytest.mark.long
def test_a_killed_restore_leaves_the_old_or_the_new(
    filled: Carrel, small_papers: tuple[Path, ...], tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    file = tmp_path / "all.backup"
    filled.json("backup", file)
    new = files(filled)
    other = elsewhere(filled, "second")
    other.json("add", *small_papers[3:])
    old = files(other)
    shutil.copytree(other.home, tmp_path / "as it was")
    kills = 0
    for _ in range(5 * KILLS):
        if kills == KILLS:
            break
        stored = len(list(other.home.glob("blobs/??/*.pdf")))

        def begun(stored: int = stored) -> bool:
            return len(list(other.home.glob("blobs/??/*.pdf"))) != stored

        kills += killed(other.start("restore", file, "--replace"), begun, chance.uniform(0, 0.03))
        now = files(other)
        assert now in (old, new)
        if now == old:
            found = {hit["paper"]["file"] for hit in other.json("search", "violins")["results"]}
            assert small_papers[4].name in found
            assert len(list(other.home.glob("blobs/??/*.pdf"))) == 2  # what was put beside is gone
        else:
            shutil.rmtree(other.home)
            shutil.copytree(tmp_path / "as it was", other.home)
    assert kills, "the kills come too late"
    other.json("restore", file, "--replace")
    assert files(other) == new
    other.json("add", small_papers[0])
    clean(other)


def test_a_damaged_catalog_is_found_and_restored(filled: Carrel, tmp_path: Path) -> None:
    file = tmp_path / "all.backup"
    filled.json("backup", file)
    before = files(filled)
    catalog = filled.home / "carrel.db"
    catalog.write_bytes(b"not a database, whatever its name says" * 200)
    filled.run("doctor", "--fsck").failed_with(3, "backup")
    (tmp_path / "other").write_bytes(b"x" * 2000)
    filled.run("restore", tmp_path / "other", "--replace").failed_with(2, "no backup")
    assert catalog.read_bytes().startswith(b"not a database")
    assert filled.run("restore", file, "--replace").code == 0
    assert files(filled) == before
    assert (filled.home / "carrel.db.damaged").exists()
