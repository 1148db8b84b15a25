"""Versions of one paper: are they recognised, and is nothing else? And what it costs.

Over the 80 real papers, no two of which are versions of each other. Each is set anew in several ways, as
publishers and authors do; pairs made of one paper must be recognised, all others must not. Run:
``python -m benchmarks.versions`` (``--papers FOLDER`` with the manifest, ``--seed``, ``--catalog N``
papers in the catalog whose cost is measured: 100,000 take five minutes, 0 none, ``--mistakes``
prints what is wrong).
"""

import argparse
import itertools
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.known_items import DATA
from benchmarks.machine import describe, heading
from benchmarks.set_anew import WAYS, Text, lookalikes, text_of
from carrel.core.ids import new_knowledge_base_id, paper_id
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.likeness import Likeness, asked_resemblance, keys, likeness_of, same_work
from carrel.core.paper import ParsedPaper
from carrel.core.sketch import resemblance
from carrel.parsing.pdfium_parser import PdfiumParser
from carrel.storage import knowledge_bases, papers, versions
from carrel.storage.clock import now
from carrel.storage.database import Catalog, Transaction, open_database
from carrel.storage.sqlite import connect

_SHOWN = 200  # papers among which a search looks for versions
_PUBLISHED = 200  # papers whose publication is timed


