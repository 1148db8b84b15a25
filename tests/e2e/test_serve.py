"""``carrel serve`` as a process of its own, with the real model."""

import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import numpy as np
import pytest
from openai import OpenAI

from carrel.core.ranking import MOST_RESULTS
from carrel.engines.models import load_minilm
from tests.e2e.command import SECONDS, Carrel, calm

pytestmark = pytest.mark.model
MODEL = "all-MiniLM-L6-v2"


@contextmanager
def serving(carrel: Carrel, *options: str) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    """Start the server; yield its process and its address once it has told it."""
    process = carrel.start("serve", "--port", "0", "--json", *options)
    try:
        assert process.stdout is not None
        document = ""
        while not document.endswith("}\n"):
            line = process.stdout.readline().decode()
            assert line, process.communicate(timeout=SECONDS)
            document += line
        told = json.loads(document)
        assert (told["model"], told["reranker"]) == (MODEL, None)
        yield process, told["url"]
    finally:
        process.kill()
        process.communicate()


def end(process: "subprocess.Popen[bytes]") -> tuple[int, str]:
    out, err = process.communicate(timeout=SECONDS)
    assert out == b""
    calm(err.decode())
    return process.returncode, err.decode()


def test_the_sdk_gets_the_vectors_of_the_model(carrel: Carrel, model_cache: Path) -> None:
    texts = ["Sparse attention for long documents", "基于Transformer的长序列建模方法有哪些?", "word " * 3000]
    with serving(carrel) as (process, url):
        with OpenAI(base_url=url, api_key="none") as sdk:
            answer = sdk.embeddings.create(model=MODEL, input=texts)
            assert [model.id for model in sdk.models.list()] == [MODEL]
        found = np.array([each.embedding for each in answer.data], np.float32)
        expected = load_minilm(model_cache, announce=print).embed_documents(texts)
        assert ((found * expected).sum(axis=1) >= 0.99999).all()
        assert answer.usage.total_tokens > 254
        root = url.removesuffix("/v1")
        for path in ("/healthz", "/readyz"):
            assert httpx2.get(root + path, trust_env=False).json()["status"] == "ok"
        process.send_signal(signal.SIGTERM)
        code, said = end(process)
        assert (code, said.splitlines()[-1]) == (0, "Stopped.")
        assert said.startswith("No account yet.")  # with the code to set it up from another machine
    assert not (carrel.home / "server.json").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_answers_that_were_begun_are_finished(carrel: Carrel, number: signal.Signals) -> None:
    texts = [f"passage {i} " + "about attention and memory " * 60 for i in range(60)]
    with serving(carrel) as (process, url):
        answers: list[httpx2.Response] = []
        asking = threading.Thread(
            target=lambda: answers.append(
                httpx2.post(
                    f"{url}/embeddings",
                    json={"model": MODEL, "input": texts},
                    timeout=SECONDS,
                    trust_env=False,
                )
            )
        )
        before = _processor_seconds(process)
        asking.start()
        while _processor_seconds(process) < before + 0.3:
            assert asking.is_alive()
        process.send_signal(number)
        asking.join(SECONDS)
        assert [len(answer.json()["data"]) for answer in answers] == [60]
        assert end(process)[0] == 0


