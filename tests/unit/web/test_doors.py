"""Every page and every form for everybody: who is let in, who is sent to sign in, who sees nothing there."""

from collections.abc import Iterator

import pytest

from carrel.web import assets
from tests.unit.web import world
from tests.unit.web.world import House, house, routes, words

GETS = {
    *world.ANYBODY,
    *world.SIGNED_IN,
    *world.OF_ADMINISTRATORS,
    *world.OF_MEMBERS,
    *world.OF_EDITORS,
    *world.OF_OWNERS,
    *world.OF_A_SERVER,
    *world.WITH_FIELDS,
}
POSTS = {
    *world.FORMS_OF_ANYBODY,
    *world.FORMS_OF_SIGNED_IN,
    *world.FORMS_OF_ADMINISTRATORS,
    *world.FORMS_OF_MEMBERS,
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("doors")) as opened:
        yield opened


def test_every_page_and_every_form_is_in_the_lists(opened: House) -> None:
    found = routes(opened.lab)
    assert found["GET"] == GETS
    assert found["POST"] == POSTS
    assert found.keys() == {"GET", "POST"}


@pytest.mark.parametrize(
    "path", sorted({*world.SIGNED_IN, *world.OF_ADMINISTRATORS, *world.OF_MEMBERS, *world.OF_EDITORS})
)
def test_nobody_is_sent_to_sign_in_and_comes_back(opened: House, path: str) -> None:
    wanted = opened.at(path) + "?a=b&c=%2F%2Fevil.example"
    answer = opened.see(wanted, "nobody")
    assert answer.status_code == 303
    place, _, coming_back = answer.headers["location"].partition("?next=")
    assert place == "/sign-in"
    form = opened.see(answer.headers["location"], "nobody")
    (kept,) = world.tree(form).xpath("//main//input[@name='next']/@value")
    assert kept == wanted
    assert "&" not in coming_back


@pytest.mark.parametrize(
    ("page", "coming_back"),
    [
        ("http://testserver/shelves/1?state=failed&words=a+b#x", "/shelves/1?state=failed&words=a+b"),
        ("https://evil.example//evil.example", "/"),
        ("http://[", "/"),
        ("", "/"),
    ],
)
def test_a_part_for_nobody_is_a_note_and_leaves_the_page(opened: House, page: str, coming_back: str) -> None:
    """A page that asks for progress every second is not taken away with what is typed on it."""
    headers = {"HX-Request": "true", "HX-Current-URL": page}
    for path, method in (("/shelves/{base}/under-way", "GET"), ("/settings/models/test", "POST")):
        answer = opened.lab.client.request(method, opened.at(path), headers=headers)
        assert answer.status_code == 401
        assert "hx-redirect" not in answer.headers
        (link,) = world.tree(answer).xpath("//a[@target='_blank']/@href")
        form = opened.see(link, "nobody")
        assert world.tree(form).xpath("//main//input[@name='next']/@value") == [coming_back]


@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/shelves", "/shelves/nothing", assets.address("mark.svg")]
)
def test_a_page_s_headers_can_be_had_alone(opened: House, path: str) -> None:
    cookie = {"Cookie": "carrel_session=owner-session"}
    whole = opened.see(path, "owner")
    head = opened.lab.client.head(path, headers=cookie, follow_redirects=False)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    assert head.headers["content-type"] == whole.headers["content-type"]


@pytest.mark.parametrize("path", sorted(world.SIGNED_IN))
def test_whoever_is_signed_in_sees_what_is_theirs(opened: House, path: str) -> None:
    for who in ("owner", "viewer", "stranger", "administrator"):
        answer = opened.see(path, who)
        assert answer.status_code == 200, who
        assert ("Sea animals" in answer.text) <= (who != "stranger")
        assert ("whales.pdf" in answer.text) <= (who != "stranger")


