"""The real Open WebUI over ``carrel serve``: papers uploaded, retrieved again, timed.

Run: ``python -m benchmarks.open_webui [--papers 5] [--venv FOLDER] [--rerank]``, with Python 3.11, which
Open WebUI wants. It installs Open WebUI from the package index into a virtual environment (2.4 GB) in a
temporary folder, or uses the one in ``--venv``, making it where it is missing; starts the gateway with the
settings of the environment (all-MiniLM-L6-v2 unless CARREL_EMBEDDER says otherwise); points Open WebUI at it;
uploads real papers of ``../shared/data/pdf`` into a knowledge base; and asks for each by its title.
``--rerank`` has Open WebUI rerank over the gateway, too, and needs CARREL_RERANKER.
"""

import argparse
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx2

from benchmarks.known_items import DATA
from benchmarks.machine import describe, heading

_NEEDED = 6 * 2**30  # bytes: packages, their caches and the data
_START_SECONDS = 600.0
_ANSWER_SECONDS = 600.0
_SMALL = 400_000  # bytes of a paper: five of these take minutes to embed on two cores, not an hour


@dataclass(frozen=True)
class Paper:
    """A paper that is uploaded, and the question that must find it."""

    path: Path
    title: str


@dataclass(frozen=True)
class Gateway:
    """A running gateway."""

    url: str
    model: str
    reranker: str | None
    key: str


def main() -> None:
    """Measure, and print the table. Exit code 1 where a paper is not found first."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--papers", type=int, default=5)
    parser.add_argument("--venv", type=Path, help="virtual environment of Open WebUI to use, or to make")
    parser.add_argument("--rerank", action="store_true", help="rerank over the gateway, too")
    options = parser.parse_args()
    papers = choose(options.papers)
    with tempfile.TemporaryDirectory(prefix="carrel-open-webui-") as name:
        folder = Path(name)
        program = installed(options.venv or folder / "venv")
        with gateway(folder) as served, open_webui(program, folder, served, options.rerank) as (url, started):
            rows, right = measure(url, papers, options.rerank)
    rows = [("Open WebUI starts", f"{started:.0f} s"), *rows]
    print(heading("Open WebUI over the gateway"))
    print(
        f"{describe()}\n\nModel: {served.model}; reranker: {served.reranker if options.rerank else 'none'}\n"
    )
    print("| what | |\n|---|---:|")
    print("\n".join(f"| {what} | {value} |" for what, value in rows))
    sys.exit(0 if right == len(papers) else 1)


def choose(count: int) -> list[Paper]:
    """Return small papers whose titles are known, spread over the collection."""
    manifest = DATA / "manifest.jsonl"
    if not manifest.is_file():
        sys.exit(f"The real papers are not on this machine ({DATA}): nothing to upload.")
    entries = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
    known = [
        Paper(DATA.parent / entry["file"], entry["truth"]["title"])
        for entry in entries
        if (entry.get("truth") or {}).get("title") and entry["bytes"] < _SMALL and not entry["scanned"]
    ]
    return known[:: max(1, len(known) // count)][:count]


def installed(venv: Path) -> Path:
    """Return the program ``open-webui`` of a virtual environment, making it first where it is missing."""
    program = venv / "bin" / "open-webui"
    if program.is_file():
        return program
    parent = next(folder for folder in (venv, *venv.parents) if folder.is_dir())
    if (free := shutil.disk_usage(parent).free) < _NEEDED:
        sys.exit(f"Installing Open WebUI takes {_NEEDED >> 30} GB in {parent}; {free >> 30} GB are free.")
    print(f"Installing Open WebUI into {venv} …", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    subprocess.run([venv / "bin" / "pip", "install", "--quiet", "open-webui"], check=True)
    return program


@contextmanager
def gateway(folder: Path) -> Iterator[Gateway]:
    """Run ``carrel serve`` on a data folder of its own while the block runs."""
    key = secrets.token_urlsafe()
    environment = {**os.environ, "CARREL_GATEWAY_API_KEY": key, "CARREL_HOME": str(folder / "home")}
    command = [sys.executable, "-m", "carrel", "serve", "--port", "0", "--json"]
    with running(command, environment, folder / "carrel.log", answers=True) as process:
        document = ""
        while not document.endswith("}\n"):
            assert process.stdout is not None
            line = process.stdout.readline().decode()
            if not line:
                sys.exit(f"carrel serve did not start: {(folder / 'carrel.log').read_text()}")
            document += line
        told = json.loads(document)
        yield Gateway(told["url"], told["model"], told["reranker"], key)


@contextmanager
def open_webui(program: Path, folder: Path, served: Gateway, rerank: bool) -> Iterator[tuple[str, float]]:
    """Run Open WebUI over the gateway while the block runs; yield its address and its seconds to start."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = folder / "open-webui.log"
    command = [str(program), "serve", "--host", "127.0.0.1", "--port", str(port)]
    began = time.perf_counter()
    with running(command, webui_environment(folder, served, rerank), log) as process:
        url = f"http://127.0.0.1:{port}"
        while True:
            if process.poll() is not None or time.perf_counter() - began > _START_SECONDS:
                sys.exit(f"Open WebUI did not start:\n{log.read_text(errors='replace')[-4000:]}")
            try:
                if httpx2.get(f"{url}/health", trust_env=False).status_code == httpx2.codes.OK:
                    break
            except httpx2.TransportError:
                pass  # not yet
            time.sleep(0.5)
        yield url, time.perf_counter() - began


