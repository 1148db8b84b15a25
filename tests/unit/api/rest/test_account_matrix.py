"""Every route of accounts for everybody: strangers learn nothing, keys for reading change nothing."""

from collections.abc import Iterator, Mapping

import pytest

from carrel.core.accounts import Role
from carrel.storage import members
from tests.unit.api.rest.lab import API, Lab, lab

# Who may: everybody, whoever is signed in, administrators; of a knowledge base, the least role.
ACCOUNT_ROUTES: Mapping[tuple[str, str], str] = {
    ("GET", "/setup"): "everybody",
    ("POST", "/setup"): "everybody",
    ("POST", "/sign-up"): "everybody",
    ("PUT", "/sign-up"): "administrator",
    ("POST", "/session"): "everybody",
    ("GET", "/session"): "signed in",
    ("DELETE", "/session"): "signed in",
    ("POST", "/session/password"): "signed in",
    ("GET", "/users"): "administrator",
    ("POST", "/users"): "administrator",
    ("GET", "/users/{user}"): "administrator",
    ("PATCH", "/users/{user}"): "administrator",
    ("DELETE", "/users/{user}"): "administrator",
    ("POST", "/users/{user}/password"): "administrator",
    ("GET", "/api-keys"): "full scope",
    ("POST", "/api-keys"): "full scope",
    ("DELETE", "/api-keys/{key}"): "full scope",
    ("GET", "/audit"): "administrator",
    ("GET", "/endpoints"): "administrator",
    ("POST", "/endpoints"): "administrator",
    ("GET", "/endpoints/{endpoint}"): "administrator",
    ("PUT", "/endpoints/{endpoint}"): "administrator",
    ("DELETE", "/endpoints/{endpoint}"): "administrator",
    ("GET", "/knowledge-bases/{knowledge_base}/members"): "viewer",
    ("PUT", "/knowledge-bases/{knowledge_base}/members/{user}"): "owner",
    ("DELETE", "/knowledge-bases/{knowledge_base}/members/{user}"): "owner",
}

WHO = ["nobody", "stranger", "viewer", "editor", "owner", "administrator", "reader"]
RANK = ["viewer", "editor", "owner"]
HELD = {"viewer": "viewer", "editor": "editor", "owner": "owner", "administrator": "owner", "reader": "owner"}
NOWHERE = "0" * 32
# Bodies that are read and then refused, or change nothing that others need.
BODIES: dict[tuple[str, str], object] = {
    ("POST", "/setup"): {"name": "x", "password": "short"},
    ("POST", "/sign-up"): {"name": "x", "password": "short"},
    ("PUT", "/sign-up"): {"state": "closed"},
    ("POST", "/session"): {"name": "x" * 1001, "password": ""},
    ("POST", "/session/password"): {"present": "", "new": "x" * 1001},
    ("POST", "/users"): {"name": "x", "password": "short"},
    ("PATCH", "/users/{user}"): {},
    ("POST", "/users/{user}/password"): {"password": "short"},
    ("POST", "/api-keys"): {"name": "x", "scopes": ["read"]},
    ("POST", "/endpoints"): {"purpose": "embedder", "model": "m", "url": "no address"},
    ("PUT", "/endpoints/{endpoint}"): {"model": "m", "url": "http://127.0.0.1:1"},
    ("PUT", "/knowledge-bases/{knowledge_base}/members/{user}"): {"role": "viewer"},
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("matrix")) as opened:
        yield opened


def ask(opened: Lab, who: str, method: str, path: str, base: str, user: str = NOWHERE) -> tuple[int, str]:
    url = API + path.format(knowledge_base=base, user=user, key=NOWHERE, endpoint=NOWHERE)
    answer = opened.client.request(method, url, headers=opened.as_(who), json=BODIES.get((method, path)))
    opened.client.cookies.clear()
    return answer.status_code, answer.text.replace(base, "ID")


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize(("method", "path"), [pair for pair in ACCOUNT_ROUTES if "{knowledge" not in pair[1]])
def test_who_may_what(opened: Lab, method: str, path: str, who: str) -> None:
    status, _ = ask(opened, who, method, path, NOWHERE)
    needed = ACCOUNT_ROUTES[method, path]
    refused = {"administrator": {*WHO} - {"administrator"}, "full scope": {"reader"}}
    if needed == "everybody":
        assert status not in (404, 405, 500)
    elif who == "nobody":
        assert status == 401
    elif who in refused.get(needed, ()):
        assert status == 403
    else:
        assert status not in (401, 403, 405, 500)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize(("method", "path"), [pair for pair in ACCOUNT_ROUTES if "{knowledge" in pair[1]])
def test_who_may_share(opened: Lab, method: str, path: str, who: str) -> None:
    base = opened.base(f"{method} {path} {who}")
    administrator = opened.sign_in.keys["administrator"].user_id
    with opened.world.services.catalog.write() as tx:
        members.set_role(tx, base.id, administrator, Role.OWNER)
    theirs = ask(opened, who, method, path, base.id, "administrator")
    missing = ask(opened, who, method, path, NOWHERE, "administrator")
    unknown = ask(opened, who, method, path, base.id, "nobody at all")
    if who == "nobody":
        assert theirs[0] == missing[0] == unknown[0] == 401
    elif who == "reader" and method != "GET":
        assert theirs[0] == missing[0] == unknown[0] == 403
    elif who == "stranger":
        assert theirs == missing == unknown
        assert theirs[0] == 404
    elif RANK.index(HELD[who]) < RANK.index(ACCOUNT_ROUTES[method, path]):
        assert (theirs[0], missing[0], unknown[0]) == (403, 404, 403)  # who exists is not told either
    else:
        assert (theirs[0], missing[0]) in ((200, 404), (204, 404))
