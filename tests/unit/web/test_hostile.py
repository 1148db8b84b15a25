"""Titles, authors, questions and names that mean harm: shown as they are, and nothing of them is done.

Also what every page is held to: the policy, no script or style in its text, no other site, its weight.
"""

import gzip
import re
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import quote, urlencode

import httpx2
import pytest
from lxml import html

from carrel.web.assets import STYLESHEET, assets
from carrel.web.rendering import POLICY
from tests.fakes.parser import fake_pdf
from tests.unit.web.world import House, house, tree

MOST_BYTES = 150_000  # of script and style, of a page
HOSTILE = {
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "attribute": '" onmouseover="alert(1)" x=\'y\' autofocus onfocus=alert(1) `',
    "template": "{{ 7 * 7 }}{% raw %}${7*7}#{7*7}</title></textarea></style><!--",
    "entities": "&lt;b&gt; &amp;amp; &#x3c;svg/onload=alert(1)&#x3e;",
    "right to left": "\N{RIGHT-TO-LEFT OVERRIDE}fdp.exe "
    "\u202b\u05e9\u05dc\u05d5\u05dd\u202c \u0645\u0631\u062d\u0628\u0627",
    "emoji": "\N{WHALE} \N{FAMILY}\N{ZERO WIDTH JOINER}\N{WOMAN} "
    "\U0001f1e8\U0001f1f3 z\u0351\u036b\u0343\u036a",
    "enormous": "\u957f" * 5000,
    "one word": "m" * 5000,
}
HOME = {"href", "src", "action", "formaction", "srcset", "poster", "data", "hx-get", "hx-post", "hx-put"}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("hostile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(opened: House) -> dict[str, httpx2.Response]:
    """Every page in every state, as the administrator sees it."""
    found = {path: opened.see(path, "administrator") for path in opened.addresses()}
    found["/sign-in as nobody"] = opened.see("/sign-in", "nobody")
    return {path: answer for path, answer in found.items() if not answer.is_redirect}


def careful(answer: httpx2.Response) -> html.HtmlElement:
    """Check that an answer has nothing that could run, and return it as a browser takes it apart."""
    found = tree(answer)
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert found.xpath("//@style | //style") == []
    for script in found.xpath("//script"):
        assert script.get("src", "").startswith("/static/")
        assert not (script.text or "").strip()
    for element in found.iter():
        for name, value in element.attrib.items():
            assert not name.startswith(("on", "hx-on")), (element.tag, name)
            assert "javascript:" not in value.lower(), (element.tag, name, value)
            assert not (name.startswith("hx-") and value.startswith("js:"))
    return found


def foreign(page: html.HtmlElement) -> set[str]:
    """Return addresses of other sites that a page loads from, sends to or leads to without being asked."""
    return {
        value
        for element in page.iter()
        for name, value in element.attrib.items()
        if name in HOME and element.tag != "a" and re.match(r"\s*([a-z]+:|//)", value, re.IGNORECASE)
    }


def test_the_policy_lets_nothing_in_but_our_own_files() -> None:
    rules = dict(rule.strip().split(" ", 1) for rule in POLICY.split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["frame-ancestors"] == "'none'"
    for kind in ("script-src", "style-src", "font-src", "connect-src", "form-action"):
        assert rules[kind] == "'self'", kind
    assert "unsafe" not in POLICY


def test_every_page_keeps_to_the_policy_and_to_this_server(pages: dict[str, httpx2.Response]) -> None:
    assert len(pages) > 25
    for path, answer in pages.items():
        page = careful(answer)
        assert foreign(page) == set(), path
        assert "no-cache" in answer.headers["cache-control"], path
        assert "Cookie" in answer.headers["vary"], path
        for link in page.xpath("//a[@href]"):  # a link elsewhere tells nobody where it was found
            if re.match(r"https?:", link.get("href")):
                assert {"noreferrer", "noopener"} <= set(link.get("rel", "").split()), path


def test_every_page_is_made_with_care(pages: dict[str, httpx2.Response]) -> None:
    for path, answer in pages.items():
        page = tree(answer)
        whole = "<html" in answer.text
        ids = page.xpath("//@id")
        assert len(ids) == len(set(ids)), (path, sorted(each for each in ids if ids.count(each) > 1))
        for label in page.xpath("//label[@for]"):
            assert label.get("for") in ids, (path, label.get("for"))
        for name in ("aria-labelledby", "aria-describedby", "aria-controls"):
            for value in page.xpath(f"//@{name}"):
                assert set(value.split()) <= set(ids), (path, value)
        if whole:
            assert len(page.xpath("//h1")) == 1, path
            assert page.xpath("string(//title)").strip().endswith("· Carrel"), path
            assert page.xpath("string(//title)").strip() != "· Carrel", path
            levels = [int(each.tag[1]) for each in page.xpath("//main//*[self::h1 or self::h2 or self::h3]")]
            assert all(after - before <= 1 for before, after in pairwise(levels)), path


def test_no_page_weighs_much(pages: dict[str, httpx2.Response]) -> None:
    made = {asset.address: asset for asset in assets().values()}
    for path, answer in pages.items():
        page = tree(answer)
        used = [*page.xpath("//script/@src"), *page.xpath("//link[@rel='stylesheet']/@href")]
        if "<html" in answer.text:
            assert used, path
        assert sum(len(made[each].content) for each in used) < MOST_BYTES, path


def test_files_have_an_address_of_their_content_and_are_kept(opened: House) -> None:
    for name, asset in assets().items():
        answer = opened.see(asset.address, "nobody")
        assert answer.status_code == 200, name
        assert answer.content == asset.content
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"].partition(";")[0] == asset.media_type
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert re.fullmatch(rf"/static/[0-9a-f]{{12}}/{re.escape(name)}", asset.address)
        gone = opened.see(asset.address.replace(asset.address.split("/")[2], "0" * 12), "nobody")
        assert (gone.status_code, "immutable" in gone.headers.get("cache-control", "")) == (404, False)
    for path in ("/static/x/..%2f..%2f__init__.py", "/static/x/css/00-tokens.css", "/static/x/"):
        assert opened.see(path, "nobody").status_code == 404


def test_the_stylesheet_and_the_scripts_name_no_other_site() -> None:
    for name, asset in assets().items():
        if asset.media_type in {"text/css", "text/javascript"} and not name.startswith("vendor/"):
            text = asset.content.decode()
            namespaces = text.replace("http://www.w3.org/2000/svg", "")
            assert not re.search(r"https?://|@import", namespaces), name
    sheet = assets()[STYLESHEET].content.decode()
    for address in re.findall(r'url\("([^"]+)"\)', sheet):
        assert address in {asset.address for asset in assets().values()}
    assert len(gzip.compress(sheet.encode())) < 30_000


@pytest.mark.parametrize("kind", sorted(HOSTILE))
def test_what_a_paper_says_of_itself_is_only_shown(opened: House, kind: str) -> None:
    said = HOSTILE[kind]
    # The format of the fake parts authors at semicolons and texts at lines.
    content = fake_pdf(
        said, f"# {said}\n\nWords of {said} and more words.", authors=said.replace(";", ","), venue=said
    )
    name = re.sub(r"[/\0]", "_", said)[:60] + ".pdf"
    paper = opened.take_in(name, content)
    base = f"/shelves/{opened.base.id}"
    seen = {
        path: opened.see(path, "owner")
        for path in (
            base,
            f"{base}?order=title",
            f"{base}/papers/{paper}",
            f"{base}/papers/{paper}?find=words",
            f"{base}/papers/{paper}?{urlencode({'q': 'words of'})}",
            f"{base}/papers/{paper}/pages/1/words",
            f"{base}/papers/{paper}/references",
            f"{base}/papers/{opened.paper}/similar",
            "/?q=words+of&why=1",
            "/jobs",
            "/glance",
        )
    }
    for path, answer in seen.items():
        assert answer.status_code == 200, path
        assert "49" not in answer.text or kind != "template" or "{{ 7 * 7 }}" in answer.text, path
        careful(answer)
    assert said[:40].strip() in tree(seen[base]).text_content()
    assert said[:40].strip() in tree(seen[f"{base}/papers/{paper}"]).xpath("string(//h1)")


@pytest.mark.parametrize("kind", sorted(HOSTILE))
def test_what_somebody_types_is_only_shown(opened: House, kind: str) -> None:
    said = HOSTILE[kind]
    base, paper = f"/shelves/{opened.base.id}", f"/shelves/{opened.base.id}/papers/{opened.paper}"
    short = said[:200]  # an address can be so long and no longer
    for path in (
        "/?" + urlencode({"q": said[:2000]}),
        "/?" + urlencode({"q": "whales", "author": short, "year": short}),
        "/?" + urlencode({"q": "whales", "author": short, "venue": short, "tag": short, "kb": short}),
        f"{base}?" + urlencode({"words": short, "state": short, "order": short}),
        f"{paper}?" + urlencode({"q": said[:2000], "page": short[:10], "passage": short[:100]}),
        f"{paper}?" + urlencode({"find": short}),
        "/jobs?" + urlencode({"state": short}),
        "/settings/audit?" + urlencode({"action": short}),
        "/sign-in?" + urlencode({"next": short}),
        "/" + quote(short, safe=""),
        "/shelves/" + quote(short, safe=""),
        f"/telling?{urlencode({'q': said[:2000], 'kb': opened.base.id, 'passage': short})}",
    ):
        answer = opened.see(path, "administrator")
        assert answer.status_code < 500, path
        careful(answer)
    for path, fields in (
        ("/shelves", {"name": said, "description": said}),
        (f"{base}/sharing", {"user": said, "role": said}),
        (f"{base}/delete", {"sure": said}),
        (f"{paper}/correct", {"title": said[:2000], "authors": short, "year": short, "tags": short}),
        (f"{paper}/correct", {"title": said[:500], "authors": short, "venue": short, "keywords": short}),
        ("/settings/keys", {"name": said, "scope": said, "days": said}),
        ("/settings/users", {"name": said, "password": said}),
        ("/settings/users/change", {"user": said, "do": said}),
        ("/jobs", {"job": said, "do": "retry", "back": said}),
        ("/sign-in", {"name": said, "password": said, "next": said}),
        ("/looks", {"language": said, "theme": said, "next": said}),
    ):
        answer = opened.send(path, "administrator", **fields)
        assert answer.status_code < 500, path
        if answer.is_redirect:
            assert answer.headers["location"].startswith("/"), path
            assert not answer.headers["location"].startswith("//"), path
        else:
            careful(answer)
    opened.lab.world.work()
    for path in ("/shelves", "/settings", "/settings/users", "/settings/audit", "/", base, paper):
        careful(opened.see(path, "administrator"))


def test_a_file_s_name_is_only_shown_where_it_was_not_taken(opened: House) -> None:
    (action,) = tree(opened.see(f"/shelves/{opened.base.id}", "owner")).xpath("//form[@id='drop']/@action")
    names = ["<img src=x onerror=alert(1)>.exe", "\N{RIGHT-TO-LEFT OVERRIDE}fdp.exe", "\u957f" * 300 + ".exe"]
    answer = opened.lab.client.post(
        action,
        files=[("files", (name, b"MZ\0\0 no paper")) for name in names],
        headers={"Cookie": "carrel_session=owner-session"},
        follow_redirects=False,
    )
    assert answer.status_code == 422
    page = careful(answer)
    shown = [each.text_content() for each in page.xpath("//dl[@class='facts']/dt")]
    assert shown[0] == names[0]
    assert shown[1] == "fdp.exe"  # nothing turns a name around
    assert shown[2].endswith(".exe")
    assert len(page.xpath("//dl[@class='facts']/dt")) == len(names)
