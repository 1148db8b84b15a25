"""A data folder with a server that is killed and started again, and what people do there meanwhile."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from carrel.bootstrap import Services, open_services
from carrel.cli.server_file import FILE_NAME
from carrel.config import Settings
from carrel.core.ids import paper_id
from carrel.core.jobs import JobState
from carrel.core.knowledge_base import DEFAULT_EMBEDDER
from carrel.core.rebuild import Change, GenerationState
from carrel.core.rebuild_errors import NoRebuild
from carrel.ingest.accept import accept
from carrel.ingest.pipeline import cut_into_passages, read_paper
from carrel.storage import generations, knowledge_bases, passages
from carrel.storage.database import open_database
from tests.e2e.command import ROOT, Carrel, Document, calm, check_in_step, counted_generations
from tests.e2e.instant import WIDE_MODEL, embedders

CHANGES = (
    Change(),
    Change(dimensions=32),
    Change(embedder=WIDE_MODEL),
    Change(embedder=WIDE_MODEL, dimensions=48),
    Change(embedder=DEFAULT_EMBEDDER),
    Change(chunk_size=64),
    Change(chunk_size=128),
)


class Lab:
    """A data folder, and a server on it that is killed and started again."""

    def __init__(self, folder: Path, catalog_url: str = "") -> None:
        self._url = catalog_url
        extra = {"CARREL_OCR": "false", "CARREL_CATALOG_URL": catalog_url}
        self.carrel = Carrel(folder / "home", folder / "cache", extra)
        self.held: dict[str, dict[Path, str]] = {}  # by knowledge base: files, and their SHA-256
        self._log = folder / "log"

    def start(self, workers: int = 2) -> "subprocess.Popen[bytes]":
        with self._log.open("ab") as log:
            return subprocess.Popen(
                self._command("serve", str(workers)),
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stderr=log,
                cwd=ROOT,
            )

    @contextmanager
    def services(self) -> Iterator[Services]:
        """What a command has, beside whatever runs."""
        settings = Settings(
            home=self.carrel.home,
            cache=self.carrel.cache,
            keep_free_mb=32,
            catalog_url=self._url,
            ocr=False,
        )
        opened = open_services(settings, print, embedders(self.carrel.home))
        try:
            yield opened
        finally:
            opened.close()

    def add(self, papers: Sequence[Path], kb: str = "library") -> None:
        """Accept papers, beside whatever runs."""
        with self.services() as services:
            shelf = services.shelves.existing_or_new(kb)
            for path in papers:
                accept(path, shelf, services.catalog, services.blobs)
                sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
                self.held.setdefault(kb, {})[path] = sha256

    def remove(self, papers: Sequence[Path], kb: str = "library") -> None:
        """Take papers out, be they searchable or on their way."""
        with self.services() as services:
            for path in papers:
                services.shelves.remove(paper_id(self.held[kb].pop(path)), services.shelves.readable([kb]))

    def reindex(self, chance: random.Random, kb: str) -> str:
        """Begin, cancel or roll back a re-index of a knowledge base, or let go what is kept; return which."""
        with self.services() as services:
            rebuilds = services.rebuilds()
            (shelf,) = services.shelves.readable([kb])
            status = rebuilds.status(shelf)
            try:
                if status.under_way is not None:
                    if chance.random() < 0.85:
                        return "goes on"
                    rebuilds.cancel(shelf)
                    return "cancelled"
                if status.kept is not None and chance.random() < 0.3:
                    rebuilds.rollback(shelf)
                    return "rolled back"
                if status.kept is not None and chance.random() < 0.1:
                    rebuilds.discard_kept(shelf)
                    return "let go"
                rebuilds.begin(shelf, chance.choice(CHANGES))
            except NoRebuild:  # it has ended since
                return "ended"
            return "begun"

    def states(self) -> list[str]:
        """Return the states of all jobs."""
        catalog = open_database(self.carrel.home, self._url)
        try:
            with catalog.read() as tx:
                return [row["state"] for row in tx.rows("SELECT state FROM jobs")]
        finally:
            catalog.close()

    def generations(self) -> list[GenerationState]:
        """Return the states of all generations of all knowledge bases."""
        catalog = open_database(self.carrel.home, self._url)
        try:
            with catalog.read() as tx:
                shelves = knowledge_bases.all_of_them(tx)
                return [found.state for shelf in shelves for found in generations.all_of(tx, shelf)]
        finally:
            catalog.close()

    def is_rebuilding(self) -> bool:
        """Whether any generation is being built."""
        return any(state.under_way for state in self.generations())

    def wait_until_done(self, seconds: float = 120.0) -> None:
        """Wait until every job is done and nothing is being re-indexed."""
        deadline = time.monotonic() + seconds
        while set(self.states()) != {JobState.DONE} or self.is_rebuilding():
            assert time.monotonic() < deadline, (self.states(), self.generations())
            time.sleep(0.1)

    def processes(self) -> list[psutil.Process]:
        """Return the processes that work on the folder."""
        mine, found = str(self.carrel.home), []
        for process in psutil.process_iter():
            try:
                if process.environ().get("CARREL_HOME") == mine:
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                continue
        return found

    def workers(self) -> list[psutil.Process]:
        """Return the worker processes that are there."""
        found = []
        for process in self.processes():
            try:
                if "worker" in process.cmdline():
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
        return found

    def wait_until_ready(self, server: "subprocess.Popen[bytes]") -> None:
        """Wait until a server says that it is there."""
        note = self.carrel.home / FILE_NAME
        deadline = time.monotonic() + 60
        while not (note.is_file() and json.loads(note.read_text())["pid"] == server.pid):
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def stop(self, server: "subprocess.Popen[bytes]") -> None:
        """End a server as a person does, once it runs; nothing may be left of it."""
        self.wait_until_ready(server)
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0
        self.wait_for_nobody()

    def wait_for_nobody(self) -> None:
        _, left = psutil.wait_procs(self.processes(), timeout=15)
        assert left == []

    def check(self) -> None:
        """Check every store, as it was left and by the examination; nobody met an unforeseen fault."""
        papers = {kb: set(found.values()) for kb, found in self.held.items()}
        check_in_step(self.carrel.home, papers, embedders(self.carrel.home), self._url)
        problems = self.examination()["problems"]
        assert problems == [], problems
        check_in_step(self.carrel.home, papers, embedders(self.carrel.home), self._url)
        self.check_passages()
        calm(self._log.read_text())

    def check_passages(self) -> None:
        """Check that every generation has the passages, in order, that cutting its papers anew gives."""
        with self.services() as services, services.catalog.read() as tx:
            tools = services.workshop().tools
            for shelf in knowledge_bases.all_of_them(tx):
                for target, counts in counted_generations(tx, shelf):
                    embedder = services.embedder_of(target)
                    for paper in counts:
                        parsed = read_paper(paper, "", target, tools)
                        chunks, _ = cut_into_passages(paper, parsed, target, embedder)
                        held = [passage.id for passage in passages.of_paper(tx, target, paper)]
                        assert held == [found.passage.id for found in chunks]

    def examination(self) -> Document:
        """Return what ``carrel doctor --fsck`` says, deeply examined."""
        done = subprocess.run(
            self._command("fsck"), env=self._environment(), capture_output=True, timeout=120, check=False
        )
        calm(done.stderr.decode())
        return json.loads(done.stdout)

    def stored(self, kb: str) -> tuple[int, int]:
        """Return how many indexes there are of a knowledge base, and how many it may have."""
        with self.services() as services:
            (shelf,) = services.shelves.readable([kb])
            services.indexes.acquire("a test", 5)
            found = [number for identifier, number in services.indexes.stored() if identifier == shelf.id]
            kept = services.rebuilds().status(shelf).kept
            return len(found), 1 if kept is None else 2

    def _environment(self) -> dict[str, str]:
        return {**self.carrel.environment(), "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT)))}

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "tests.e2e.instant", *arguments]
