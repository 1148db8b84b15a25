"""Filters, cursors, keys, fields and disks that somebody bends: each is refused, or is only a value."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.worlds import fake_paper
from tests.unit.api.rest.lab import API, Lab, lab
from tests.unit.api.rest.people import place

TITLES = ("Whales", "Bees", "Comets")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("hostile")) as opened:
        for name, who in (("shared", "owner"), ("secret", "stranger")):
            caller = opened.sign_in.keys[who]
            base = opened.world.services.shelves.of(caller).create(name)
            for title in TITLES:
                opened.world.accept_bytes(f"{title}.pdf", fake_paper(title, f"Of {name} {title}."), base.id)
        opened.world.work()
        yield opened


INJECTIONS = (
    "' OR '1'='1",
    "x'; DROP TABLE papers; --",
    '"}], "should": [{"match_all": {}}',
    '{"must_not": []}',
    '{"$ne": null}',
    "*",
    ".*",
    "%",
    "_",
    "\\",
    ")) OR ((1=1",
    ":author",
    "{author}",
    "\u202eSIRHC",
)


@pytest.mark.parametrize("text", INJECTIONS)
def test_an_author_in_a_filter_is_only_words(opened: Lab, text: str) -> None:
    for mode in ("hybrid", "dense", "lexical"):
        body = {"query": "whales", "mode": mode, "filters": {"author": text}}
        answer = opened.client.post(f"{API}/search", json=body, headers=opened.as_("owner"))
        assert answer.status_code == 200, answer.text
        assert answer.json()["results"] == []  # nobody is called that


@pytest.mark.parametrize("text", [*INJECTIONS, "2019 OR 1=1", "2019..2021; DROP TABLE papers", "0x7e3", "-1"])
def test_a_year_is_a_year(opened: Lab, text: str) -> None:
    body = {"query": "whales", "filters": {"year": text}}
    answer = opened.client.post(f"{API}/search", json=body, headers=opened.as_("owner"))
    assert answer.status_code == 422
    assert answer.json()["kind"] in ("invalid-filter", "fields-unusable")


@pytest.mark.parametrize("text", INJECTIONS)
def test_a_knowledge_base_in_a_search_is_one_of_ones_own(opened: Lab, text: str) -> None:
    for names in ([text], ["shared", text], ["secret"]):
        body = {"query": "whales", "knowledge_bases": names}
        answer = opened.client.post(f"{API}/search", json=body, headers=opened.as_("owner"))
        assert answer.status_code in (404, 422), answer.text
    for path in (f"/jobs?knowledge_base={text}", f"/knowledge-bases/{text}"):
        answer = opened.client.get(API + path, headers=opened.as_("owner"))
        assert answer.status_code in (200, 404, 422)
        assert "secret" not in answer.text


@pytest.mark.parametrize("text", INJECTIONS)
def test_a_question_finds_nobody_elses_papers(opened: Lab, text: str) -> None:
    body = {"query": f"whales {text}", "limit": 100}
    answer = opened.client.post(f"{API}/search", json=body, headers=opened.as_("owner"))
    assert answer.status_code == 200
    phrases = answer.json()["understood"]["conditions"]  # what it puts in quotes stands in none of them
    assert len(answer.json()["results"]) == (0 if phrases else len(TITLES))
    assert "secret" not in answer.text.replace(text, "")


@pytest.mark.parametrize(
    "body",
    [
        {"query": ["whales"]},
        {"query": {"$gt": ""}},
        {"query": "whales", "filters": {"author": {"$regex": ".*"}}},
        {"query": "whales", "filters": {"author": {"x": 1}}},
        {"query": "whales", "filters": {"year": 2019.5}},
        {"query": "whales", "filters": {"year": True}},
        {"query": "whales", "filters": {"should": []}},
        {"query": "whales", "filters": [{"year": 2019}]},
        {"query": "whales", "limit": "5"},
        {"query": "whales", "limit": 10**30},
        {"query": "whales", "generation": 1},
        {"query": "whales", "user_id": "x"},
        {"query": "whales", "__proto__": {"administrator": True}},
        {"query": "whales", "explain": "yes"},
        {"query": "whales\u0000"},
        {"query": "whales", "knowledge_bases": ["x"] * 201},
        {"query": "w" * 100_001},
    ],
    ids=lambda body: str(body)[:60],
)
def test_fields_of_another_kind_or_name_are_refused(opened: Lab, body: dict[str, object]) -> None:
    answer = opened.client.post(f"{API}/search", json=body, headers=opened.as_("owner"))
    assert (answer.status_code, answer.json()["kind"]) == (422, "fields-unusable")
    assert answer.json()["errors"]


LISTS = ("/knowledge-bases", "/jobs", "/knowledge-bases/shared/papers", "/audit")


@pytest.mark.parametrize("path", LISTS)
def test_a_cursor_is_good_for_its_own_list_alone(opened: Lab, path: str) -> None:
    admin = opened.as_("administrator")
    cursors = {}
    for each in LISTS:
        answer = opened.client.get(API + each, params={"limit": "1"}, headers=admin)
        assert answer.status_code == 200
        cursors[each] = answer.json()["next"]
    del cursors[path]
    bent = (
        "",
        "0",
        "AAAA",
        "bnVsbA",
        "W10",
        "' OR 1=1 --",
        "WyJqb2JzIix7Il8iOjF9XQ",  # ["jobs",{"_":1}]
        "WyJqb2JzIix0cnVlXQ",  # ["jobs",true]
        "WyJqb2JzIiw5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTld",  # ["jobs",99999999999999999999999999]
        "WyJqb2JzIiwiMSBPUiAxPTEiXQ",  # ["jobs","1 OR 1=1"]
        "W1tb" * 240,
    )
    for cursor in (*filter(None, cursors.values()), *bent):
        answer = opened.client.get(API + path, params={"cursor": cursor}, headers=admin)
        assert (answer.status_code, answer.json()["kind"]) == (400, "cursor-unusable"), cursor
    long = opened.client.get(API + path, params={"cursor": "x" * 1001}, headers=admin)
    assert long.status_code == 422


def test_what_is_asked_for_comes_back_in_no_header(opened: Lab) -> None:
    params = {"limit": "1", "q": "\r\nX-Evil: 1\r\n\r\n<script>"}
    for path in ("/knowledge-bases", "/knowledge-bases/shared/papers", "/jobs"):
        answer = opened.client.get(API + path, params=params, headers=opened.as_("administrator"))
        assert "x-evil" not in answer.headers
        assert all(value.isprintable() for value in answer.headers.values())


def test_keys_that_have_ended_say_nothing(tmp_path: Path) -> None:
    with place(tmp_path) as opened:
        bob = opened.administrator() and opened.person("bob")
        secrets = []
        for _ in range(2):
            made = bob.ask("POST", "/api-keys", {"name": "program", "scopes": ["read"], "days": 1}).json()
            secrets.append(made["secret"])
        bob.ask("DELETE", f"/api-keys/{made['id']}")
        headers = [{"Authorization": f"Bearer {secret}"} for secret in secrets]
        asked = [opened.browser().ask("GET", "/knowledge-bases", **each) for each in headers]
        assert [answer.status_code for answer in asked] == [200, 401]
        opened.clock.forward(days=1, seconds=1)
        unknown = {"Authorization": f"Bearer {secrets[0][:-1]}_"}
        ended = [opened.browser().ask("GET", "/knowledge-bases", **each) for each in (*headers, unknown)]
        assert {answer.status_code for answer in ended} == {401}
        assert len({answer.text for answer in ended}) == 1  # nobody learns which of them was a key once


def test_without_room_on_the_disk_nothing_is_taken(opened: Lab) -> None:
    settings = opened.world.services.settings
    url = f"{API}/knowledge-bases/shared/papers"
    files = [("files", ("Late.pdf", fake_paper("Late", "It is late.")))]
    present = settings.keep_free_mb
    object.__setattr__(settings, "keep_free_mb", 10**9)
    try:
        answer = opened.client.post(url, files=files, headers=opened.as_("owner"))
        found = opened.client.post(f"{API}/search", json={"query": "bees"}, headers=opened.as_("owner"))
    finally:
        object.__setattr__(settings, "keep_free_mb", present)
    assert (answer.status_code, answer.json()["kind"]) == (507, "storage-full")
    assert "Make room on the server" in answer.json()["hint"]
    assert answer.headers["retry-after"]
    assert found.status_code == 200
    assert opened.client.post(url, files=files, headers=opened.as_("owner")).status_code == 202
