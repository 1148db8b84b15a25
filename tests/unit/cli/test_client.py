"""A search asked of a server: a stand-in that answers as the real one does."""

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from carrel.cli.client import ask
from carrel.cli.search import search_papers
from carrel.cli.search_reply import result_of
from carrel.cli.server_file import FILE_NAME, Running, announced, find, new_token
from carrel.core.ranking import Filters, Mode, Preference, Query
from carrel.core.server_errors import ServerRefuses, ServerSilent
from carrel.search.present import search_document
from tests.fakes.search_server import StandIn, standing_in
from tests.integration.worlds import world_of_fakes


@pytest.fixture
def server() -> Iterator[StandIn]:
    with standing_in() as standing:
        yield standing


@pytest.fixture
def document(tmp_path: Path) -> dict[str, object]:
    """A search document with all that there can be in one."""
    with world_of_fakes(tmp_path / "world") as world:
        world.add("Comets", "Glaciers")
        made = search_document(world.search("comets and glaciers"), explain=True)
    read: dict[str, object] = json.loads(json.dumps(made))
    return read


def test_a_server_is_found_by_its_user_alone_and_only_while_it_is_there(tmp_path: Path) -> None:
    assert find(tmp_path) is None
    token = new_token()
    with announced(tmp_path, "http://0.0.0.0:99", token):
        assert find(tmp_path) == Running("http://127.0.0.1:99", token, os.getpid())
        assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600
    assert not (tmp_path / FILE_NAME).exists()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"url": "u", "token": "t", "pid": "no"}', "\x00"])
def test_a_file_that_makes_no_sense_is_not_believed(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE_NAME).write_text(content)
    assert find(tmp_path) is None


def test_a_file_of_a_process_that_is_gone_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text(json.dumps({"url": "u", "token": "t", "pid": 2**22 + 1}))
    assert find(tmp_path) is None


def test_who_has_taken_the_place_of_a_server_keeps_it(tmp_path: Path) -> None:
    with announced(tmp_path, "http://127.0.0.1:1", "old"), announced(tmp_path, "http://127.0.0.1:2", "new"):
        pass
    with announced(tmp_path, "http://127.0.0.1:1", "old"):
        (tmp_path / FILE_NAME).write_text(json.dumps({"url": "u", "token": "new", "pid": os.getpid()}))
    assert find(tmp_path) == Running("u", "new", os.getpid())


def test_what_a_document_says_comes_back(document: dict[str, object]) -> None:
    again = search_document(result_of(document), explain=True)
    for found in (document["results"], again["results"]):
        assert isinstance(found, list)
        for hit in found:
            for passage in hit["passages"]:
                passage.pop("boxes")  # nobody prints them
    assert json.loads(json.dumps(again)) == document


def test_a_search_beside_a_server_is_asked_of_it(
    server: StandIn,
    document: dict[str, object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CARREL_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    server.body = json.dumps(document).encode()
    within = Filters(2019, 2021, ("Ada",), ("Nature",), ("en", "zh"), ("to read",))
    query = Query("comets  and glaciers", ("library",), Mode.HYBRID, 5, within)
    query = replace(query, prefer=(Preference.RECENT,), diverse=True, literal=True)
    with announced(tmp_path / "home", server.address, "secret"):
        assert search_papers(query, None, True, None, as_json=True) == 0
        assert json.loads(capsys.readouterr().out) == document
        assert search_papers(query, None, True, None, as_json=False) == 0
    assert "Comets" in capsys.readouterr().out
    path, key, question = server.asked[0]
    assert (path, key) == ("/api/v1/search", "Bearer secret")
    assert question == {
        "query": "comets  and glaciers",
        "knowledge_bases": ["library"],
        "mode": "hybrid",
        "limit": 5,
        "filters": {
            "year": "2019..2021",
            "author": ["Ada"],
            "venue": ["Nature"],
            "language": ["en", "zh"],
            "tag": ["to read"],
        },
        "rerank": None,  # as the server's settings say
        "translate": True,
        "instruction": "",
        "like": [],
        "unlike": [],
        "prefer": ["recent"],
        "diverse": True,
        "literal": True,
        "explain": True,
    }
    assert not (tmp_path / "home" / "carrel.db").exists()  # all was left to the server


def test_a_refusal_keeps_its_kind_and_its_exit_code(server: StandIn) -> None:
    running = Running(server.address, "t", 1)
    server.status = 404
    server.body = json.dumps(
        {"kind": "knowledge-base-missing", "detail": "There is none.", "hint": "Make one."}
    ).encode()
    with pytest.raises(ServerRefuses, match=r"There is none\. Make one\.") as raised:
        ask(running, "/api/v1/search", {})
    assert (raised.value.kind, raised.value.exit_code) == ("knowledge-base-missing", 2)
    server.body = b'{"detail": "?"}'
    with pytest.raises(ServerRefuses) as raised:
        ask(running, "/api/v1/search", {})
    assert raised.value.exit_code == 1


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"[" * 100_000])
def test_nonsense_is_said_and_not_printed(server: StandIn, body: bytes) -> None:
    server.body = body
    with pytest.raises(ServerSilent):
        ask(Running(server.address, "t", 1), "/api/v1/search", {})


def test_where_nobody_listens_any_more_the_command_works_by_itself(server: StandIn) -> None:
    assert ask(Running("http://127.0.0.1:1", "t", 1), "/api/v1/search", {}) is None
