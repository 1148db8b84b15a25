"""Numbers, sizes and times as a person reads them, in both languages."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.language import CHINESE, ENGLISH, use_language
from carrel.web.wording import ago, day, lasting, number, size

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    use_language(ENGLISH)
    yield
    use_language(ENGLISH)


def test_thousands_stand_apart() -> None:
    assert [number(value) for value in (0, 999, 1000, 1234567, 2.5)] == [
        "0",
        "999",
        "1\N{NARROW NO-BREAK SPACE}000",
        "1\N{NARROW NO-BREAK SPACE}234\N{NARROW NO-BREAK SPACE}567",
        "2",
    ]


@given(st.integers(0, 10**12))
def test_a_number_keeps_its_digits(value: int) -> None:
    assert int("".join(each for each in number(value) if each.isdecimal())) == value


def test_a_size_has_the_unit_that_suits_it() -> None:
    found = [size(count) for count in (0, 999, 1000, 9940, 12_345, 10**6, 3 * 10**9, 10**16)]
    assert [each.replace("\N{NO-BREAK SPACE}", " ") for each in found] == [
        "0 B",
        "999 B",
        "1.0 kB",
        "9.9 kB",
        "12 kB",
        "1.0 MB",
        "3.0 GB",
        "10000 TB",
    ]


@given(st.integers(0, 10**15))
def test_no_size_is_a_long_one(count: int) -> None:
    assert len(size(count)) <= 7


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (-5, "just now", "刚刚"),
        (59, "just now", "刚刚"),
        (60, "1 min ago", "1 分钟前"),
        (3599, "59 min ago", "59 分钟前"),
        (3600, "1 h ago", "1 小时前"),
        (86_400, "1 d ago", "1 天前"),
        (8 * 86_400, "2026-11-22", "2026-11-22"),
    ],
)
def test_how_long_ago(seconds: int, english: str, chinese: str) -> None:
    moment = (NOW - timedelta(seconds=seconds)).isoformat()
    assert ago(moment, NOW) == english
    use_language(CHINESE)
    assert ago(moment, NOW) == chinese


def test_what_is_no_time_stays_as_it_is() -> None:
    assert (ago("never", NOW), day("<b>")) == ("never", "<b>")
    assert day("2026-11-30T23:59:59") == "2026-11-30"


def test_how_long_it_lasts() -> None:
    assert [lasting(seconds) for seconds in (0, 59, 60, 3599, 3600, 9000)] == [
        "1 s",
        "59 s",
        "1 min",
        "60 min",
        "1 h",
        "2.5 h",
    ]
