"""Correcting a paper beside others: what a form showed, what was typed, what became of it meanwhile."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.unit.web import world
from tests.unit.web.world import House, house

FIELDS = ("title", "authors", "year", "venue", "doi", "language", "tags")


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as opened:
        yield opened


def filled(opened: House) -> dict[str, str]:
    """Return the fields of the form as somebody sees it who opens it now."""
    return fields_of(opened.see(opened.at("/shelves/{base}/papers/{paper}/correct"), "editor"))


def fields_of(page: httpx2.Response) -> dict[str, str]:
    (form,) = world.tree(page).xpath("//form[contains(@action, '/correct')]")
    return {name: field.value or "" for name in form.inputs.keys() for field in [form.inputs[name]]}  # noqa: SIM118


def save(opened: House, form: dict[str, str], who: str = "editor") -> httpx2.Response:
    return opened.send(opened.at("/shelves/{base}/papers/{paper}/correct"), who, **form)


def shown(opened: House) -> dict[str, str]:
    now = filled(opened)
    return {name: now[name] for name in FIELDS}


def test_two_people_keep_what_each_of_them_did(opened: House) -> None:
    one, other = filled(opened), filled(opened)
    assert save(opened, one | {"venue": "The Sea Review", "tags": "krill, ice"}).status_code == 303
    assert save(opened, other | {"year": "1852", "tags": "song"}, "owner").status_code == 303
    now = shown(opened)
    assert (now["venue"], now["year"]) == ("The Sea Review", "1852")
    assert sorted(now["tags"].split(", ")) == ["ice", "krill", "song"]
    # Taken off by one while the other only looks on.
    one, other = filled(opened), filled(opened)
    assert save(opened, one | {"tags": "ice"}).status_code == 303
    assert save(opened, other | {"title": "Whales, again"}, "owner").status_code == 303
    assert shown(opened)["tags"] == "ice"


def test_of_two_changes_of_one_field_the_second_is_asked_for_again(opened: House) -> None:
    one, other = filled(opened), filled(opened)
    assert save(opened, one | {"title": "Of one"}).status_code == 303
    assert save(opened, one | {"title": "Of one", "venue": "V"}).status_code == 303  # twice the same is none
    again = save(opened, other | {"title": "Of the other", "year": "1852", "tags": "song"}, "owner")
    assert again.status_code == 409
    assert "Of one" in world.words(again)
    assert shown(opened)["title"] == "Of one"
    form = fields_of(again)
    assert (form["title"], form["was_title"], form["year"], form["tags"]) == (
        "Of the other",
        "Of one",
        "1852",
        "song",
    )
    assert form["venue"] == form["was_venue"] == "V"  # not touched here: it is as the first left it
    assert save(opened, form, "owner").status_code == 303
    now = shown(opened)
    assert (now["title"], now["venue"], now["year"], now["tags"]) == ("Of the other", "V", "1852", "song")


def test_a_form_that_is_sent_as_it_came_changes_nothing(opened: House) -> None:
    before = shown(opened)
    assert save(opened, filled(opened)).status_code == 303
    assert shown(opened) == before
    page = opened.see(opened.at("/shelves/{base}/papers/{paper}"), "editor")
    assert "corrected by" not in page.text


def test_tags_are_apart_at_commas_of_either_kind(opened: House) -> None:
    typed = "综述\N{FULLWIDTH COMMA}稀疏\N{IDEOGRAPHIC COMMA}海, ,"
    assert save(opened, filled(opened) | {"tags": typed}).status_code == 303
    assert shown(opened)["tags"].split(", ") == sorted(["综述", "稀疏", "海"])
