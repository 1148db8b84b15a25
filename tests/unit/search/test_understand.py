import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.errors import EmptyQuery, InvalidFilter
from carrel.core.query_errors import TooManyConditions
from carrel.core.ranking import Filters
from carrel.core.understanding import Asked
from carrel.search import understand


@given(st.text(max_size=300))
def test_any_text_is_read_and_reading_it_again_gives_the_same(text: str) -> None:
    try:
        once = understand.read(text)
    except EmptyQuery:
        assert not any(c.isalnum() for c in text.encode("utf-8", "replace").decode("utf-8").replace("?", ""))
    except InvalidFilter:
        assert ":" in text or "：" in text
    else:
        assert understand.read(once.source) == once
        assert once.source == " ".join(once.source.split())
        assert once.text or once.conditions
        for condition in once.conditions:
            assert understand.read(once.without(condition), may_be_empty=True)


@pytest.mark.parametrize("nothing", ["", "   ", "\n\t", "?!…", "\u200b\u200e", "\x00", '""', "“ ”"])
def test_nothing_to_search_for_is_an_error_that_shows_an_example(nothing: str) -> None:
    with pytest.raises(EmptyQuery, match="carrel search"):
        understand.read(nothing)
    assert understand.read(nothing, may_be_empty=True).text == ""


@pytest.mark.parametrize(
    ("typed", "source"),
    [
        ("infor\u00admation re\u200btrieval", "information retrieval"),
        ("\ufeffsparse\u200e attention\u2060", "sparse attention"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("sparse\tattention\x00now", "sparse attention now"),
    ],
)
def test_what_is_not_seen_parts_no_word(typed: str, source: str) -> None:
    assert understand.read(typed).source == source


@pytest.mark.parametrize(
    ("text", "years", "left"),
    [
        ("年份:2019..2021的论文", (2019, 2021), "的论文"),
        ("年份：2019年的论文", (2019, 2019), "的论文"),
        ("年份：2019年至2021年的论文", (2019, 2021), "的论文"),
        ("年份：2019..的论文", (2019, None), "的论文"),
        ("year:2019-2021 attention", (2019, 2021), "attention"),
    ],
)
def test_years_end_where_the_sentence_goes_on(
    text: str, years: tuple[int | None, int | None], left: str
) -> None:
    read = understand.read(text)
    assert (understand.years_of(read), read.text) == ((years,), left)


def test_a_query_of_many_words_is_kept_within_bounds() -> None:
    read = understand.read("attention " * 100_000)
    assert len(read.text) <= 100_000
    assert read.asked is Asked.PASTED


@pytest.mark.parametrize(
    ("text", "asked", "language"),
    [
        ("how does sparse attention scale", Asked.QUESTION, "en"),
        ("sparse attention", Asked.KEYWORDS, "en"),
        ("Scales sparse attention?", Asked.QUESTION, "en"),
        ("稀疏注意力", Asked.KEYWORDS, "zh"),
        ("如何压缩 Transformer 模型", Asked.QUESTION, "zh"),
        ("スパースな注意", Asked.KEYWORDS, "ja"),
        ("разреженное внимание", Asked.KEYWORDS, "ru"),
        ("wie wird die Aufmerksamkeit mit dem Modell", Asked.KEYWORDS, "de"),
        ("naïve réseaux", Asked.KEYWORDS, ""),
        ("author:hinton", Asked.CONDITIONS, ""),
        ("42", Asked.KEYWORDS, ""),
    ],
)
def test_what_sort_of_query_it_is_and_in_what_language(text: str, asked: Asked, language: str) -> None:
    read = understand.read(text)
    assert (read.asked, read.language) == (asked, language)


ABSTRACT = (
    "Title: what is 'new'? We -Propose year:abc a method, \"Sparse Attention\", that reads 12:30 hours of "
    "text without any of the difficulties which earlier methods had. "
)
CHINESE = "本文提出 -一种 “稀疏注意力” 方法，用于处理长文档，并与已有方法进行了许多比较，年份：未知。"


@pytest.mark.parametrize("text", [ABSTRACT * 5, CHINESE * 10])
def test_nothing_is_an_operator_in_a_text_that_was_pasted(text: str) -> None:
    read = understand.read(text)
    assert read.asked is Asked.PASTED
    assert read.conditions == ()
    assert read.text == " ".join(text.split())


def test_a_literal_text_has_no_operators() -> None:
    assert understand.read('"a" -b year:abc', literal=True).text == '"a" -b year:abc'


def test_a_long_query_that_is_mostly_conditions_was_typed() -> None:
    read = understand.read(" ".join(f"-author:somebody{n}" for n in range(32)) + " attention")
    assert len(read.conditions) == 32
    assert read.text == "attention"


@pytest.mark.parametrize(
    "text",
    [
        " ".join(f'"phrase {n}"' for n in range(17)),
        " ".join(f"-word{chr(97 + n)}" for n in range(17)),
        " ".join(f"author:somebody{n}" for n in range(33)),
        " ".join(f"author:somebody{n}" for n in range(20)) + " " + " ".join(f'"a {n}"' for n in range(13)),
    ],
)
def test_more_conditions_than_one_search_looks_up_are_an_error_that_says_how_many_may_be(text: str) -> None:
    with pytest.raises(TooManyConditions, match="takes 32 conditions, of which 16"):
        understand.read(text)


def test_a_phrase_counts_once_however_often_and_with_whatever_signs_it_is_written() -> None:
    read = understand.read(" ".join(f'"{"(" * n}cells."' for n in range(40)))
    assert len(read.conditions) == 40


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("10.1145/3292500.3330701", "doi:10.1145/3292500.3330701"),
        ("https://doi.org/10.1145/ABC", "doi:10.1145/abc"),
        ("doi.org/10.1000%2F182", "doi:10.1000/182"),
        ("arXiv:1706.03762v5", "arxiv:1706.03762"),
        ("https://arxiv.org/pdf/1706.03762.pdf", "arxiv:1706.03762"),
        ("hep-th/9901001", "arxiv:hep-th/9901001"),
        ("10.48550/arXiv.1706.03762", "arxiv:1706.03762"),
        ("attention 1706.03762", ""),
        ("attention", ""),
    ],
)
def test_a_query_may_be_nothing_but_an_identifier(text: str, identifier: str) -> None:
    assert understand.read(text).identifier == identifier


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("year:abc", r"2019\.\.2021"),
        ("-year:2021..2019", "earlier year first"),
        ("year:..", r"2019\.\.2021"),
        ("lang:Klingon", "en, zh"),
        ("语言：火星文", "en, zh"),
        ("year:2021-2019", "earlier year first"),
        ("年份：2019年以来", r"2019\.\.2021"),
        ("年份：2019至今", r"2019\.\.2021"),
        ("doi:none", r"10\.1000/182"),
        ("doi:%", r"10\.1000/182"),
        ("title:%", "title:attention"),
        ('title:"???"', "title:attention"),
        ('标题：""', "title:attention"),
        ("-author:_", "author:hinton"),
        ("期刊：《》", "venue:nips"),
        ('year:""', r"year:2019\.\.2021"),
        ('lang:""', "en, zh"),
        ('tag:" "', "tag:"),
    ],
)
def test_a_bad_value_is_an_error_that_says_how_to_write_it(text: str, expected: str) -> None:
    with pytest.raises(InvalidFilter, match=expected):
        understand.read(f"attention {text}")


