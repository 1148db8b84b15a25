"""Keys, sessions, the server's token, names of the server; bodies that nobody should read."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.api.hosts import Hosts
from tests.unit.api.gateways import MODEL
from tests.unit.api.rest.lab import API, Lab, lab

BASES = f"{API}/knowledge-bases"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Lab]:
    with lab(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer nobody", "Basic owner", "owner", "Bearer " + "x" * 9999, "Bearer é"],
)
def test_without_a_key_that_is_good_nothing_is_told(opened: Lab, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header.encode()}
    for method, path in (("GET", BASES), ("POST", BASES), ("GET", f"{BASES}/x")):
        answer = opened.client.request(method, path, headers=headers)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["kind"]) == (401, "not-signed-in")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_session_reads_with_its_cookie_and_writes_with_its_token(opened: Lab) -> None:
    cookie = {"Cookie": "carrel_session=owner-session"}
    assert opened.client.get(BASES, headers=cookie).status_code == 200
    for headers, status in (
        (cookie, 403),
        (cookie | {"X-CSRF-Token": "wrong"}, 403),
        (cookie | {"X-CSRF-Token": "csrf"}, 201),
    ):
        answer = opened.client.post(BASES, json={"name": "mine"}, headers=headers)
        assert answer.status_code == status
    assert opened.client.get(BASES, headers={"Cookie": "carrel_session=gone"}).status_code == 401


def test_the_server_s_own_token_is_the_command_line(opened: Lab) -> None:
    made = opened.client.post(BASES, json={"name": "mine"}, headers=opened.as_("command"))
    assert made.status_code == 201
    with opened.world.services.catalog.read() as tx:
        row = tx.row("SELECT created_by FROM knowledge_bases")
    assert row is not None
    assert row["created_by"] == ""


def test_a_key_for_reading_changes_nothing(opened: Lab) -> None:
    assert opened.client.get(BASES, headers=opened.as_("reader")).status_code == 200
    refused = opened.client.post(BASES, json={"name": "mine"}, headers=opened.as_("reader"))
    assert (refused.status_code, refused.json()["kind"]) == (403, "scope-missing")
    assert opened.client.get(BASES, headers=opened.as_("models")).status_code == 403


@pytest.mark.parametrize(
    ("allowed", "host", "status"),
    [
        ("", "localhost:8765", 401),
        ("", "127.0.0.1", 401),
        ("", "192.168.7.7:8765", 401),
        ("", "[fd00::1]:8765", 401),
        ("", "evil.example", 403),
        ("papers.example.org", "evil.example", 403),
        ("other, papers.example.org", "Papers.example.org:443", 401),
        ("papers.example.org", "x.papers.example.org", 403),
        ("*", "evil.example", 401),
        ("", "", 403),
    ],
)
def test_the_server_is_asked_by_its_own_names(tmp_path: Path, allowed: str, host: str, status: int) -> None:
    with lab(tmp_path, Hosts(allowed)) as opened:
        answer = opened.client.get(BASES, headers={"Host": host})
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert opened.client.get("/healthz", headers={"Host": host}).status_code == 200


def test_models_take_this_machine_or_a_key_for_them(opened: Lab) -> None:
    question = {"model": MODEL, "input": "a"}
    local = {"Host": "localhost"}
    # The test's client has no address, so it is not this machine.
    for headers, status in (
        (local, 401),
        (opened.as_("models"), 200),
        (opened.as_("reader"), 401),
        (opened.as_("command"), 200),
    ):
        answer = opened.client.post("/v1/embeddings", json=question, headers=headers)
        assert answer.status_code == status, answer.text
    assert answer.json()["data"][0]["embedding"]


def test_addresses_and_methods_that_are_not_there(opened: Lab) -> None:
    nothing = opened.client.get(f"{API}/nothing", headers=opened.as_("owner"))
    assert (nothing.status_code, nothing.json()["kind"]) == (404, "nothing-there")
    wrong = opened.client.put(BASES, headers=opened.as_("owner"))
    assert (wrong.status_code, wrong.json()["kind"]) == (405, "method-not-taken")
    assert wrong.headers["allow"]
    gateway = opened.client.get("/v1/nothing", headers=opened.as_("command"))
    assert gateway.json()["error"]["code"] == "no_such_address"


@pytest.mark.parametrize(
    ("content", "kind", "status", "name"),
    [
        (b'{"name": "x"}', "text/plain", 415, "content-not-taken"),
        (b'{"name": "x"}', "", 415, "content-not-taken"),
        (b"{", "application/json", 400, "body-not-json"),
        (b"\xff\xfe", "application/json", 400, "body-not-json"),
        (b"", "application/json", 422, "fields-unusable"),
        (b"[]", "application/json", 422, "fields-unusable"),
        (b'{"name": "\\ud800"}', "application/json", 422, "fields-unusable"),
        (b'{"name": ' + b"[" * 200_000, "application/json", 400, "body-not-json"),
        (
            b'{"name": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
            "application/json",
            400,
            "body-not-json",
        ),
        (b'{"name": "' + b"x" * 2**20 + b'"}', "application/json", 413, "body-over-limit"),
    ],
)
def test_bodies_that_cannot_be_read(opened: Lab, content: bytes, kind: str, status: int, name: str) -> None:
    headers = opened.as_("owner") | ({"Content-Type": kind} if kind else {})
    answer = opened.client.post(BASES, content=content, headers=headers)
    assert (answer.status_code, answer.json()["kind"]) == (status, name)


def test_a_body_without_a_length_is_counted_as_it_comes(opened: Lab) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b" " * 2**16

    answer = opened.client.post(
        BASES, content=endless(), headers=opened.as_("owner") | {"Content-Type": "application/json"}
    )
    assert answer.status_code == 413


def test_every_answer_keeps_browsers_careful(opened: Lab) -> None:
    for path in (BASES, "/healthz", "/openapi.json", "/nothing"):
        headers = opened.client.get(path, headers=opened.as_("owner")).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in headers


def test_ready_tells_of_catalog_and_index_and_asks_no_model(opened: Lab) -> None:
    answer = opened.client.get("/readyz")
    assert answer.json() == {"status": "ok", "catalog": "ok", "index": "ok", "embedder": "unknown"}
    assert opened.world.embedder.embedded == []


def test_the_description_is_json_and_names_what_is_needed(opened: Lab) -> None:
    document = json.loads(opened.client.get("/openapi.json").content)
    operation = document["paths"][BASES]["post"]
    assert operation["security"] == [{"key": []}, {"session": []}]
    assert list(operation["responses"]["409"]["content"]) == ["application/problem+json"]