def test_commands_beside_a_server_leave_the_work_to_it(
    carrel: Carrel, small_papers: tuple[Path, ...]
) -> None:
    with serving(carrel) as (process, _):
        document = carrel.json("add", *small_papers)
        assert (document["added"], document["failed"]) == (len(small_papers), 0)
        assert {item["status"] for item in document["items"]} == {"ready"}
        assert all(item["pages"] and item["passages"] for item in document["items"])
        again = carrel.json("add", small_papers[0])
        assert again["duplicates"] == 1
        listed = carrel.json("list")["papers"]
        assert len(listed) == len(small_papers)
        everything = carrel.json("search", "the observation of violins", "--limit", str(MOST_RESULTS))
        assert len(everything["results"]) == len(small_papers)
        asked = carrel.json("search", "the observation of violins", "--limit", "3", "--explain")
        assert asked["results"][0]["paper"]["file"] == "violins.pdf"
        assert asked["explain"]["candidates"]
        shown = carrel.run("search", "the observation of violins")
        assert "On the Nature of Violins" in shown.out
        missing = carrel.run("search", "violins", "--kb", "nowhere", "--json")
        assert (missing.code, missing.document["error"]["kind"]) == (2, "knowledge-base-missing")
        carrel.json("remove", listed[0]["id"])
        assert len(carrel.json("list")["papers"]) == len(small_papers) - 1
        process.send_signal(signal.SIGTERM)
        code, said = end(process)
        assert (code, said.splitlines()[-1]) == (0, "Stopped.")
        assert said.startswith("No account yet.")  # with the code to set it up from another machine
    # What the server has made is there for a command that works by itself.
    found = carrel.json("search", "corals", "--mode", "lexical")
    assert len(found["results"]) >= (listed[0]["file"] != "corals.pdf")
    assert list((carrel.home / "blobs").glob("??/*.pdf")) != []


def test_it_says_to_a_person_where_and_what(carrel: Carrel) -> None:
    process = carrel.start("serve", "--port", "0")
    assert process.stdout is not None
    lines = [process.stdout.readline().decode() for _ in range(4)]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=SECONDS)
    assert lines[0].startswith("Listening on http://127.0.0.1:")
    assert lines[1].startswith("Pages: http://127.0.0.1:")
    assert lines[2:] == [f"Embeddings: {MODEL}\n", "Reranker: none\n"]


def test_a_port_that_is_taken(carrel: Carrel) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        answer = carrel.run("serve", "--port", port)
        answer.failed_with(2, port, "--port")
        document = carrel.run("serve", "--port", port, "--json").document
        assert document["error"]["kind"] == "port-taken"


def test_a_killed_server_leaves_its_port_free(carrel: Carrel) -> None:
    with serving(carrel) as (process, url):
        assert httpx2.get(f"{url}/models", trust_env=False).status_code == 200
        process.kill()
        process.wait()
        port = url.removesuffix("/v1").rpartition(":")[2]
        with serving(carrel, "--port", port) as (_, again):
            assert again == url


def test_hosts_that_cannot_be(carrel: Carrel) -> None:
    carrel.run("serve", "--host", "192.0.2.7", "--port", "0").failed_with(2, "192.0.2.7", "--host")
    carrel.run("serve", "--host", "no.such.host.invalid").failed_with(2, "no.such.host.invalid")
    assert carrel.run("serve", "--port", "70000").code == 2


def test_beyond_this_machine_with_a_key(carrel: Carrel) -> None:
    keyed = carrel.with_settings(CARREL_GATEWAY_API_KEY="sesame")
    with serving(keyed, "--host", "0.0.0.0") as (process, url):
        here = url.replace("0.0.0.0", "127.0.0.1")
        assert httpx2.get(f"{here}/models", trust_env=False).status_code == 401
        headers = {"Authorization": "Bearer sesame"}
        assert httpx2.get(f"{here}/models", headers=headers, trust_env=False).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert "sesame" not in end(process)[1]


def test_without_weights_it_starts_and_says_so_to_whoever_needs_them(tmp_path: Path) -> None:
    without = Carrel(tmp_path / "home", tmp_path / "empty", {"PIP_NO_INDEX": "1"})
    with serving(without) as (_, url), httpx2.Client(trust_env=False, timeout=SECONDS) as client:
        assert client.get(url.removesuffix("/v1") + "/readyz").status_code == 200
        answer = client.post(f"{url}/embeddings", json={"model": MODEL, "input": "a text"})
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == "model_unavailable"


def _processor_seconds(process: "subprocess.Popen[bytes]") -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
