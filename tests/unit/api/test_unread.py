"""Bodies of refused requests: a little is read so that the answer is heard, and no more than that."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.api.rest.lab import API, Lab, lab

BASES = f"{API}/knowledge-bases"
MB = 2**20


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Lab]:
    with lab(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("path", [BASES, "/nothing", "/v1/embeddings"])
def test_a_small_body_is_read_and_the_connection_stays(opened: Lab, path: str) -> None:
    answer = opened.client.post(path, content=b"x" * MB)
    assert 400 <= answer.status_code < 500
    assert "connection" not in answer.headers


@pytest.mark.parametrize(
    "headers", [{"Content-Length": str(5 * 1024 * MB)}, {"Expect": "100-continue"}], ids=str
)
@pytest.mark.parametrize("path", [BASES, "/nothing", "/v1/embeddings"])
def test_a_body_that_is_large_or_waits_to_be_asked_for_is_not(
    opened: Lab, path: str, headers: dict[str, str]
) -> None:
    answer = opened.client.post(path, content=b"x", headers=headers)
    assert 400 <= answer.status_code < 500
    assert answer.headers["connection"] == "close"


def test_a_body_that_is_taken_is_asked_for(opened: Lab) -> None:
    headers = opened.as_("owner") | {"Expect": "100-continue"}
    answer = opened.client.post(BASES, json={"name": "mine"}, headers=headers)
    assert answer.status_code == 201
    assert "connection" not in answer.headers
