"""What pages read of addresses and forms: where readers are sent, what they ask, what they typed."""

import asyncio
import base64
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams
from starlette.requests import Request

from carrel.core.errors import CarrelError
from carrel.core.ranking import Mode, Preference
from carrel.core.rest_errors import BodyOverLimit, ContentNotTaken
from carrel.web.asking import MOST_SHOWN, SHOWN, Asked
from carrel.web.forms import Form, read_form
from carrel.web.route import own_address
from tests.unit.web.world import House, house

HERE = "https://carrel.example"
# What browsers take for the beginning of another site's address, in pieces.
PIECES = ("/", "\\", "//", "evil.example", "http:", "https:", "javascript:", "\t", "\n", "\r", " ", "@", "#")
MORE_PIECES = ("?", ".", "..", "%2F", "%5C", "a", ":", "\N{FULLWIDTH SOLIDUS}", "\0", "\N{ZERO WIDTH SPACE}")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("addresses")) as opened:
        yield opened


def browser_goes_to(address: str) -> str:
    """Return the site that a browser goes to from ours, as the URL standard reads addresses."""
    read = "".join(each for each in address.strip("\x00\x1f ") if each not in "\t\n\r").replace("\\", "/")
    there = urlsplit(urljoin(HERE + "/sign-in", read))
    return f"{there.scheme}://{there.netloc}"


@given(st.lists(st.sampled_from(PIECES + MORE_PIECES) | st.text(max_size=3), max_size=8).map("".join))
@example("//evil.example")
@example("/\\evil.example")
@example("/\t/evil.example")
@example("https://evil.example")
@example("")
def test_nobody_is_sent_to_another_site(wanted: str) -> None:
    found = own_address(wanted)
    assert found.startswith("/")
    assert browser_goes_to(found) == HERE
    assert found in {wanted, "/"}


@pytest.mark.parametrize("wanted", ["/", "/shelves/a?b=c&d=%2F%2Fe", "/?q=基于Transformer", "/a#page-3"])
def test_whoever_wants_a_page_of_ours_goes_there(wanted: str) -> None:
    assert own_address(wanted) == wanted


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20).map(str.strip)
asked = st.builds(
    Asked,
    q=text,
    kb=st.lists(text.filter(bool), max_size=3, unique=True).map(tuple),
    year=st.sampled_from(["", "2020", "2019..2021", "..2021", "2019.."]),
    author=text,
    venue=text,
    language=text,
    tag=text,
    mode=st.sampled_from(list(Mode)),
    rerank=st.sampled_from(["", "yes", "no"]),
    shown=st.integers(1, MOST_SHOWN),
    why=st.booleans(),
    timings=st.booleans(),
    prefer=st.sets(st.sampled_from(Preference)).map(lambda some: tuple(p for p in Preference if p in some)),
    diverse=st.booleans(),
)


@given(asked)
def test_a_question_comes_back_from_its_address(question: Asked) -> None:
    path, _, query = question.address().partition("?")
    assert path == "/"
    assert Asked.of(QueryParams(query)) == question


@given(asked)
def test_without_a_filter_nothing_of_it_is_left_and_all_else_is(question: Asked) -> None:
    for name in ("year", "author", "venue", "language", "tag", "mode", "diverse"):
        fields = dict(parse_qsl(question.without(name).partition("?")[2]))
        assert name not in fields
    for each in question.kb:
        left = Asked.of(QueryParams(question.without("kb", each).partition("?")[2]))
        assert left.kb == tuple(other for other in question.kb if other != each)
        assert left.q == question.q


@given(
    st.dictionaries(
        st.sampled_from(["q", "shown", "mode", "from", "to", "rerank", "kb"]), st.text(max_size=30)
    )
)
def test_an_address_that_nobody_gave_is_a_question_or_a_reason(fields: dict[str, str]) -> None:
    found = Asked.of(QueryParams(fields))
    assert 1 <= found.shown <= MOST_SHOWN
    assert found.mode in tuple(Mode)


@given(asked)
def test_a_new_question_keeps_what_its_form_has_no_field_for(question: Asked) -> None:
    """With the fields that are shown, it is the same question again."""
    shown = {"q", "kb", "year", "author", "mode", "rerank", "prefer", "diverse"}
    of_form = [(name, value) for name, value in question.fields() if name in shown]
    again = Asked.of(QueryParams(urlencode([*of_form, *question.kept()])))
    assert again == replace(question, shown=SHOWN)


