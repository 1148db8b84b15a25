"""The index engines beside each other: time to add, time and recall of a search, memory, disk."""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import psutil

from benchmarks.machine import describe, heading
from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import Index, IndexedPaper, IndexedPassage, IndexQuery
from carrel.core.ranking import Filters, Signal
from carrel.core.space import Encoder, Space, Vectors
from carrel.indexing.engines import ENGINES, indexes_of

WIDTH = 384
PASSAGES_A_PAPER = 50
QUERIES = 100
LIMIT = 100
_VOCABULARY = 30_000
_FILTER = Filters(2005, 2010)


def unit(rng: np.random.Generator, rows: int) -> Vectors:
    """Return random directions, [rows, WIDTH]: the hardest case for a graph, no two are near."""
    drawn = rng.normal(size=(rows, WIDTH)).astype(np.float32)
    vectors: Vectors = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return vectors


def words(chance: random.Random, count: int) -> str:
    """Return words drawn as in a language: few of them often, most seldom (Zipf)."""
    return " ".join(f"w{int(_VOCABULARY ** chance.random())}" for _ in range(count))


def library(passages: int) -> Iterator[IndexedPaper]:
    """Yield papers of fifty passages of 150 words."""
    rng, chance = np.random.default_rng(1), random.Random(1)
    for number in range(passages // PASSAGES_A_PAPER):
        rows = unit(rng, PASSAGES_A_PAPER + 1)
        inside = tuple(
            IndexedPassage(_identity(number, row), rows[row], words(chance, 150))
            for row in range(PASSAGES_A_PAPER)
        )
        yield IndexedPaper(
            PaperId(_identity(number)),
            rows[-1],
            words(chance, 200),
            inside,
            1995 + number % 30,
        )


def _identity(*parts: int) -> str:
    return sha256(repr(parts).encode()).hexdigest()[:32]


def queries() -> list[IndexQuery]:
    """Return questions of eight words with a direction each."""
    rng, chance = np.random.default_rng(2), random.Random(2)
    return [IndexQuery(row, words(chance, 8), Filters(), LIMIT) for row in unit(rng, QUERIES)]


def asked(index: Index, questions: Sequence[IndexQuery]) -> tuple[list[float], list[frozenset[str]]]:
    """Return the milliseconds of the questions, sorted, and the passages that dense search found."""
    took, found = [], []
    for question in questions:
        began = time.perf_counter()
        answer = index.search(question)
        took.append((time.perf_counter() - began) * 1000)
        dense = answer.get(Signal.DENSE_PASSAGES, ())
        found.append(frozenset(candidate.point_id for candidate in dense))
    return sorted(took), found


def measure(engine: str, passages: int) -> str:
    """Return the engine's row of the table."""
    folder = Path(tempfile.mkdtemp())
    papers = list(library(passages))
    before = psutil.Process().memory_info().rss
    indexes = indexes_of(folder, engine, "", "")
    indexes.acquire("a measurement", 0)
    space = Space(Encoder("random", "1", "{text}", "mean", WIDTH), WIDTH)
    index = indexes.open(KnowledgeBase(KnowledgeBaseId("b" * 32), "library"), space)
    began = time.perf_counter()
    for paper in papers:
        index.add([paper])
    added = time.perf_counter() - began
    questions = queries()
    asked(index, questions[:5])
    all_four, found = asked(index, questions)
    dense, _ = asked(index, [IndexQuery(q.vector, None, q.filters, LIMIT) for q in questions])
    lexical, _ = asked(index, [IndexQuery(None, q.text, q.filters, LIMIT) for q in questions])
    filtered, _ = asked(index, [IndexQuery(q.vector, q.text, _FILTER, LIMIT) for q in questions])
    memory = (psutil.Process().memory_info().rss - before) >> 20
    indexes.release()
    disk = sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file()) / 2**20
    shutil.rmtree(folder)
    figures = [f"{times[len(times) // 2]:.1f}" for times in (all_four, dense, lexical, filtered)]
    p95 = f"{all_four[int(len(all_four) * 0.95)]:.1f}"
    return (
        f"| {engine} | {added:.1f} | {figures[0]} | {p95} | {' | '.join(figures[1:])} "
        f"| {_recall(papers, questions, found):.3f} | {memory} | {disk:.0f} |"
    )


def _recall(
    papers: Sequence[IndexedPaper], questions: Sequence[IndexQuery], found: Sequence[frozenset[str]]
) -> float:
    """Return the share of the nearest passages that were found."""
    inside = [passage for paper in papers for passage in paper.passages]
    rows = np.stack([passage.vector for passage in inside])
    shares = []
    for question, answer in zip(questions, found, strict=True):
        assert question.vector is not None
        nearest = np.argsort(-(rows @ question.vector))[:LIMIT]
        shares.append(len(answer & {inside[n].id for n in nearest}) / len(nearest))
    return float(np.mean(shares))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--passages", type=int, default=10_000)
    arguments.add_argument("--engine", choices=ENGINES, help="only this one, without the heading")
    chosen = arguments.parse_args()
    if chosen.engine:
        print(measure(chosen.engine, chosen.passages))
        return
    print(heading(f"Index engines: {chosen.passages} passages of {WIDTH} dimensions"))
    print(describe())
    print(
        "\n| engine | add, s | search p50, ms | p95, ms | dense only, ms | words only, ms | filtered, ms "
        "| recall@100 | memory, MB | disk, MB |\n|---|---|---|---|---|---|---|---|---|---|"
    )
    for engine in ENGINES:  # in a process each, so that the memory is its own
        command = [sys.executable, "-m", "benchmarks.index_engines", "--passages", str(chosen.passages)]
        row = subprocess.run([*command, "--engine", engine], check=True, capture_output=True, text=True)
        print(row.stdout.strip(), flush=True)


if __name__ == "__main__":
    main()
