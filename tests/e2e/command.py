"""The real command in a process of its own, and what must be true of a data folder afterwards."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from carrel.core.ids import PaperId, paper_id
from carrel.core.jobs import JobState
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import Embedder
from carrel.core.space import Space
from carrel.indexing.shards import QdrantIndexes
from carrel.storage import generations, knowledge_bases, passages, rebuilds, removals
from carrel.storage.blobs import FolderBlobStore
from carrel.storage.database import Transaction, open_database
from carrel.storage.parses import ParseStore
from tests.e2e.forks import run_command

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 120.0

Document = Any  # what json.loads makes of a command's output


@dataclass(frozen=True)
class Answer:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Document:
        """The one JSON document on standard output; anything else there is an error."""
        return json.loads(self.out)

    def failed_with(self, code: int, *words: str) -> "Answer":
        """Check the exit code, that the reason is one line, and that it has these words."""
        assert self.code == code, self
        assert len(self.err.strip().splitlines()) == 1, self.err
        for word in words:
            assert word in self.err, self.err
        return self


@dataclass(frozen=True)
class Carrel:
    """The command on one data folder."""

    home: Path
    cache: Path
    extra: Mapping[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        kept = ("PATH", "HOME", "TMPDIR", "SYSTEMROOT", "TEMP", "LD_LIBRARY_PATH")
        return {
            **{name: os.environ[name] for name in kept if name in os.environ},
            "PYTHONPATH": str(ROOT / "src"),
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "100",
            "CARREL_HOME": str(self.home),
            "CARREL_CACHE": str(self.cache),
            "CARREL_OFFLINE": "1",
            "CARREL_KEEP_FREE_MB": "32",
            **self.extra,
        }

    def run(self, *arguments: str | Path | bytes, timeout: float = SECONDS, typed: str = "") -> Answer:
        """Run a command to its end; ``typed`` is its standard input. Nothing may look like a crash."""
        done = run_command(_plain(arguments), self.environment(), typed.encode(), timeout)
        answer = Answer(done.returncode, done.stdout.decode(), done.stderr.decode())
        calm(answer.err)
        calm(answer.out)
        return answer

    def start(
        self, *arguments: str | Path | bytes, stdout: int = subprocess.PIPE, stderr: int = subprocess.PIPE
    ) -> "subprocess.Popen[bytes]":
        """Start a command and return its process."""
        return subprocess.Popen(
            self._command(arguments),
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )

    def json(self, *arguments: str | Path) -> Document:
        """Run a command that must succeed; return its document."""
        answer = self.run(*arguments, "--json")
        assert answer.code == 0, answer
        return answer.document

    def with_settings(self, **settings: str) -> "Carrel":
        """Return the command with more environment variables."""
        return Carrel(self.home, self.cache, {**self.extra, **settings})

    def _command(self, arguments: tuple[str | Path | bytes, ...]) -> list[str | bytes]:
        return [sys.executable, "-m", "carrel", *_plain(arguments)]


def _plain(arguments: tuple[str | Path | bytes, ...]) -> list[str | bytes]:
    return [argument if isinstance(argument, bytes) else str(argument) for argument in arguments]


def calm(text: str) -> None:
    """Check that a text shows no trace of a crash."""
    for sign in ("Traceback", "Exception ignored", 'File "/', "Error in sys", "panicked", "core dumped"):
        assert sign not in text, text


def check_in_step(
    home: Path,
    papers: Mapping[str, set[str]],
    load_embedder: Callable[[str], Embedder],
    catalog_url: str = "",
) -> None:
    """Check that a data folder holds these papers (SHA-256 by knowledge base), each once, and nothing else.

    Opened here, not asked of a command: no command's mending comes first. ``catalog_url``: of the database
    that is its catalog; "" is the folder's own file.
    """
    wanted = {sha256 for found in papers.values() for sha256 in found}
    blobs, parses = FolderBlobStore(home / "blobs"), ParseStore(home / "parses")
    assert sorted(blobs.list()) == sorted(wanted)
    assert sorted(parses.list()) == sorted(paper_id(sha256) for sha256 in wanted)
    assert list(home.rglob("*.part")) == []

    catalog = open_database(home, catalog_url)
    indexes = QdrantIndexes(home / "index")
    try:
        indexes.acquire("a test", 5)
        with catalog.read() as tx:
            assert removals.pending(tx) == ()
            assert {row["sha256"] for row in tx.rows("SELECT sha256 FROM papers")} == wanted
            assert {row["state"] for row in tx.rows("SELECT state FROM jobs")} <= {JobState.DONE}
            assert tx.rows("SELECT job_id FROM handovers") == []
            shelves = knowledge_bases.all_of_them(tx)
            assert {shelf.name for shelf in shelves} == set(papers)
            found = 0
            for shelf in shelves:
                ids = {paper_id(sha256) for sha256 in papers[shelf.name]}
                held = tx.rows("SELECT paper_id FROM holdings WHERE knowledge_base_id = :id", id=shelf.id)
                assert sorted(row["paper_id"] for row in held) == sorted(ids)
                for target, counts in counted_generations(tx, shelf):
                    encoder = load_embedder(target.embedder).encoder
                    index = indexes.open(target, Space(encoder, target.dimensions or encoder.width))
                    assert index.paper_ids() == set(counts) == ids
                    assert index.counts() == (len(counts), sum(counts.values()))
                    known = [p.id for paper in ids for p in passages.of_paper(tx, target, paper)]
                    assert len(known) == len(set(known)) == sum(counts.values())
                    found += len(known)
            assert len(tx.rows("SELECT id FROM passages")) == found
            assert set(indexes.stored()) <= set(generations.with_index(tx))
    finally:
        indexes.release()
        catalog.close()


def counted_generations(
    tx: Transaction, shelf: KnowledgeBase
) -> Iterator[tuple[KnowledgeBase, Mapping[PaperId, int]]]:
    """Yield every generation that has an index, its papers and their numbers of passages; none is built."""
    serving = tx.rows("SELECT paper_id, passages FROM holdings WHERE knowledge_base_id = :id", id=shelf.id)
    yield shelf, {PaperId(row["paper_id"]): row["passages"] for row in serving}
    for found in generations.all_of(tx, shelf):
        assert not found.state.under_way, found
        if found.state.has_index and found.number != shelf.generation:
            yield found.built_as, rebuilds.built(tx, found.built_as)
