"""A form whose session had ended is kept until somebody has signed in, without what is secret."""

from hypothesis import given
from hypothesis import strategies as st

from carrel.web.forms import Form
from carrel.web.unsent import packed, unpacked

TEXT = st.text(max_size=50)


@given(st.lists(st.tuples(st.sampled_from(["title", "authors", "tags"]), TEXT), min_size=1, max_size=8))
def test_what_was_typed_comes_back(fields: list[tuple[str, str]]) -> None:
    assert unpacked(packed("/shelves/a/papers/b/correct", Form(fields))) == (
        "/shelves/a/papers/b/correct",
        fields,
    )


def test_what_is_secret_is_not_kept() -> None:
    form = Form(
        [("csrf", "t"), ("name", "ada"), ("password", "a"), ("api_key", "k"), ("present", "p"), ("new", "n")]
    )
    assert unpacked(packed("/settings/users", form)) == ("/settings/users", [("name", "ada")])


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
