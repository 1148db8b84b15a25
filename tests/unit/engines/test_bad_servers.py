"""What a user may have typed, and what may stand at the other end: each a clear error with the next step."""

import json
import ssl
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from carrel.core.engine_errors import EndpointNonsense, EndpointNotSet, EndpointRefuses, EndpointUnavailable
from carrel.core.errors import CarrelError, InvalidSetting
from carrel.engines.embedders import load_embedder
from carrel.engines.token_estimate import estimated_tokens
from tests.contract.services import answer_drop_by_drop, hang_up, hang_up_in_the_middle, say_nothing
from tests.fakes.embedding_server import (
    EmbeddingServerFake,
    Reply,
    embeddings_document,
    error_reply,
    json_reply,
    serving,
)
from tests.unit.engines.served import embedder_at, served, settings_for

KEY = "sk-very-secret-0123456789"


def failure(fake: EmbeddingServerFake, **changes: object) -> CarrelError:
    """Return the error that a question to the server ends with."""
    with served(fake, **{"embedder_api_key": KEY, **changes}) as embedder:
        with pytest.raises(CarrelError) as caught:
            embedder.embed_query("sparse attention")
        text = str(caught.value) + repr(caught.value) + repr(caught.value.parameters)
        assert KEY not in text
        assert caught.value.hint
        return caught.value


def always(reply: Reply) -> EmbeddingServerFake:
    fake = EmbeddingServerFake()
    fake.answer = lambda _: reply
    return fake


def test_an_unreachable_host_is_named_with_the_setting() -> None:
    with serving(EmbeddingServerFake()) as gone:
        pass
    with embedder_at(gone, embedder_width=8) as embedder:
        with pytest.raises(EndpointUnavailable) as caught:
            embedder.embed_query("a")
        assert gone in caught.value.message
        assert "CARREL_EMBEDDER_URL" in caught.value.hint
        assert caught.value.exit_code == 3


def test_a_wrong_key_points_at_the_key() -> None:
    fake = EmbeddingServerFake()
    fake.key = "another"
    error = failure(fake)
    assert isinstance(error, EndpointRefuses)
    assert "CARREL_EMBEDDER_API_KEY" in error.hint
    assert "Incorrect API key" in error.message


def test_a_wrong_model_points_at_the_model() -> None:
    fake = EmbeddingServerFake()
    fake.answer = lambda _: error_reply("The model `words` does not exist.", 404)
    error = failure(fake)
    assert isinstance(error, EndpointRefuses)
    assert "Correct CARREL_EMBEDDER;" in error.hint
    assert "does not exist" in error.message


def test_a_wrong_path_points_at_the_address() -> None:
    fake = EmbeddingServerFake()
    with serving(fake) as url, embedder_at(f"{url.removesuffix('/v1')}/v2", embedder_width=8) as embedder:
        with pytest.raises(EndpointRefuses, match="404") as caught:
            embedder.embed_query("a")
        assert "CARREL_EMBEDDER_URL" in caught.value.hint


@pytest.mark.parametrize("status", [200, 404, 500])
def test_a_web_page_is_no_answer(status: int) -> None:
    page = Reply(status, b"<!DOCTYPE html><html><title>Login</title></html>", {"Content-Type": "text/html"})
    error = failure(always(page))
    assert isinstance(error, EndpointNonsense | EndpointRefuses | EndpointUnavailable)
    assert "html" in error.message.lower()


def test_an_answer_that_drips_is_given_up() -> None:
    began = time.monotonic()
    with served(always(Reply(act=answer_drop_by_drop)), embedder_seconds=1, embedder_width=64) as embedder:
        server = embedder._server
        with pytest.raises(EndpointUnavailable, match="trickles"):
            server.ask(["a"])
    assert time.monotonic() - began < 30


def test_an_answer_that_never_comes_is_given_up() -> None:
    silent = always(Reply(act=say_nothing))
    with (
        served(silent, embedder_seconds=0.5, embedder_width=64) as embedder,
        pytest.raises(EndpointUnavailable, match="no answer in time"),
    ):
        embedder._server.ask(["a"])


@pytest.mark.parametrize("act", [hang_up, hang_up_in_the_middle])
def test_a_server_that_hangs_up_is_unavailable(act: object) -> None:
    error = failure(always(Reply(act=act)), embedder_width=64)  # type: ignore[arg-type]
    assert isinstance(error, EndpointUnavailable)


