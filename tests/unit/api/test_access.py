"""Who may ask, from where, and where the gateway may listen."""

import socket

import pytest

from carrel.api.guard import is_this_machine
from carrel.api.listening import address_of, listen
from carrel.core.gateway_errors import HostUnusable, PortTaken
from tests.fakes.reranker import FakeReranker
from tests.unit.api.gateways import MODEL, embed, models, serving

KEY = "sésame-ouvre-toi"


def test_without_a_key_nobody_needs_one_and_any_is_ignored() -> None:
    with serving() as gateway:
        assert embed(gateway).status_code == 200
        gateway.headers["Authorization"] = "Bearer anything"
        assert embed(gateway).status_code == 200


def test_without_a_key_no_proxy_brings_anybody_in() -> None:
    with serving() as gateway:
        gateway.headers["X-Forwarded-For"] = "203.0.113.9"
        assert embed(gateway).status_code == 401


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer wrong", KEY, f"Basic {KEY}", f"Bearer {KEY}x", "Bearer s"],
)
def test_with_a_key_every_route_but_health_needs_it(header: str | None) -> None:
    with serving(key=KEY) as gateway:
        if header is not None:
            gateway.headers["Authorization"] = header.encode().decode("latin-1")
        for answer in (
            embed(gateway),
            gateway.post("/v1/rerank", json={"query": "a", "documents": ["a"]}),
            gateway.get("/v1/models"),
            gateway.get("/openapi.json"),
            gateway.get("/nothing"),
        ):
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
            assert answer.json()["error"]["code"] == "invalid_api_key"
            assert KEY not in answer.text
        assert gateway.get("/healthz").status_code == 200
        assert gateway.get("/readyz").json() == {"status": "ok"}


def test_the_right_key_lets_in_by_any_name() -> None:
    with serving(key=KEY) as gateway:
        headers = {b"Authorization": f"bearer {KEY}".encode(), b"Host": b"papers.example.org"}
        assert gateway.get("/v1/models", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("localhost", True),
        ("LOCALHOST:8765", True),
        ("localhost.", True),
        ("127.0.0.1", True),
        ("127.0.0.1:80", True),
        ("127.1.2.3:80", True),
        ("[::1]", True),
        ("[::1]:8765", True),
        ("", False),
        ("evil.example", False),
        ("evil.example:8765", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example:8765", False),
        ("192.168.0.1", False),
        ("0.0.0.0", False),
        ("[fe80::1]:80", False),
    ],
)
def test_names_of_this_machine(host: str, ours: bool) -> None:
    assert is_this_machine(host) == ours


def test_a_web_page_that_points_its_name_at_this_machine_reads_nothing() -> None:
    with serving() as gateway:
        for path in ("/v1/models", "/healthz", "/openapi.json"):
            answer = gateway.get(path, headers={"Host": "evil.example:8765"})
            assert answer.status_code == 403
            assert answer.json()["error"]["code"] == "host_refused"
        asked = gateway.options("/v1/embeddings", headers={"Origin": "http://evil.example"})
        assert "access-control-allow-origin" not in asked.headers
        assert asked.status_code == 405


def test_models_are_listed_and_shown() -> None:
    with serving(models(reranker=FakeReranker())) as gateway:
        document = gateway.get("/v1/models").json()
        assert document["object"] == "list"
        assert [each["id"] for each in document["data"]] == [MODEL, "fake-shared-words"]
        assert gateway.get(f"/v1/models/{MODEL}").json() == document["data"][0]
        missing = gateway.get("/v1/models/Qwen/Qwen3-Embedding-4B")
        assert missing.status_code == 404
        assert missing.json()["error"]["code"] == "model_not_found"


def test_a_port_in_use_and_addresses_of_others() -> None:
    with listen("localhost", 0) as listening:
        port = listening.getsockname()[1]
        assert address_of(listening) == f"http://127.0.0.1:{port}"
        with pytest.raises(PortTaken, match=str(port)):
            listen("127.0.0.1", port)
    with pytest.raises(HostUnusable):
        listen("192.0.2.1", 0)
    for name in ("no.such.host.invalid", "a" * 70 + ".example", ""):
        with pytest.raises(HostUnusable):
            listen(name, 0)


def test_connections_send_without_delay() -> None:
    with listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        connection, _ = listening.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_client_of_the_old_kind_gets_an_answer() -> None:
    with serving() as gateway:
        host, port = gateway.base_url.host, gateway.base_url.port
        assert port is not None
        with socket.create_connection((host, port)) as connection:
            connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            assert b"403" in connection.recv(1000)  # it names no host
