"""Judgments as texts of BEIR: what is written is read again; what others write, too."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carrel.core.ids import PaperId
from carrel.core.judgment_errors import JudgmentsUnreadable
from carrel.core.judgments import query_key, query_text
from carrel.core.judgments_format import Graded, read, written

QUERIES = st.text(min_size=1).map(query_text).filter(bool)
PAPERS = st.text("0123456789abcdef", min_size=32, max_size=32).map(PaperId)


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(QUERIES, st.dictionaries(PAPERS, st.integers(0, 2), min_size=1, max_size=3), max_size=4)
)
def test_what_is_written_is_read_again(grades: dict[str, dict[PaperId, int]]) -> None:
    one_each = {query_key(query): (query, papers) for query, papers in grades.items()}
    texts = written(dict(one_each.values()))
    assert read(texts.queries, texts.qrels) == tuple(
        Graded(query, paper, grade) for query, papers in one_each.values() for paper, grade in papers.items()
    )


def test_files_of_others_are_read() -> None:
    queries = '\n{"_id": "7", "text": "sparse", "metadata": {}}\r\n{"_id": "8", "text": "dense"}\n'
    assert read(queries, "7 0 doc 3\n7 0 two -1\n9 0 doc 1\n") == (
        Graded("sparse", "doc", 2),
        Graded("sparse", "two", 0),
    )
    assert read(queries, "query-id\tcorpus-id\tscore\r\n8\ta doc\t1\r\n") == (Graded("dense", "a doc", 1),)


@pytest.mark.parametrize(
    ("queries", "qrels", "line"),
    [("[]", "", 1), ('{"_id": 1, "text": "x"}', "", 1), ("", "q\td\t1\nq\td\tx", 2), ("", "q\td\tinf", 1)],
)
def test_a_line_that_cannot_be_read_is_named(queries: str, qrels: str, line: int) -> None:
    with pytest.raises(JudgmentsUnreadable) as raised:
        read(queries, qrels)
    assert raised.value.parameters["line"] == str(line)
