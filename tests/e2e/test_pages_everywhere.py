"""Every page in a real browser: open to everybody (axe-core), silent on the console, and on this server only.

Each is looked at light and dark, on a desktop and a phone, in English and Chinese: every two of these.
"""

from collections.abc import Iterator
from typing import Literal, TypedDict

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.pages import AXE, DESKTOP, FLAGSHIP, NAME, PHONE, Site

pytestmark = pytest.mark.model

Looks = tuple[tuple[int, int], Literal["light", "dark"]]
LOOKS: dict[str, tuple[Looks, Looks]] = {
    "en-GB": ((DESKTOP, "light"), (PHONE, "dark")),
    "zh-CN": ((DESKTOP, "dark"), (PHONE, "light")),
}
PAPER = "{paper}"
PAGES = {
    "search": "/",
    "answer": f"/?q={FLAGSHIP.replace(' ', '+')}&why=1&timings=1",
    "nothing found": "/?q=attention&year=1700",
    "not a year": "/?q=attention&year=long+ago",
    "knowledge bases": "/shelves",
    "knowledge base": "/shelves/{base}",
    "no paper like that": "/shelves/{base}?words=nothing+like+it",
    "sharing": "/shelves/{base}/sharing",
    "settings of a knowledge base": "/shelves/{base}/settings",
    "paper": "{paper}?q=random+attention",
    "paper with words found": "{paper}?find=attention",
    "similar papers": "{paper}/similar",
    "references": "{paper}/references",
    "correcting": "{paper}/correct",
    "citation": "{paper}/cite",
    "at a glance": "/glance",
    "jobs": "/jobs",
    "no job": "/jobs?state=failed",
    "account": "/settings",
    "password": "/settings/password",
    "models": "/settings/models",
    "a model's server": "/settings/models/new",
    "vectorization": "/shelves/{base}/vectorization",
    "storage": "/settings/storage",
    "users": "/settings/users",
    "audit log": "/settings/audit",
    "papers to search": "/welcome/library",
    "nothing there": "/nothing-here",
}
OF_NOBODY = {"sign in": "/sign-in", "sign up that is closed": "/sign-up"}


class Finding(TypedDict):
    """A violation as axe-core reports it."""

    id: str
    nodes: list[dict[str, object]]


@pytest.fixture(scope="module")
def windows(site: Site) -> Iterator[dict[tuple[str, str], Page]]:
    """A window in each language, signed in and not."""
    with (
        site.visit(language="en-GB", policy=False) as english,
        site.visit(language="zh-CN", policy=False) as chinese,
        site.visit("", language="en-GB", policy=False) as english_outside,
        site.visit("", language="zh-CN", policy=False) as chinese_outside,
    ):
        yield {
            ("en-GB", NAME): english,
            ("zh-CN", NAME): chinese,
            ("en-GB", ""): english_outside,
            ("zh-CN", ""): chinese_outside,
        }


@pytest.fixture(scope="module")
def places(site: Site) -> dict[str, str]:
    """The knowledge base and the paper of the addresses above."""
    with site.visit() as page:
        paper = site.paper(page, "samples", "bigbird-random-sparse-attention.pdf")
        return {"base": site.base(page, "samples"), "paper": paper}


@pytest.mark.parametrize("language", sorted(LOOKS))
@pytest.mark.parametrize("name", [*PAGES, *OF_NOBODY])
def test_a_page_is_open_to_everybody(
    site: Site, windows: dict[tuple[str, str], Page], places: dict[str, str], name: str, language: str
) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not here: frontend/build.py brings it")
    page = windows[language, NAME if name in PAGES else ""]
    page.goto((PAGES | OF_NOBODY)[name].format(**places))
    expect(page.locator("html")).to_have_attribute("lang", "en" if language == "en-GB" else "zh-Hans")
    page.add_script_tag(path=AXE)
    for size, scheme in LOOKS[language]:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme=scheme)
        found: list[Finding] = page.evaluate("axe.run({resultTypes: ['violations']}).then(f => f.violations)")
        told = [
            (each["id"], node["html"], node["failureSummary"]) for each in found for node in each["nodes"]
        ]
        assert told == [], (name, language, size, scheme)
        # Nothing is wider than the window: nobody reads sideways.
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (name, size)
    assert site.watch.errors == []
    assert site.watch.elsewhere == []


def test_every_target_is_large_enough_for_a_finger(site: Site, places: dict[str, str]) -> None:
    """WCAG 2.2, 2.5.8: 24 pixels, but for links within a line of text."""
    script = """() => [...document.querySelectorAll(`main button, main input, main select, main summary,
            body > header a, body > header summary`)]
        .filter(each => each.checkVisibility() && !['checkbox', 'radio', 'file'].includes(each.type))
        .map(each => [each.outerHTML.slice(0, 60), each.getBoundingClientRect().height])
        .filter(([, height]) => height && height < 24)"""
    with site.visit(size=PHONE) as page:
        for name in ("search", "answer", "knowledge base", "sharing", "paper", "users", "account"):
            page.goto(PAGES[name].format(**places))
            assert page.evaluate(script) == [], name


def test_no_page_asks_another_host_or_complains(site: Site, places: dict[str, str]) -> None:
    """With the policy in force: what it stops is an error on the console."""
    with site.visit(language="en-GB") as page:
        for name, address in PAGES.items():
            page.goto(address.format(**places))
            assert site.watch.errors == [], name
            assert site.watch.elsewhere == [], name
        # The policy is in force: a script and a style of a page's text do nothing.
        refused = page.evaluate("""() => {
            const script = document.createElement('script');
            script.textContent = 'window.ran = true';
            document.body.append(script);
            return Boolean(window.ran);
        }""")
        assert refused is False
        assert len(site.watch.errors) > 0
    site.watch.errors.clear()


def test_an_enormous_name_makes_no_table_wider(site: Site, places: dict[str, str]) -> None:
    with site.visit() as page:
        for name in ("knowledge bases", "knowledge base", "jobs"):
            page.goto(PAGES[name].format(**places))
            page.locator("td.title a").first.evaluate("link => { link.textContent = 'W'.repeat(300); }")
            wider = "[...document.querySelectorAll('.table-in')].map(t => t.scrollWidth - t.clientWidth)"
            assert page.evaluate(wider) == [0], name
