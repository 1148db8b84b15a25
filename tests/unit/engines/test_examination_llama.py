"""The examination of a real engine: llama.cpp with the tiny Qwen3, started rightly and in every wrong way."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from carrel.engines.examination.kinds import Kind
from carrel.engines.examination.subject import Plan
from carrel.engines.examination.verdict import Status
from carrel.engines.profiles import named_profile
from tests.models.served import needs_llama
from tests.models.tiny_gguf import write_embedding_gguf
from tests.models.tiny_qwen3 import TinyQwen3, make_tiny_qwen3
from tests.unit.engines.examining import examined_at, failures

_SERVE = """
import sys, time, xllamacpp
path, pooling = sys.argv[1:]
params = xllamacpp.CommonParams()
params.model.path, params.embedding, params.warmup = path, True, False
params.n_ctx = params.n_batch = params.n_ubatch = 2048
params.n_parallel, params.kv_unified = 2, True
params.hostnames, params.port = ["127.0.0.1"], 0
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
params.pooling_type = getattr(xllamacpp.llama_pooling_type, "LLAMA_POOLING_TYPE_" + pooling)
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
"""
PROFILE = named_profile("Qwen3-Embedding")
PLAN = Plan(quick=True, profile_chosen=True)


@pytest.fixture(scope="module")
def model() -> TinyQwen3:
    return make_tiny_qwen3()


@contextmanager
def llama_server(path: Path, pooling: str) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(path), pooling],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    ("add_end", "pooling", "wrong", "cause"),
    [
        (True, "LAST", set(), ""),
        (False, "LAST", {"end token"}, "not appended"),
        (True, "MEAN", {"pooling"}, "mean pooling instead of last-token pooling"),
        (False, "MEAN", {"end token", "pooling"}, "mean pooling instead of last-token pooling"),
        (True, "CLS", {"pooling"}, "first-token pooling instead of last-token pooling"),
    ],
)
def test_llama_cpp(
    model: TinyQwen3, tmp_path: Path, add_end: bool, pooling: str, wrong: set[str], cause: str
) -> None:
    needs_llama()
    path = write_embedding_gguf(model, tmp_path / "tiny.gguf", add_end=add_end)
    with llama_server(path, pooling) as url:
        examination, checks = examined_at(url, model="", profile=PROFILE, plan=PLAN)
    facts = examination.subject.facts
    assert facts.kind is Kind.LLAMA_CPP
    assert facts.max_tokens > 0
    assert failures(checks) == wrong, checks
    if wrong:
        assert any(cause in checks[name].cause for name in wrong)
        assert all("llama-server" in checks[name].advice for name in wrong)
    assert checks["published figures"].status is Status.SKIP
