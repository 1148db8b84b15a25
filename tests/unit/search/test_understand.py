import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.errors import EmptyQuery, InvalidFilter
from carrel.core.ranking import Filters
from carrel.search import understand


@given(st.text(max_size=300))
def test_a_query_is_normalised_once_and_for_all_or_refused(text: str) -> None:
    try:
        once = understand.normalised(text)
    except EmptyQuery:
        assert not any(c.isalnum() for c in text.encode("utf-8", "replace").decode("utf-8").replace("?", ""))
    else:
        assert understand.normalised(once) == once
        assert once == " ".join(once.split())


@pytest.mark.parametrize("nothing", ["", "   ", "\n\t", "?!…", "\u200b\u200e", "\x00"])
def test_nothing_to_search_for_is_an_error_that_shows_an_example(nothing: str) -> None:
    with pytest.raises(EmptyQuery, match="carrel search"):
        understand.normalised(nothing)


def test_a_query_of_many_words_is_kept_within_bounds() -> None:
    assert len(understand.normalised("attention " * 100_000)) <= 100_000


@pytest.mark.parametrize(
    ("year", "expected"),
    [
        ("", Filters()),
        ("2020", Filters(2020, 2020)),
        ("2019..2021", Filters(2019, 2021)),
        ("2019..", Filters(year_from=2019)),
        ("..2021", Filters(year_to=2021)),
    ],
)
def test_years(year: str, expected: Filters) -> None:
    assert understand.filters(year) == expected


@pytest.mark.parametrize(
    "year", ["20", "..", "2021..2019", "last", "2019-2021", "2019...2021", "1e3", "２０２０x"]
)
def test_what_is_no_year_is_refused_with_an_example(year: str) -> None:
    with pytest.raises(InvalidFilter, match=r"2019\.\.2021|earlier year first"):
        understand.filters(year)


def test_names_are_taken_as_written_and_blank_ones_left_out() -> None:
    filters = understand.filters("", ["  Müller ", "", "Müller", "Smith"], [" Nature ", "\t"])
    assert filters == Filters(authors=("Müller", "Smith"), venues=("Nature",))
    assert understand.filters("", [""], [" "], [""]) == Filters()


def test_a_language_is_its_code_whatever_stands_behind() -> None:
    filters = understand.filters(languages=["EN", " zh-Hans-CN ", "zh_TW", "de"])
    assert filters == Filters(languages=("en", "zh", "de"))


@pytest.mark.parametrize("language", ["Chinese", "e", "zh-", "中文", "1", "en,zh"])
def test_what_is_no_language_is_refused_with_an_example(language: str) -> None:
    with pytest.raises(InvalidFilter, match="en, zh"):
        understand.filters(languages=[language])