@pytest.mark.parametrize(
    ("year", "expected"),
    [
        ("", Filters()),
        ("2020", Filters(2020, 2020)),
        ("2019..2021", Filters(2019, 2021)),
        ("2019..", Filters(year_from=2019)),
        ("..2021", Filters(year_to=2021)),
        ("2019-2021", Filters(2019, 2021)),
        ("2019–2021", Filters(2019, 2021)),
        ("2019年至2021", Filters(2019, 2021)),
    ],
)
def test_years(year: str, expected: Filters) -> None:
    assert understand.filters(year) == expected


@pytest.mark.parametrize(
    "year", ["20", "..", "2021..2019", "last", "2019-", "2021-2019", "2019...2021", "1e3", "２０２０x"]
)
def test_what_is_no_year_is_refused_with_an_example(year: str) -> None:
    with pytest.raises(InvalidFilter, match=r"2019\.\.2021|earlier year first"):
        understand.filters(year)


def test_names_are_taken_as_written_and_blank_ones_left_out() -> None:
    filters = understand.filters("", ["  Müller ", "", "Müller", "Smith"], [" Nature ", "\t"])
    assert filters == Filters(authors=("Müller", "Smith"), venues=("Nature",))
    assert understand.filters("", [""], [" "], [""]) == Filters()


def test_a_language_is_its_code_whatever_stands_behind() -> None:
    filters = understand.filters(languages=["EN", " zh-Hans-CN ", "zh_TW", "de", "Chinese", "德语"])
    assert filters == Filters(languages=("en", "zh", "de"))


@pytest.mark.parametrize("language", ["Klingon", "e", "zh-", "火星文", "1", "en,zh"])
def test_what_is_no_language_is_refused_with_an_example(language: str) -> None:
    with pytest.raises(InvalidFilter, match="en, zh"):
        understand.filters(languages=[language])