@pytest.mark.parametrize("path", sorted(world.OF_MEMBERS + world.OF_EDITORS + world.OF_OWNERS))
def test_a_foreign_knowledge_base_looks_like_none(opened: House, path: str) -> None:
    theirs = opened.see(opened.at(path), "stranger")
    missing = opened.see(path.format(base="0" * 32, paper="0" * 32, number=1), "stranger")
    assert theirs.status_code == missing.status_code == 404
    ids = ((opened.base.id, "ID"), (opened.paper, "PAPER"), ("0" * 32, "ID"))
    seen = [theirs.text, missing.text]
    for known, name in ids:
        seen = [text.replace(known, name).replace("PAPER", "ID") for text in seen]
    assert seen[0] == seen[1]
    for who in ("viewer", "editor", "owner", "administrator"):
        shut = (
            {"viewer"}
            if path in world.OF_EDITORS
            else {"viewer", "editor"}
            if path in world.OF_OWNERS
            else ()
        )
        status = opened.see(opened.at(path), who).status_code
        assert status == 403 if who in shut else status < 300, (who, status)


@pytest.mark.parametrize("path", sorted({*world.OF_ADMINISTRATORS, *world.FORMS_OF_ADMINISTRATORS}))
def test_members_see_no_administrators_pages(opened: House, path: str) -> None:
    nothing = words(opened.see("/settings/there-is-nothing-here", "owner"))
    if path in world.OF_ADMINISTRATORS:
        answer = opened.see(path, "owner")
        assert answer.status_code == 404
        assert words(answer) == nothing.replace("/settings/there-is-nothing-here", path)
        assert opened.see(path, "administrator").status_code == 200
    if path in world.FORMS_OF_ADMINISTRATORS:
        assert opened.send(opened.at(path), "owner").status_code == 404


@pytest.mark.parametrize("path", sorted(POSTS - {*world.FORMS_OF_ANYBODY, "/shelves/{base}/papers"}))
def test_a_form_without_its_token_changes_nothing(opened: House, path: str) -> None:
    before = words(opened.see("/settings/audit", "administrator"))
    for csrf in ("", "wrong", "csrf ", "é", "c" * 5000):
        answer = opened.send(opened.at(path), "administrator", csrf)
        assert answer.status_code == 403, csrf
        assert "csrf-missing" in answer.text
    assert words(opened.see("/settings/audit", "administrator")) == before
    answer = opened.send(opened.at(path), "nobody")  # what was typed is kept for after the sign-in
    assert answer.status_code == 303 or (answer.status_code, "/sign-in" in answer.text) == (401, True)


def test_files_are_sent_with_a_token_of_their_own(opened: House) -> None:
    url = opened.at("/shelves/{base}/papers")
    (action,) = world.tree(opened.see(f"/shelves/{opened.base.id}", "editor")).xpath(
        "//form[@id='drop']/@action"
    )
    files = {"files": {"files": ("a.pdf", b"%PDF-fake\ntitle: A\n\nSome text.")}}
    cookies = {"headers": {"Cookie": "carrel_session=editor-session"}, "follow_redirects": False}
    for address in (url, f"{url}?token=", f"{url}?token=csrf", f"{url}?token={'0' * 32}", action[:-1]):
        assert opened.lab.client.post(address, **files, **cookies).status_code == 403, address  # type: ignore[arg-type]
    owner = {"headers": {"Cookie": "carrel_session=owner-session"}, "follow_redirects": False}
    assert opened.lab.client.post(action, **files, **owner).status_code in (303, 403)  # type: ignore[arg-type]
    answer = opened.lab.client.post(action, **files, **cookies)  # type: ignore[arg-type]
    assert (answer.status_code, answer.headers["location"]) == (303, f"/shelves/{opened.base.id}")
    assert not world.tree(opened.see(f"/shelves/{opened.base.id}", "viewer")).xpath("//form[@id='drop']")


