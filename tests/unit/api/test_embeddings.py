"""``/v1/embeddings`` over real HTTP: shapes, cuts, kinds of input, and what is refused."""

import base64
from collections.abc import Iterator

import httpx2
import numpy as np
import pytest

from carrel.api.admission import MAX_BODY
from carrel.core.engine_errors import (
    EndpointNonsense,
    EndpointNotSet,
    EndpointRefuses,
    EndpointUnavailable,
    TextsRefused,
)
from carrel.core.errors import CarrelError
from carrel.core.space import Vectors, cut
from tests.fakes.embedder import WIDTH, FakeEmbedder
from tests.unit.api.gateways import MODEL, BrokenEmbedder, InstructedEmbedder, embed, models, serving


@pytest.fixture(scope="module")
def gateway() -> Iterator[httpx2.Client]:
    with serving() as client:
        yield client


def expected(*texts: str) -> Vectors:
    return FakeEmbedder().embed_documents(texts)


def vectors(answer: httpx2.Response) -> Vectors:
    assert answer.status_code == 200, answer.text
    return np.array([each["embedding"] for each in answer.json()["data"]], np.float32)


def error(answer: httpx2.Response) -> dict[str, str | None]:
    document = answer.json()
    assert set(document) == {"error"}
    assert set(document["error"]) == {"message", "type", "param", "code"}
    found: dict[str, str | None] = document["error"]
    return found


def test_a_text_comes_back_as_openai_has_it(gateway: httpx2.Client) -> None:
    answer = embed(gateway, input="sparse attention", user="someone", unknown={"fields": 1})
    document = answer.json()
    assert set(document) == {"object", "data", "model", "usage"}
    assert (document["object"], document["model"]) == ("list", MODEL)
    assert document["usage"] == {"prompt_tokens": 2, "total_tokens": 2}
    (item,) = document["data"]
    assert (item["object"], item["index"]) == ("embedding", 0)
    # To the last bit, through JSON.
    np.testing.assert_array_equal(vectors(answer), expected("sparse attention"))


def test_many_texts_come_back_in_their_order(gateway: httpx2.Client) -> None:
    texts = [f"text number {number} " + "and so on " * (number % 90) for number in range(500)]
    answer = embed(gateway, input=texts)
    np.testing.assert_array_equal(vectors(answer), expected(*texts))
    assert [each["index"] for each in answer.json()["data"]] == list(range(500))
    assert answer.json()["usage"]["total_tokens"] == sum(min(len(text.split()), 254) for text in texts)


def test_base64_is_little_endian_floats(gateway: httpx2.Client) -> None:
    answer = embed(gateway, input=["one", "two"], encoding_format="base64")
    found = [
        np.frombuffer(base64.b64decode(each["embedding"], validate=True), "<f4")
        for each in answer.json()["data"]
    ]
    np.testing.assert_array_equal(np.stack(found), expected("one", "two"))


@pytest.mark.parametrize("dimensions", [1, 7, WIDTH])
def test_vectors_are_cut_to_length_one(gateway: httpx2.Client, dimensions: int) -> None:
    found = vectors(embed(gateway, input=["one", "two words"], dimensions=dimensions))
    assert found.shape == (2, dimensions)
    np.testing.assert_allclose(found, cut(expected("one", "two words"), dimensions), atol=1e-7)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


def test_documents_are_sent_bare_and_queries_as_the_model_wants_them() -> None:
    with serving(models(InstructedEmbedder())) as gateway:
        asked = "Instruct: Find papers\nQuery:long texts"
        as_query = embed(gateway, input="long texts", input_type="query", instruction="Find papers")
        np.testing.assert_array_equal(vectors(as_query), expected(asked))
        several = embed(gateway, input=["a", "b"], input_type="query")
        bare = "Instruct: \nQuery:"
        np.testing.assert_array_equal(vectors(several), expected(f"{bare}a", f"{bare}b"))
        for fields in ({}, {"input_type": "document"}, {"input_type": None, "instruction": "not read"}):
            np.testing.assert_array_equal(
                vectors(embed(gateway, input="long texts", **fields)), expected("long texts")
            )


