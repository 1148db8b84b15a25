"""Measures how close the client keeps an embedding server to its own minimum.

A server on this machine answers a fixed number of tokens a second in a limited number of slots, so the least
time for a library is known: its tokens by the rate. Run with ``python -m benchmarks.saturation``.
"""

import argparse
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import describe, heading
from benchmarks.rated_server import WIDTH, tokens_of
from carrel.config import Settings
from carrel.engines.embedders import load_embedder

_WORDS = ("attention", "sparse", "transformer", "retrieval", "passage", "embedding", "kernel", "graph")


@dataclass
class Life:
    """The server's process, started again whenever it dies; and the texts that all its lives embedded."""

    rate: float
    slots: int
    refused: float = 0.0
    answers: int = 0  # of one life
    deaths: int = 0  # after so many it lives on
    away_seconds: float = 1.0
    fixed: float = 0.0  # seconds of every request, whatever its size
    embedded: int = 0
    died: int = 0

    def __post_init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._ended = threading.Event()
        self._process = self._start()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _start(self) -> "subprocess.Popen[str]":
        answers = self.answers if self.died < self.deaths else 0
        arguments = [self.port, self.rate, self.slots, self.refused, answers, self.fixed]
        command = [sys.executable, "-m", "benchmarks.rated_server", *map(str, arguments)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def _watch(self) -> None:
        while not self._ended.is_set():
            assert self._process.stdout is not None
            for line in self._process.stdout:
                self.embedded += int(line)
            self._process.wait()
            if self._ended.is_set():
                return
            self.died += 1
            time.sleep(self.away_seconds)
            self._process = self._start()

    def close(self) -> None:
        """End it for good."""
        self._ended.set()
        self._process.kill()
        self._thread.join()

    def wait_until_it_listens(self) -> None:
        """Return when it takes connections."""
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)


def library(passages: int) -> list[str]:
    """Return passages of 60 to 260 words, as papers have them."""
    chance = random.Random(1)
    return [" ".join(chance.choices(_WORDS, k=chance.randint(60, 260))) for _ in range(passages)]


def measured(texts: Sequence[str], life: Life) -> tuple[float, float, int, int]:
    """Return seconds taken, the server's least, texts that it embedded more than once, and its deaths."""
    life.wait_until_it_listens()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            home=Path(folder), cache=Path(folder), embedder_url=f"http://127.0.0.1:{life.port}"
        )
        embedder = load_embedder("rated", settings, lambda _: None)
        assert embedder.encoder.width == WIDTH
        before = life.embedded
        began = time.monotonic()
        vectors = embedder.embed_documents(texts)
        took = time.monotonic() - began
        embedder.close()
    time.sleep(0.2)
    life.close()
    assert vectors.shape == (len(texts), WIDTH)
    least = tokens_of(list(texts)) / life.rate + len(texts) / 32 * life.fixed / life.slots
    return took, least, life.embedded - before - len(texts), life.died


_SERVERS: Mapping[str, Callable[[float], Life]] = {
    "1 slot": lambda rate: Life(rate, 1),
    "16 slots": lambda rate: Life(rate, 16),
    "4 slots, 0.2 s a request besides": lambda rate: Life(rate, 4, fixed=0.2),
    "64 slots": lambda rate: Life(rate, 64),
    "16 slots, refuses half of the requests (429)": lambda rate: Life(rate, 16, refused=0.5),
    "16 slots, dies three times, away for 1 s": lambda rate: Life(rate, 16, answers=150, deaths=3),
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--passages", type=int, default=20_000)
    arguments.add_argument("--seconds", type=float, default=30.0, help="the server's least time")
    arguments.add_argument("--only", default="", help="only servers whose name holds this")
    chosen = arguments.parse_args()
    texts = library(chosen.passages)
    rate = tokens_of(texts) / chosen.seconds
    print(heading(f"Saturation: {len(texts)} passages, {rate:.0f} tokens a second"))
    print(describe())
    print(
        "\n| server | least s | took s | ratio | texts embedded again | deaths |\n|---|---|---|---|---|---|"
    )
    for name, make in _SERVERS.items():
        if chosen.only in name:
            took, least, again, died = measured(texts, make(rate))
            ratio = f"**{took / least:.3f}**"
            print(f"| {name} | {least:.1f} | {took:.1f} | {ratio} | {again} | {died} |", flush=True)


if __name__ == "__main__":
    main()