def webui_environment(folder: Path, served: Gateway, rerank: bool) -> dict[str, str]:
    """Return its settings: everything of its own that wants a model or the network is off."""
    environment = {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")},
        "DATA_DIR": str(folder / "open-webui"),
        "WEBUI_SECRET_KEY": secrets.token_urlsafe(),
        "OFFLINE_MODE": "true",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "ANONYMIZED_TELEMETRY": "false",
        "DO_NOT_TRACK": "true",
        "SCARF_NO_ANALYTICS": "true",
        "ENABLE_OLLAMA_API": "false",
        "ENABLE_OPENAI_API": "false",
        "RAG_EMBEDDING_ENGINE": "openai",
        "RAG_OPENAI_API_BASE_URL": served.url,
        "RAG_OPENAI_API_KEY": served.key,
        "RAG_EMBEDDING_MODEL": served.model,
        "RAG_EMBEDDING_BATCH_SIZE": "32",
        # Has Carrel tell questions from passages: it sends these as fields of the request.
        "RAG_EMBEDDING_PREFIX_FIELD_NAME": "input_type",
        "RAG_EMBEDDING_QUERY_PREFIX": "query",
        "RAG_EMBEDDING_CONTENT_PREFIX": "document",
    }
    if rerank:
        if served.reranker is None:
            sys.exit("--rerank needs a reranker: set CARREL_RERANKER and CARREL_RERANKER_URL.")
        environment |= {
            "ENABLE_RAG_HYBRID_SEARCH": "true",
            "RAG_RERANKING_ENGINE": "external",
            "RAG_RERANKING_MODEL": served.reranker,
            "RAG_EXTERNAL_RERANKER_URL": f"{served.url}/rerank",
            "RAG_EXTERNAL_RERANKER_API_KEY": served.key,
        }
    return environment


def measure(url: str, papers: Sequence[Paper], hybrid: bool) -> tuple[list[tuple[str, str]], int]:
    """Upload, retrieve, and return the rows of the table and how many papers came back first."""
    with httpx2.Client(base_url=url, timeout=_ANSWER_SECONDS, trust_env=False) as client:
        account = {"name": "A Reader", "email": "reader@example.org", "password": secrets.token_urlsafe()}
        client.headers["Authorization"] = f"Bearer {post(client, '/api/v1/auths/signup', account)['token']}"
        base = post(client, "/api/v1/knowledge/create", {"name": "Papers", "description": "Papers"})["id"]
        began = time.perf_counter()
        for paper in papers:
            with paper.path.open("rb") as stream:
                answer = client.post(
                    "/api/v1/files/",
                    params={"process": "true", "process_in_background": "false"},
                    files={"file": (paper.path.name, stream, "application/pdf")},
                )
            answer.raise_for_status()
            post(client, f"/api/v1/knowledge/{base}/file/add", {"file_id": answer.json()["id"]})
        uploading = time.perf_counter() - began
        took, right = [], 0
        for paper in papers:
            asked = {"collection_names": [base], "query": paper.title, "k": 3, "hybrid": hybrid}
            began = time.perf_counter()
            found = post(client, "/api/v1/retrieval/query/collection", asked)
            took.append(time.perf_counter() - began)
            first = found["metadatas"][0][0]
            right += paper.path.name in (first.get("name"), first.get("source"))
            print(f"{paper.title[:60]!r}: {first.get('name')}", file=sys.stderr)
    return [
        (
            f"{len(papers)} papers uploaded: read and cut by it, embedded by Carrel",
            f"{uploading:.1f} s",
        ),
        ("a query, median", f"{median(took) * 1000:.0f} ms"),
        ("a query, slowest", f"{max(took) * 1000:.0f} ms"),
        ("the right paper first", f"{right} of {len(papers)}"),
    ], right


def post(client: httpx2.Client, path: str, document: Mapping[str, object]) -> dict:  # type: ignore[type-arg]
    """Return the answer to a request that must succeed."""
    answer = client.post(path, json=document)
    if answer.is_error:
        sys.exit(f"{path}: {answer.status_code} {answer.text[:1000]}")
    return dict(answer.json())


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], log: Path, answers: bool = False
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program while the block runs; what it says goes to a file, its answers to a pipe if wanted."""
    with log.open("wb") as said:
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if answers else said,
            stderr=said,
            cwd=log.parent,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.communicate(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


if __name__ == "__main__":
    main()
