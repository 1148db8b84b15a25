"""SIGKILL of a server and its workers at random moments: every paper ends up searchable, exactly once.

Moments are drawn from a fixed seed. ``CARREL_CRASH_ROUNDS=300`` runs it for longer than the suite does.
"""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from carrel.cli.server_file import FILE_NAME
from carrel.core.jobs import JobState
from carrel.core.ports import Embedder
from carrel.ingest.accept import accept
from carrel.storage.database import open_database
from tests.e2e.command import ROOT, Carrel, check_in_step
from tests.e2e.conftest import write_paper
from tests.fakes.embedder import FakeEmbedder

pytestmark = pytest.mark.xdist_group("kill")

ROUNDS = int(os.environ.get("CARREL_CRASH_ROUNDS", "10"))
PAPERS_A_ROUND = 6
SEED = 20261130


def embedder(_: str) -> Embedder:
    return FakeEmbedder()


class Lab:
    """A data folder, and a server on it that is killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.carrel = Carrel(folder / "home", folder / "cache", {"CARREL_OCR": "false"})
        self.papers = folder / "papers"
        self.added: set[str] = set()

    def start(self, workers: int = 2) -> "subprocess.Popen[bytes]":
        environment = self.carrel.environment()
        environment["PYTHONPATH"] = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
        command = [sys.executable, "-m", "tests.e2e.instant", "serve", str(workers)]
        return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, cwd=ROOT)

    def add(self, *subjects: str) -> None:
        """Accept papers, beside whatever runs."""
        from carrel.library.shelves import Shelves
        from carrel.storage.blobs import FolderBlobStore

        catalog = open_database(self.carrel.home)
        try:
            shelf = Shelves(catalog).existing_or_new("library")
            for subject in subjects:
                path = write_paper(self.papers / f"{subject}.pdf", subject)
                accept(path, shelf, catalog, FolderBlobStore(self.carrel.home / "blobs"))
                self.added.add(hashlib.sha256(path.read_bytes()).hexdigest())
        finally:
            catalog.close()

    def states(self) -> list[str]:
        catalog = open_database(self.carrel.home)
        try:
            with catalog.read() as tx:
                return [row["state"] for row in tx.rows("SELECT state FROM jobs")]
        finally:
            catalog.close()

    def wait_until_done(self, seconds: float = 120.0) -> None:
        deadline = time.monotonic() + seconds
        while set(self.states()) != {JobState.DONE}:
            assert time.monotonic() < deadline, self.states()
            time.sleep(0.1)

    def processes(self) -> list[psutil.Process]:
        mine, found = str(self.carrel.home), []
        for process in psutil.process_iter():
            try:
                if process.environ().get("CARREL_HOME") == mine:
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
        return found

    def stop(self, server: "subprocess.Popen[bytes]") -> None:
        """End a server as a person does, once it runs; nothing may be left of it."""
        note = self.carrel.home / FILE_NAME
        deadline = time.monotonic() + 30
        while not (note.is_file() and json.loads(note.read_text())["pid"] == server.pid):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0
        self.wait_for_nobody()

    def wait_for_nobody(self) -> None:
        _, left = psutil.wait_procs(self.processes(), timeout=15)
        assert left == []


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path)


def test_killed_at_any_moment_every_paper_comes_in_exactly_once(lab: Lab) -> None:
    chance = random.Random(SEED)
    for number in range(ROUNDS):
        lab.add(*(f"round {number} paper {n}" for n in range(PAPERS_A_ROUND)))
        server = lab.start()
        try:
            time.sleep(chance.uniform(0.3, 2.5))
            workers = [process for process in lab.processes() if "worker" in process.cmdline()]
            if number % 2 and workers:  # a worker first: the server starts another one
                chance.choice(workers).kill()
                time.sleep(chance.uniform(0.0, 1.0))
        finally:
            server.kill()
            server.wait()
    server = lab.start()
    lab.wait_until_done()
    lab.stop(server)
    assert len(lab.states()) == ROUNDS * PAPERS_A_ROUND
    check_in_step(lab.carrel.home, {"library": lab.added}, embedder)


def test_workers_of_a_killed_server_end_by_themselves(lab: Lab) -> None:
    lab.add("glaciers")
    server = lab.start()
    lab.wait_until_done()
    server.kill()
    server.wait()
    lab.wait_for_nobody()


def test_a_stopped_server_gives_back_what_is_in_hand(lab: Lab) -> None:
    lab.add(*(f"subject {n}" for n in range(30)))
    server = lab.start()
    while set(lab.states()) == {JobState.QUEUED}:
        time.sleep(0.02)
    lab.stop(server)
    assert JobState.RUNNING not in lab.states()
    server = lab.start(workers=1)
    lab.wait_until_done()
    lab.stop(server)
    check_in_step(lab.carrel.home, {"library": lab.added}, embedder)
