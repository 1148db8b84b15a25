"""``carrel search`` with a rerank server on this machine, and with instructions for the models."""

from collections.abc import Iterator

import pytest

from tests.e2e.command import Carrel
from tests.fakes.embedding_server import Reply, serving
from tests.fakes.rerank_server import MODEL, RerankServerFake

KEY = "sk-very-secret"
QUESTION = "who measured violins"


@pytest.fixture
def server() -> Iterator[RerankServerFake]:
    fake = RerankServerFake()
    fake.key = KEY
    with serving(fake):
        yield fake


@pytest.fixture
def reranked(five: Carrel, server: RerankServerFake) -> Carrel:
    """Five papers, and settings that name a reranker."""
    return five.with_settings(
        CARREL_RERANKER=MODEL, CARREL_RERANKER_URL=server.url, CARREL_RERANKER_API_KEY=KEY
    )


def test_a_reranker_in_the_settings_is_used(reranked: Carrel, server: RerankServerFake) -> None:
    document = reranked.json("search", QUESTION)
    assert document["rerank"] == {"model": MODEL, "applied": True, "candidates": 5, "reason": ""}
    assert document["took_ms"]["rerank"] > 0
    best = document["results"][0]
    assert best["paper"]["title"] == "On the Nature of Violins"
    scores = [result["rerank_score"] for result in document["results"]]
    assert scores == sorted(scores, reverse=True)
    assert len(server.asked) == 1

    people = reranked.run("search", QUESTION)
    assert people.code == 0
    assert f"Reordered by {MODEL}, which read 5 papers." in people.out
    assert "由" in reranked.with_settings(CARREL_LANGUAGE="zh").run("search", QUESTION).out


def test_it_can_be_left_out(reranked: Carrel, server: RerankServerFake) -> None:
    for carrel, option in ((reranked, ("--no-rerank",)), (reranked.with_settings(CARREL_RERANK="false"), ())):
        document = carrel.json("search", QUESTION, *option)
        assert "rerank" not in document
        assert "rerank_score" not in document["results"][0]
    assert server.asked == []
    assert reranked.with_settings(CARREL_RERANK="false").json("search", QUESTION, "--rerank")["rerank"][
        "applied"
    ]


def test_explain_shows_what_was_sent_without_the_key(reranked: Carrel) -> None:
    answer = reranked.run("search", QUESTION, "--explain", "--json")
    (exchange,) = answer.document["explain"]["exchanges"]
    assert exchange["method"] == "POST"
    assert exchange["url"].endswith("/v1/rerank")
    assert "Authorization: Bearer …" in exchange["headers"]
    assert QUESTION in exchange["sent"]
    assert exchange["status"] == 200
    assert "relevance_score" in exchange["received"]
    assert exchange["milliseconds"] > 0
    people = reranked.run("search", QUESTION, "--explain")
    assert "POST http" in people.out
    assert "rerank: " in people.out
    assert KEY not in answer.out + answer.err + people.out + people.err


@pytest.mark.parametrize("sign", ["away", "wrong key", "HTML"])
def test_without_its_answer_the_order_stays_and_it_is_said(
    reranked: Carrel, server: RerankServerFake, sign: str
) -> None:
    plain = reranked.json("search", QUESTION, "--no-rerank")["results"]
    if sign == "HTML":
        server.script = [Reply(200, b"<html>")] * 2
    carrel = reranked.with_settings(
        CARREL_RERANKER_API_KEY="other" if sign == "wrong key" else KEY,
        CARREL_RERANKER_URL="http://127.0.0.1:9/v1" if sign == "away" else server.url,
    )
    document = carrel.json("search", QUESTION)
    assert document["rerank"]["applied"] is False
    assert document["rerank"]["reason"]
    assert [result["paper"] for result in document["results"]] == [result["paper"] for result in plain]
    people = carrel.run("search", QUESTION)
    assert people.code == 0
    assert f"Not reordered by {MODEL}: " in people.out
    assert KEY not in people.out + people.err


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"CARREL_RERANKER_URL": ""}, "CARREL_RERANKER_URL"),
        ({"CARREL_RERANKER_URL": "nowhere"}, "CARREL_RERANKER_URL"),
        ({"CARREL_RERANKER_TEMPLATE": "mine"}, "CARREL_RERANKER_TEMPLATE"),
    ],
)
def test_settings_that_make_no_sense_are_named(reranked: Carrel, settings: dict[str, str], word: str) -> None:
    reranked.with_settings(**settings).run("search", QUESTION).failed_with(2, word)


@pytest.mark.parametrize(
    ("arguments", "settings", "instruction"),
    [
        (("--task", "evidence"), {}, "Given a claim, retrieve passages of papers that support or refute it"),
        (("--instruction", "Find the tool"), {"CARREL_QUERY_INSTRUCTION": "code"}, "Find the tool"),
        ((), {"CARREL_QUERY_INSTRUCTION": "Find the tool"}, "Find the tool"),
        ((), {}, "Given a question or topic, retrieve passages of academic papers that answer it"),
    ],
)
def test_an_instruction_reaches_the_model(
    reranked: Carrel,
    server: RerankServerFake,
    arguments: tuple[str, ...],
    settings: dict[str, str],
    instruction: str,
) -> None:
    server.model = "Qwen3-Reranker-4B"
    carrel = reranked.with_settings(
        CARREL_RERANKER=server.model, CARREL_RERANKER_TEMPLATE="carrel", **settings
    )
    assert carrel.json("search", QUESTION, *arguments)["rerank"]["applied"]
    assert f"<Instruct>: {instruction}\n<Query>: {QUESTION}\n" in server.pairs[0][0]


def test_tasks_are_listed_and_checked(carrel: Carrel) -> None:
    answer = carrel.run("search", "x", "--task", "nonsense")
    assert answer.code == 2
    assert "statutes" in answer.err
    assert carrel.run("search", "x", "--task", "code", "--instruction", "y").code == 2
    helped = carrel.with_settings(COLUMNS="200").run("search", "--help")
    assert "statutes" in helped.out
