"""What follows from a domain: numbers of articles, words of identifiers, tasks of questions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.article_numbers import article_numbers, whole_number
from carrel.core.domain_terms import paper_text, passage_text, question_text, split_identifier, summary
from carrel.core.domains import Domain
from carrel.core.language import use_language
from carrel.core.metadata import Metadata
from carrel.core.tasks import TASKS, task_of

DIGITS, UNITS = "零一二三四五六七八九", ("", "十", "百", "千")


def in_chinese(number: int) -> str:
    """Write a number below 10,000 as statutes do."""
    said, gap = "", False
    for place in range(3, -1, -1):
        digit = number // 10**place % 10
        if digit:
            said += ("零" if gap and said else "") + DIGITS[digit] + UNITS[place]
            gap = False
        else:
            gap = True
    return said.removeprefix("一") if said.startswith("一十") else said


@given(st.integers(1, 9999))
def test_numbers_are_read_in_every_way_to_write_them(number: int) -> None:
    wide = "".join(chr(ord("０") + int(digit)) for digit in str(number))
    assert {whole_number(said) for said in (in_chinese(number), str(number), wide)} == {number}


@pytest.mark.parametrize(
    "said",
    ["第五十四条", "第54条", "第５４条", "第 五十四 條", "Article 54", "ART. 54", "§ 54", "§54", "Sec. 54"],
)
def test_an_article_is_one_word_however_it_is_written(said: str) -> None:
    assert [each.term for each in article_numbers(f"民法典{said}规定了什么")] == ["article54"]


def test_articles_that_were_inserted_are_told_apart() -> None:
    found = [each.term for each in article_numbers("第一百二十三条之一, § 10a, 第一百二十三条")]
    assert found == ["article123x1", "article123", "article10xa"]
    assert list(article_numbers("第三章 第二节 2019 articles")) == []


def test_identifiers_count_as_their_words() -> None:
    assert split_identifier("parseHTTPReply_2") == "parse HTTP Reply 2"
    python = Metadata(title="getUser.py", keywords=("Python",))
    code = 'def readAllRows(path):\n    """Read a table."""\n    return path'
    words = passage_text(Domain.CODE, python, "Table › readAllRows", code).split()
    assert {"read", "All", "Rows", "Python"} <= set(words)
    assert "User" in paper_text(Domain.CODE, python).split()
    assert (
        question_text(Domain.CODE, "readAllRows of snake_case") == "readAllRows of snake_case\nread All Rows"
    )
    # Elsewhere nothing is added.
    assert passage_text(Domain.PAPERS, python, "A", code) == f"A\n{code}"
    assert question_text(Domain.DOCUMENTS, "第54条 readAllRows") == "第54条 readAllRows"


@pytest.mark.parametrize(
    "code",
    [
        'def f(x):\n    """Adds\n    one."""\n    return x + 1  # not this',
        "// Adds\n// one.\nfunction f(x) { return x + 1; }",
        "/**\n * Adds\n * one.\n */\nint f(int x) { return x + 1; }",
        "# Adds\n# one.\ndef f(x)\n  x + 1\nend",
    ],
)
def test_a_function_says_what_it_does(code: str) -> None:
    assert summary("Counter › addOne", code) == "add One\nAdds one."


def test_the_domain_says_what_is_asked_for_where_the_asker_does_not() -> None:
    assert task_of("", [Domain.STATUTES]) == "statutes"
    assert task_of("", [Domain.CODE, Domain.PAPERS]) == task_of("", [Domain.PAPERS]) == ""
    assert task_of("evidence", [Domain.CODE]) == "evidence"
    assert set(Domain) <= set(TASKS)


def test_domains_are_known_by_name_and_in_both_languages() -> None:
    assert Domain.of("code") is Domain.CODE
    assert Domain.of("cookery") is Domain.PAPERS  # any word could be written there once
    assert Domain.PAPERS.reads_as(Domain.DOCUMENTS)
    assert not Domain.PAPERS.reads_as(Domain.CODE)
    english = [(each.called, each.sentence, *each.labels.values()) for each in Domain]
    use_language("zh")
    try:
        chinese = [(each.called, each.sentence, *each.labels.values()) for each in Domain]
    finally:
        use_language("en")
    assert all(one[:2] != other[:2] for one, other in zip(english, chinese, strict=True))
