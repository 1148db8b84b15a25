"""The page of a knowledge base while papers come in: nobody loses what they were about to do."""

import pytest
from playwright.sync_api import FilePayload, expect

from tests.e2e.pages import Site, drop_input, new_base
from tests.e2e.rest_server import paper

pytestmark = pytest.mark.model


def file(name: str) -> FilePayload:
    """Return a small paper."""
    return {"name": f"{name}.md", "mimeType": "text/markdown", "buffer": paper(f"Of {name.title()}")}


def test_what_is_filtered_chosen_and_typed_stays_while_papers_come_in(site: Site) -> None:
    with site.visit() as page:
        new_base(page, "filling")
        rows = page.locator("table.papers tbody tr")
        everything = page.locator(".tabs .chip").first
        drop_input(page).set_input_files([file("corals"), file("comets")])
        expect(rows).to_have_count(2)
        expect(page.locator("#under-way")).to_be_hidden()
        page.get_by_label("Title or file name").fill("corals")
        expect(rows).to_have_count(1)
        page.get_by_role("checkbox", name="Choose Of Corals").check()
        typed = page.get_by_label("Tags, with commas between")
        typed.fill("reefs, ")
        # Others arrive; the table is drawn anew.
        with page.expect_response(lambda answer: answer.request.headers.get("hx-target") == "papers"):
            drop_input(page).set_input_files([file("glaciers"), file("violins")])
        expect(everything).to_have_text("all 4")
        expect(page.locator("#under-way")).to_be_hidden()
        expect(rows).to_have_count(1)
        expect(page.get_by_role("checkbox", name="Choose Of Corals")).to_be_checked()
        expect(typed).to_have_value("reefs, ")
        expect(typed).to_be_focused()
        page.keyboard.type("old")
        page.get_by_role("button", name="Tag", exact=True).click()
        expect(page.get_by_role("row", name="Of Corals")).to_contain_text("#old")
    assert site.watch.errors == []
