"""SIGKILL at random moments: nothing is lost, nothing is doubled, nothing is left over.

Moments are drawn from a fixed seed and aimed at each stage in turn: a command is killed so many
milliseconds after something was seen on the disk (a job written, a parse stored, a paper ready).
"""

import hashlib
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from carrel.core.ports import Embedder
from carrel.engines.models import load_minilm
from carrel.storage.database import FILE_NAME
from tests.e2e.command import Carrel, check_in_step
from tests.e2e.conftest import write_paper
from tests.unit.parsing import samples

KILLS_OF_ADD = 5  # the moments are the same at each run: more rounds would be more of the same
SAMPLES = ("linformer-low-rank-attention.pdf", "coral-bleaching-marine-heatwaves.pdf")
SEED = 20261123


@dataclass(frozen=True)
class Folder:
    """A data folder, and a folder of papers that grows."""

    carrel: Carrel
    papers: Path

    def write(self, *subjects: str) -> list[Path]:
        """Write a paper on each subject."""
        return [write_paper(self.papers / f"{subject}.pdf", subject) for subject in subjects]

    def sha256(self) -> set[str]:
        """Return the SHA-256 of every paper in the folder."""
        return {hashlib.sha256(path.read_bytes()).hexdigest() for path in self.papers.iterdir()}

    def check(self, **papers: set[str]) -> None:
        """Check that the data folder holds these papers by knowledge base, and nothing else."""

        def embedder(name: str) -> Embedder:
            return load_minilm(self.carrel.cache, announce=print, offline=True)

        check_in_step(self.carrel.home, papers, embedder)

    def count(self, table: str) -> int:
        """Return how many rows a table has (with a condition after its name); 0 while there is none."""
        path = self.carrel.home / FILE_NAME
        try:
            connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=5)
        except sqlite3.OperationalError:
            return 0
        try:
            (found,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        except sqlite3.OperationalError:
            return 0
        finally:
            connection.close()
        return int(found)

    def files(self, pattern: str) -> int:
        """Return how many files of the data folder fit a pattern."""
        return sum(1 for _ in self.carrel.home.glob(pattern))

    def children(self) -> list[psutil.Process]:
        """Return the processes that this test's commands started and that are still there."""
        mine = str(self.carrel.home)
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("CARREL_HOME") == mine:
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
        return found

    def wait_for_no_children(self) -> None:
        """Check that what a killed command started ends by itself."""
        _, left = psutil.wait_procs(self.children(), timeout=10)
        assert left == []


@pytest.fixture
def folder(tmp_path: Path, model_cache: Path) -> Folder:
    (tmp_path / "papers").mkdir()
    return Folder(Carrel(tmp_path / "home", model_cache), tmp_path / "papers")


def grown(measure: Callable[[], int]) -> Callable[[], bool]:
    """Return whether a measure is greater than it is now."""
    before = measure()
    return lambda: measure() > before


def stage_begun(stage: str, folder: Folder) -> Callable[[], bool]:
    """Return what tells that a command begun now has come to this stage."""
    if stage == "start":
        return lambda: True
    if stage == "storing a file":
        return lambda: folder.files("blobs/tmp/*.part") > 0
    return grown(
        {
            "accepting": lambda: folder.count("jobs"),
            "parsing": lambda: folder.count("jobs WHERE state = 'running'"),
            "embedding": lambda: folder.files("parses/??/*.parse"),
            "indexing": lambda: folder.files("index/*/*/index.json") + folder.files("parses/??/*.parse"),
            "committing": lambda: folder.count("holdings"),
            "noting": lambda: folder.count("removals"),
            "deleting": lambda: -folder.files("blobs/??/*.pdf"),
        }[stage]
    )


def kill(process: "subprocess.Popen[bytes]", seen: Callable[[], bool], then_seconds: float) -> bool:
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


def large_paper(number: int) -> bytes:
    """Return a short paper in a file that takes a moment to copy."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        samples.stream(b"", b"BT /F1 12 Tf 72 700 Td (A large file about the number %d) Tj ET" % number),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        samples.stream(b"", b"x" * 24_000_000),
    )
    return samples.raw_pdf(objects)


def test_adding_survives_being_killed_at_any_moment(folder: Folder, sample_papers: Path) -> None:
    chance = random.Random(SEED)
    stages = ["start", "storing a file", "accepting", "parsing", "embedding", "indexing", "committing"]
    for name in SAMPLES:
        shutil.copy(sample_papers / name, folder.papers / name)
    folder.write(*(f"subject {n}" for n in range(6)))
    kills = tries = 0
    while kills < KILLS_OF_ADD:
        for stage in stages:
            tries += 1
            folder.write(f"moment {tries}")  # there is always something to do
            if stage == "storing a file":
                (folder.papers / f"large {tries}.pdf").write_bytes(large_paper(tries))
            then = chance.uniform(0, {"start": 0.8, "storing a file": 0.01}.get(stage, 0.12))
            seen = stage_begun(stage, folder)
            kills += kill(folder.carrel.start("add", folder.papers, "--json"), seen, then)
        folder.wait_for_no_children()
        document = folder.carrel.json("add", folder.papers)
        assert document["failed"] == 0
        assert document["added"] + document["duplicates"] == len(folder.sha256())
        folder.check(library=folder.sha256())
        assert tries < 3 * len(stages), "the kills come too late"
    listed = [paper["file"] for paper in folder.carrel.json("list")["papers"]]
    assert sorted(listed) == sorted(path.name for path in folder.papers.iterdir())
    assert all(check["status"] == "pass" for check in folder.carrel.json("doctor")["checks"])
    folder.wait_for_no_children()


@pytest.mark.long
def test_removing_survives_being_killed_at_any_moment(folder: Folder) -> None:
    chance = random.Random(SEED)
    stages = ["start", "noting", "deleting"]
    names = {path.name: path for path in folder.write(*(f"subject {n}" for n in range(6)))}
    folder.carrel.json("add", folder.papers)
    ids = {paper["file"]: paper["id"] for paper in folder.carrel.json("list")["papers"]}
    kills = 0
    for stage, name in zip(stages, sorted(names), strict=False):
        then = chance.uniform(0.2, 0.7) if stage == "start" else chance.uniform(0, 0.02)
        seen = stage_begun(stage, folder)
        kills += kill(folder.carrel.start("remove", ids[name]), seen, then)
        # Any command that owns the index finishes what was begun.
        assert folder.carrel.run("search", "subject", "--mode", "lexical").code == 0
        if name not in {paper["file"] for paper in folder.carrel.json("list")["papers"]}:
            names[name].unlink()
        folder.check(library=folder.sha256())
    assert kills >= 2


@pytest.mark.long
def test_deleting_a_knowledge_base_survives_being_killed_at_any_moment(folder: Folder) -> None:
    chance = random.Random(SEED)
    stages = ["noting", "start", "deleting"]
    shared, *others = folder.write("shared", *(f"subject {n}" for n in range(len(stages))))
    folder.carrel.json("add", shared)
    held = {"library": {hashlib.sha256(shared.read_bytes()).hexdigest()}}
    kills = 0
    for stage, own in zip(stages, others, strict=True):
        folder.carrel.json("add", "--kb", "doomed", shared, own)
        then = chance.uniform(0.2, 0.7) if stage == "start" else chance.uniform(0, 0.02)
        seen = stage_begun(stage, folder)
        kills += kill(folder.carrel.start("kb", "delete", "doomed"), seen, then)
        assert folder.carrel.run("search", "subject", "--mode", "lexical").code == 0
        left = {base["name"] for base in folder.carrel.json("kb", "list")["knowledge_bases"]}
        if "doomed" in left:
            both = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (shared, own)}
            folder.check(**held, doomed=both)
            folder.carrel.json("kb", "delete", "doomed")
        folder.check(**held)
    assert kills >= 2