def read(folder: Path) -> list[ParsedPaper]:
    """Parse the papers with known truth."""
    rows = [json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    paths = [folder.parent / row["file"] for row in rows if "truth" in row]
    parser = PdfiumParser(workers=1, seconds=60, memory_mb=1024, max_pages=2000)
    try:
        return [parser.parse(path, path.name) for path in paths]
    finally:
        parser.close()


def print_recognition(texts: Sequence[Text], seed: int, mistakes: bool) -> None:
    """Print, for each way to set a paper anew, how many are recognised; and how many others are."""
    made: dict[str, list[Likeness]] = {}
    for way, changes in WAYS.items():
        made[way] = []
        for n, text in enumerate(texts):
            chance = random.Random(f"{seed} {way} {n}")
            others = [texts[(n + 7) % len(texts)], *texts[:n], *texts[n + 1 :]]
            for change in changes:
                text = change(text, chance, others)  # noqa: PLW2901
            made[way].append(likeness_of(text.set()))
    print("\n| set anew | pairs | recall | found by look-up | lowest resemblance |\n|---|---|---|---|---|")
    right = wrong = missed = apart = 0
    for way, found in made.items():
        pairs = list(zip(made["as it is"], found, strict=True))
        same = [same_work(*pair) for pair in pairs]
        met = sum(not set(keys(one)).isdisjoint(keys(other)) for one, other in pairs)
        lowest = min(resemblance(one.sketch, other.sketch) for one, other in pairs)
        shares = f"{_share(sum(same), len(same))} | {_share(met, len(pairs))}"
        print(f"| {way} | {len(pairs)} | {shares} | {lowest:.2f} |")
        if way != "as it is":
            right, missed = right + sum(same), missed + len(same) - sum(same)
        if mistakes:
            _name(f"missed, {way}", [pair for pair, yes in zip(pairs, same, strict=True) if not yes])
    closest = 0.0
    for (_, one), (_, other) in itertools.combinations_with_replacement(made.items(), 2):
        for (n, a), (m, b) in itertools.product(enumerate(one), enumerate(other)):
            if n < m:
                apart += 1
                closest = max(closest, resemblance(a.sketch, b.sketch))
                if same_work(a, b):
                    wrong += 1
                    _name("wrong", [(a, b)])
    print(
        f"\nPrecision {_share(right, right + wrong)}, recall {_share(right, right + missed)}: {right} of "
        f"{right + missed} pairs of versions recognised, {wrong} of {apart} pairs of different papers; the "
        f"highest resemblance among the latter is {closest:.2f}."
    )


def print_lookalikes(texts: Sequence[Text], seed: int, mistakes: bool) -> None:
    """Print how many pairs that only look like versions are taken for some."""
    taken: dict[str, list[tuple[Likeness, Likeness]]] = {}
    for kind, one, other in lookalikes(texts, random.Random(seed)):
        taken.setdefault(kind, []).append((likeness_of(one.set()), likeness_of(other.set())))
    print("\n| not versions | pairs | taken for versions | highest resemblance |\n|---|---|---|---|")
    for kind, pairs in taken.items():
        wrong = [pair for pair in pairs if same_work(*pair)]
        highest = max(resemblance(one.sketch, other.sketch) for one, other in pairs)
        print(f"| {kind} | {len(pairs)} | {len(wrong)} | {highest:.2f} |")
        if mistakes:
            _name(kind, wrong)


def _name(what: str, pairs: Sequence[tuple[Likeness, Likeness]]) -> None:
    for one, other in pairs:
        found, asked = resemblance(one.sketch, other.sketch), asked_resemblance(one, other)
        print(
            f"{what}: {one.title} / {other.title}: {found:.2f} of {asked:.2f}, {one.pieces} pieces",
            file=sys.stderr,
        )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "—"


def print_cost(read_papers: Sequence[ParsedPaper], count: int) -> None:
    """Print what a page costs, and what publishing and searching cost among many papers."""
    pages = sum(len(paper.pages) for paper in read_papers)
    began = time.process_time()
    real = [likeness_of(paper) for paper in read_papers]
    per_page = 1000 * (time.process_time() - began) / pages
    print(f"\nThe likeness of a paper takes {per_page:.2f} ms a page ({pages} pages).")
    if not count:
        return
    with tempfile.TemporaryDirectory() as folder:
        catalog = open_database(Path(folder))
        shelf = KnowledgeBase(new_knowledge_base_id(), "library")
        empty = Path(folder, "carrel.db").stat().st_size
        with catalog.write() as tx:
            knowledge_bases.create(tx, shelf)
            _fill(tx, shelf, count, real)
        connection = connect(Path(folder, "carrel.db"))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        size = Path(folder, "carrel.db").stat().st_size - empty
        took = [_publish(catalog, shelf, count + n, real[n % len(real)]) for n in range(_PUBLISHED)]
        looked = [_search(catalog, shelf, random.Random(n), count) for n in range(50)]
        catalog.close()
    print(
        f"Among {count:,} papers, recording one takes {_milliseconds(took)}, and finding the versions of "
        f"{_SHOWN} papers {_milliseconds(looked)} (median and the slowest in twenty). The catalog grew by "
        f"{size / count / 1000:.1f} kB a paper for it, the rows of the papers included."
    )


def _fill(tx: Transaction, shelf: KnowledgeBase, count: int, real: Sequence[Likeness]) -> None:
    """Put papers of random sketches into the catalog; their titles and authors are of the real ones."""
    chance = np.random.default_rng(0)
    for n in range(count):
        _hold(tx, shelf, n)
        model = real[n % len(real)]
        sketch = chance.integers(0, 1 << 16, 256, np.uint16).tobytes()
        title = f"{n * 7919 % count} {model.title} {n}"
        surnames = tuple(f"{name}{n % 97}" for name in model.surnames)
        versions.record(tx, paper_id(_sha(n)), replace(model, sketch=sketch, title=title, surnames=surnames))


def _hold(tx: Transaction, shelf: KnowledgeBase, n: int) -> None:
    papers.register(tx, paper_id(_sha(n)), _sha(n), 1)
    tx.run(
        "INSERT INTO holdings VALUES (:shelf, :paper, 'a.pdf', 0, :now)",
        shelf=shelf.id,
        paper=paper_id(_sha(n)),
        now=now(),
    )


def _publish(catalog: Catalog, shelf: KnowledgeBase, n: int, likeness: Likeness) -> float:
    with catalog.write() as tx:
        _hold(tx, shelf, n)
        began = time.perf_counter()
        versions.record(tx, paper_id(_sha(n)), likeness)
        return 1000 * (time.perf_counter() - began)


def _search(catalog: Catalog, shelf: KnowledgeBase, chance: random.Random, count: int) -> float:
    ids = [paper_id(_sha(chance.randrange(count + _PUBLISHED))) for _ in range(_SHOWN)]
    began = time.perf_counter()
    with catalog.read() as tx:
        versions.groups(tx, [shelf.id], ids)
    return 1000 * (time.perf_counter() - began)


def _milliseconds(took: Sequence[float]) -> str:
    return f"{statistics.median(took):.2f} ms ({sorted(took)[len(took) * 19 // 20]:.2f})"


def _sha(n: int) -> str:
    return random.Random(n).randbytes(32).hex()


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--papers", type=Path, default=DATA, help="the folder of the manifest")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--catalog", type=int, default=20_000)
    parser.add_argument("--mistakes", action="store_true")
    arguments = parser.parse_args()
    if not (arguments.papers / "manifest.jsonl").is_file():
        sys.exit(f"The real papers are not on this machine ({arguments.papers}): nothing to measure.")
    read_papers = read(arguments.papers)
    texts = [text_of(paper) for paper in read_papers]
    print(heading(f"Versions of one paper, over {len(texts)} real papers"))
    print(describe())
    print_recognition(texts, arguments.seed, arguments.mistakes)
    print_lookalikes(texts, arguments.seed, arguments.mistakes)
    print_cost(read_papers, arguments.catalog)


if __name__ == "__main__":
    main()