def test_null_is_as_good_as_nothing(gateway: httpx2.Client) -> None:
    answer = embed(gateway, encoding_format=None, dimensions=None, user=None, instruction=None)
    np.testing.assert_array_equal(vectors(answer), expected("a text"))


def test_text_in_any_script(gateway: httpx2.Client) -> None:
    text = "基于Transformer的长序列建模方法有哪些? \0 \u200b👩\u200d🔬"
    np.testing.assert_array_equal(vectors(embed(gateway, input=text)), expected(text))


@pytest.mark.parametrize(
    ("fields", "param", "word"),
    [
        ({"input": []}, "input", "a list of texts"),
        ({"input": ""}, "input[0]", "not empty"),
        ({"input": ["a", "b", ""]}, "input[2]", "not empty"),
        ({"input": ["x"] * 2049}, "input", "2049"),
        ({"input": [1, 2, 3]}, "input", "token"),
        ({"input": [[1, 2], [3]]}, "input", "token"),
        ({"input": ["a", 1]}, "input", "cannot be used"),
        ({"input": {"text": "a"}}, "input", "cannot be used"),
        ({"input": None}, "input", "cannot be used"),
        ({"input": [["a"]]}, "input", "cannot be used"),
        ({"model": 3}, "model", "cannot be used"),
        ({"encoding_format": "int8"}, "encoding_format", "base64"),
        ({"dimensions": 0}, "dimensions", "whole number"),
        ({"dimensions": -3}, "dimensions", "whole number"),
        ({"dimensions": 1.5}, "dimensions", "whole number"),
        ({"dimensions": "8"}, "dimensions", "whole number"),
        ({"dimensions": True}, "dimensions", "whole number"),
        ({"dimensions": WIDTH + 1}, "dimensions", f"1 … {WIDTH}"),
        ({"dimensions": 10**30}, "dimensions", "dimensions"),
        ({"input_type": "passage"}, "input_type", "document"),
        ({"instruction": 1}, "instruction", "text"),
    ],
)
def test_what_makes_no_sense_is_named(
    gateway: httpx2.Client, fields: dict[str, object], param: str, word: str
) -> None:
    answer = embed(gateway, **fields)
    assert answer.status_code == 400
    found = error(answer)
    assert found["param"] == param
    assert word in str(found["message"])
    assert found["type"] == "invalid_request_error"


def test_what_is_missing_is_named(gateway: httpx2.Client) -> None:
    for field, body in (("model", {"input": "a"}), ("input", {"model": MODEL})):
        answer = gateway.post("/v1/embeddings", json=body)
        assert answer.status_code == 400
        assert (error(answer)["param"], error(answer)["code"]) == (field, "field_missing")


