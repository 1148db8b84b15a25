"""What each stage costs: reading, cutting, indexing, embedding, searching, starting.

Over the 80 real papers, beside the floor: pdfium's bare text extraction in the same run. Reading to
indexing is measured with an embedder that answers at once, so that only Carrel's own work counts.
Run: ``python -m benchmarks.speed`` (``--repeat 10`` copies of the library with changed bytes).
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles

import numpy as np
import pypdfium2 as pdfium

from benchmarks.known_items import DATA, items, library, sources, truths
from benchmarks.machine import describe, heading
from carrel.bootstrap import Services, open_services
from carrel.chunking.chunker import chunk
from carrel.cli.add import bring_in
from carrel.config import Settings, load_settings
from carrel.core.ids import paper_id
from carrel.core.knowledge_base import ChunkSettings
from carrel.core.paper import ParsedPaper
from carrel.core.ports import EmbeddedQuery, Embedder, TokenCounter
from carrel.core.ranking import Query, SearchResult
from carrel.core.space import Encoder, Vectors
from carrel.engines.models import load_minilm
from carrel.ingest.accept import accept
from carrel.ingest.pipeline import Progress
from carrel.ingest.worker import Finished

Row = tuple[str, str]


class Instant:
    """The default model's tokens and width, with vectors from a seed: embedding for nothing."""

    def __init__(self, model: Embedder) -> None:
        self._model = model
        self._vectors = np.random.default_rng(0).normal(size=(4096, model.encoder.width)).astype(np.float32)
        self._vectors /= np.linalg.norm(self._vectors, axis=1, keepdims=True)

    @property
    def encoder(self) -> Encoder:
        return replace(self._model.encoder, revision="instant")

    @property
    def max_tokens(self) -> int:
        return self._model.max_tokens

    @property
    def languages(self) -> frozenset[str]:
        return frozenset()

    @property
    def tokens(self) -> TokenCounter:
        return self._model.tokens

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        chosen: Vectors = self._vectors[[hash(text) % len(self._vectors) for text in texts]]
        return chosen

    def embed_query(self, text: str, instruction: str = "") -> EmbeddedQuery:  # noqa: ARG002
        return EmbeddedQuery(self.embed_documents([text])[0])

    @property
    def parallel_calls(self) -> int:
        return 1

    def close(self) -> None:
        pass


class Silent:
    """A reporter that says nothing."""

    def tell(self, event: Progress | Finished) -> None:
        pass

    def say(self, text: str) -> None:
        pass


def cpu() -> float:
    """Return the CPU seconds of this process and of its children that have ended."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


def model(settings: Settings) -> Embedder:
    """Return the default embedder, loaded."""
    embedder = load_minilm(settings.cache, announce=lambda text: print(text, file=sys.stderr))
    embedder.embed_query("ready")
    return embedder


def floor(files: Sequence[Path]) -> tuple[int, float]:
    """Return pages, and the CPU seconds of pdfium's bare text extraction over them."""
    pages, began = 0, time.process_time()
    for file in files:
        document = pdfium.PdfDocument(file)
        for page in document:
            text_page = page.get_textpage()
            text_page.get_text_range()
            text_page.close()
            page.close()
            pages += 1
        document.close()
    return pages, time.process_time() - began


def journey(settings: Settings, embedder: Embedder, copies: int) -> Iterator[tuple[int, float]]:
    """Yield (papers in the library, CPU ms a page) after each copy of the 80 papers is brought in."""
    files = [DATA.parent / str(row["file"]) for row in truths()]
    with tempfile.TemporaryDirectory() as folder:
        for number in range(copies):
            began = cpu()
            services = open_services(replace(settings, home=Path(folder) / "home"), print, lambda _: embedder)
            knowledge_base = services.shelves.existing_or_new("library")
            jobs = set()
            for file in files:
                copy = Path(folder, file.name)
                copy.write_bytes(file.read_bytes() + b"\n%% copy %d" % number)
                accepted = accept(copy, knowledge_base, services.catalog, services.blobs)
                jobs |= {accepted.job.id} if accepted.job else set()
            bring_in(jobs, services, Silent())
            records = services.shelves.contents([knowledge_base]).papers
            services.close()  # the children end here, and their CPU time is counted
            yield len(records), 1000 * (cpu() - began) / sum(row.pages for row in records[-len(files) :])


def stages(settings: Settings, embedder: Embedder, files: Sequence[Path], pages: int) -> list[Row]:
    """Return the cost of each stage by itself."""
    services = open_services(settings, print, lambda _: embedder)
    parser = services.parser()
    began = cpu()
    parsed = [parser.parse(file, file.name) for file in files]
    parser.close()
    rows = [("parse", _rate(pages, cpu() - began))]
    began = time.process_time()
    cut = [_cut(paper, embedder) for paper in parsed]
    rows.append(("chunk", _rate(pages, time.process_time() - began)))
    services.close()
    texts = sum(len(found) for found in cut)
    rows.append(("passages", f"{texts} ({texts / pages:.1f} a page)"))
    return rows


