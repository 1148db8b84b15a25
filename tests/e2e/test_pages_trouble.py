"""The pages when something is amiss: a server that is busy or away, a session that ends."""

import re
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.pages import NAME, PASSWORD, Site, drop_input, new_base, sign_in

pytestmark = pytest.mark.model

UPLOADS, UNDER_WAY = "**/api/v1/knowledge-bases/*/papers", "**/under-way?*"


def test_an_upload_comes_again_no_sooner_than_it_was_told(site: Site, small_papers: Sequence[Path]) -> None:
    with site.visit() as page:
        new_base(page, "told to wait")
        times: list[float] = []

        def busy(route: Route) -> None:
            times.append(time.monotonic())
            if len(times) < 3:
                route.fulfill(status=429, headers={"Retry-After": "2"}, body="{}")
            else:
                route.continue_()

        page.route(UPLOADS, busy)
        drop_input(page).set_input_files(list(small_papers[:1]))
        expect(page.locator("#uploads-said")).to_have_text("1 of 1 files sent")
        assert len(times) == 3
        assert min(later - sooner for sooner, later in pairwise(times)) > 1.5


def test_a_failed_request_is_said_and_progress_goes_on(site: Site, small_papers: Sequence[Path]) -> None:
    with site.visit() as page:
        page.goto("/?q=attention")
        page.context.set_offline(True)
        page.locator("#q").fill("another question")
        page.keyboard.press("Enter")
        expect(page.locator("#trouble")).to_contain_text("cannot be reached")
        expect(page.locator("#hit-1")).to_be_visible()
        page.context.set_offline(False)
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("another"))
        expect(page.locator("#trouble")).to_be_empty()
        new_base(page, "trouble")
        asked: list[str] = []

        def sometimes(route: Route) -> None:
            asked.append(route.request.url)
            if len(asked) < 3:
                route.fulfill(status=503, content_type="text/html", body="<p>a proxy's page</p>")
            else:
                route.continue_()

        page.route(UNDER_WAY, sometimes)
        drop_input(page).set_input_files(list(small_papers[1:2]))
        expect(page.locator("table.papers tbody tr")).to_have_count(1)
        expect(page.locator("#under-way")).to_be_hidden()
        expect(page.locator("#trouble")).to_be_empty()
        assert len(asked) >= 3
    site.watch.errors.clear()  # the browser notes what was refused


def test_a_page_is_gone_on_with_after_signing_in_in_another_tab(
    site: Site, small_papers: Sequence[Path]
) -> None:
    with site.visit("") as page:
        page.goto("/shelves")
        sign_in(page, NAME, PASSWORD)
        base = new_base(page, "beside")
        page.locator("#words").fill("typed before")
        page.context.clear_cookies()
        drop_input(page).set_input_files(list(small_papers[:1]))
        expect(page.locator(".upload.failed")).to_contain_text("Your session has ended")
        link = page.locator("#trouble a")
        with page.expect_popup() as opened:
            link.click()
        other: Page = opened.value
        sign_in(other, NAME, PASSWORD)
        expect(other).to_have_url(re.compile(f"/shelves/{base}"))
        other.close()
        page.bring_to_front()
        page.evaluate("dispatchEvent(new Event('focus'))")  # a browser without a window tells of none
        expect(page.locator("#trouble")).to_be_empty()
        expect(page.locator("#words")).to_have_value("typed before")
        page.locator(".upload.failed").get_by_role("button", name="Try again").click()
        expect(page.locator("#uploads-said")).to_have_text("1 of 1 files sent")
