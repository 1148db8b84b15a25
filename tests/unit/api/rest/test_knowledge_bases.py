"""Knowledge bases over HTTP: made, listed in pages, changed and deleted; who may, and what is refused."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.unit.api.rest.lab import API, Lab, lab

BASES = f"{API}/knowledge-bases"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Lab]:
    with lab(tmp_path) as opened:
        yield opened


def test_what_is_made_is_there_for_its_owner_and_for_nobody_else(opened: Lab) -> None:
    wanted = {"name": "Thesis", "description": "Chapter 3", "chunking": {"size": 512, "overlap": 64}}
    made = opened.client.post(BASES, json=wanted, headers=opened.as_("owner"))
    assert made.status_code == 201, made.text
    document = made.json()
    assert made.headers["location"] == f"{BASES}/{document['id']}"
    assert (document["name"], document["description"], document["role"]) == ("Thesis", "Chapter 3", "owner")
    assert document["chunking"] == {"size": 512, "overlap": 64, "references": False}
    assert document["created_at"]
    url = made.headers["location"]
    assert opened.client.get(url, headers=opened.as_("owner")).json() == document
    assert opened.client.get(f"{BASES}/Thesis", headers=opened.as_("owner")).json() == document
    assert opened.client.get(url, headers=opened.as_("administrator")).status_code == 200
    foreign = opened.client.get(url, headers=opened.as_("stranger"))
    missing = opened.client.get(f"{BASES}/{'0' * 32}", headers=opened.as_("stranger"))
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json() | {"detail": ""} == missing.json() | {"detail": ""}
    assert foreign.json()["detail"].replace(document["id"], "0" * 32) == missing.json()["detail"]
    assert foreign.headers["content-type"] == "application/problem+json"


def test_a_name_is_taken_only_by_its_maker(opened: Lab) -> None:
    for name, status in (("owner", 201), ("owner", 409), ("editor", 201)):
        answer = opened.client.post(BASES, json={"name": "Papers"}, headers=opened.as_(name))
        assert answer.status_code == status
    assert answer.json()["name"] == "Papers"


def test_the_list_comes_in_pages(opened: Lab) -> None:
    names = [f"base {number}" for number in range(7)]
    for name in reversed(names):
        opened.base(name)
    seen: list[str] = []
    url: str | None = f"{BASES}?limit=3"
    while url:
        answer = opened.client.get(url, headers=opened.as_("viewer"))
        seen.extend(each["name"] for each in answer.json()["items"])
        link = answer.headers.get("link", "")
        assert bool(link) == (answer.json()["next"] is not None)
        url = link[1 : link.index(">")] if link else None
    assert seen == names
    assert opened.client.get(BASES, headers=opened.as_("stranger")).json() == {"items": [], "next": None}


@pytest.mark.parametrize(
    "cursor", ["x", "", "bm90IGpzb24", "W10", "WyJqb2JzIiwxXQ", "WyJrbm93bGVkZ2UtYmFzZXMiLDEsMl0", "é"]
)
def test_bad_cursors_are_refused(opened: Lab, cursor: str) -> None:
    answer = opened.client.get(BASES, params={"cursor": cursor}, headers=opened.as_("viewer"))
    assert (answer.status_code, answer.json()["kind"]) == (400, "cursor-unusable")


def test_of_many_who_change_what_they_have_seen_one_does(opened: Lab) -> None:
    url = f"{BASES}/{opened.base().id}"
    owner = opened.as_("owner")
    for turn in range(5):
        seen = owner | {"If-Match": opened.client.get(url, headers=owner).headers["etag"]}

        def change(number: int, seen: dict[str, str] = seen, turn: int = turn) -> int:
            both = {"description": f"{turn}, {number}", "paused": turn % 2 == 0}
            return opened.client.patch(url, json=both, headers=seen).status_code

        with ThreadPoolExecutor(8) as pool:
            statuses = sorted(pool.map(change, range(8)))
        assert statuses == [200] + [412] * 7


def test_changes_and_what_somebody_has_not_seen(opened: Lab) -> None:
    base = opened.base()
    url = f"{BASES}/{base.id}"
    first = opened.client.get(url, headers=opened.as_("owner"))
    tag = {"If-Match": first.headers["etag"]}
    assert (
        opened.client.get(
            url, headers=opened.as_("owner") | {"If-None-Match": first.headers["etag"]}
        ).status_code
        == 304
    )
    changed = opened.client.patch(url, json={"description": "new"}, headers=opened.as_("owner") | tag)
    assert (changed.status_code, changed.json()["description"]) == (200, "new")
    again = opened.client.patch(url, json={"description": "newer"}, headers=opened.as_("owner") | tag)
    assert (again.status_code, again.json()["kind"]) == (412, "changed-meanwhile")
    assert opened.client.delete(url, headers=opened.as_("owner") | tag).status_code == 412
    assert (
        opened.client.patch(url, json={"paused": True}, headers=opened.as_("editor")).json()["paused"] is True
    )
    assert (
        opened.client.patch(url, json={"name": "x"}, headers=opened.as_("editor")).json()["kind"]
        == "role-too-low"
    )
    assert opened.client.patch(url, json={"paused": True}, headers=opened.as_("viewer")).status_code == 403
    assert opened.client.delete(url, headers=opened.as_("editor")).status_code == 403
    assert opened.client.delete(url, headers=opened.as_("owner")).status_code == 204
    assert opened.client.get(url, headers=opened.as_("owner")).status_code == 404


@pytest.mark.parametrize(
    "field",
    [
        {"embedder": "other"},
        {"dimensions": 32},
        {"chunking": {"size": 64, "overlap": 0}},
        {"parser": "grobid"},
    ],
)
def test_what_passages_depend_on_takes_a_reindexing(opened: Lab, field: dict[str, object]) -> None:
    url = f"{BASES}/{opened.base().id}"
    answer = opened.client.patch(url, json=field, headers=opened.as_("owner"))
    assert (answer.status_code, answer.json()["kind"]) == (409, "needs-reindex")
    assert "reindex" in answer.json()["hint"]


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "body.name", "missing"),
        ({"name": ""}, "body.name", "string-too-short"),
        ({"name": 3}, "body.name", "string-type"),
        ({"name": "a\0b"}, "body.name", "value-error"),
        ({"name": "x" * 201}, "body.name", "string-too-long"),
        ({"name": "x", "colour": "red"}, "body.colour", "extra-forbidden"),
        ({"name": "x", "chunking": {"size": 1}}, "body.chunking.size", "greater-than-equal"),
        ({"name": "x", "dimensions": 1e400}, "body.dimensions", "int-type"),
    ],
)
def test_fields_that_cannot_be_used_are_named(
    opened: Lab, body: dict[str, object], field: str, code: str
) -> None:
    import json

    answer = opened.client.post(
        BASES, content=json.dumps(body), headers=opened.as_("owner") | {"Content-Type": "application/json"}
    )
    assert answer.status_code == 422
    assert [(each["field"], each["code"]) for each in answer.json()["errors"]] == [(field, code)]


def test_the_reader_s_language(opened: Lab) -> None:
    headers = opened.as_("owner") | {"Accept-Language": "fr, zh-CN;q=0.8, en;q=0.5"}
    answer = opened.client.post(BASES, json={}, headers=headers)
    assert "缺失" in answer.json()["errors"][0]["message"]
    assert answer.headers["content-language"] == "zh"


def test_overlap_that_does_not_fit_and_models_that_are_not_offered(opened: Lab) -> None:
    odd = {"name": "x", "chunking": {"size": 64, "overlap": 60}}
    assert (
        opened.client.post(BASES, json=odd, headers=opened.as_("owner")).json()["kind"] == "invalid-setting"
    )
    file = {"name": "x", "embedder": "/etc/passwd.gguf"}
    assert opened.client.post(BASES, json=file, headers=opened.as_("owner")).json()["kind"] == "model-unknown"
    parser = {"name": "x", "parser": "nonsense"}
    assert (
        opened.client.post(BASES, json=parser, headers=opened.as_("owner")).json()["kind"] == "parser-unknown"
    )
