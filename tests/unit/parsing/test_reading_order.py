"""Pages in two columns are read as a scholar reads them. The fixture was written from the printed pages."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from benchmarks.parsing_order import Entry, PageRead, first_wrong, pages_read_by_eye

from carrel.core.metadata import Metadata
from carrel.core.paper import Block, BlockKind, PageSize, ParsedPaper, WordBoxes
from carrel.parsing.pdfium_parser import PdfiumParser

HEADING, PARAGRAPH, CAPTION = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.CAPTION

# A page that begins with the end of a paragraph, and has a figure at the top of its right column.
PRINTED = PageRead(
    "pdf/made/up.pdf",
    2,
    (
        Entry("what began before", "continued"),
        Entry("4. Results", "heading"),
        Entry("Both models forget", "paragraph"),
        Entry("Fig. 2. What they", "caption"),
        Entry("first what they learnt", "continued"),
        Entry("None of them", "paragraph"),
    ),
)
AS_PRINTED = (
    (PARAGRAPH, "1:The last page ends 2:what began before it."),
    (CAPTION, "2:Fig. 2. What they forget"),
    (HEADING, "2:4. Results"),
    (PARAGRAPH, "2:Both models forget first what they learnt last."),
    (PARAGRAPH, "2:None of them remembers."),
)


@pytest.fixture(scope="module")
def parsed(real_papers: Path) -> Iterator[Callable[[str], ParsedPaper]]:
    """Return a file of the collections as it is parsed; each is parsed once."""
    parser = PdfiumParser(workers=1, seconds=60, memory_mb=1024, max_pages=2000)

    @cache
    def parse(file: str) -> ParsedPaper:
        path = real_papers.parent / file
        return parser.parse(path, path.name)

    yield parse
    parser.close()


@pytest.mark.parametrize("page", pages_read_by_eye(), ids=str)
def test_page_is_read_in_order(page: PageRead, parsed: Callable[[str], ParsedPaper]) -> None:
    wrong = first_wrong(parsed(page.file), page)
    assert not wrong, f"{page}: {wrong}"


def test_the_fixture_says_what_it_can() -> None:
    pages = pages_read_by_eye()
    assert len({(page.file, page.page) for page in pages}) == len(pages) >= 22
    assert {entry.kind for page in pages for entry in page.entries} == {
        "title", "heading", "paragraph", "caption", "footnote", "reference", "continued",
    }  # fmt: skip


def made(blocks: Sequence[tuple[BlockKind, str]]) -> ParsedPaper:
    """A paper of these blocks; a word "2:so" is the first of page 2."""
    text = ""
    page = 1
    ranges: list[Block] = []
    rows: list[tuple[int, int, int]] = []
    for kind, words in blocks:
        start = len(text)
        for word in words.split():
            number, _, printed = word.rpartition(":")
            page = int(number or page)
            rows.append((len(text), len(text) + len(printed), page))
            text += printed + " "
        text = text[:-1]
        ranges.append(Block(kind, start, len(text)))
        text += "\n\n"
    starts, ends, pages = np.array(rows, np.int32).T
    boxes = WordBoxes(starts, ends, pages, pages, np.zeros((len(rows), 4), np.float32))
    return ParsedPaper(Metadata(title="Forgetting"), text, tuple(ranges), boxes, (PageSize(612, 792),) * 2)


def test_what_is_read_as_printed_is_right() -> None:
    assert first_wrong(made(AS_PRINTED), PRINTED) == ""
    titled = replace(PRINTED, entries=(Entry("Forgetting", "title"), *PRINTED.entries))
    assert first_wrong(made(AS_PRINTED), titled) == ""


@pytest.mark.parametrize(
    ("blocks", "wrong"),
    [
        (
            (*AS_PRINTED[:2], AS_PRINTED[4], *AS_PRINTED[2:4]),
            "paragraph “None of them” is read before continued “first what they learnt”",
        ),
        (
            (*AS_PRINTED[:3], (PARAGRAPH, "Both models forget first what they learnt. None of them.")),
            "paragraph “None of them” is inside the paragraph that begins"
            " “Both models forget first what they”",
        ),
        (
            (
                *AS_PRINTED[:3],
                (PARAGRAPH, "Both models forget"),
                (PARAGRAPH, "first what they learnt last."),
                AS_PRINTED[4],
            ),
            "continued “first what they learnt” begins a paragraph of its own",
        ),
        (
            (AS_PRINTED[0], (PARAGRAPH, "Fig. 2. What they forget"), *AS_PRINTED[2:]),
            "caption “Fig. 2. What they” is a block of kind paragraph",
        ),
        (
            ((PARAGRAPH, "1:The last page ends 2:Proceedings 2019 what began before it."), *AS_PRINTED[1:]),
            "continued “what began before” goes on from “ends Proceedings 2019” on page 2",
        ),
        (AS_PRINTED[:4], "paragraph “None of them” is not in the text of the page in one piece"),
    ],
    ids=["order", "merged", "torn", "caption", "running head", "missing"],
)
def test_what_is_read_otherwise_is_found(blocks: Sequence[tuple[BlockKind, str]], wrong: str) -> None:
    assert first_wrong(made(blocks), PRINTED) == wrong


def test_a_title_that_is_not_the_papers_is_found() -> None:
    titled = replace(PRINTED, entries=(Entry("Remembering", "title"),))
    assert first_wrong(made(AS_PRINTED), titled).startswith("title “Remembering” is neither")
