"""Accounts over HTTP: set up, signed in, changed, shut out."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from carrel.api.rest.origins import Clients
from tests.unit.api.rest.lab import TOKEN
from tests.unit.api.rest.people import CODE, Browser, Place, place
from tests.unit.library.people import PASSWORD

OTHER = "another good password"
ADA = {"name": "ada", "password": PASSWORD}


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Place]:
    with place(tmp_path) as opened:
        yield opened


def kind(answer: object) -> str:
    return str(answer.json().get("kind"))  # type: ignore[attr-defined]


def test_a_server_is_set_up_once(opened: Place) -> None:
    browser = opened.browser()
    assert browser.ask("GET", "/setup").json() == {"set_up": False, "sign_up": "closed", "code_needed": True}
    assert kind(browser.ask("POST", "/setup", ADA)) == "set-up-code-wrong"
    assert kind(browser.ask("POST", "/setup", ADA | {"code": CODE[:-1]})) == "set-up-code-wrong"
    made = browser.ask("POST", "/setup", ADA | {"code": CODE})
    assert (made.status_code, made.json()["administrator"]) == (201, True)
    assert browser.ask("GET", "/setup").json()["set_up"] is True
    again = browser.ask("POST", "/setup", {"name": "eve", "password": PASSWORD, "code": CODE})
    assert (again.status_code, kind(again)) == (409, "set-up-already")


@pytest.mark.parametrize(
    ("base_url", "address", "header", "status"),
    [
        ("http://127.0.0.1:8765", "127.0.0.1", {}, 201),
        ("http://localhost", "::1", {}, 201),
        ("http://localhost", "192.0.2.1", {}, 403),
        ("http://testserver", "127.0.0.1", {}, 403),  # a proxy on this machine
        ("http://localhost", "127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, 403),
        ("http://localhost", "127.0.0.1", {"Via": "1.1 proxy"}, 403),
    ],
)
def test_on_its_own_machine_it_takes_no_code(
    opened: Place, base_url: str, address: str, header: dict[str, str], status: int
) -> None:
    browser = opened.browser(base_url, address)
    browser.extra = header
    assert browser.ask("POST", "/setup", ADA).status_code == status


def test_behind_a_trusted_proxy_it_always_takes_the_code(tmp_path: Path) -> None:
    with place(tmp_path, trusted_proxies="127.0.0.1") as opened:
        browser = opened.browser("http://localhost", "127.0.0.1")
        assert browser.ask("GET", "/setup").json()["code_needed"] is True
        assert browser.ask("POST", "/setup", ADA).status_code == 403
        assert browser.ask("POST", "/setup", ADA | {"code": CODE}).status_code == 201


def test_figures_and_models_are_this_machine_s_and_no_proxy_s(opened: Place) -> None:
    at = TestClient(opened.app, "http://localhost", client=("127.0.0.1", 50_000))  # type: ignore[arg-type]
    for path in ("/metrics", "/v1/models"):
        assert at.get(path).status_code == 200
        for header in ({"X-Forwarded-For": "203.0.113.9"}, {"Via": "1.1 proxy"}):
            assert at.get(path, headers=header).status_code == 401


def test_one_signs_in_and_out(opened: Place) -> None:
    browser = opened.administrator()
    who = browser.ask("GET", "/session").json()
    assert (who["name"], who["administrator"], who["csrf_token"]) == ("ada", True, browser.csrf)
    assert browser.ask("GET", "/users").status_code == 200
    cookie = dict(browser.client.cookies)
    out = browser.ask("DELETE", "/session")
    assert out.status_code == 204
    assert "carrel_session" not in browser.client.cookies
    browser.client.cookies.update(cookie)
    assert browser.ask("GET", "/session").status_code == 401


def test_a_key_for_less_does_not_sign_its_user_out(opened: Place) -> None:
    browser = opened.administrator()
    for scopes, status in ((["models"], 403), (["read", "write"], 403), (["admin"], 204)):
        made = browser.ask("POST", "/api-keys", {"name": scopes[0], "scopes": scopes})
        assert made.status_code == 201, made.text
        key = {"Authorization": f"Bearer {made.json()['secret']}"}
        answer = opened.browser().ask("DELETE", "/session?everywhere=true", **key)
        assert answer.status_code == status
        assert browser.ask("GET", "/session").status_code == (401 if status == 204 else 200)


def test_the_cookie_is_for_this_server_s_pages_alone(opened: Place) -> None:
    opened.administrator()
    for base_url, header, secure in (
        ("http://testserver", {}, False),
        ("https://testserver", {}, True),
        ("http://testserver", {"X-Forwarded-Proto": "https"}, True),
    ):
        browser = opened.browser(base_url)
        browser.extra = header
        answer = browser.sign_in("ada")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert ("secure" in cookie) == secure
        assert answer.headers["cache-control"] == "no-store"
        token = cookie.partition("=")[2].partition(";")[0]
        assert token not in answer.text.lower()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201),
        ({"X_CSRF_Token": ""}, 403),
        ({"X_CSRF_Token": "x" * 43}, 403),
        ({"Sec_Fetch_Site": "same-origin"}, 201),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Origin": "http://testserver"}, 201),
        ({"Origin": "http://testserver.evil.example"}, 403),
        ({"Origin": "http://testserver:8080"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[", "Sec_Fetch_Site": ""}, 403),
    ],
)
def test_another_site_s_page_changes_nothing(opened: Place, headers: dict[str, str], status: int) -> None:
    browser = opened.administrator()
    assert browser.ask("POST", "/knowledge-bases", {"name": "mine"}, **headers).status_code == status


def test_nor_does_it_sign_anybody_in(opened: Place) -> None:
    browser = opened.administrator()
    for path in ("/session", "/setup", "/sign-up"):
        answer = browser.ask("POST", path, ADA, Origin="http://evil.example")
        assert kind(answer) == "cross-origin"
        form = browser.client.post(f"/api/v1{path}", data={"name": "ada", "password": PASSWORD})
        assert form.status_code == 415


def test_a_key_needs_no_token(opened: Place) -> None:
    made = opened.administrator().ask("POST", "/api-keys", {"name": "program", "scopes": ["write"]})
    assert made.status_code == 201
    program = Browser(opened.browser().client, extra={"Authorization": f"Bearer {made.json()['secret']}"})
    assert program.ask("POST", "/knowledge-bases", {"name": "mine"}).status_code == 201
    who = program.ask("GET", "/session").json()
    assert (who["name"], who["scopes"], who["csrf_token"]) == ("ada", ["write"], None)
    assert program.ask("GET", "/users").status_code == 403
    assert kind(program.ask("POST", "/api-keys", {"name": "x", "scopes": ["write"]})) == "scope-too-narrow"


def test_the_server_s_token_may_all_that_the_command_line_may(opened: Place) -> None:
    opened.administrator()
    command = Browser(opened.browser().client, extra={"Authorization": f"Bearer {TOKEN}"})
    assert command.ask("GET", "/users").status_code == 200
    assert kind(command.ask("GET", "/api-keys")) == "user-missing"  # it is no user


def test_failures_are_told_alike_and_slow_down(opened: Place) -> None:
    opened.administrator()
    browser = opened.browser(address="203.0.113.5")
    told = {browser.sign_in(name, OTHER).text for name in ("ada", "nobody")}
    assert len(told) == 1
    for _ in range(4):
        assert browser.sign_in("ada", OTHER).status_code == 401
    slow = browser.sign_in("ada", PASSWORD)
    assert (slow.status_code, kind(slow), slow.headers["retry-after"]) == (429, "sign-in-throttled", "1")
    opened.clock.forward(seconds=1)
    assert browser.sign_in("ada", PASSWORD).status_code == 201


def test_a_password_that_was_set_must_be_changed_first(opened: Place) -> None:
    admin = opened.administrator()
    made = admin.ask("POST", "/users", {"name": "bob", "password": PASSWORD})
    assert (made.status_code, made.json()["must_change_password"]) == (201, True)
    assert PASSWORD not in made.text
    bob = opened.browser()
    assert bob.sign_in("bob").json()["must_change_password"] is True
    assert kind(bob.ask("GET", "/knowledge-bases")) == "password-must-change"
    assert kind(bob.ask("POST", "/session/password", {"present": OTHER, "new": OTHER})) == "password-wrong"
    changed = bob.ask("POST", "/session/password", {"present": PASSWORD, "new": OTHER})
    assert changed.status_code == 204
    assert bob.ask("GET", "/knowledge-bases").status_code == 200
    admin.ask("POST", "/users/bob/password", {"password": PASSWORD})
    assert bob.ask("GET", "/session").status_code == 401


def test_users_are_administrators_affair(opened: Place) -> None:
    admin, bob = opened.administrator(), opened.person("bob")
    for method, path, body in (
        ("GET", "/users", None),
        ("POST", "/users", {"name": "eve", "password": PASSWORD}),
        ("GET", "/users/ada", None),
        ("PATCH", "/users/bob", {"administrator": True}),
        ("DELETE", "/users/ada", None),
        ("POST", "/users/ada/password", {"password": PASSWORD}),
        ("PUT", "/sign-up", {"state": "open"}),
        ("GET", "/audit", None),
        ("GET", "/endpoints", None),
        ("POST", "/endpoints", {"purpose": "embedder", "model": "m", "url": "http://127.0.0.1:1"}),
    ):
        assert bob.ask(method, path, body).status_code == 403
        assert opened.browser().ask(method, path, body).status_code == 401
    names = [user["name"] for user in admin.ask("GET", "/users").json()["items"]]
    assert names == ["ada", "bob"]
    first = admin.ask("GET", "/users?limit=1").json()
    assert [u["name"] for u in admin.ask("GET", f"/users?cursor={first['next']}").json()["items"]] == ["bob"]
    assert kind(admin.ask("PATCH", "/users/ada", {"disabled": True})) == "last-administrator"
    assert admin.ask("PATCH", "/users/bob", {"disabled": True}).json()["disabled"] is True
    assert bob.ask("GET", "/session").status_code == 401
    assert admin.ask("DELETE", "/users/bob").status_code == 204
    assert kind(admin.ask("GET", "/users/bob")) == "user-missing"


def test_deleting_somebody_asks_what_becomes_of_what_they_own(opened: Place) -> None:
    admin, bob = opened.administrator(), opened.person("bob")
    bob.ask("POST", "/knowledge-bases", {"name": "thesis"})
    refused = admin.ask("DELETE", "/users/bob")
    assert (refused.status_code, kind(refused)) == (409, "owns-knowledge-bases")
    assert admin.ask("DELETE", "/users/bob?knowledge_bases=perhaps").status_code == 422
    assert admin.ask("DELETE", "/users/bob?knowledge_bases=keep").status_code == 204
    (kept,) = admin.ask("GET", "/knowledge-bases").json()["items"]
    assert (kept["name"], kept["role"]) == ("thesis", "owner")


def test_one_address_makes_only_so_many_accounts(opened: Place) -> None:
    opened.administrator().ask("PUT", "/sign-up", {"state": "open"})
    eve = opened.browser(address="192.0.2.66")
    for number in range(30):
        assert eve.ask("POST", "/sign-up", {"name": f"eve-{number}", "password": PASSWORD}).status_code == 201
    wanted = {"name": "one-more", "password": PASSWORD}
    refused = eve.ask("POST", "/sign-up", wanted)
    assert (refused.status_code, kind(refused)) == (429, "sign-up-throttled")
    assert opened.browser(address="192.0.2.7").ask("POST", "/sign-up", wanted).status_code == 201
    opened.clock.forward(seconds=int(refused.headers["retry-after"]))
    assert eve.ask("POST", "/sign-up", wanted | {"name": "later"}).status_code == 201


def test_signing_up(opened: Place) -> None:
    admin, eve = opened.administrator(), opened.browser()
    wanted = {"name": "eve", "password": PASSWORD}
    assert kind(eve.ask("POST", "/sign-up", wanted)) == "sign-up-closed"
    assert admin.ask("PUT", "/sign-up", {"state": "open"}).status_code == 200
    assert eve.ask("GET", "/setup").json()["sign_up"] == "open"
    assert eve.ask("POST", "/sign-up", wanted).json()["administrator"] is False
    assert kind(eve.ask("POST", "/sign-up", wanted)) == "user-exists"
    assert kind(eve.ask("POST", "/sign-up", {"name": "x", "password": "short"})) == "password-unusable"
    assert eve.sign_in("eve").status_code == 201


def test_keys_are_shown_once_and_end(opened: Place) -> None:
    admin, bob = opened.administrator(), opened.person("bob")
    made = bob.ask("POST", "/api-keys", {"name": "program", "scopes": ["read"], "days": 30}).json()
    secret = made.pop("secret")
    listed = bob.ask("GET", "/api-keys")
    assert listed.json()["items"] == [made]
    assert secret not in listed.text
    headers = {"Authorization": f"Bearer {secret}"}
    assert opened.browser().ask("GET", "/knowledge-bases", **headers).status_code == 200
    assert admin.ask("GET", "/api-keys?user=bob").json()["items"][0]["id"] == made["id"]
    assert kind(opened.person("eve").ask("DELETE", f"/api-keys/{made['id']}")) == "api-key-missing"
    assert admin.ask("DELETE", f"/api-keys/{made['id']}").json()["revoked_at"]
    assert opened.browser().ask("GET", "/knowledge-bases", **headers).status_code == 401
    assert kind(bob.ask("POST", "/api-keys", {"name": "x", "scopes": ["admin"]})) == "api-key-unusable"
    assert bob.ask("POST", "/api-keys", {"name": "x", "scopes": ["fly"]}).status_code == 422


def test_knowledge_bases_are_shared_by_exact_name(opened: Place) -> None:
    opened.administrator()
    bob, eve = opened.person("bob"), opened.person("eve")
    base = bob.ask("POST", "/knowledge-bases", {"name": "thesis"}).json()["id"]
    path = f"/knowledge-bases/{base}/members"
    assert eve.ask("GET", path).status_code == 404
    assert eve.ask("PUT", f"{path}/eve", {"role": "owner"}).status_code == 404
    assert bob.ask("PUT", f"{path}/nobody", {"role": "viewer"}).status_code == 404
    assert bob.ask("PUT", f"{path}/eve", {"role": "king"}).status_code == 422
    assert bob.ask("PUT", f"{path}/eve", {"role": "viewer"}).json()["role"] == "viewer"
    assert [member["name"] for member in eve.ask("GET", path).json()["items"]] == ["bob", "eve"]
    assert eve.ask("PUT", f"{path}/eve", {"role": "owner"}).status_code == 403
    assert eve.ask("DELETE", f"{path}/bob").status_code == 403
    assert kind(bob.ask("DELETE", f"{path}/bob")) == "last-owner"
    assert eve.ask("DELETE", f"{path}/eve").status_code == 204
    assert eve.ask("GET", path).status_code == 404


def test_what_was_done_is_in_the_log(opened: Place) -> None:
    admin = opened.administrator()
    opened.browser(address="203.0.113.5").sign_in("ada", OTHER)
    base = admin.ask("POST", "/knowledge-bases", {"name": "thesis"}).json()["id"]
    admin.ask("DELETE", f"/knowledge-bases/{base}")
    first = admin.ask("GET", "/audit?limit=2").json()
    assert [entry["action"] for entry in first["items"]] == ["knowledge-base-delete", "knowledge-base-create"]
    assert first["items"][0] | {"at": "", "number": 0, "user_id": ""} == {
        "number": 0,
        "at": "",
        "user_id": "",
        "user_name": "ada",
        "action": "knowledge-base-delete",
        "subject": base,
        "detail": {"name": "thesis", "papers": "0"},
        "address": "192.0.2.1",
    }
    following = admin.ask("GET", f"/audit?cursor={first['next']}").json()
    assert [entry["action"] for entry in following["items"]] == ["sign-in-failed", "sign-in", "set-up"]
    assert following["items"][0]["address"] == "203.0.113.5"
    (failed,) = admin.ask("GET", "/audit?action=sign-in-failed").json()["items"]
    assert OTHER not in str(failed)


def test_endpoints_keep_their_keys_to_themselves(opened: Place) -> None:
    admin = opened.administrator()
    wanted = {
        "purpose": "embedder",
        "model": "words",
        "url": "http://192.168.7.7:8000/v1",
        "api_key": "sk-secret",
        "options": {"width": 64},
    }
    made = admin.ask("POST", "/endpoints", wanted)
    assert made.status_code == 201
    endpoint = made.json()["id"]
    assert (made.json()["has_key"], made.json()["options"]["width"]) == (True, 64)
    assert kind(admin.ask("POST", "/endpoints", wanted)) == "endpoint-exists"
    changed = {"model": "words", "url": "http://192.168.7.8:8000/v1"}
    assert kind(admin.ask("PUT", f"/endpoints/{endpoint}", changed)) == "endpoint-key-needed"
    assert admin.ask("PUT", f"/endpoints/{endpoint}", changed | {"api_key": ""}).json()["has_key"] is False
    everything = admin.ask("GET", "/endpoints").text + admin.ask("GET", "/audit").text + made.text
    assert "sk-secret" not in everything
    assert "words" in [model["name"] for model in admin.ask("GET", "/models").json()["items"]]
    assert admin.ask("DELETE", f"/endpoints/{endpoint}").status_code == 204
    assert kind(admin.ask("GET", f"/endpoints/{endpoint}")) == "endpoint-missing"


def test_behind_a_trusted_proxy_clients_are_told_apart(tmp_path: Path) -> None:
    with place(tmp_path, trusted_proxies="10.0.0.1") as opened:
        opened.administrator()
        stranger = opened.browser(address="10.0.0.1")
        stranger.extra = {"X-Forwarded-For": "203.0.113.5"}
        for _ in range(5):
            stranger.sign_in("ada", OTHER)
        assert stranger.sign_in("ada").status_code == 429
        stranger.extra = {"X-Forwarded-For": "1.2.3.4, 203.0.113.5"}  # what the client itself has said
        assert stranger.sign_in("ada").status_code == 429
        ada = opened.browser(address="10.0.0.1")
        ada.extra = {"X-Forwarded-For": "198.51.100.7"}
        assert ada.sign_in("ada").status_code == 201


@pytest.mark.parametrize(
    ("trusted", "peer", "said", "address"),
    [
        ("", "10.0.0.1", "203.0.113.5", "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", "203.0.113.5, 10.9.9.9", "203.0.113.5"),
        ("10.0.0.0/8", "192.0.2.1", "203.0.113.5", "192.0.2.1"),
        ("10.0.0.1", "10.0.0.1", "evil, <script>", "10.0.0.1"),
        ("::1", "::1", "[2001:db8::1]", "2001:db8::1"),
    ],
)
def test_only_trusted_proxies_say_addresses(trusted: str, peer: str, said: str, address: str) -> None:
    from starlette.requests import HTTPConnection

    scope = {"type": "http", "client": (peer, 1), "headers": [(b"x-forwarded-for", said.encode())]}
    assert Clients(trusted).address(HTTPConnection(scope)) == address
