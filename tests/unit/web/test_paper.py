"""The page of a paper: its pages with what answers boxed, its text, its way in, hostile content in it."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from lxml import html

from carrel.core.errors import NotAPdf
from carrel.web.compose import add_pages
from carrel.web.reading import _folded
from tests.fakes.parser import fake_pdf
from tests.unit.api.rest.lab import Lab, lab

HOSTILE = "<script>alert(1)</script> & \"quotes\" 'n' \N{RIGHT-TO-LEFT OVERRIDE}gnorw"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Lab]:
    with lab(tmp_path, furnish=add_pages) as opened:
        yield opened


def at(opened: Lab, path: str, who: str = "viewer", **params: str) -> httpx2.Response:
    """Return a page as somebody sees it."""
    cookies = {"Cookie": f"carrel_session={who}-session"}
    answer: httpx2.Response = opened.client.get(path, params=params, headers=cookies, follow_redirects=False)
    return answer


def whales(opened: Lab) -> str:
    """Take in a paper of two pages and return the address of its page."""
    base = opened.base()
    content = fake_pdf(
        "Whales of the North",
        "# Introduction\n\nWhales sing in the deep water.\nTheir songs travel far.\n\nSeals bark.",
        "# Results\n\nNarwhals click, and krill is what the whales eat.\n\nNothing else was seen.",
        authors="Ada Moby; Ishmael",
        year="1851",
        doi="10.1000/whales",
    )
    accepted = opened.world.accept_bytes("whales.pdf", content, base.id)
    opened.world.work()
    return f"/shelves/{base.id}/papers/{accepted.paper_id}"


def test_pages_are_placeholders_but_for_the_open_one(opened: Lab) -> None:
    url = whales(opened)
    page = at(opened, url, page="2")
    assert page.status_code == 200
    assert re.findall(r'<figure class="(page[^"]*)" id="page-(\d)"', page.text) == [
        ("page when-scripted", "1"),
        ("page", "2"),
    ]
    assert page.text.count("<img") == 1
    assert "/pages/2.png?width=800" in page.text
    assert 'viewBox="0 0 612.0 792.0"' in page.text
    assert "Narwhals click" in page.text
    assert "Whales sing" not in page.text.partition('id="pages"')[2]
    assert 'rel="prev"' in page.text
    assert 'rel="next"' not in page.text
    assert at(opened, url, page="77").text.count('class="page"') == 1
    assert at(opened, url, page="x").status_code == 200


def test_no_boxes_without_a_question(opened: Lab) -> None:
    url = whales(opened)
    assert "<path" not in at(opened, url).text
    assert "<path" in at(opened, url, q="narwhals click").text


def test_a_passage_is_boxed_where_its_words_stand(opened: Lab) -> None:
    url = whales(opened)
    found = at(opened, url, q="narwhals")
    first = re.search(r'<path class="hit current" data-key="([^"]+)" id="([^"]+)" d="([^"]+)"', found.text)
    assert first is not None
    assert first[1] == first[2]
    passages = opened.client.get(
        url.replace("/shelves/", "/api/v1/knowledge-bases/") + "/passages", headers=opened.as_("viewer")
    ).json()["items"]
    passage = next(each for each in passages if "Narwhals" in each["text"])
    numbers = [float(number) for number in re.findall(r"[\d.]+", first[3])]
    assert min(numbers[::2]) == pytest.approx(min(box["x0"] for box in passage["boxes"]), abs=2)
    assert max(numbers[1::2]) == pytest.approx(max(box["y1"] for box in passage["boxes"]), abs=2)
    assert "/?q=narwhals" in found.text  # the way back
    alone = at(opened, url, passage=passage["id"])
    assert 'class="hit current"' in alone.text
    assert "<path" not in at(opened, url, passage="f" * 32).text


def test_words_are_found_and_gone_through(opened: Lab) -> None:
    url = whales(opened)
    page = at(opened, url, find="WHALES", at="2")
    found = re.findall(r'<path class="(found[^"]*)" data-key="(found-\d)"', page.text)
    assert [kind for kind, _ in found].count("found current") == 1
    assert ("found current", "found-2") in found
    assert "2 of " in page.text
    assert "at=1#found-1" in page.text
    nowhere = at(opened, url, find="walruses")
    assert "“walruses” does not stand in this paper." in nowhere.text
    assert "<path" not in nowhere.text
    assert at(opened, url, find="(.*").status_code == 200


def test_a_paper_s_text_is_folded_once_however_often_words_are_looked_for(opened: Lab) -> None:
    url = whales(opened)
    before = _folded.cache_info()
    for words in ("", "whales", "songs", "walrus"):
        assert at(opened, url, find=words).status_code == 200
    after = _folded.cache_info()
    assert (after.misses - before.misses, after.hits - before.hits) == (1, 2)


def test_titles_and_passages_say_their_language(opened: Lab) -> None:
    """Screen readers change their voice with it, also where the page is in another one (WCAG 3.1.2)."""
    base = f"/shelves/{opened.base().id}"
    content = fake_pdf("鲸鱼", "# 引言\n\nNarwhals 在深水中歌唱。", language="zh")
    accepted = opened.world.accept_bytes("jing.pdf", content, base.rpartition("/")[2])
    opened.world.work()
    url = f"{base}/papers/{accepted.paper_id}"
    for path, asked, wanted in (
        (url, {}, ["h1", "svg[@class='over']"]),
        (url, {"find": "narwhals"}, ["span[@class='paper-words']", "span[@class='paper-sentence']"]),
        (base, {}, ["a[contains(@class, 'paper-title')]"]),
        ("/", {"q": "narwhals"}, ["h2/a", "span[starts-with(@id, 'text-')]"]),
    ):
        page = html.document_fromstring(at(opened, path, **asked).text)
        for each in wanted:
            found = page.xpath(f"//main//{each}")
            assert found, (path, each)
            assert {element.get("lang") for element in found} == {"zh"}, (path, each)


def test_what_is_known_and_where_it_comes_from(opened: Lab) -> None:
    page = at(opened, whales(opened)).text
    for text in (
        "Whales of the North",
        "Ada Moby",
        "1851",
        "https://doi.org/10.1000/whales",
        "whales.pdf",
    ):
        assert text in page
    outline = re.findall(r'class="level-1"[^>]*><span dir="auto"[^>]*>([^<]+)', page)
    assert outline == ["Introduction", "Results"]


def test_words_of_a_page_are_a_part(opened: Lab) -> None:
    url = whales(opened)
    part = at(opened, f"{url}/pages/1/words")
    assert part.status_code == 200
    assert part.text.startswith("<text ")
    assert 'textLength="' in part.text
    assert at(opened, f"{url}/pages/3/words").status_code == 404
    assert at(opened, f"{url}/pages/0/words").status_code == 404


def test_strangers_see_nothing_there(opened: Lab) -> None:
    url = whales(opened)
    missing = at(opened, "/shelves/nothing/papers/nothing", "stranger")
    for path in ("", "/pages/1/words", "/similar", "/references"):
        answer = at(opened, url + path, "stranger")
        assert answer.status_code == missing.status_code == 404
        assert "Whales" not in answer.text
    assert at(opened, url, "nobody").status_code == 303


def test_nothing_in_a_paper_runs(opened: Lab) -> None:
    base = opened.base()
    content = fake_pdf(HOSTILE, f"# {HOSTILE}\n\nWords {HOSTILE} and more words.", authors=HOSTILE)
    accepted = opened.world.accept_bytes(f"{HOSTILE[:25]}.pdf".replace("/", ""), content, base.id)
    opened.world.work()
    url = f"/shelves/{base.id}/papers/{accepted.paper_id}"
    for params in ({}, {"q": HOSTILE}, {"find": "<script>"}, {"q": "words", "find": HOSTILE}):
        page = at(opened, url, **params)
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert not re.search(r"<[^>]+\sstyle=", page.text)


def test_a_file_that_failed_says_why_and_is_tried_again(opened: Lab) -> None:
    base = opened.base()
    accepted = opened.world.accept_bytes("odd.pdf", fake_pdf("Odd", "words", fail=NotAPdf.__name__), base.id)
    url = f"/shelves/{base.id}/papers/{accepted.paper_id}"
    waits = at(opened, url)
    assert "This file waits to be read." in waits.text
    assert 'hx-trigger="every 3s"' in waits.text
    opened.world.work()
    failed = at(opened, url, "editor")
    assert "This file was not taken in." in failed.text
    assert "odd.pdf is not a PDF" in failed.text
    assert "/retry" in failed.text
    assert "/retry" not in at(opened, url, "viewer").text
    form = {"data": {"csrf": "csrf"}, "follow_redirects": False}
    cookies = {"Cookie": "carrel_session=editor-session"}
    again = opened.client.post(f"{url}/retry", headers=cookies, **form)  # type: ignore[arg-type]
    assert (again.status_code, again.headers["location"]) == (303, url)
    assert "This file waits to be read." in at(opened, url).text
    viewer = {"Cookie": "carrel_session=viewer-session"}
    assert opened.client.post(f"{url}/retry", headers=viewer, **form).status_code == 403  # type: ignore[arg-type]


def test_what_was_read_is_put_right_and_taken_back(opened: Lab) -> None:
    url = whales(opened)
    editor = {"Cookie": "carrel_session=editor-session"}
    assert "/correct" not in at(opened, url, "viewer").text
    assert at(opened, f"{url}/correct", "viewer").status_code == 403
    assert "/correct" in at(opened, url, "editor").text
    form = at(opened, f"{url}/correct", "editor").text
    assert "Ada Moby\nIshmael" in form
    fields = {"csrf": "csrf", "title": "Whales & seals", "authors": "Ada Moby\r\nIshmael", "year": "18x1"}
    wrong = opened.client.post(f"{url}/correct", data=fields, headers=editor)
    assert wrong.status_code == 422
    assert "Whales &amp; seals" in wrong.text  # nothing that was typed is lost
    fields |= {"year": "1852", "tags": "sea, Mammals，sea"}
    done = opened.client.post(f"{url}/correct", data=fields, headers=editor, follow_redirects=False)
    assert (done.status_code, done.headers["location"]) == (303, f"{url}#about")
    page = at(opened, url).text
    assert re.search('<h1 dir="auto"[^>]*>Whales &amp; seals</h1>', page)
    assert page.count("corrected by editor") == 2  # the title and the year: authors are as they were read
    assert [*re.findall(r'class="chip"[^>]*>([^<]+)', page)] == ["Mammals", "sea"]
    form = at(opened, f"{url}/correct", "editor").text
    assert "Whales of the North" in form
    back = fields | {"as_read": "title"}
    assert opened.client.post(f"{url}/correct", data=back, headers=editor).status_code == 200
    assert re.search('<h1 dir="auto"[^>]*>Whales of the North</h1>', at(opened, url).text)
    assert (
        opened.client.post(f"{url}/correct", data=fields | {"csrf": "x"}, headers=editor).status_code == 403
    )


def test_a_paper_is_cited(opened: Lab) -> None:
    page = at(opened, f"{whales(opened)}/cite").text
    assert "@" in page
    assert "Copy citation" in page
    assert page.count("1851") > 1  # in words and in BibTeX
    assert "format=csl-json&amp;paper=" in page


def test_who_waits_for_a_paper_is_shown_it_when_it_is_there(opened: Lab) -> None:
    url = whales(opened)
    cookies = {"Cookie": "carrel_session=viewer-session", "HX-Request": "true"}
    assert opened.client.get(url, headers=cookies).headers["hx-refresh"] == "true"


def test_more_of_a_paper_is_a_part_and_a_page(opened: Lab) -> None:
    url = whales(opened)
    base = url.split("/")[2]
    opened.world.accept_bytes("more.pdf", fake_pdf("More whales", "Whales sing in the deep."), base)
    opened.world.work()
    whole = at(opened, f"{url}/similar").text
    assert "<html" in whole
    assert "More whales" in whole
    cookies = {"Cookie": "carrel_session=viewer-session", "HX-Request": "true"}
    part = opened.client.get(f"{url}/similar", headers=cookies).text
    assert "<html" not in part
    assert "More whales" in part
    assert "No list of references" in at(opened, f"{url}/references").text
