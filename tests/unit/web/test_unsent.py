"""A form whose session had ended is kept until somebody has signed in, without what is secret."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from starlette.requests import Request

from carrel.web.forms import Form
from carrel.web.unsent import offered_again, packed, unpacked
from tests.unit.web.browsing import pages, send
from tests.unit.web.world import tree

TEXT = st.text(max_size=50)


@given(st.lists(st.tuples(st.sampled_from(["title", "authors", "tags"]), TEXT), min_size=1, max_size=8))
def test_what_was_typed_comes_back(fields: list[tuple[str, str]]) -> None:
    assert unpacked(packed("/shelves/a/papers/b/correct", Form(fields))) == (
        "/shelves/a/papers/b/correct",
        fields,
    )


def test_what_is_secret_is_not_kept() -> None:
    form = Form(
        [("csrf", "t"), ("url", "u"), ("password", "a"), ("api_key", "k"), ("present", "p"), ("new", "n")]
    )
    assert unpacked(packed("/settings/models/new", form)) == ("/settings/models/new", [("url", "u")])


@pytest.mark.parametrize(
    "path",
    [
        "/settings/users",
        "/settings/users/change",
        "/settings/keys",
        "/settings/models/test",
        "/settings/models/a/delete",
        "/shelves/a/delete",
        "/shelves/a/selected",
        "/shelves/a/sharing",
        "/shelves/a/vectorization/steps",
    ],
)
def test_what_gives_rights_or_takes_away_is_not_kept(path: str) -> None:
    assert packed(path, Form([("user", "eve"), ("do", "promote")])) == ""
    assert unpacked(f'["{path}", [["user", "eve"]]]') is None


def test_what_is_kept_says_what_it_does_and_where_it_goes(tmp_path: Path) -> None:
    with pages(tmp_path) as opened:
        kept = send(opened, "/shelves", "nobody", {"name": "0123456789ab", "description": "/all of it"})
        assert kept.status_code == 401
        (unsent,) = tree(kept).xpath("//input[@name='unsent']/@value")
        assert unpacked(unsent) == ("/shelves", [("name", "0123456789ab"), ("description", "/all of it")])
        request = Request({"type": "http", "method": "POST", "path": "/sign-in", "headers": []})
        request.scope["query_string"] = b""
        again = offered_again(request, unsent, "token")
        assert again is not None
        page = html.document_fromstring(bytes(again.body)).text_content()
        for said in ("Make a knowledge base", "/shelves", "0123456789ab", "/all of it"):
            assert said in page


def test_too_much_is_not_kept() -> None:
    assert packed("/shelves", Form([("description", "x" * 300_000)])) == ""
    assert packed("/sign-out", Form([("csrf", "t")])) == ""


@given(TEXT)
def test_anything_else_is_no_form(text: str) -> None:
    assert unpacked(text) is None


def test_a_form_goes_to_no_other_site() -> None:
    for address in (
        "//elsewhere.example",
        "https://elsewhere.example",
        "/\\elsewhere.example",
        "javascript:x",
        "",
    ):
        assert unpacked(f'["{address}", [["a", "b"]]]'.replace("\\", "\\\\")) is None
    assert unpacked('["/shelves", [["csrf", "theirs"], ["a", 1]]]') is None
    assert unpacked('["/shelves", [["csrf", "theirs"], ["a", "b"]]]') == ("/shelves", [("a", "b")])
