"""What is an operator in a line of text, what is not, and the way back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.understanding import Part
from carrel.search.query_language import conditions_in, text_left, written


def read(text: str) -> list[tuple[str, str]]:
    """Return (part, value) of each condition; excluded ones have a minus before the part."""
    return [(("-" if each.excluded else "") + each.part, each.value) for each in conditions_in(text)]


@pytest.mark.parametrize(
    ("text", "expected", "left"),
    [
        ('"sparse attention" for text', [("phrase", "sparse attention")], "sparse attention for text"),
        ("“sparse attention”", [("phrase", "sparse attention")], "sparse attention"),
        (
            "„dünn besetzt“ « mot »",
            [("phrase", "dünn besetzt"), ("phrase", "mot")],
            "dünn besetzt mot",
        ),
        ("»besetzt« gut", [("phrase", "besetzt")], "besetzt gut"),
        ("关于 “稀疏注意力” 的论文", [("phrase", "稀疏注意力")], "关于 稀疏注意力 的论文"),
        ("作者：王伟，“稀疏注意力”", [("author", "王伟"), ("phrase", "稀疏注意力")], "， 稀疏注意力"),
        ("「疎な注意」『文書』", [("phrase", "疎な注意"), ("phrase", "文書")], "疎な注意 文書"),
        ("attention -reef -coral.", [("-word", "reef"), ("-word", "coral")], "attention ."),
        (
            "x -pre-training -C++ -模型",
            [("-phrase", "pre-training"), ("-phrase", "C++"), ("-phrase", "模型")],
            "x",
        ),
        (
            '-"a phrase" -title:x -author:smith',
            [("-phrase", "a phrase"), ("-title", "x"), ("-author", "smith")],
            "",
        ),
        ("author:hinton year:2012..", [("author", "hinton"), ("year", "2012..")], ""),
        ('Author:"Geoffrey Hinton", nets', [("author", "Geoffrey Hinton")], ", nets"),
        (
            "tag:read lang:zh language:de venue:nips,",
            [("tag", "read"), ("language", "zh"), ("language", "de"), ("venue", "nips")],
            ",",
        ),
        (
            "标题：稀疏注意力 作者：王伟，年份：2019..2021；期刊：“计算机学报” 标签:读过",
            [
                ("title", "稀疏注意力"),
                ("author", "王伟"),
                ("year", "2019..2021"),
                ("venue", "计算机学报"),
                ("tag", "读过"),
            ],
            "， ；",
        ),
        ("doi:https://doi.org/10.1145/(A)1.", [("doi", "https://doi.org/10.1145/(A)1")], "."),
        ("(year:2019) year:2020.", [("year", "2019"), ("year", "2020")], "( ) ."),
        ('title:"unclosed words', [("title", "unclosed")], "words"),
        (
            'tag:🦄 tag:"?!" title:% author:_',
            [("tag", "🦄"), ("tag", "?!"), ("title", "%"), ("author", "_")],
            "",
        ),
        ('title:"???" -venue:"" 标题：“ ”', [("title", "???"), ("-venue", ""), ("title", "")], ""),
        ("review -reviews -b. -1d", [("-word", "reviews")], "review -b. -1d"),
    ],
)
def test_operators(text: str, expected: list[tuple[str, str]], left: str) -> None:
    assert read(text) == expected
    assert text_left(text, conditions_in(text)) == left


@pytest.mark.parametrize(
    "text",
    [
        'a lone " quote',
        '12" and 14" wafers',
        "pre-training - and - C++ --flag -5 -0.3",
        "the title of http://example.org/title:x at 12:30",
        "title: attention author : hinton",
        "foo:bar 3:1 std::vector",
        "第一作者：王伟",
        'empty "" “” title: author:',
        'title:" a lone one, author:? and so on: title:...',
        "search -a -I -of -The -的",
        "it's the authors' choice",
        "a−b 2-year",
        "论广告的“全球化”与“本土化”",
        '"外部性"问题与"科斯定理"',
        "以「校正回歸」為例",
        'the so-called "big"data',
    ],
)
def test_whatever_is_no_operator_is_ordinary_text(text: str) -> None:
    assert read(text) == []


CHUNKS = st.lists(
    st.sampled_from(
        [
            '"',
            "“",
            "”",
            "「",
            "」",
            "«",
            "»",
            "-",
            ":",
            "：",
            " ",
            "，",
            "title",
            "作者",
            "year",
            "2019..",
            "a",
            "模型",
            "C++",
            "doi",
            "10.1/x",
        ]
    ),
    max_size=25,
).map("".join)


@given(st.one_of(st.text(max_size=80), CHUNKS))
def test_conditions_stand_in_the_text_in_order_and_apart(text: str) -> None:
    at = 0
    for each in conditions_in(text):
        assert at <= each.start < each.end <= len(text)
        assert each.value in text[each.start : each.end]
        at = each.end


VALUES = (
    st.text(
        st.characters(categories=["L", "N", "P", "Zs", "S"], exclude_characters='"“”„«»「」『』'),
        min_size=1,
        max_size=30,
    )
    .map(lambda text: " ".join(text.split()))
    .filter(lambda text: any(c.isalnum() for c in text))
)


@given(st.sampled_from([part for part in Part if part is not Part.WORD]), VALUES, st.booleans())
def test_what_is_written_is_read_back(part: Part, value: str, excluded: bool) -> None:
    text = f"sparse {written(part, value, excluded)} attention"
    (found,) = conditions_in(text)
    assert (found.part, found.value, found.excluded) == (part, value, excluded)


@pytest.mark.parametrize("value", ["🦄", "?!", "...", "-", "to read", "“", '"'])
def test_a_tag_of_signs_is_written_so_that_it_is_read_back(value: str) -> None:
    (found,) = conditions_in(written(Part.TAG, value))
    assert (found.part, found.value) == (Part.TAG, value)


@pytest.mark.parametrize("value", ['the "big" one', "a “b” c", 'a "b" “c”'])
def test_a_phrase_with_quotes_in_it_is_written_in_others(value: str) -> None:
    (found,) = conditions_in(written(Part.PHRASE, value))
    assert found.value == value
