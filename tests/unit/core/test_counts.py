"""Counts in words: one is not several."""

from collections.abc import Callable

import pytest

from carrel.core import counts
from carrel.core.language import use_language


@pytest.mark.parametrize(
    ("said", "one", "several"),
    [
        (counts.papers, "1 paper", "papers"),
        (counts.passages, "1 passage", "passages"),
        (counts.pages, "1 page", "pages"),
        (counts.knowledge_bases, "1 knowledge base", "knowledge bases"),
        (counts.documents, "1 document", "documents"),
        (counts.queries, "1 query", "queries"),
        (counts.judgments, "1 judgment", "judgments"),
        (counts.files, "1 file", "files"),
    ],
)
def test_one_is_not_several(said: Callable[[int], str], one: str, several: str) -> None:
    assert said(1) == one
    assert [said(count) for count in (0, 2, 21)] == [f"{count} {several}" for count in (0, 2, 21)]
    use_language("zh")
    try:
        assert said(2) == said(1).replace("1", "2")
        assert said(2) != f"2 {several}"
    finally:
        use_language("en")