def test_another_model_is_not_found(gateway: httpx2.Client) -> None:
    answer = embed(gateway, model="text-embedding-3-small")
    assert answer.status_code == 404
    assert error(answer)["code"] == "model_not_found"
    assert MODEL in str(error(answer)["message"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe{}",
        b'{"input": "\xff"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"model": "m", "input": "half a pair \\ud835"}',
    ],
)
def test_a_body_that_is_no_json_object(gateway: httpx2.Client, body: bytes) -> None:
    answer = gateway.post("/v1/embeddings", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert error(answer)["code"] == "not_json"


def test_a_body_not_declared_as_json(gateway: httpx2.Client) -> None:
    for headers in ({}, {"Content-Type": "text/plain"}, {"Content-Type": "multipart/form-data"}):
        answer = gateway.post("/v1/embeddings", content=b'{"model": "m", "input": "a"}', headers=headers)
        assert answer.status_code == 415
        assert "application/json" in str(error(answer)["message"])
    charset = {"Content-Type": "Application/JSON; charset=utf-8"}
    body = f'{{"model": "{MODEL}", "input": "a"}}'
    assert gateway.post("/v1/embeddings", content=body.encode(), headers=charset).status_code == 200


def test_a_body_that_is_too_large(gateway: httpx2.Client) -> None:
    answer = embed(gateway, input="x" * MAX_BODY)
    assert answer.status_code == 413
    assert "16 MB" in str(error(answer)["message"])
    many = (b"x" * 2**20 for _ in range(MAX_BODY // 2**20 + 1))  # no length announced
    answer = gateway.post("/v1/embeddings", content=many, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert embed(gateway).status_code == 200


def test_what_is_not_served(gateway: httpx2.Client) -> None:
    answer = gateway.get("/v1/embeddings")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert "GET" in str(error(answer)["message"])
    for path in ("/", "/v1/chat/completions", "/v1/embeddings/x", "/docs", "/redoc"):
        assert error(gateway.get(path))["code"] == "no_such_address"
        assert gateway.get(path).status_code == 404


def test_the_openapi_document_describes_the_bodies(gateway: httpx2.Client) -> None:
    paths = gateway.get("/openapi.json").json()["paths"]
    for path, needed in (("/v1/embeddings", ["model", "input"]), ("/v1/rerank", ["query", "documents"])):
        schema = paths[path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert schema["required"] == needed


ENDPOINT = {"endpoint": "http://127.0.0.1:9/v1", "detail": "refused", "setting": "CARREL_EMBEDDER_URL"}


@pytest.mark.parametrize(
    ("raised", "status", "code", "again"),
    [
        (EndpointUnavailable(**ENDPOINT), 503, "endpoint_unavailable", True),
        (EndpointRefuses(**ENDPOINT), 502, "endpoint_refuses", False),
        (EndpointNonsense(**ENDPOINT), 502, "endpoint_nonsense", False),
        (EndpointNotSet(model="m", setting="CARREL_EMBEDDER_URL"), 500, "endpoint_not_set", False),
    ],
)
def test_an_engine_in_trouble(raised: CarrelError, status: int, code: str, again: bool) -> None:
    embedder = BrokenEmbedder(raised)
    with serving(models(embedder)) as gateway:
        answer = embed(gateway)
        assert answer.status_code == status
        assert (error(answer)["type"], error(answer)["code"]) == ("server_error", code)
        assert error(answer)["message"] == str(raised)
        assert ("retry-after" in answer.headers) == again
        ready = gateway.get("/readyz")
        assert (ready.status_code, ready.json()["reason"]) == (503, raised.kind)
        assert ready.json()["message"] == str(raised)
        embedder.error = None
        assert gateway.get("/readyz").status_code == 200
        assert embed(gateway).status_code == 200


def test_texts_that_the_engine_refuses_are_named() -> None:
    refused = TextsRefused({1: "too long", 3: "too long"}, endpoint="a server", count=2, detail="too long")
    with serving(models(BrokenEmbedder(refused))) as gateway:
        answer = embed(gateway, input=["a"] * 5)
        assert answer.status_code == 400
        assert error(answer)["param"] == "input[1]"
        assert "input[1], input[3]" in str(error(answer)["message"])
        assert "too long" in str(error(answer)["message"])


def test_a_fault_of_ours_tells_the_client_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with serving(models(BrokenEmbedder(RuntimeError("the secret text")))) as gateway:
        answer = embed(gateway)
        assert answer.status_code == 500
        assert error(answer)["code"] == "internal_error"
        assert "secret" not in answer.text
        assert gateway.get("/healthz").status_code == 200
    (record,) = [record for record in caplog.records if record.name == "carrel.api.failures"]
    assert "RuntimeError" in record.getMessage()
    assert "_documents" in record.getMessage()
    assert "secret text" not in caplog.text


def test_nothing_of_a_request_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    with serving(key="the-secret-key") as gateway:
        gateway.headers["Authorization"] = "Bearer the-secret-key"
        assert embed(gateway, input="a private thought").status_code == 200
        assert embed(gateway, input="a private thought", dimensions=0).status_code == 400
    ours = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    logged = " ".join(record.getMessage() for record in ours)
    assert "secret" not in logged
    assert "private" not in logged
