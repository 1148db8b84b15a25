"""``carrel doctor --embedder``, ``carrel engine``, and what plain ``carrel doctor`` says of engines."""

import pytest

from tests.e2e.command import Carrel
from tests.fakes.causal_model import NAME, CausalServer
from tests.fakes.embedding_server import serving

KEY = "secret-key-1234"


def test_a_right_server(carrel: Carrel) -> None:
    fake = CausalServer()
    fake.key = KEY
    with serving(fake) as url:
        answer = carrel.with_settings(CARREL_EMBEDDER_API_KEY=KEY).run(
            "doctor", "--embedder", url, "--quick", "--json"
        )
    assert answer.code == 0, answer
    document = answer.document
    assert document["ok"] is True
    assert document["endpoint"] == url
    assert document["model"] == NAME
    assert document["server"] == {"kind": "other", "version": ""}
    assert {check["status"] for check in document["checks"]} == {"pass", "skip"}
    assert all(set(check) == {"name", "status", "message", "cause", "advice"} for check in document["checks"])
    assert document["throughput"] == []
    assert document["best"] is None
    assert document["exchange"]["method"] == "POST"
    assert document["exchange"]["status"] == 200
    assert KEY not in answer.out + answer.err


def test_a_wrong_server_for_a_person(carrel: Carrel) -> None:
    with serving(CausalServer(pooling="mean")) as url:
        answer = carrel.run("doctor", "--embedder", url, "--quick")
        chinese = carrel.with_settings(CARREL_LANGUAGE="zh").run("doctor", "--embedder", url, "--quick")
    assert answer.code == 1
    assert "✗ pooling: " in answer.out
    assert "cause: mean pooling instead of last-token pooling" in answer.out
    assert "> POST " in answer.out
    assert "< HTTP 200" in answer.out
    assert "平均池化" in chinese.out


def test_the_address_and_the_model_of_the_settings(carrel: Carrel) -> None:
    with serving(CausalServer()) as url:
        configured = carrel.with_settings(CARREL_EMBEDDER_URL=url, CARREL_EMBEDDER=NAME)
        document = configured.json("doctor", "--embedder", "--quick")
        plain = configured.run("doctor", "--json").document
    assert document["model"] == NAME
    lines = {check["name"]: check for check in plain["checks"]}
    assert lines["embedder"]["status"] == "pass"
    assert "96" in lines["embedder"]["message"]
    assert lines["reranker"]["status"] == "pass"


def test_the_settings_key_goes_to_no_other_address(carrel: Carrel) -> None:
    (carrel.home).mkdir(parents=True, exist_ok=True)
    settings = f'embedder_url = "http://127.0.0.1:9/v1"\nembedder_api_key = "{KEY}"\n'
    (carrel.home / "carrel.toml").write_text(settings, encoding="utf-8")
    fake = CausalServer()
    with serving(fake) as url:
        assert carrel.run("doctor", "--embedder", url, "--quick").code == 0
    assert all("authorization" not in asked.headers for asked in fake.asked)


def test_nothing_there_is_3(carrel: Carrel) -> None:
    answer = carrel.run("doctor", "--embedder", "http://127.0.0.1:9", "--json")
    assert answer.code == 3
    assert answer.document["ok"] is False
    assert answer.document["exchange"] is None


def test_a_configured_server_that_is_away_fails_plain_doctor(carrel: Carrel) -> None:
    away = carrel.with_settings(CARREL_EMBEDDER_URL="http://127.0.0.1:9/v1", CARREL_EMBEDDER=NAME)
    answer = away.run("doctor", "--json")
    assert answer.code == 3
    lines = {check["name"]: check for check in answer.document["checks"]}
    assert lines["embedder"]["status"] == "fail"


@pytest.mark.parametrize(
    "arguments",
    [
        ("doctor", "--embedder"),  # and no address in the settings
        ("doctor", "--embedder", "no address"),
        ("doctor", "--embedder", "http://127.0.0.1:9", "--profile", "nonsense"),
        ("doctor", "--embedder", "http://127.0.0.1:9", "--parse", "x.pdf"),
        ("doctor", "--quick"),
        ("engine", "gpt-2"),
        ("engine", "--server", "abacus"),
        ("engine", "Qwen3-Embedding-4B", "--rerank"),
    ],
)
def test_wrong_usage_is_2(carrel: Carrel, arguments: tuple[str, ...]) -> None:
    assert carrel.run(*arguments).code == 2


def test_engine(carrel: Carrel) -> None:
    document = carrel.json("engine", "Qwen3-Embedding-4B", "--gpu-memory", "24")
    assert [option["server"] for option in document["options"]] == ["vllm", "llama.cpp", "ollama", "tei"]
    assert all(option["possible"] for option in document["options"])
    answer = carrel.run("engine", "Qwen3-Embedding-4B", "--gpu-memory", "24", "--server", "vllm")
    assert "    vllm serve Qwen/Qwen3-Embedding-4B " in answer.out
    assert "CARREL_EMBEDDER_URL=http://127.0.0.1:8000/v1" in answer.out
    assert carrel.run("engine", "Qwen3-Embedding-8B", "--gpu-memory", "4", "--server", "tei").code == 1
