"""Measures how much searches are held up while papers are taken in: one of 600 pages and sixty others.

Run with ``python -m benchmarks.search_while_ingesting [--papers 60] [--pages 600]``. The knowledge base that
is searched holds other real papers; both are of one server with one worker. Counted is what the server says a
search took without the model's own time (``took_ms``: total less embed), and the time that the client saw.
"""

import argparse
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.load import DATA
from benchmarks.machine import describe, heading
from benchmarks.running_server import Client, Running, percentile, running

_SAMPLE_SECONDS = 20.0
_PATIENCE_SECONDS = 3600.0
_PAUSE_SECONDS = 0.05  # between questions: a person types slower still
_QUESTIONS = (
    "a Julia package for automatic differentiation",
    "bounds on the regret of online learning",
    "reproducing published results in computational science",
    "teaching scientific computing with open materials",
    "variational inference with normalising flows",
    "how are graphs drawn from data",
    "fairness of classifiers under distribution shift",
    "solvers for stiff differential equations",
)


@dataclass
class Sample:
    """Milliseconds of one phase's searches: within the server without the model, and as the client saw."""

    inside: list[float] = field(default_factory=list)
    outside: list[float] = field(default_factory=list)
    empty: int = 0


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--papers", type=int, default=60)
    options.add_argument("--pages", type=int, default=600)
    chosen = options.parse_args()
    files = sorted(DATA.glob("pdf/*/*.pdf"))
    files = [file for file in files if file.parent.name != "weird"]
    if len(files) < chosen.papers + 20:
        raise SystemExit("The papers of ../shared/data/pdf are not there.")
    with running() as server:
        _upload(server, "searched", files[:20], wait=True)
        client = server.client()
        _sample(client, Sample(), 3.0)  # the model is loaded, files are in memory
        idle = _sample(client, Sample(), _SAMPLE_SECONDS)
        book = server.home / "book.pdf"
        _write_book(book, chosen.pages, files)
        _upload(server, "filled", [book, *files[20 : 20 + chosen.papers]], wait=False)
        busy, seconds = Sample(), time.monotonic()
        while _is_busy(client):
            _sample(client, busy, 2.0)
        seconds = time.monotonic() - seconds
    print(heading(f"Searches while {chosen.pages} pages and {chosen.papers} papers are taken in"))
    print(describe() + "\n")
    print("| | searches | p50 ms | p95 ms | p99 ms | client p50 | client p95 | empty |")
    print("|---|---|---|---|---|---|---|---|")
    for name, sample in (("idle", idle), (f"taking in ({seconds:.0f} s)", busy)):
        inside = " | ".join(f"{percentile(sample.inside, share):.1f}" for share in (0.5, 0.95, 0.99))
        outside = " | ".join(f"{percentile(sample.outside, share):.1f}" for share in (0.5, 0.95))
        print(f"| {name} | {len(sample.inside)} | {inside} | {outside} | {sample.empty} |")
    ratio = percentile(busy.inside, 0.95) / percentile(idle.inside, 0.95)
    print(f"\np95 while taking in: {ratio:.2f} times the idle one.")


def _upload(server: Running, name: str, files: list[Path], wait: bool) -> None:
    client = server.client()
    base = str(client.json("POST", "/api/v1/knowledge-bases", {"name": name})["id"])
    client.upload(base, files)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while wait and _is_busy(client) and time.monotonic() < deadline:
        time.sleep(0.5)


def _is_busy(client: Client) -> bool:
    states = ("queued", "running", "handed")
    return any(client.json("GET", f"/api/v1/jobs?state={state}&limit=1")["items"] for state in states)


def _sample(client: Client, sample: Sample, seconds: float) -> Sample:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        question = _QUESTIONS[len(sample.inside) % len(_QUESTIONS)]
        body = {"query": question, "knowledge_bases": ["searched"]}
        began = time.perf_counter()
        found = client.json("POST", "/api/v1/search", body)
        sample.outside.append(1000 * (time.perf_counter() - began))
        took = found["took_ms"]
        assert isinstance(took, dict)
        sample.inside.append(float(took["total"]) - float(took["embed"]))
        sample.empty += not found["results"]
        time.sleep(_PAUSE_SECONDS)
    return sample


def _write_book(path: Path, pages: int, files: list[Path]) -> None:
    """Bind pages of real papers into one PDF of so many pages."""
    import pypdfium2

    book = pypdfium2.PdfDocument.new()
    while len(book) < pages:
        for file in files:
            with pypdfium2.PdfDocument(file) as paper:
                book.import_pages(paper, list(range(min(len(paper), pages - len(book)))))
            if len(book) >= pages:
                break
    book.save(path)
    book.close()


if __name__ == "__main__":
    main()
