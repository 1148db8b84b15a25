"""Every route for everybody on every knowledge base: a foreign one cannot be told from a missing one."""

import re
from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute

from tests.integration.worlds import fake_paper
from tests.unit.api.rest.lab import API, Lab, lab

# What the least role is that may; None: whoever is signed in. With scopes: what a key for reading may.
ROLE: dict[tuple[str, str], str] = {
    ("POST", "/knowledge-bases"): "anybody",
    ("GET", "/knowledge-bases"): "anybody",
    ("GET", "/knowledge-bases/{knowledge_base}"): "viewer",
    ("PATCH", "/knowledge-bases/{knowledge_base}"): "owner",
    ("DELETE", "/knowledge-bases/{knowledge_base}"): "owner",
    ("POST", "/knowledge-bases/{knowledge_base}/papers"): "editor",
    ("GET", "/knowledge-bases/{knowledge_base}/papers"): "viewer",
    ("GET", "/knowledge-bases/{knowledge_base}/papers/{paper}"): "viewer",
    ("PATCH", "/knowledge-bases/{knowledge_base}/papers/{paper}"): "editor",
    ("DELETE", "/knowledge-bases/{knowledge_base}/papers/{paper}"): "editor",
    ("GET", "/knowledge-bases/{knowledge_base}/papers/{paper}/passages"): "viewer",
    ("GET", "/knowledge-bases/{knowledge_base}/papers/{paper}/outline"): "viewer",
    ("GET", "/knowledge-bases/{knowledge_base}/papers/{paper}/file"): "viewer",
    ("GET", "/knowledge-bases/{knowledge_base}/papers/{paper}/pages/{number}.png"): "viewer",
    ("GET", "/knowledge-bases/{knowledge_base}/papers/{paper}/similar"): "viewer",
    ("GET", "/knowledge-bases/{knowledge_base}/reindex"): "viewer",
    ("POST", "/knowledge-bases/{knowledge_base}/reindex"): "owner",
    ("POST", "/knowledge-bases/{knowledge_base}/reindex/estimate"): "owner",
    ("POST", "/knowledge-bases/{knowledge_base}/reindex/cancel"): "owner",
    ("POST", "/knowledge-bases/{knowledge_base}/reindex/retry"): "owner",
    ("POST", "/knowledge-bases/{knowledge_base}/reindex/accept-failures"): "owner",
    ("POST", "/knowledge-bases/{knowledge_base}/reindex/rollback"): "owner",
    ("POST", "/knowledge-bases/{knowledge_base}/reindex/discard"): "owner",
    ("GET", "/knowledge-bases/{knowledge_base}/tags"): "viewer",
    ("GET", "/knowledge-bases/{knowledge_base}/judgments"): "viewer",
    ("PUT", "/knowledge-bases/{knowledge_base}/judgments"): "viewer",
    ("DELETE", "/knowledge-bases/{knowledge_base}/judgments/{judgment}"): "viewer",
    ("GET", "/knowledge-bases/{knowledge_base}/judgments/export"): "viewer",
    ("POST", "/knowledge-bases/{knowledge_base}/judgments/import"): "owner",
    ("GET", "/knowledge-bases/{knowledge_base}/papers/export"): "viewer",
    ("GET", "/knowledge-bases/{knowledge_base}/papers/{paper}/pages/{number}/words"): "viewer",
    ("GET", "/knowledge-bases/{knowledge_base}/papers/{paper}/find"): "viewer",
    ("GET", "/knowledge-bases/{knowledge_base}/papers/{paper}/references"): "viewer",
    ("POST", "/search"): "anybody",
    ("GET", "/jobs"): "anybody",
    ("GET", "/jobs/{job}"): "viewer",
    ("POST", "/jobs/{job}/cancel"): "editor",
    ("POST", "/jobs/{job}/retry"): "editor",
    ("GET", "/models"): "anybody",
    ("GET", "/knowledge-bases/{knowledge_base}/members"): "viewer",
    ("PUT", "/knowledge-bases/{knowledge_base}/members/{user}"): "owner",
    ("DELETE", "/knowledge-bases/{knowledge_base}/members/{user}"): "owner",
}
ADMINISTRATORS = {
    ("GET", "/audit"),
    ("GET", "/endpoints"),
    ("POST", "/endpoints"),
    ("GET", "/endpoints/{endpoint}"),
    ("PUT", "/endpoints/{endpoint}"),
    ("DELETE", "/endpoints/{endpoint}"),
    ("PUT", "/sign-up"),
    ("GET", "/users"),
    ("POST", "/users"),
    ("GET", "/users/{user}"),
    ("PATCH", "/users/{user}"),
    ("DELETE", "/users/{user}"),
    ("POST", "/users/{user}/password"),
}
# One's own affairs, and what is there before one has any: test_accounts.py.
OWN = {
    ("GET", "/api-keys"),
    ("POST", "/api-keys"),
    ("DELETE", "/api-keys/{key}"),
    ("GET", "/session"),
    ("DELETE", "/session"),
    ("POST", "/session/password"),
}
BEFORE = {("GET", "/setup"), ("POST", "/setup"), ("POST", "/session"), ("POST", "/sign-up")}
ENDLESS = {("GET", "/events")}  # test_events.py
RANK = ["viewer", "editor", "owner"]
HELD = {"viewer": "viewer", "editor": "editor", "owner": "owner", "reader": "owner", "administrator": "owner"}
WHO = ["nobody", "stranger", "viewer", "editor", "owner", "administrator", "reader"]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("matrix")) as opened:
        yield opened


