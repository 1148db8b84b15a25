"""What people do on the pages, in a real browser with the real model: ``carrel serve`` and chromium."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.pages import (
    FLAGSHIP,
    GUEST,
    IN_CHINESE,
    NAME,
    PASSWORD,
    Site,
    drop_input,
    ink,
    new_base,
    sign_in,
)

pytestmark = pytest.mark.model

Rectangle = tuple[float, float, float, float]


def test_the_first_visit_ends_with_an_answer(site: Site) -> None:
    assert "Transformer" in site.house.found_first or "Attention" in site.house.found_first


def test_files_go_in_with_their_progress_and_a_broken_one_says_why(
    site: Site, tmp_path: Path, small_papers: Sequence[Path]
) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(small_papers[0].read_bytes()[:300] + b"\0" * 400)
    unfit = tmp_path / "program.pdf"
    unfit.write_bytes(b"MZ\x90\0 this is no paper at all")
    with site.visit() as page:
        base = new_base(page, "uploads")
        drop_input(page).set_input_files([*small_papers, broken, unfit])
        expect(page.locator("#uploads-said")).to_have_text(re.compile("of 7 files sent"))
        refused = page.locator(".upload.failed", has_text="program.pdf")
        expect(refused).to_contain_text("is not")
        expect(refused.get_by_role("button", name="Try again")).to_be_visible()
        expect(page.locator("table.papers tbody tr .chip.danger")).to_have_count(1)
        expect(page.locator("table.papers tbody tr")).to_have_count(6)
        expect(page.locator("#under-way")).to_be_hidden()
        failed = page.locator("table.papers tbody tr", has_text="broken.pdf")
        expect(failed.locator(".why-failed")).not_to_be_empty()
        page.get_by_role("link", name=re.compile("^failed 1$")).click()
        expect(page.locator("table.papers tbody tr")).to_have_count(1)
        page.goto(f"/?kb={base}&q=what+violins+do+when+they+are+observed")
        expect(page.locator("#hit-1 .hit-title")).to_have_text("On the Nature of Violins")
        # Out with the one that failed.
        page.goto(f"/shelves/{base}?state=failed")
        page.get_by_role("checkbox", name=re.compile("broken.pdf")).check()
        page.get_by_role("button", name="Take out").click()
        expect(page.locator("h1")).to_have_text("Take these papers out?")
        page.get_by_role("button", name="Take out").click()
        expect(page.get_by_text("No paper like that here.")).to_be_visible()


def test_a_lost_connection_is_waited_out(site: Site, tmp_path: Path, small_papers: Sequence[Path]) -> None:
    with site.visit() as page:
        base = new_base(page, "lost and found")
        lost: list[str] = []

        def once(route: Route) -> None:
            if len(lost) < 2:
                lost.append(route.request.url)
                route.abort("connectionreset")
            else:
                route.continue_()

        page.route("**/api/v1/knowledge-bases/*/papers", once)
        drop_input(page).set_input_files(list(small_papers[:2]))
        expect(page.locator("#uploads-said")).to_contain_text("The connection is lost")
        expect(page.locator("table.papers tbody tr")).to_have_count(2)
        expect(page.locator("#uploads-said")).to_have_text("2 of 2 files sent")
        assert len(lost) == 2
        assert page.locator(".upload.failed").count() == 0
        assert page.request.get(f"/api/v1/knowledge-bases/{base}").json()["papers"] == 2
    site.watch.errors.clear()  # the browser notes the lost connections


def test_an_answer_is_opened_with_the_box_over_its_words(site: Site) -> None:
    with site.visit() as page:
        ask(page, FLAGSHIP)
        hits = page.locator(".hit").count()
        assert hits >= 3
        expect(page.locator("#answer-count")).to_contain_text(
            re.compile(rf"^{hits} of (1[4-9]|[2-9]\d) papers")
        )
        expect(page.locator("#hit-1 mark").first).to_be_visible()
        page.locator("#hit-1 .passage-link").first.click()
        box = page.locator("path.hit.current").first
        expect(box).to_be_visible()
        sheet = page.locator("figure.page", has=page.locator("path.hit.current")).first
        expect(sheet.locator("img")).to_be_visible()
        address, key = page.url, str(box.get_attribute("data-key"))
        around = shares(page, key)
        passage = passage_of(page, address)
        places = words_of_the_pdf(page, address, str(passage["text"]), int(str(passage["page"])))
        assert len(places) >= 3
        for word, place in places.items():
            assert inside(place, around), (word, place, around)
        assert around[3] - around[1] < 0.9
        picture = page.request.get(str(sheet.locator("img").get_attribute("src"))).body()
        assert ink(picture, around) > 0.01
        # Next and previous go from box to box.
        page.keyboard.press("n")
        expect(page.locator(f"path.current[data-key='{key}']")).to_have_count(0)
        page.keyboard.press("p")
        expect(page.locator(f"path.current[data-key='{key}']")).not_to_have_count(0)
        page.keyboard.press("Escape")
        expect(page.locator("#hit-1")).to_be_visible()


def test_a_chinese_question_finds_the_chinese_paper(site: Site) -> None:
    with site.visit(language="zh-CN") as page:
        page.goto("/")
        expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
        ask(page, IN_CHINESE)
        # English papers answer it too where the dictionary is there.
        first = page.locator(".hit", has=page.locator(".hit-title", has_text="长")).first
        expect(first).to_be_visible()
        expect(first.locator("mark").first).to_be_visible()
        first.locator(".passage-link").first.click()
        box = page.locator("path.hit.current").first
        expect(box).to_be_visible()
        key, address = str(box.get_attribute("data-key")), page.url
        passage = passage_of(page, address)
        places = words_of_the_pdf(
            page, address, str(passage["text"]), int(str(passage["page"])), chinese=True
        )
        around = shares(page, key)
        assert len(places) >= 3
        for word, place in places.items():
            assert inside(place, around), (word, place, around)


def test_another_person_sees_nothing_until_it_is_shared(site: Site) -> None:
    with site.visit() as page, site.visit(GUEST) as guest:
        base = site.base(page, "samples")
        paper = site.paper(page, "samples", "rotary-positions-length-extrapolation.pdf")
        for address in (f"/shelves/{base}", paper, f"/shelves/{base}/sharing"):
            answer = guest.goto(address)
            assert answer is not None
            assert answer.status == 404
            expect(guest.locator("h1")).to_have_text("Nothing here")
        guest.goto("/?q=rotary+positions")
        expect(guest.locator(".hit")).to_have_count(0)
        page.goto(f"/shelves/{base}/sharing")
        page.get_by_label("Name they sign in with").fill("nobody of that name")
        page.get_by_role("button", name="Share", exact=True).click()
        expect(page.locator("main [role=alert]")).to_be_visible()
        page.get_by_label("Name they sign in with").fill(GUEST)
        page.get_by_role("button", name="Share", exact=True).click()
        expect(page.get_by_role("cell", name=GUEST, exact=True)).to_be_visible()
        guest.goto(f"/shelves/{base}")
        expect(guest.locator("h1")).to_have_text("samples")
        expect(guest.locator("#drop")).to_have_count(0)
        guest.goto("/?q=rotary+positions")
        expect(guest.locator("#hit-1")).to_be_visible()
        page.reload()
        page.get_by_role("row", name=GUEST).get_by_role("button", name="Shut out").click()
        expect(page.get_by_role("cell", name=GUEST, exact=True)).to_have_count(0)
        answer = guest.goto(paper)
        assert answer is not None
        assert answer.status == 404


def test_results_are_gone_through_by_keys(site: Site) -> None:
    with site.visit() as page:
        page.goto("/shelves")
        page.keyboard.press("/")  # from anywhere to the field
        expect(page.locator("#q")).to_be_focused()
        page.keyboard.type("exact attention")
        page.keyboard.press("Enter")
        expect(page.locator("#hit-2")).to_be_visible()
        page.keyboard.press("ArrowDown")
        expect(page.locator("#hit-1")).to_have_class(re.compile(r"\bat\b"))
        page.keyboard.press("j")
        expect(page.locator("#hit-2 .hit-title a")).to_be_focused()
        page.keyboard.press("k")
        page.keyboard.press("k")
        expect(page.locator("#hit-1 .hit-title a")).to_be_focused()
        page.keyboard.press("ArrowUp")
        expect(page.locator("#q")).to_be_focused()
        page.keyboard.press("Escape")
        page.keyboard.press("/")
        expect(page.locator("#q")).to_be_focused()
        page.keyboard.press("ArrowDown")
        title = page.locator("#hit-1 .hit-title").inner_text()
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text(title)
        page.keyboard.press("Escape")
        expect(page.locator("#hit-1 .hit-title")).to_have_text(title)
        expect(page.locator("#q")).to_have_value("exact attention")


def test_filters_are_addresses_and_go_back_and_forth(site: Site) -> None:
    with site.visit() as page:
        ask(page, "attention")
        choice = page.locator(".facet-choice").last
        name, count = choice.inner_text().rsplit(maxsplit=1)
        choice.click()
        expect(page.locator(".chip.on")).to_have_text(re.compile(re.escape(name.strip())))
        expect(page.locator(".hit")).to_have_count(min(int(count), 10))
        page.go_back()
        expect(page.locator(".chip.on")).to_have_count(0)
        page.goto("/?q=attention&year=1700")
        expect(page.get_by_text("Nothing within these limits")).to_be_visible()
        page.goto("/?q=attention&why=1&timings=1")
        expect(page.locator("#hit-1 .why-row").first).to_be_visible()
        expect(page.locator(".timings")).to_be_visible()


def test_without_scripts_everything_is_there(
    site: Site, tmp_path: Path, small_papers: Sequence[Path]
) -> None:
    with site.visit("", scripts=False) as page:
        page.goto("/shelves")
        sign_in(page, NAME, PASSWORD)
        expect(page).to_have_url(f"{site.url}/shelves")
        base = new_base(page, "by forms")
        odd = tmp_path / "odd.exe"
        odd.write_bytes(b"MZ")
        drop_input(page).set_input_files([small_papers[0], small_papers[1], odd])
        page.get_by_role("button", name="Send").click()
        expect(page.locator("h1")).to_have_text("Files that were not taken")
        expect(page.locator("main")).to_contain_text("odd.exe")
        until_searchable(page, base, 2)
        page.goto("/")
        page.get_by_label("Question").fill("the nature of corals")
        page.locator("summary", has_text="More").click()
        page.get_by_role("checkbox", name=re.compile("by forms")).check()
        page.get_by_role("button", name="Search").click()
        expect(page.locator("#hit-1 .hit-title")).to_have_text("On the Nature of Corals")
        expect(page).to_have_url(re.compile(f"kb={base}"))
        page.goto(site.paper(page, "samples", "bigbird-random-sparse-attention.pdf") + "?q=random+attention")
        expect(page.locator("figure.page:visible")).to_have_count(1)
        expect(page.locator("figure.page:visible img")).to_have_js_property("complete", True)
        expect(page.locator("path.hit.current").first).to_be_visible()
        page.get_by_role("link", name=re.compile("Next page|Previous page")).first.click()
        expect(page.locator("figure.page:visible")).to_have_count(1)
        page.get_by_label("Find in this paper").fill("attention")
        page.get_by_role("button", name="Find").click()
        expect(page.locator("path.found.current").first).to_be_visible()
        page.locator("summary", has_text=NAME).click()
        page.get_by_role("button", name="简体中文").click()
        expect(page.locator("html")).to_have_attribute("lang", "zh-Hans")
        expect(page).to_have_url(re.compile("find=attention"))


def test_a_session_that_ends_amid_a_form_is_said_and_gone_on_from(site: Site) -> None:
    with site.visit("") as page:
        page.goto("/shelves")
        sign_in(page, NAME, PASSWORD)
        page.get_by_label("Name", exact=True).fill("not written for nothing")
        # Signed out in another tab.
        other = page.context.new_page()
        other.goto("/settings")
        other.locator("summary", has_text=NAME).click()
        other.get_by_role("button", name="Sign out", exact=True).click()
        expect(other).to_have_url(f"{site.url}/sign-in")
        page.get_by_role("button", name="Make it").click()
        expect(page.locator("main")).to_contain_text("Your session has ended")
        sign_in(page, NAME, PASSWORD)
        expect(page.locator("main")).to_contain_text("not written for nothing")
        page.get_by_role("button", name="Send it now").click()
        expect(page.locator("h1")).to_have_text("not written for nothing")
        # Two tabs of one session: each goes on.
        other.goto("/shelves")
        page.goto("/shelves")
        for tab, name in ((page, "from one tab"), (other, "from another")):
            tab.get_by_label("Name", exact=True).fill(name)
            tab.get_by_role("button", name="Make it").click()
            expect(tab.locator("h1")).to_have_text(name)
        # A page of the session before: its token is not this one's, and that is said.
        page.goto("/shelves")
        page.context.clear_cookies()
        other.goto("/sign-in")
        sign_in(other, NAME, PASSWORD)
        page.get_by_label("Name", exact=True).fill("from a page of before")
        page.get_by_role("button", name="Make it").click()
        expect(page.locator("main")).to_contain_text("csrf-missing")


def ask(page: Page, question: str) -> None:
    """Type a question and wait for its answer."""
    page.goto("/")
    page.locator("#q").fill(question)
    page.keyboard.press("Enter")
    expect(page.locator("#hit-1")).to_be_visible()


def until_searchable(page: Page, base: str, papers: int) -> None:
    """Reload a knowledge base's page until it has these papers, as somebody without scripts does."""
    for _ in range(300):
        page.goto(f"/shelves/{base}")
        found = page.locator("table.papers tbody tr").count()
        if found == papers and not page.locator("table.papers tbody tr .chip").count():
            return
        page.wait_for_timeout(200)
    raise AssertionError("the files did not become searchable")


