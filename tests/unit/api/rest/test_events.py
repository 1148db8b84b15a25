"""Events as they happen: for whom they are meant, and for nobody who may not listen any more."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.api.rest.changes import Changes
from carrel.core.accounts import Role
from carrel.storage import members
from tests.integration.worlds import fake_paper
from tests.unit.api.gateways import until
from tests.unit.api.rest.lab import API, Lab, lab, listening

EVENTS = f"{API}/events"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Lab]:
    with lab(tmp_path) as opened:
        yield opened


def events(lines: Iterator[str]) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Yield name, id and document of each event."""
    found: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            found[name] = value
        elif found:
            if "event" in found:
                yield found["event"], found["id"], json.loads(found["data"])
            found = {}


def begun(lines: Iterator[str]) -> None:
    """Wait until nothing is missed any more."""
    assert next(lines).startswith("retry:")


def test_jobs_and_knowledge_bases_as_they_change(opened: Lab) -> None:
    base, foreign = opened.base(), opened.world.services.shelves.create("foreign")
    with (
        listening(opened) as client,
        client.stream("GET", EVENTS, headers=opened.as_("viewer")) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        begun(lines)
        opened.world.accept_bytes("secret.pdf", fake_paper("Secret", "Nobody knows."), foreign.id)
        accepted = opened.world.accept_bytes("whales.pdf", fake_paper("Whales", "They sing."), base.id)
        name, mark, document = next(events(lines))
        assert (name, document["file_name"], document["state"]) == ("job", "whales.pdf", "queued")
        opened.world.services.shelves.configure(base.id, "Renamed", None)
        found = next(each for each in events(lines) if each[0] == "knowledge-base")
        assert (found[2]["name"], found[2]["role"]) == ("Renamed", "viewer")
        assert accepted.job is not None
        again = opened.as_("viewer") | {"Last-Event-ID": mark}
        with client.stream("GET", EVENTS, headers=again) as resumed:
            assert next(events(resumed.iter_lines()))[2]["name"] == "Renamed"
        lost = opened.as_("viewer") | {"Last-Event-ID": "other-7"}
        with client.stream("GET", EVENTS, headers=lost) as reset:
            assert next(events(reset.iter_lines()))[0] == "reset"


def test_what_went_while_the_connection_was_lost_is_told(opened: Lab) -> None:
    base, kept = opened.base(), opened.base("kept")
    with listening(opened) as client:
        with client.stream("GET", EVENTS, headers=opened.as_("viewer")) as answer:
            lines = answer.iter_lines()
            begun(lines)
            opened.world.services.shelves.configure(kept.id, "Seen", None)
            _, mark, _ = next(events(lines))
            opened.world.services.shelves.delete(base.id)
            assert next(events(lines))[::2] == ("knowledge-base-gone", {"id": base.id})
        again = opened.as_("viewer") | {"Last-Event-ID": mark}
        with client.stream("GET", EVENTS, headers=again) as resumed:
            assert next(events(resumed.iter_lines()))[0] == "reset"


@pytest.mark.parametrize(("kept", "a_look"), [(3, 50), (50, 4)])
def test_more_changes_than_are_kept_are_told_as_missed(opened: Lab, kept: int, a_look: int) -> None:
    changes = Changes(opened.world.services.catalog, kept, a_look)
    base = opened.base()

    async def look() -> None:
        changes.listeners = 1
        await changes._step()

    asyncio.run(look())
    for number in range(2):
        opened.world.accept_bytes(f"{number}.pdf", fake_paper(f"Title {number}", "Few."), base.id)
    asyncio.run(look())
    before, mark = changes.newest, changes.mark(changes.newest, [base.id])
    assert changes.place(mark, [base.id]) == before
    assert changes.place(mark, []) is None
    for number in range(2, 8):
        opened.world.accept_bytes(f"{number}.pdf", fake_paper(f"Title {number}", "Many."), base.id)
    asyncio.run(look())
    assert changes.missed(before)
    assert changes.place(mark, [base.id]) is None
    assert not changes.missed(changes.newest)


def test_who_loses_their_role_hears_no_more_of_it(opened: Lab) -> None:
    base, kept = opened.base(), opened.base("kept")
    viewer = opened.sign_in.keys["viewer"]
    with (
        listening(opened) as client,
        client.stream("GET", EVENTS, headers=opened.as_("viewer")) as answer,
    ):
        lines = answer.iter_lines()
        begun(lines)
        with opened.world.services.catalog.write() as tx:
            members.remove(tx, base.id, viewer.user_id)
        opened.world.services.shelves.configure(base.id, "Hidden", None)
        opened.world.services.shelves.configure(kept.id, "Seen", None)
        told = events(lines)
        assert next(told)[::2] == ("knowledge-base-gone", {"id": base.id})
        assert next(told)[2]["name"] == "Seen"
        with opened.world.services.catalog.write() as tx:
            members.set_role(tx, base.id, viewer.user_id, Role.EDITOR)
        opened.world.services.shelves.configure(kept.id, "Seen again", None)
        name, _, document = next(told)
        assert (name, document["name"], document["role"]) == ("knowledge-base", "Hidden", "editor")


def test_a_key_that_is_revoked_ends_the_stream(opened: Lab) -> None:
    base = opened.base()
    with (
        listening(opened) as client,
        client.stream("GET", EVENTS, headers=opened.as_("viewer")) as answer,
    ):
        lines = answer.iter_lines()
        begun(lines)
        del opened.sign_in.keys["viewer"]
        opened.world.services.shelves.configure(base.id, "Hidden", None)
        assert "Hidden" not in "".join(lines)


def test_the_head_of_an_answer_that_never_ends(opened: Lab) -> None:
    with listening(opened) as client:
        head = client.head(EVENTS, headers=opened.as_("viewer"))
        assert (head.status_code, head.content) == (200, b"")
        assert client.head(EVENTS).status_code == 401


def test_streams_are_few(opened: Lab) -> None:
    with listening(opened) as client:
        streams = []
        for _ in range(10):
            stream = client.stream("GET", EVENTS, headers=opened.as_("viewer"))
            assert stream.__enter__().status_code == 200
            streams.append(stream)
        refused = client.get(EVENTS, headers=opened.as_("viewer"))
        assert (refused.status_code, refused.json()["kind"]) == (429, "too-busy")
        for stream in streams:
            stream.__exit__(None, None, None)


def test_figures_are_for_administrators_and_count(opened: Lab) -> None:
    opened.base()
    opened.client.get(f"{API}/knowledge-bases", headers=opened.as_("viewer"))
    opened.client.post(f"{API}/search", json={"query": "x"}, headers=opened.as_("viewer"))
    assert opened.client.get("/metrics").status_code == 401
    assert opened.client.get("/metrics", headers=opened.as_("owner")).status_code == 403
    text = opened.client.get("/metrics", headers=opened.as_("administrator")).text
    assert 'carrel_http_requests_total{method="GET",route="/api/v1/knowledge-bases",status="200"} 1.0' in text
    assert 'carrel_search_seconds_count{stage="total"} 1.0' in text
    assert 'carrel_jobs{state="queued"} 0.0' in text
    with listening(opened) as client:
        assert client.get("/metrics").status_code == 200


def test_an_upload_that_breaks_off_leaves_nothing(opened: Lab) -> None:
    base = opened.base()

    def broken() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="files"; filename="a.pdf"\r\n\r\n%PDF'
        yield b"x" * 2**20
        raise ConnectionError

    uploads = opened.world.folder / "home" / "uploads"
    with listening(opened) as client, pytest.raises(ConnectionError):
        client.post(
            f"{API}/knowledge-bases/{base.id}/papers",
            content=broken(),
            headers=opened.as_("editor") | {"Content-Type": "multipart/form-data; boundary=b"},
        )
    until(lambda: not uploads.exists() or not list(uploads.iterdir()))
    with opened.world.services.catalog.read() as tx:
        assert tx.row("SELECT 1 FROM papers") is None
