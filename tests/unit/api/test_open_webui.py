"""Open WebUI's requests as it sends them (captured from 0.12.4), and read as it reads the answers."""

import httpx2
import numpy as np

from tests.fakes.embedder import FakeEmbedder
from tests.unit.api.gateways import MODEL, InstructedEmbedder, models, serving

KEY = "a-key"
HEADERS = {
    "Content-Type": "application/json",
    "Authorization": f"Bearer {KEY}",
    "X-OpenWebUI-User-Name": "A%20User",
    "X-OpenWebUI-User-Id": "0",
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate, br",
}


def test_embeddings() -> None:
    texts = ["first passage", "second passage"]
    with serving(key=KEY) as gateway:
        url = str(gateway.base_url).rstrip("/") + "/v1"
        answer = httpx2.post(f"{url}/embeddings", headers=HEADERS, json={"input": texts, "model": MODEL})
        answer.raise_for_status()
        found = [item["embedding"] for item in answer.json()["data"]]
    np.testing.assert_array_equal(np.array(found, np.float32), FakeEmbedder().embed_documents(texts))


def test_a_question_told_from_passages_by_its_prefix_field() -> None:
    # RAG_EMBEDDING_PREFIX_FIELD_NAME=input_type, with the prefixes "query" and "document".
    with serving(models(InstructedEmbedder()), KEY) as gateway:
        found = {}
        for prefix in ("query", "document"):
            body = {"input": ["long texts"], "model": MODEL, "input_type": prefix}
            answer = gateway.post("/v1/embeddings", headers=HEADERS, json=body)
            found[prefix] = np.array(answer.json()["data"][0]["embedding"], np.float32)
    expected = FakeEmbedder().embed_documents(["Instruct: \nQuery:long texts", "long texts"])
    np.testing.assert_array_equal(np.stack([found["query"], found["document"]]), expected)


def test_reranking() -> None:
    documents = ["violins", "corals bleach", "corals"]
    with serving(key=KEY) as gateway:
        answer = gateway.post(
            "/v1/rerank",
            headers=HEADERS,
            json={
                "model": "fake-shared-words",
                "query": "corals bleach",
                "documents": documents,
                "top_n": len(documents),
            },
        )
    answer.raise_for_status()
    ordered = sorted(answer.json()["results"], key=lambda result: result["index"])
    assert [result["relevance_score"] for result in ordered] == [0.0, 1.0, 0.5]