@pytest.mark.parametrize("number", ["9" * 5000, "0" * 5000, "-1", "\N{ARABIC-INDIC DIGIT THREE}", "1e9"])
def test_a_number_that_is_none_is_no_fault(opened: House, number: str) -> None:
    """Python reads no more than 4300 digits."""
    paper, base = opened.at("/shelves/{base}/papers/{paper}"), f"/shelves/{opened.base.id}"
    cursor = base64.urlsafe_b64encode(f'["jobs",{number}]'.encode()).decode().rstrip("=")
    for path, name in (
        ("/?q=whales", "shown"),
        ("/?q=whales", "year"),
        ("/?q=whales", "from"),
        ("/?q=whales", "to"),
        (f"{base}?state=ready", "after"),
        (f"{base}/under-way?a=b", "seen"),
        (f"{base}/vectorization?a=b", "dimensions"),
        (f"{base}/vectorization?a=b", "size"),
        (f"{paper}?q=whales", "page"),
        (f"{paper}?find=whales", "at"),
        ("/settings/audit?action=", "after"),
        ("/jobs?state=", "after"),
        ("/export?format=ris&q=whales", "shown"),
    ):
        for value in (number, cursor):
            answer = opened.see(f"{path}&{urlencode({name: value})}", "administrator")
            assert answer.status_code < 500, (path, name)
    assert opened.see(f"{paper}/pages/{quote(number)}/words", "viewer").status_code < 500
    for path, fields in (
        (f"{paper}/correct", {"year": number}),
        (f"{base}/vectorization", {"dimensions": number, "size": number, "overlap": number}),
        (f"{base}/vectorization/estimate", {"dimensions": number, "size": number, "overlap": number}),
        ("/settings/keys", {"name": "a", "scope": "read", "days": number}),
        ("/settings/models/new", {"purpose": "embedder", "width": number, "seconds": number, "model": "m"}),
    ):
        assert opened.send(path, "administrator", **fields).status_code < 500, path


def test_years_from_two_fields_are_one_filter() -> None:
    def years(**fields: str) -> str:
        return Asked.of(QueryParams(fields)).year

    assert years(**{"from": "2019", "to": "2021"}) == "2019..2021"
    assert years(**{"from": "2019"}) == "2019.."
    assert years(to="2021") == "..2021"
    assert years(**{"from": "2020", "to": "2020"}) == "2020"
    assert Asked(year="2019..").years == ("2019", "")
    assert Asked(year="2019-2021").years == ("2019", "2021")
    assert Asked(year="soon").years == ("soon", "soon")
    assert Asked(shown=SHOWN).address() == "/"


def form_of(body: bytes, kind: str = "application/x-www-form-urlencoded", parts: int = 1) -> Form:
    """Read a form as it comes over the wire, in so many pieces."""
    size = max(1, -(-len(body) // parts))
    pieces = [body[at : at + size] for at in range(0, len(body), size)] or [b""]
    messages = [
        {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, 1)
    ]

    async def receive() -> dict[str, object]:
        return messages.pop(0)

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())]}
    return asyncio.run(read_form(Request(scope, receive)))


plain = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@given(st.lists(st.tuples(plain.filter(bool), plain), max_size=5), st.integers(1, 7))
def test_a_form_says_what_was_typed(fields: list[tuple[str, str]], parts: int) -> None:
    found = form_of(urlencode(fields).encode(), parts=parts)
    assert list(found.fields) == fields
    for name, _ in fields:
        assert found.texts(name) == tuple(value for other, value in fields if other == name)
        assert found.text(name) == found.texts(name)[0]
        assert found.ticked(name)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_form_or_a_reason(body: bytes) -> None:
    try:
        found = form_of(body)
    except CarrelError:
        return
    assert all("\0" not in value for _, value in found.fields)


def test_a_number_is_one_or_the_default() -> None:
    def number(value: str) -> int:
        return Form([("days", value)]).number("days", 7)

    assert (number("30"), number(" 30 "), number("-5")) == (30, 30, -5)
    for odd in ("", "x", "1e9", "٣", "²", "9" * 5000, "--5", "-"):
        assert number(odd) == 7, odd


def test_what_is_too_much_or_no_form_is_not_read() -> None:
    with pytest.raises(ContentNotTaken):
        form_of(b"{}", "application/json")
    with pytest.raises(ContentNotTaken):
        form_of(b"a=b", "multipart/form-data; boundary=x")
    with pytest.raises(BodyOverLimit):
        form_of(b"a=" + b"x" * 2**20)
    with pytest.raises(BodyOverLimit):
        form_of(b"&".join([b"a=b"] * 10_001))
    assert form_of(b"a=b", "Application/X-WWW-Form-Urlencoded; charset=utf-8").text("a") == "b"
