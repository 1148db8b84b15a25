"""Measures ``carrel serve`` under load: many clients search some thousand passages at once.

Run with ``python -m benchmarks.load [--clients 50] [--seconds 60] [--passages 10000]``. The passages are
those of judged sets in ``../shared/data``, as text files of one knowledge base; the questions are SciFact's.
Clients run in a process of their own, on the same machine: its cores are shared.
"""

import argparse
import json
import multiprocessing
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.machine import describe, heading
from benchmarks.running_server import Running, percentile, running

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
_PATIENCE_SECONDS = 3600.0


@dataclass
class Tally:
    """What the clients saw; milliseconds."""

    times: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    empty: int = 0


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--clients", type=int, default=50)
    options.add_argument("--seconds", type=float, default=60.0)
    options.add_argument("--passages", type=int, default=10_000)
    options.add_argument("--mode", default="hybrid")
    chosen = options.parse_args()
    with running() as server:
        held = _fill(server, chosen.passages)
        questions = _questions()
        _search_once(server, questions[0], chosen.mode)  # the model is loaded
        alone = _run(server, questions, 1, min(10.0, chosen.seconds), chosen.mode)
        loaded = _run(server, questions, chosen.clients, chosen.seconds, chosen.mode)
    print(heading(f"{chosen.clients} clients, {held} passages, {chosen.mode}"))
    print(describe() + "\n")
    print("| clients | searches a second | p50 ms | p95 ms | p99 ms | errors | empty |")
    print("|---|---|---|---|---|---|---|")
    for clients, seconds, tally in (
        (1, min(10.0, chosen.seconds), alone),
        (chosen.clients, chosen.seconds, loaded),
    ):
        figures = " | ".join(f"{percentile(tally.times, share):.0f}" for share in (0.5, 0.95, 0.99))
        rate = len(tally.times) / seconds
        print(f"| {clients} | {rate:.1f} | {figures} | {len(tally.errors)} | {tally.empty} |")
    for error in sorted(set(loaded.errors))[:5]:
        print(error)


def _fill(server: Running, wanted: int) -> int:
    """Upload texts until the knowledge base has so many passages; return how many it has."""
    client = server.client()
    base = str(client.json("POST", "/api/v1/knowledge-bases", {"name": "load"})["id"])
    path = f"/api/v1/knowledge-bases/{base}"
    folder = server.home / "texts"
    folder.mkdir()
    documents = iter(_documents())
    given = 0
    while given < wanted:
        files: list[Path] = []
        for _ in range(50):
            text = "\n\n".join(next(documents) for _ in range(12))
            file = folder / f"text-{given}-{len(files)}.txt"
            file.write_text(text, encoding="utf-8")
            files.append(file)
        client.upload(base, files)
        given += 12 * len(files)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if not client.json("GET", "/api/v1/jobs?state=queued&limit=1")["items"] and not any(
            client.json("GET", f"/api/v1/jobs?state={state}&limit=1")["items"]
            for state in ("running", "handed")
        ):
            break
        time.sleep(1.0)
    held = client.json("GET", path)["passages"]
    assert isinstance(held, int)
    return held


def _documents() -> list[str]:
    found = []
    for name in ("ret_scifact", "ret_cranfield"):
        corpus = DATA / name / "corpus.jsonl"
        if corpus.is_file():
            for line in corpus.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                found.append(f"{row.get('title', '')}. {row.get('text') or row.get('abstract', '')}")
    if not found:
        raise SystemExit("The judged sets are not there; see the file's first lines.")
    return found * 10


def _questions() -> list[str]:
    lines = (DATA / "ret_scifact" / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    return [str(json.loads(line)["text"]) for line in lines]


def _search_once(server: Running, question: str, mode: str) -> None:
    server.client().json("POST", "/api/v1/search", {"query": question, "mode": mode})


def _run(server: Running, questions: list[str], clients: int, seconds: float, mode: str) -> Tally:
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(
            _clients, (server.host, server.port, server.token, questions, clients, seconds, mode)
        )


def _clients(
    host: str, port: int, token: str, questions: list[str], clients: int, seconds: float, mode: str
) -> Tally:
    from benchmarks.running_server import Client

    tally = Tally()
    end = time.monotonic() + seconds

    def search(number: int) -> None:
        client = Client(host, port, token)
        while time.monotonic() < end:
            number += clients
            question = questions[number % len(questions)]
            began = time.perf_counter()
            try:
                found = client.json("POST", "/api/v1/search", {"query": question, "mode": mode})
            except (OSError, RuntimeError) as error:
                tally.errors.append(str(error))
                client = Client(host, port, token)
                continue
            tally.times.append(1000 * (time.perf_counter() - began))
            tally.empty += not found["results"]

    threads = [threading.Thread(target=search, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tally


if __name__ == "__main__":
    main()
