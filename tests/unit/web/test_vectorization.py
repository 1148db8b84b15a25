"""``/shelves/{base}/vectorization``: for owners; estimated, applied, watched, given up, gone back from."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.core.accounts import COMMAND_LINE
from carrel.evaluation.measuring import FEWEST_PASSAGES
from carrel.library.auditing import AuditLog
from tests.integration.worlds import WIDE_MODEL
from tests.unit.api.rest.lab import Lab
from tests.unit.web.browsing import look, pages, send

FORM = {"embedder": "", "dimensions": "", "size": "1024", "overlap": "256", "parser": "pdfium"}


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Lab]:
    with pages(tmp_path) as opened:
        opened.base("filled")
        opened.world.add("Glaciers", "Violins", kb="filled")
        yield opened


def path(opened: Lab, rest: str = "") -> str:
    return f"/shelves/{opened.world.shelf('filled').id}/vectorization{rest}"


def steps(opened: Lab) -> list[dict[str, object]]:
    """Return what the audit log has of re-indexing, the oldest first."""
    found = AuditLog(opened.world.services.catalog).page(COMMAND_LINE, action="knowledge-base-reindex")
    return [dict(entry.detail) for entry in reversed(found)]


def test_it_is_for_owners(opened: Lab) -> None:
    for rest in ("", "/recall", "/progress"):
        assert look(opened, path(opened, rest), "owner").status_code == 200, rest
        assert look(opened, path(opened, rest), "editor").status_code == 403
        assert look(opened, path(opened, rest), "stranger").status_code == 404
    for rest in ("", "/estimate", "/steps"):
        assert send(opened, path(opened, rest), "editor", FORM).status_code == 403
        assert send(opened, path(opened, rest), "stranger", FORM).status_code == 404
        assert send(opened, path(opened, rest), "owner", FORM, csrf="guessed").status_code == 403
    assert steps(opened) == []


def test_the_address_fills_the_form(opened: Lab) -> None:
    page = look(opened, path(opened, "?dimensions=32&size=64&overlap=x%22%3E%3Cb%3E"), "owner").text
    assert 'name="dimensions" value="32"' in page
    assert 'name="size" value="64"' in page
    assert "<b>" not in page


def test_an_estimate_changes_nothing(opened: Lab) -> None:
    form = FORM | {"size": "64", "overlap": "16"}
    part = send(opened, path(opened, "/estimate"), "owner", form, hx_request="true")
    page = send(opened, path(opened, "/estimate"), "owner", form)
    assert part.status_code == page.status_code == 200
    assert "To embed" in part.text
    assert "<html" not in part.text
    assert 'name="size" value="64"' in page.text
    assert opened.world.shelf("filled").generation == 1
    assert steps(opened) == []


def test_applied_watched_and_gone_back_from(opened: Lab) -> None:
    begun = send(opened, path(opened), "owner", FORM | {"size": "64", "overlap": "16"})
    assert (begun.status_code, begun.headers["location"]) == (303, path(opened))
    page = look(opened, path(opened), "owner").text
    assert 'hx-trigger="every 1s"' in page
    assert "0 of 2 papers" in page
    again = send(opened, path(opened), "owner", FORM)
    assert again.status_code == 409
    assert "being re-indexed already" in again.text
    part = look(opened, path(opened, "/progress"), "owner", hx_request="true")
    assert "<html" not in part.text
    opened.world.finish_rebuild("filled")
    assert look(opened, path(opened, "/progress"), "owner").headers["hx-refresh"] == "true"
    page = look(opened, path(opened), "owner").text
    assert "64 tokens, 16 overlapping" in page
    assert "Generation 1 is kept" in page
    assert send(opened, path(opened, "/steps"), "owner", {"do": "rollback"}).status_code == 303
    opened.world.finish_rebuild("filled")
    assert opened.world.shelf("filled").chunking.size == 1024
    asked = send(opened, path(opened, "/steps"), "owner", {"do": "discard"})
    assert "Let the index before go?" in asked.text
    assert [step["step"] for step in steps(opened)] == ["begin", "rollback"]
    assert send(opened, path(opened, "/steps"), "owner", {"do": "discard", "sure": "yes"}).status_code == 303
    assert [step["step"] for step in steps(opened)] == ["begin", "rollback", "discard"]
    assert steps(opened)[0]["chunk_size"] == "64"


def test_given_up_it_says_so(opened: Lab) -> None:
    send(opened, path(opened), "owner", FORM | {"size": "64", "overlap": "16"})
    assert send(opened, path(opened, "/steps"), "owner", {"do": "cancel"}).status_code == 303
    assert "was given up" in look(opened, path(opened), "owner").text
    assert send(opened, path(opened, "/steps"), "owner", {"do": "cancel"}).status_code == 409
    assert send(opened, path(opened, "/steps"), "owner", {"do": "nonsense"}).status_code == 303


WRONG = (
    {"dimensions": "1"},
    {"dimensions": "-4"},
    {"size": "9999999999999"},
    {"size": "12"},
    {"overlap": "1000"},
    {"parser": "of nothing"},
    {"embedder": "/etc/passwd"},
)


def test_what_cannot_be_is_said_and_what_was_typed_stays(opened: Lab) -> None:
    for wrong in WRONG:
        for rest in ("", "/estimate"):
            answer = send(opened, path(opened, rest), "owner", FORM | wrong)
            assert answer.status_code == 422, (rest, wrong)
            assert 'role="alert"' in answer.text
            assert next(iter(wrong.values())) in answer.text
    assert opened.world.shelf("filled").generation == 1


def test_an_empty_one_has_its_settings_at_once(opened: Lab) -> None:
    url = f"/shelves/{opened.base('empty').id}/vectorization"
    assert "measuring takes 50 at least" in look(opened, f"{url}/recall", "owner").text
    assert send(opened, f"{url}/estimate", "owner", FORM | {"dimensions": "32"}).status_code == 200
    assert send(opened, url, "owner", FORM | {"dimensions": "32"}).status_code == 303
    assert opened.world.shelf("empty").dimensions == 32


def test_administrators_may_take_any_model(opened: Lab) -> None:
    form = FORM | {"embedder": WIDE_MODEL}
    assert send(opened, path(opened), "owner", form).status_code == 422
    assert send(opened, path(opened), "administrator", form).status_code == 303


def test_too_few_passages_are_not_measured(opened: Lab) -> None:
    assert "measuring takes 50 at least" in look(opened, path(opened, "/recall"), "owner").text


def test_what_smaller_vectors_cost_is_measured_and_stays(opened: Lab) -> None:
    opened.world.add(*(f"Number {number}" for number in range(FEWEST_PASSAGES)), kb="filled")
    assert 'class="recall-line"' not in look(opened, path(opened), "owner").text
    part = look(opened, path(opened, "/recall"), "owner", hx_request="true").text
    assert "<html" not in part
    page = look(opened, path(opened), "owner").text
    for text in (part, page):
        assert 'class="recall-line" d="M' in text
        sizes = [
            int(size) for size in re.findall(r'<td class="numeric"><a href="[^"]*dimensions=(\d+)', text)
        ]
        assert sizes == sorted(sizes)
        assert sizes[0] == 32
        assert "nothing: these are all" in text