def test_ten_megabytes_for_a_small_question_are_not_read() -> None:
    read: list[int] = []

    def flood(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n")
        try:
            for _ in range(100):
                handler.wfile.write(b" " * 100_000)
                read.append(100_000)
        except OSError:
            return

    error = failure(always(Reply(act=flood)))
    assert isinstance(error, EndpointNonsense)
    assert "kB in answer to a small question" in error.message


def test_a_redirect_is_not_followed_and_no_key_goes_there() -> None:
    elsewhere = EmbeddingServerFake()
    with serving(elsewhere) as other:
        reply = Reply(307, b"", {"Location": f"{other}/embeddings"})
        error = failure(always(reply))
    assert isinstance(error, EndpointRefuses)
    assert "sends us to" in error.message
    assert elsewhere.asked == []


def test_a_certificate_nobody_signed_is_refused(tmp_path: Path) -> None:
    context = self_signed(tmp_path)
    with serving(EmbeddingServerFake(), tls=context) as url, embedder_at(url, embedder_width=64) as embedder:
        with pytest.raises(EndpointRefuses, match="TLS") as caught:
            embedder.embed_query("a")
        assert "CARREL_EMBEDDER_URL" in caught.value.hint


def test_a_server_without_tls_is_not_spoken_to_in_tls() -> None:
    with (
        serving(EmbeddingServerFake()) as url,
        embedder_at(url.replace("http:", "https:"), embedder_width=64) as embedder,
        pytest.raises(EndpointRefuses, match="TLS"),
    ):
        embedder.embed_query("a")


@pytest.mark.parametrize("tail", ["", "/", "/v1", "/v1/", "/v1/embeddings"])
def test_the_address_may_be_written_with_or_without_its_path(tail: str) -> None:
    fake = EmbeddingServerFake()
    with serving(fake) as url, embedder_at(url.removesuffix("/v1") + tail) as embedder:
        assert embedder.embed_query("a").vector.shape == (64,)
    assert {asked.path for asked in fake.asked} == {"/v1/embeddings"}


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host", "http://", "http://host:port", "http://a b"])
def test_what_is_no_address_is_said_before_anything_is_sent(url: str) -> None:
    with pytest.raises(InvalidSetting, match="CARREL_EMBEDDER_URL"):
        load_embedder("words", settings_for(url), print)


def test_a_password_in_an_address_is_sent_and_never_shown() -> None:
    fake = EmbeddingServerFake()
    fake.answer = lambda _: error_reply("no such model", 404)
    with serving(fake) as url, embedder_at(url.replace("//", "//me:hunter2@")) as embedder:
        with pytest.raises(EndpointRefuses) as caught:
            embedder.embed_query("a")
        assert "hunter2" not in str(caught.value)
    assert fake.asked[0].headers["authorization"].startswith("Basic ")


def test_a_model_for_a_server_without_an_address_says_which_setting() -> None:
    with pytest.raises(EndpointNotSet, match="Qwen3-Embedding-4B") as caught:
        load_embedder("Qwen/Qwen3-Embedding-4B", settings_for(""), print)
    assert "CARREL_EMBEDDER_URL" in caught.value.hint


def test_the_exchange_as_it_is_shown_hides_the_key_and_shortens_the_vector() -> None:
    fake = EmbeddingServerFake()
    fake.answer = lambda asked: json_reply(embeddings_document(fake.vectors(asked.texts)))
    with served(fake, embedder_api_key=KEY) as embedder:
        (exchange,) = embedder.embed_query("word " * 500).exchanges
    assert KEY not in repr(exchange)
    assert "Authorization: Bearer …" in exchange.headers
    assert len(exchange.sent) < 400
    assert json.loads(exchange.received)["data"][0]["embedding"][-1] == "… 64 in all"
    assert exchange.status == 200
    assert exchange.milliseconds > 0


def self_signed(folder: Path) -> ssl.SSLContext:
    """Return the TLS of a server whose certificate nobody signed."""
    import subprocess

    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subprocess.run(
        [*command, "-days", "1", "-keyout", str(key), "-out", str(certificate), *subject],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def test_a_key_that_the_server_says_back_is_not_shown() -> None:
    error = failure(always(error_reply(f"Invalid API key: {KEY}", 401)))
    assert "Invalid API key: …" in error.message


def test_a_long_question_leaves_room_for_its_instruction() -> None:
    fake = EmbeddingServerFake()
    with (
        serving(fake) as url,
        embedder_at(url, fake.model, embedder_profile="Qwen3-Embedding", embedder_max_tokens=64) as embedder,
    ):
        embedder.embed_query("word " * 500)
    question = next(text for text in fake.texts if text.startswith("Instruct"))
    assert estimated_tokens(question) <= 64