def routes(opened: Lab) -> set[tuple[str, str]]:
    found = set()
    for route in opened.client.app.routes:  # type: ignore[attr-defined]
        if isinstance(route, APIRoute) and route.path.startswith(API):
            found |= {(method, route.path.removeprefix(API)) for method in route.methods or ()}
    return found


def test_every_route_is_in_the_table(opened: Lab) -> None:
    assert routes(opened) == ROLE.keys() | ADMINISTRATORS | OWN | BEFORE | ENDLESS


@pytest.mark.parametrize(("method", "path"), sorted(ADMINISTRATORS | OWN))
def test_administration_is_for_administrators_and_own_affairs_for_somebody(
    opened: Lab, method: str, path: str
) -> None:
    url = API + path.format(user="0" * 32, endpoint="0" * 32, key="0" * 32)
    assert opened.client.request(method, url).status_code == 401
    if (method, path) in ADMINISTRATORS:
        for who in ("stranger", "owner", "reader"):
            assert opened.client.request(method, url, headers=opened.as_(who)).status_code == 403
        allowed = opened.client.request(method, url, headers=opened.as_("administrator"))
        assert allowed.status_code not in (401, 403)
        assert allowed.status_code < 500


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize(("method", "path"), sorted(ROLE))
def test_who_may_what(opened: Lab, method: str, path: str, who: str) -> None:
    base = opened.base(f"{method} {path} {who}")
    accepted = opened.world.accept_bytes("p.pdf", fake_paper("Whales", "They sing."), base.id)
    assert accepted.job is not None
    # To leave is another thing.
    member = opened.sign_in.keys["viewer" if who == "editor" else "editor"].user_id
    judgment = f"{'0' * 32}-{accepted.paper_id}-{'0' * 32}"
    answers = {}
    for kind in ("theirs", "missing"):
        ids = (base.id, accepted.paper_id, accepted.job.id)
        named = ids if kind == "theirs" else tuple("0" * 32 for _ in ids)
        url = path.format(
            knowledge_base=named[0], paper=named[1], job=named[2], number=1, user=member, judgment=judgment
        )
        body = {
            "POST /knowledge-bases": {"json": {"name": f"{method} {who} {kind}"}},
            "PATCH /knowledge-bases/{knowledge_base}": {"json": {"description": "x"}},
            "POST /knowledge-bases/{knowledge_base}/reindex": {"json": {}},
            "POST /knowledge-bases/{knowledge_base}/reindex/estimate": {"json": {}},
            "PUT /knowledge-bases/{knowledge_base}/members/{user}": {"json": {"role": "viewer"}},
            "PATCH /knowledge-bases/{knowledge_base}/papers/{paper}": {"json": {"year": 1999}},
            "PUT /knowledge-bases/{knowledge_base}/judgments": {
                "json": {"query": "x", "paper_id": named[1], "grade": 1}
            },
            "POST /knowledge-bases/{knowledge_base}/judgments/import": {"json": {"queries": "", "qrels": ""}},
            "POST /search": {"json": {"query": "x", "knowledge_bases": [named[0]]}},
            "POST /knowledge-bases/{knowledge_base}/papers": {"files": [("files", ("a.txt", b"some text"))]},
        }.get(f"{method} {path}", {})
        answer = opened.client.request(method, API + url, headers=opened.as_(who), **body)  # type: ignore[arg-type]
        text = answer.text
        for each in named:
            text = text.replace(each, "ID")
        answers[kind] = (answer.status_code, re.sub(r"\d{4}-\d\d-\d\dT[^\"]*", "TIME", text))
    theirs = answers["theirs"][0]
    if who == "nobody":
        assert theirs == answers["missing"][0] == 401
    elif who == "reader" and (method != "GET" and path != "/search"):
        assert theirs == answers["missing"][0] == 403
    elif ROLE[method, path] == "anybody" and path != "/search":
        assert theirs in (200, 201)
    elif who == "stranger":
        assert theirs == 404
        assert answers["theirs"] == answers["missing"]
    else:
        needed = "viewer" if path == "/search" else ROLE[method, path]
        assert answers["missing"][0] == 404
        if RANK.index(HELD[who]) < RANK.index(needed):
            assert theirs == 403
        else:  # a fake paper has no page that could be drawn; nothing is being re-indexed
            refused = (
                422
                if path.endswith(".png")
                else 404
                if path.endswith(("/words", "/{judgment}", "/judgments"))
                else 409
                if "/reindex/" in path
                else 0
            )
            assert theirs < 400 or theirs == refused
