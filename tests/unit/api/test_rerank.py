"""``/v1/rerank`` over real HTTP."""

from collections.abc import Iterator, Sequence

import httpx2
import pytest

from carrel.core.engine_errors import EndpointUnavailable
from carrel.core.ports import Reranked
from tests.fakes.reranker import FakeReranker
from tests.unit.api.gateways import models, serving

QUERY = "how do corals bleach"
DOCUMENTS = ["violins are made of spruce", "corals bleach when heat lasts", {"text": "how corals grow"}]


@pytest.fixture(scope="module")
def gateway() -> Iterator[httpx2.Client]:
    with serving() as client:
        yield client


def rerank(client: httpx2.Client, **fields: object) -> httpx2.Response:
    return client.post("/v1/rerank", json={"query": QUERY, "documents": DOCUMENTS, **fields})


def test_results_come_by_score_falling(gateway: httpx2.Client) -> None:
    document = rerank(gateway, model="fake-shared-words").json()
    assert set(document) == {"model", "usage", "results"}
    assert document["model"] == "fake-shared-words"
    assert document["results"] == [
        {"index": 1, "relevance_score": 0.5},
        {"index": 2, "relevance_score": 0.5},
        {"index": 0, "relevance_score": 0.0},
    ]
    assert document["usage"] == {"prompt_tokens": 17, "total_tokens": 17}


def test_only_the_best_and_with_their_texts(gateway: httpx2.Client) -> None:
    document = rerank(gateway, top_n=2, return_documents=True, model=None).json()
    assert [each["document"] for each in document["results"]] == [{"text": DOCUMENTS[1]}, DOCUMENTS[2]]
    assert len(rerank(gateway, top_n=99).json()["results"]) == 3


def test_open_webuis_request(gateway: httpx2.Client) -> None:
    texts = ["a", "how", "corals bleach"]
    asked = {"model": "fake-shared-words", "query": QUERY, "documents": texts, "top_n": len(texts)}
    results = gateway.post("/v1/rerank", json=asked).json()["results"]
    by_index = sorted(results, key=lambda result: result["index"])
    assert [each["relevance_score"] for each in by_index] == [0.0, 0.25, 0.5]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"query": " "}, "query"),
        ({"query": None}, "query"),
        ({"documents": []}, "documents"),
        ({"documents": ["a", ""]}, "documents[1]"),
        ({"documents": ["a", {"title": "b"}]}, "documents"),
        ({"documents": "a"}, "documents"),
        ({"documents": ["x"] * 1001}, "documents"),
        ({"top_n": 0}, "top_n"),
        ({"return_documents": "yes"}, "return_documents"),
    ],
)
def test_what_makes_no_sense_is_named(gateway: httpx2.Client, fields: dict[str, object], param: str) -> None:
    answer = rerank(gateway, **fields)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param


def test_another_model_and_none_at_all(gateway: httpx2.Client) -> None:
    other = rerank(gateway, model="rerank-v3.5")
    assert (other.status_code, other.json()["error"]["code"]) == (404, "model_not_found")
    with serving(models()) as without:
        answer = rerank(without)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")
        assert "CARREL_RERANKER" in answer.json()["error"]["message"]


class AwayReranker(FakeReranker):
    def rerank(self, query: str, documents: Sequence[str], instruction: str = "") -> Reranked:
        raise EndpointUnavailable(endpoint="a server", detail="refused", setting="CARREL_RERANKER_URL")


def test_a_reranker_that_is_away() -> None:
    with serving(models(reranker=AwayReranker())) as gateway:
        answer = rerank(gateway)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert gateway.get("/readyz").status_code == 200