def _cut(paper: ParsedPaper, embedder: Embedder) -> tuple[object, ...]:
    return chunk(paper_id("a" * 64), paper, embedder.tokens, ChunkSettings(), embedder.max_tokens)


def embedding(embedder: Embedder, services: Services) -> list[Row]:
    """Return the speed of the model on real passages."""
    shelves = services.shelves.readable()
    records = services.shelves.contents(shelves).papers
    texts = [passage.text for record in records[:40] for passage in services.shelves.passages(record)][:400]
    began = time.perf_counter()
    embedder.embed_documents(texts)
    return [("model", f"{len(texts) / (time.perf_counter() - began):.1f} passages/s")]


def queries(services: Services) -> list[Row]:
    """Return p50 and p95 of each stage of a warm query, in ms."""
    asked = [item.query for source in sources(services) for item in items(source, draws=1, seed=7)]
    for query in asked[:10]:
        services.search(Query(query))
    results = [services.search(Query(query)) for query in asked]
    stage: dict[str, Callable[[SearchResult], float]] = {
        "embed": lambda result: result.took_ms.embed,
        "retrieve": lambda result: result.took_ms.retrieve,
        "fuse": lambda result: result.took_ms.fuse,
        "total": lambda result: result.took_ms.total,
    }
    rows = []
    for name, take in stage.items():
        times = quantiles([take(result) for result in results], n=100)
        rows.append((f"query: {name}", f"p50 {times[49]:.1f} ms, p95 {times[94]:.1f} ms"))
    return rows


# Run by a small process: a child's peak memory begins with its parent's, and ours holds a library.
_TIMED = """
import os, subprocess, sys, time
began = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), time.perf_counter() - began, usage.ru_maxrss / 1024)
"""


def timed(home: Path, settings: Settings, *arguments: str) -> tuple[float, float]:
    """Return the wall seconds and peak MB of one ``carrel`` command, its children not counted."""
    environment = {**os.environ, "CARREL_HOME": str(home), "CARREL_CACHE": str(settings.cache)}
    command = [sys.executable, "-c", _TIMED, sys.executable, "-m", "carrel", *arguments]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    code, wall, peak = answer.stdout.split()
    if code != "0":
        raise RuntimeError(f"carrel {' '.join(arguments)} ended with {code}")
    return float(wall), float(peak)


def whole_commands(home: Path, settings: Settings, files: Sequence[Path], runs: int = 7) -> list[Row]:
    """Return wall time and peak memory of whole commands, from a cold start."""
    searches = [timed(home, settings, "search", "how do sparse methods scale", "--json") for _ in range(runs)]
    walls = [wall for wall, _ in searches]
    with tempfile.TemporaryDirectory() as folder:
        wall, peak = timed(Path(folder), settings, "add", *map(str, files), "--json")
    return [
        ("carrel search, cold", f"median {median(walls):.2f} s, worst {max(walls):.2f} s of {runs}"),
        ("carrel search, peak memory", f"{max(peak for _, peak in searches):.0f} MB"),
        (f"carrel add, {len(files)} papers", f"{wall:.0f} s, peak memory {peak:.0f} MB"),
    ]


def _rate(pages: int, seconds: float) -> str:
    return f"{pages / seconds:.0f} pages per CPU-second ({1000 * seconds / pages:.2f} ms a page)"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3, help="copies of the library, with changed bytes")
    parser.add_argument("--home", type=Path, help="keep or reuse the library in this data folder")
    arguments = parser.parse_args()
    settings = load_settings()
    files = [DATA.parent / str(row["file"]) for row in truths()]
    embedder = model(settings)
    pages, seconds = floor(files)
    rows: list[Row] = [("pdfium's bare text (floor)", _rate(pages, seconds))]
    with tempfile.TemporaryDirectory() as folder:
        rows += stages(replace(settings, home=Path(folder)), embedder, files, pages)
        for papers, cost in journey(settings, Instant(embedder), arguments.repeat):
            rows.append(
                (f"accept to searchable, no model, up to {papers} papers", f"{cost:.2f} ms CPU a page")
            )
        home = arguments.home or Path(folder) / "library"
        services = open_services(replace(settings, home=home), print, lambda _: embedder)
        try:
            library(services)
            rows += embedding(embedder, services) + queries(services)
        finally:
            services.close()
        rows += whole_commands(home, settings, files)
    print(heading(f"Speed, {len(files)} real papers of {pages} pages"))
    print(describe())
    print("\n| what | figure |\n|---|---|")
    for name, figure in rows:
        print(f"| {name} | {figure} |")


if __name__ == "__main__":
    main()
