"""What a parsing service may do to us, over real HTTP on this machine."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from carrel.core.errors import (
    CarrelError,
    FileUnreadable,
    InvalidSetting,
    ParseTimeout,
    ParsingServiceRefused,
    ParsingServiceUnavailable,
)
from tests.contract.services import (
    Answer,
    StandIn,
    answer_drop_by_drop,
    answer_without_end,
    hang_up,
    hang_up_in_the_middle,
    say_nothing,
    standing_in,
)

pytest.importorskip("httpx2", reason="the extras carrel[grobid] and carrel[unstructured] are not installed")

from carrel.parsing.grobid_parser import grobid_service
from carrel.parsing.service_client import ServiceClient
from carrel.parsing.unstructured_parser import unstructured_service

GOOD = Answer(200, b"<TEI/>")


@pytest.fixture
def service() -> Iterator[StandIn]:
    with standing_in(StandIn({}, GOOD)) as service:
        yield service


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    path = tmp_path / "secret name.pdf"
    path.write_bytes(b"%PDF-1.7 the bytes")
    return path


Send = Callable[..., bytes]


@pytest.fixture
def send(service: StandIn, pdf: Path) -> Iterator[Send]:
    """Send the PDF; return the answer's body."""
    made: list[ServiceClient] = []

    def send(*, seconds: float = 10.0, waits: tuple[float, ...] = (0.0, 0.0)) -> bytes:
        made.append(ServiceClient(grobid_service(service.url), seconds=seconds, waits=waits))
        return made[-1].send(pdf, "paper.pdf", {"segmentSentences": "1", "teiCoordinates": ["p", "s"]}).body

    yield send
    for client in made:
        client.close()


def test_a_pdf_goes_to_the_address_with_its_form_and_without_its_name(service: StandIn, send: Send) -> None:
    assert send() == b"<TEI/>"
    (asked,) = service.asked
    assert asked.path == "/api/processFulltextDocument"
    assert b"%PDF-1.7 the bytes" in asked.body
    assert asked.body.count(b'name="teiCoordinates"') == 2
    assert b'name="input"; filename="paper.pdf"' in asked.body
    assert b"secret name" not in asked.body
    assert asked.headers["Accept"] == "application/xml"


def test_a_key_is_sent_to_who_wants_one(service: StandIn, pdf: Path) -> None:
    client = ServiceClient(unstructured_service(service.url + "/", "the key"), seconds=5)
    client.send(pdf, "paper.pdf", {})
    client.close()
    (asked,) = service.asked
    assert (asked.path, asked.headers["unstructured-api-key"]) == ("/general/v0/general", "the key")


@pytest.mark.parametrize("trouble", [Answer(503), Answer(429), Answer(502), Answer(act=hang_up)])
def test_a_busy_service_is_asked_again(trouble: Answer, service: StandIn, send: Send) -> None:
    service.script = [trouble, trouble]
    assert send() == b"<TEI/>"
    assert len(service.asked) == 3


def test_a_service_that_says_how_long_to_wait_is_left_alone_that_long(service: StandIn, send: Send) -> None:
    service.script = [Answer(503, headers={"Retry-After": "1"})]
    began = time.monotonic()
    assert send() == b"<TEI/>"
    assert time.monotonic() - began >= 1.0


def test_a_service_that_stays_busy_is_nobodys_files_fault(service: StandIn, send: Send) -> None:
    service.script = [Answer(503, b"full")] * 3
    _told(ParsingServiceUnavailable, send, "HTTP 503: full", "docker run", "CARREL_GROBID_URL", service.url)


def test_one_that_hangs_up_on_a_file_and_lives_has_refused_the_file(service: StandIn, send: Send) -> None:
    for act in (hang_up, hang_up_in_the_middle):
        service.script = [Answer(act=act)] * 3
        _told(ParsingServiceRefused, send, "paper.pdf", "GROBID")


def test_one_that_hangs_up_and_is_dead_is_unavailable(service: StandIn, send: Send) -> None:
    service.script = [Answer(act=hang_up)] * 3
    service.alive = False
    _told(ParsingServiceUnavailable, send, service.url)


def test_nobody_at_the_address(send: Send, service: StandIn) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        service.url = f"http://127.0.0.1:{free.getsockname()[1]}"
        _told(ParsingServiceUnavailable, send, service.url)


@pytest.mark.parametrize("status", [301, 307, 308])
def test_no_redirect_is_followed(status: int, service: StandIn, send: Send) -> None:
    with standing_in(StandIn({}, GOOD)) as elsewhere:
        service.script = [Answer(status, headers={"Location": f"{elsewhere.url}/api"})]
        _told(ParsingServiceUnavailable, send, f"HTTP {status}")
        assert elsewhere.asked == []


@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_something_else_at_the_address_is_no_fault_of_the_file(
    status: int, service: StandIn, send: Send
) -> None:
    service.script = [Answer(status, b"<h1>No</h1>")]
    _told(ParsingServiceUnavailable, send, f"HTTP {status}: <h1>No</h1>")


@pytest.mark.parametrize("act", [say_nothing, answer_drop_by_drop])
def test_an_answer_that_takes_too_long(
    act: Callable[[BaseHTTPRequestHandler], None], service: StandIn, send: Send
) -> None:
    service.script = [Answer(act=act)]
    with pytest.raises(ParseTimeout, match=r"paper\.pdf could not be read within 0\.5 seconds"):
        send(seconds=0.5)


def test_an_answer_without_end(service: StandIn, send: Send) -> None:
    service.script = [Answer(act=answer_without_end)]
    with pytest.raises(ParsingServiceRefused, match="longer than 64 MB"):
        send(seconds=60)


def test_closing_ends_the_waiting(service: StandIn, pdf: Path) -> None:
    service.script = [Answer(503)]
    client = ServiceClient(grobid_service(service.url), seconds=5, waits=(60.0,))
    threading.Timer(0.3, client.close).start()
    began = time.monotonic()
    with pytest.raises(ParsingServiceUnavailable, match="stopping"):
        client.send(pdf, "paper.pdf", {})
    assert time.monotonic() - began < 30


def test_a_file_that_is_gone(service: StandIn, tmp_path: Path) -> None:
    client = ServiceClient(grobid_service(service.url), seconds=5)
    with pytest.raises(FileUnreadable):
        client.send(tmp_path / "gone.pdf", "gone.pdf", {})
    client.close()


@pytest.mark.parametrize(
    "url",
    ["", "localhost:8070", "ftp://host", "file:///etc/passwd", "http://", "http://h:99999", "http://[::1"],
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(InvalidSetting, match="grobid_url"):
        ServiceClient(grobid_service(url), seconds=5)


def test_a_password_in_the_address_is_not_shown() -> None:
    client = ServiceClient(grobid_service("http://me:hush@host:8070/x"), seconds=5)
    assert client.unavailable("gone").parameters["url"] == "http://host:8070/x"
    client.close()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("ftp://user:s3cret@h", "ftp://h"),
        ("user:s3cret@host:8070", "host:8070"),
        ("http://user:s3cret@[::1", "http://[::1"),
        ("http://user:s3/cr@et@h:x", "http://h:x"),
    ],
)
def test_nor_in_what_is_no_address(url: str, shown: str) -> None:
    with pytest.raises(InvalidSetting) as raised:
        ServiceClient(grobid_service(url), seconds=5)
    assert raised.value.parameters["value"] == shown
    assert "cr" not in str(raised.value)


def _told(error: type[CarrelError], send: Send, *words: str) -> None:
    with pytest.raises(error) as caught:
        send()
    for word in words:
        assert word in str(caught.value)
