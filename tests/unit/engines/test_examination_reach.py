"""Whom ``carrel doctor --embedder`` cannot talk to: each has its own cause and its own next step."""

import shutil
import ssl
import subprocess
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.fakes.causal_model import NAME, CausalServer
from tests.fakes.embedding_server import Asked, EmbeddingServerFake, Reply, error_reply, json_reply, serving
from tests.unit.engines.examining import KEY, examined, examined_at, failures


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate that nobody trusts, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl, which makes certificates, is not on this machine")
    found = tmp_path / "certificate.pem", tmp_path / "key.pem"
    made = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    named = ["-subj", "/CN=127.0.0.1", "-out", str(found[0]), "-keyout", str(found[1])]
    subprocess.run([openssl, *made, *named], check=True, capture_output=True)
    return found


def test_nothing_there() -> None:
    examination, checks = examined_at("http://127.0.0.1:9/v1")
    assert examination.unreachable
    assert failures(checks) == {"reachable"}
    assert "nothing listens" in checks["reachable"].cause


@pytest.mark.parametrize("key", ["", "wrong"])
def test_wrong_key(key: str) -> None:
    fake = CausalServer()
    fake.key = KEY
    examination, checks = examined(fake, key=key)
    assert failures(checks) == {"reachable"}
    assert "key" in checks["reachable"].cause
    assert "CARREL_EMBEDDER_API_KEY" in checks["reachable"].advice
    assert not examination.unreachable


def test_wrong_model() -> None:
    _, checks = examined(CausalServer(), model="qwen3-embedding-huge")
    assert failures(checks) == {"model"}
    assert NAME in checks["model"].advice


def test_no_model_named_where_there_are_several() -> None:
    class Two(CausalServer):
        def reply(self, asked: Asked) -> Reply:
            if asked.path == "/v1/models":
                return json_reply({"data": [{"id": "one"}, {"id": "two"}]})
            return super().reply(asked)

    _, checks = examined(Two(), model="")
    assert failures(checks) == {"model"}
    assert "one, two" in checks["model"].message


class _Always(EmbeddingServerFake):
    """Gives the same reply to everything."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self._always = reply

    def reply(self, asked: Asked) -> Reply:
        return self._always


def test_an_html_page() -> None:
    page = Reply(200, b"<!doctype html><title>Router</title>", {"Content-Type": "text/html"})
    _, checks = examined(_Always(page))
    assert failures(checks) == {"reachable"}
    assert "web page" in checks["reachable"].cause


def test_an_address_with_another_path_is_told_where_the_interface_is() -> None:
    class Elsewhere(CausalServer):
        def reply(self, asked: Asked) -> Reply:
            if not asked.path.startswith("/v1"):
                return Reply(200, b"<html>Here is a page</html>", {"Content-Type": "text/html"})
            return super().reply(asked)

    _, checks = examined(Elsewhere(), change=lambda url: url.replace("/v1", "/ui"))
    assert failures(checks) == {"reachable"}
    assert "/v1." in checks["reachable"].advice


def test_without_the_version_in_the_address() -> None:
    _, checks = examined(CausalServer(), change=lambda url: url.removesuffix("/v1"))
    assert failures(checks) == set()


def test_a_redirect_says_where_to() -> None:
    _, checks = examined(_Always(Reply(302, b"", {"Location": "https://elsewhere.example/v1/models"})))
    assert failures(checks) == {"reachable"}
    assert "https://elsewhere.example" in checks["reachable"].message


def test_a_huge_answer() -> None:
    huge = json_reply({"data": ["x" * (1 << 21)]})
    _, checks = examined(_Always(huge))
    assert failures(checks) == {"reachable"}


def test_a_huge_answer_to_a_small_question() -> None:
    fake = CausalServer()
    fake.answer = lambda _: json_reply({"data": "x" * 10_000_000})
    _, checks = examined(fake)
    assert failures(checks) == {"answer"}


def test_a_slow_drip() -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(100):
            handler.wfile.write(b" ")
            time.sleep(0.02)

    fake = CausalServer()
    fake.answer = lambda _: Reply(act=drip)
    _, checks = examined(fake, seconds=0.4)
    assert failures(checks) == {"answer"}
    assert "trickles" in checks["answer"].message


def test_a_server_that_does_not_embed() -> None:
    fake = CausalServer()
    fake.answer = lambda _: error_reply("This server does not support embeddings", 501)
    _, checks = examined(fake)
    assert failures(checks) == {"answer"}
    assert "carrel engine" in checks["answer"].advice


def test_https_where_http_is_spoken() -> None:
    examination, checks = examined(CausalServer(), change=lambda url: url.replace("http:", "https:"))
    assert failures(checks) == {"reachable"}
    assert "plain HTTP" in checks["reachable"].cause
    assert not examination.unreachable


def test_a_certificate_that_nobody_here_trusts(certificate: tuple[Path, Path]) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate)
    with serving(CausalServer(), tls=tls) as url:
        _, checks = examined_at(url)
        assert "SSL_CERT_FILE" in checks["reachable"].advice
        _, checks = examined_at(url.replace("https:", "http:"))
        assert "HTTPS" in checks["reachable"].cause