@pytest.mark.parametrize("path", sorted(POSTS))
def test_another_site_s_page_sends_no_form(opened: House, path: str) -> None:
    """Nor is it kept for after the sign-in: browsers leave the cookie out of such a request."""
    for header in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        for cookie in ({"Cookie": "carrel_session=administrator-session"}, {}):
            answer = opened.lab.client.post(
                opened.at(path),
                data={"csrf": world.CSRF, "theme": "dark", "name": "owner", "password": "x"},
                headers=cookie | header,
                follow_redirects=False,
            )
            assert answer.status_code == 403, (header, answer.status_code)
            assert "set-cookie" not in answer.headers
            assert "unsent" not in answer.text


@pytest.mark.parametrize(("path", "who"), [(path, "viewer") for path in world.FORMS_OF_MEMBERS])
def test_viewers_change_nothing(opened: House, path: str, who: str) -> None:
    if path == "/shelves/{base}/papers":
        return  # above
    fields = {
        "name": "taken over",
        "do": "remove",
        "paper": opened.paper,
        "sure": "Sea animals",
        "paused": "yes",
    }
    user = opened.lab.sign_in.keys["editor"].user_id
    answer = opened.send(opened.at(path), who, user=user, role="owner", **fields)
    assert answer.status_code == 403, answer.text
    stranger = opened.send(opened.at(path), "stranger", user=user, role="owner", **fields)
    assert stranger.status_code == 404
    assert opened.see(f"/shelves/{opened.base.id}/papers/{opened.paper}").status_code == 200


def test_languages_light_and_dark_are_kept_whoever_it_is(opened: House) -> None:
    answer = opened.send("/looks", "nobody", "", language="zh", next="/sign-in")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert "carrel_language=zh" in answer.headers["set-cookie"]
    assert "set-cookie" not in opened.send("/looks", "nobody", "", language="<script>").headers
    assert opened.send("/looks", "nobody", "", theme="dark", next="//evil.example").headers["location"] == "/"
    dark = opened.lab.client.get("/sign-in", headers={"Cookie": "carrel_theme=dark; carrel_language=zh"})
    assert world.tree(dark).get("data-theme") == "dark"
    assert world.tree(dark).get("data-keys") is None
    assert "carrel_keys=off" in opened.send("/looks", "nobody", "", keys="off").headers["set-cookie"]
    still = opened.lab.client.get("/sign-in", headers={"Cookie": "carrel_keys=off"})
    assert world.tree(still).get("data-keys") == "off"
    assert world.tree(still).xpath("//button[@name='keys']/@value") == ["on"]
    assert world.tree(dark).get("lang") == "zh-Hans"


@pytest.mark.parametrize("who", ["reader", "owner", "administrator", "command"])
def test_a_key_opens_no_page_and_sends_no_form(opened: House, who: str) -> None:
    """A key has scopes and needs no CSRF token; pages know neither: it is for the REST API."""
    key = opened.lab.as_(who)
    assert opened.lab.client.get("/api/v1/knowledge-bases", headers=key).status_code == 200
    for path in sorted(GETS - {*world.ANYBODY, *world.WITH_FIELDS}):
        answer = opened.lab.client.get(opened.at(path), headers=key, follow_redirects=False)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/sign-in?next="), path
    user = opened.lab.sign_in.keys["editor"].user_id
    fields = {"name": "taken", "sure": "Sea animals", "do": "remove", "paper": opened.paper, "user": user}
    before = words(opened.see("/settings/audit", "administrator"))
    for path in sorted(POSTS - {*world.FORMS_OF_ANYBODY}):
        sent = opened.lab.client.post(opened.at(path), data=fields, headers=key, follow_redirects=False)
        assert sent.status_code in (303, 401), path
        assert "/sign-in" in sent.headers.get("location", "") + sent.text, path
    assert words(opened.see("/settings/audit", "administrator")) == before
    assert opened.see(opened.at("/shelves/{base}/papers/{paper}")).status_code == 200
