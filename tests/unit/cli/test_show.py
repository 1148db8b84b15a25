"""What ``carrel show`` prints for a person."""

import pytest

from carrel.cli.show import _print_paper
from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.metadata import Evidence, Metadata, Source
from carrel.core.quality import ParseQuality
from carrel.core.ranking import PaperRecord


def _printed(metadata: Metadata, quality: ParseQuality | None, capsys: pytest.CaptureFixture[str]) -> str:
    record = PaperRecord(PaperId("a" * 32), KnowledgeBaseId("b"), metadata, "paper.pdf", 2, quality)
    _print_paper(record, (), ())
    return capsys.readouterr().out


def test_each_entry_says_where_it_comes_from(capsys: pytest.CaptureFixture[str]) -> None:
    metadata = Metadata(
        title="Sparse Attention",
        authors=("Ada Lovelace", "Alan Turing"),
        abstract="We show.",
        year=2021,
        doi="10.1/x",
        language="en",
        keywords=("attention", "sparsity"),
        evidence={
            "title": Evidence(Source.PAGE, 0.95),
            "authors": Evidence(Source.FILE, 0.5),
            "year": Evidence(Source.IDENTIFIER, 0.9),
            "language": Evidence(Source.TEXT, 0.999),
            "abstract": Evidence(Source.SERVICE, 1.0),
            "venue": Evidence(Source.PAGE, 0.5),  # of an entry that is not there
        },
    )
    out = _printed(metadata, ParseQuality(without_text=(3, 4)), capsys)
    lines = [line.strip() for line in out.splitlines()]
    assert "Title     Sparse Attention (printed on the page, 0.95)" in lines
    assert "Authors   Ada Lovelace, Alan Turing (from the file's own information, 0.50)" in lines
    assert "Year      2021 (follows from an identifier, 0.90)" in lines
    assert "DOI       10.1/x" in lines
    assert "Language  en (concluded from the text, 1.00)" in lines
    assert "Keywords  attention; sparsity" in lines
    assert "We show. (said by a parsing service, 1.00)" in lines
    assert "Quality   good (0.90): pages 3, 4 have no text" in lines
    assert "Venue" not in out


def test_what_is_not_known_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    out = _printed(Metadata(), None, capsys)
    assert [line.split()[0] for line in out.splitlines() if line.strip()] == [
        "File",
        "Pages",
        "Passages",
        "Id",
    ]
