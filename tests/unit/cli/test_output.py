"""What is printed never steers a terminal, keeps to one line, and fits its columns."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.cli.output import print_json, printable, report_error, shortened, width, wrapped
from carrel.core.errors import EmptyQuery, PathMissing

ODD = "a\nb\tc\rd\x1b[31me\u2028f\u202eg\x00h\x85i"


def test_printable_text_is_one_line_without_control_characters() -> None:
    assert printable(ODD) == "a b c d�[31me f�g�h i"
    assert printable("Łódź, 北京, ﬁ, π≈3.14, 🧪") == "Łódź, 北京, ﬁ, π≈3.14, 🧪"


@given(st.text())
def test_whatever_a_title_holds_it_prints_as_one_line(text: str) -> None:
    shown = printable(text)
    assert len(shown.splitlines()) <= 1
    assert shown.isprintable()


def test_a_chinese_character_takes_two_columns_and_a_combining_one_none() -> None:
    assert width("ab") == 2
    assert width("北京") == 4
    assert width("e\u0301") == 1


@given(st.text(alphabet="ab 北京,。", max_size=200), st.integers(2, 40))
def test_wrapping_keeps_every_character_and_fits_where_it_can(text: str, columns: int) -> None:
    lines = wrapped(text, columns)
    assert "".join("".join(lines).split()) == "".join(text.split())
    for line in lines:
        assert line == line.strip()
        assert width(line) <= columns or " " not in line


@given(st.text(alphabet="ab 北京é", max_size=80), st.integers(1, 40))
def test_shortening_fits_and_says_that_something_is_missing(text: str, columns: int) -> None:
    short = shortened(text, columns)
    assert width(short) <= columns
    assert short == text or short.endswith("…")


def test_json_is_one_document_with_text_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"title": "北京 “π”\x1b", "none": None})
    out = capsys.readouterr().out
    assert json.loads(out) == {"title": "北京 “π”\x1b", "none": None}
    assert "北京" in out
    assert "\x1b" not in out


@pytest.mark.parametrize("as_json", [False, True])
def test_an_error_is_one_line_and_in_json_a_document_too(
    capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    report_error(PathMissing(path="two\nlines\x1b"), as_json)
    out, err = capsys.readouterr()
    assert len(err.splitlines()) == 1
    assert "\x1b" not in err
    assert (json.loads(out)["error"]["kind"] == "path-missing") if as_json else out == ""


def test_an_error_says_what_to_do_next(capsys: pytest.CaptureFixture[str]) -> None:
    report_error(EmptyQuery(), as_json=False)
    assert "carrel search" in capsys.readouterr().err