def shares(page: Page, key: str) -> Rectangle:
    """Return the part of its page that the outlines of a mark take, in shares of width and height."""
    script = """key => {
        const shape = document.getElementById(key);
        const sheet = shape.closest('svg').getBoundingClientRect(), box = shape.getBoundingClientRect();
        return [(box.left - sheet.left) / sheet.width, (box.top - sheet.top) / sheet.height,
                (box.right - sheet.left) / sheet.width, (box.bottom - sheet.top) / sheet.height];
    }"""
    x0, y0, x1, y1 = page.evaluate(script, key)
    return float(x0), float(y0), float(x1), float(y1)


def passage_of(page: Page, address: str) -> dict[str, object]:
    """Return the passage that an address names, as the REST API has it."""
    path, _, query = address.partition("?")
    found = re.search(r"passage=([0-9a-f]+)", query)
    assert found is not None, address
    url = re.sub(r".*/shelves/", "/api/v1/knowledge-bases/", path) + "/passages"
    items: list[dict[str, object]] = json.loads(page.request.get(url).text())["items"]
    return next(item for item in items if item["id"] == found[1])


def words_of_the_pdf(
    page: Page, address: str, text: str, number: int, chinese: bool = False
) -> dict[str, Rectangle]:
    """Return where some of a passage's words stand on a page, asked of the file itself, in shares of it."""
    url = re.sub(r".*/shelves/", "/api/v1/knowledge-bases/", address.partition("?")[0]) + "/file"
    sheet = pypdfium2.PdfDocument(page.request.get(url).body())[number - 1]
    width, height = sheet.get_size()
    printed = sheet.get_textpage()
    wanted = re.findall(r"[\u4e00-\u9fff]{4}", text) if chinese else re.findall(r"\b[A-Za-z]{6,}\b", text)
    found: dict[str, Rectangle] = {}
    for word in wanted:
        search = printed.search(word, match_case=True)
        first = search.get_next()
        if first is None or search.get_next() is not None:
            continue  # only what stands once on the page is where it must be
        start, count = first
        boxes = [printed.get_charbox(at) for at in range(start, start + count)]
        left, bottom = min(box[0] for box in boxes), min(box[1] for box in boxes)
        right, top = max(box[2] for box in boxes), max(box[3] for box in boxes)
        found[word] = (left / width, 1 - top / height, right / width, 1 - bottom / height)
    return found


def inside(part: Rectangle, whole: Rectangle, slack: float = 0.004) -> bool:
    """Whether a rectangle lies in another."""
    return (
        part[0] >= whole[0] - slack
        and part[1] >= whole[1] - slack
        and part[2] <= whole[2] + slack
        and part[3] <= whole[3] + slack
    )
