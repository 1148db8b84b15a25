"""The pages in a real browser: a server of its own, Debian's chromium, and what people do there."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    StorageState,
    expect,
    sync_playwright,
)

from tests.e2e.command import ROOT, SECONDS, Carrel

NAME, PASSWORD = "ada", "a quiet reading room"
GUEST, GUESTS_PASSWORD = "bob", "another reading room"
FLAGSHIP = "What methods exist for modelling long sequences with Transformers?"
IN_CHINESE = "基于Transformer的长序列建模方法有哪些?"
PATIENCE = 60_000.0  # milliseconds: a busy machine is not a wrong answer
DESKTOP, PHONE = (1280, 860), (390, 844)
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"

expect.set_options(timeout=PATIENCE)


@dataclass
class Watch:
    """What a browser did that no page of ours makes it do."""

    elsewhere: list[str] = field(default_factory=list)  # addresses on other hosts
    errors: list[str] = field(default_factory=list)  # on the console, or not caught


@dataclass
class House:
    """The server, and what became of it in a first visit."""

    url: str
    home: Path
    states: dict[str, StorageState] = field(default_factory=dict)  # of the sessions, by name
    found_first: str = ""  # the title that the first visit ended at


@dataclass
class Site:
    """The server and a browser."""

    house: House
    browser: Browser
    watch: Watch = field(default_factory=Watch)

    @property
    def url(self) -> str:
        """Where the server is."""
        return self.house.url

    @property
    def home(self) -> Path:
        """Its data folder."""
        return self.house.home

    @contextmanager
    def visit(
        self,
        who: str = NAME,
        language: str = "en-GB",
        scripts: bool = True,
        size: tuple[int, int] = DESKTOP,
        scheme: Literal["light", "dark"] = "light",
        policy: bool = True,
    ) -> Iterator[Page]:
        """Open a browser window of somebody's own; ``policy`` False lets a test bring its scripts along."""
        context = self.browser.new_context(
            base_url=self.url,
            viewport={"width": size[0], "height": size[1]},
            locale=language,
            color_scheme=scheme,
            java_script_enabled=scripts,
            reduced_motion="reduce",
            bypass_csp=not policy,
            storage_state=self.house.states.get(who),
        )
        context.set_default_timeout(PATIENCE)
        self._watched(context)
        try:
            yield context.new_page()
        finally:
            context.close()

    def base(self, page: Page, name: str) -> str:
        """Return the id of a knowledge base that this person sees."""
        items = page.request.get("/api/v1/knowledge-bases").json()["items"]
        return str(next(item["id"] for item in items if item["name"] == name))

    def paper(self, page: Page, name: str, file: str) -> str:
        """Return the address of a paper's page."""
        base = self.base(page, name)
        items = page.request.get(f"/api/v1/knowledge-bases/{base}/papers?limit=100").json()["items"]
        paper = next(item["id"] for item in items if item["file"] == file)
        return f"/shelves/{base}/papers/{paper}"

    def _watched(self, context: BrowserContext) -> None:
        def asked(address: str) -> None:
            if urlsplit(address).scheme in {"http", "https"} and not address.startswith(self.url):
                self.watch.elsewhere.append(address)

        def said(message: ConsoleMessage) -> None:
            # A page that answers 404 or 422 is an answer; the browser notes it all the same.
            if message.type == "error" and "Failed to load resource" not in message.text:
                self.watch.errors.append(f"{message.text} ({message.location})")

        context.on("request", lambda request: asked(request.url))
        context.on("console", said)
        context.on("weberror", lambda error: self.watch.errors.append(str(error.error)))


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start the browser. As long as it runs, nothing else in this thread can run an event loop."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed: the pages are not looked at")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def open_house(carrel: Carrel) -> Iterator[House]:
    """Start the server."""
    carrel.home.parent.mkdir(parents=True, exist_ok=True)
    with (carrel.home.parent / "serve.log").open("wb") as log:
        process = carrel.start("serve", "--port", "0", "--json", stderr=log.fileno())
        try:
            yield House(_address(process), carrel.home)
        finally:
            process.terminate()
            process.communicate(timeout=SECONDS)


def _address(process: "subprocess.Popen[bytes]") -> str:
    assert process.stdout is not None
    said = ""
    while not said.endswith("}\n"):
        line = process.stdout.readline().decode()
        assert line, "the server ended"
        said += line
    return str(json.loads(said)["url"]).removesuffix("/v1")


def first_visit(page: Page) -> str:
    """Go from an empty server to a first answer; return the title of the best paper."""
    page.goto("/")
    expect(page).to_have_title("Welcome to Carrel · Carrel")
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill("short")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make the administrator").click()
    page.get_by_role("button", name="Add the samples").click()
    # The table fills by itself.
    expect(page.locator("table.papers tbody tr")).to_have_count(14)
    expect(page.locator("#under-way")).to_be_hidden()
    expect(page.locator("table.papers .chip")).to_have_count(0)
    page.get_by_role("link", name="Search in it").click()
    page.get_by_label("Question").fill(FLAGSHIP)
    page.keyboard.press("Enter")
    best = page.locator("#hit-1 .hit-title")
    expect(best).to_be_visible()
    return best.inner_text()


def sign_in(page: Page, name: str, password: str) -> None:
    """Sign in on the page that is open."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.locator("main").get_by_role("button", name="Sign in").click()
    page.wait_for_load_state()


def make_guest(site: Site) -> None:
    """Make a second account as the administrator does it, and let it choose its password."""
    first = "chosen by somebody else"
    with site.visit() as page:
        page.goto("/settings/users")
        page.locator("#name").fill(GUEST)
        page.locator("#password").fill(first)
        page.get_by_role("button", name="Make the account").click()
        expect(page.get_by_role("cell", name=GUEST)).to_be_visible()
    with site.visit("") as page:
        page.goto("/sign-in")
        sign_in(page, GUEST, first)
        expect(page).to_have_url(f"{site.url}/settings/password")
        page.get_by_label("Present password").fill(first)
        page.get_by_label("New password").fill(GUESTS_PASSWORD)
        page.get_by_role("button", name="Change password").click()
        expect(page).to_have_url(f"{site.url}/")
        site.house.states[GUEST] = page.context.storage_state()


def new_base(page: Page, name: str) -> str:
    """Make a knowledge base and stay on its page; return its id."""
    page.goto("/shelves")
    page.get_by_label("Name", exact=True).fill(name)
    if (model := page.locator("#embedder")).count():  # a server is named: its model is chosen beforehand
        model.select_option("all-MiniLM-L6-v2")
    page.get_by_role("button", name="Make it").click()
    expect(page.locator("h1")).to_have_text(name)
    return page.url.rpartition("/")[2]


def ink(picture: bytes, box: tuple[float, float, float, float]) -> float:
    """Return how much of a part of a picture, given in shares of its width and height, is dark."""
    import io

    import numpy as np
    from PIL import Image

    image = np.asarray(Image.open(io.BytesIO(picture)).convert("L"))
    height, width = image.shape
    x0, y0, x1, y1 = box
    part = image[int(y0 * height) : int(y1 * height) + 1, int(x0 * width) : int(x1 * width) + 1]
    return float((part < 128).mean())


def drop_input(page: Page) -> Locator:
    """Return the field that takes files."""
    return page.locator("#files")
