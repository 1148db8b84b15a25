"""OpenAI's own Python SDK, unchanged, against the gateway."""

import asyncio
from collections.abc import Iterator

import numpy as np
import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from carrel.api.admission import Admission
from carrel.core.space import cut
from tests.fakes.embedder import WIDTH, FakeEmbedder
from tests.unit.api.gateways import MODEL, serving

KEY = "a-key"


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with serving(key=KEY) as client:
        yield f"{client.base_url}/v1"


@pytest.fixture(scope="module")
def sdk(base_url: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=base_url, api_key=KEY, max_retries=0) as client:
        yield client


def test_a_text(sdk: OpenAI) -> None:
    answer = sdk.embeddings.create(model=MODEL, input="sparse attention")
    assert (answer.object, answer.model) == ("list", MODEL)
    assert (answer.usage.prompt_tokens, answer.usage.total_tokens) == (2, 2)
    # The SDK asks for base64 by itself and unpacks it.
    np.testing.assert_array_equal(
        np.array(answer.data[0].embedding, np.float32),
        FakeEmbedder().embed_documents(["sparse attention"])[0],
    )


@pytest.mark.parametrize("encoding", ["float", "base64", None])
def test_a_list_in_every_encoding(sdk: OpenAI, encoding: str | None) -> None:
    texts = [f"text {number}" for number in range(100)]
    if encoding == "float":
        answer = sdk.embeddings.create(model=MODEL, input=texts, encoding_format="float")
    elif encoding == "base64":
        answer = sdk.embeddings.create(model=MODEL, input=texts, encoding_format="base64")
    else:
        answer = sdk.embeddings.create(model=MODEL, input=texts)
    assert [each.index for each in answer.data] == list(range(100))
    if encoding != "base64":  # asked for by name, the SDK leaves it packed
        found = np.array([each.embedding for each in answer.data], np.float32)
        np.testing.assert_array_equal(found, FakeEmbedder().embed_documents(texts))


def test_dimensions_and_fields_of_ours(sdk: OpenAI) -> None:
    answer = sdk.embeddings.create(
        model=MODEL, input=["long documents"], dimensions=16, extra_body={"input_type": "query"}, user="me"
    )
    expected = cut(FakeEmbedder().embed_query("long documents").vector, 16)
    np.testing.assert_allclose(answer.data[0].embedding, expected, atol=1e-7)


def test_without_waiting(base_url: str) -> None:
    async def ask() -> list[int]:
        async with AsyncOpenAI(base_url=base_url, api_key=KEY) as client:
            asked = (client.embeddings.create(model=MODEL, input=f"text {number}") for number in range(20))
            return [len(answer.data[0].embedding) for answer in await asyncio.gather(*asked)]

    assert asyncio.run(ask()) == [WIDTH] * 20


def test_models(sdk: OpenAI) -> None:
    assert [model.id for model in sdk.models.list()] == [MODEL, "fake-shared-words"]
    assert sdk.models.retrieve(MODEL).owned_by == "carrel"


def test_errors_are_those_of_the_sdk(sdk: OpenAI, base_url: str) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        sdk.embeddings.create(model="text-embedding-3-large", input="a")
    assert missing.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as bad:
        sdk.embeddings.create(model=MODEL, input=[])
    assert (bad.value.param, bad.value.type) == ("input", "invalid_request_error")
    with pytest.raises(openai.BadRequestError, match="token"):
        sdk.embeddings.create(model=MODEL, input=[[1, 2, 3]])
    with pytest.raises(openai.BadRequestError) as wide:
        sdk.embeddings.create(model=MODEL, input="a", dimensions=WIDTH + 1)
    assert wide.value.param == "dimensions"
    stranger = OpenAI(base_url=base_url, api_key="wrong", max_retries=0)
    with stranger, pytest.raises(openai.AuthenticationError) as refused:
        stranger.embeddings.create(model=MODEL, input="a")
    assert refused.value.code == "invalid_api_key"


def test_a_busy_gateway_is_a_rate_limit_to_the_sdk() -> None:
    with serving(admission=Admission(requests=0)) as client:
        url = f"{client.base_url}/v1"
        with OpenAI(base_url=url, api_key="none", max_retries=0) as sdk, pytest.raises(openai.RateLimitError):
            sdk.embeddings.create(model=MODEL, input="a")
