"""Titles among what else is set large on a first page, from lines that a test sets itself."""

import pytest

from carrel.parsing.front import find_front
from carrel.parsing.printed import NO_WORDS, Line
from carrel.parsing.titles import choose_title, printed_title
from carrel.parsing.typography import Typography

HEIGHT = 792.0
TITLE = "Sparse Attention for Long Documents"
PROSE = (
    "We show that the attention of a model can be sparse and as good as",
    "before, on three corpora that are read by as many other people now",
)


def _lines(*texts: tuple[str, float, bool]) -> list[Line]:
    """Set texts of these sizes and weights, centred, one below the other, and a paragraph after them."""
    lines: list[Line] = []
    y = 60.0
    for text, size, bold in (*texts, *((line, 10.0, False) for line in PROSE * 4)):
        y += 1.2 * size
        half = 0.25 * size * len(text)
        left, right = (72, 540) if text in PROSE else (306 - half, 306 + half)
        number = len(lines)
        lines.append(Line(number, 1, text, left, y - size, right, y, y, size, bold, False, True, False))
        y += 10 if text not in PROSE else 0
    return lines


def _title(*texts: tuple[str, float, bool]) -> str:
    return printed_title(find_front(_lines(*texts), HEIGHT, Typography(10, 12)), NO_WORDS)


@pytest.mark.parametrize(
    "above",
    [
        ("RESEARCH ARTICLE", 20, True),
        ("清 华 大 学", 36, False),
        ("博士学位论文", 30, False),
        ("University of Testing", 20, True),
        ("Technical Report 321", 18, True),
        ("arXiv:2103.00020", 20, False),
        ("D EGFIHKJ#MLONP FQFI<RTS", 22, False),
    ],
)
def test_what_is_set_larger_above_a_title_is_none(above: tuple[str, float, bool]) -> None:
    assert _title(above, (TITLE, 16, True), ("Ada Lovelace", 12, False)) == TITLE


def test_a_word_or_two_in_the_upper_margin_are_no_title() -> None:
    between = ("Published in March", 8, False)
    assert _title(("PLOS ONE", 24, True), between, between, between, (TITLE, 16, True)) == TITLE


def test_the_name_of_a_journal_beside_its_address_is_no_title() -> None:
    heads = [
        ("Contents lists available at ScienceDirect", 9.0, False),
        ("Expert Systems With Tests", 20.0, False),
        ("journal homepage: www.elsevier.com/locate/tests", 8.0, False),
    ]
    assert _title(*heads, (TITLE, 16, True)) == TITLE


@pytest.mark.parametrize(
    ("texts", "title"),
    [
        ((("Hash Kernels", 16, True), ("Ada Lovelace, Alan Turing", 10, True)), "Hash Kernels"),
        ((("Sparse Attention:", 20, True), ("A Study of Cost", 14, True)),
         "Sparse Attention: A Study of Cost"),
        ((("SPARSE ATTENTION FOR", 17, False), ("LONG DOCUMENTS", 13.6, False)),
         "SPARSE ATTENTION FOR LONG DOCUMENTS"),
        (((f"{TITLE}∗", 17, True), ("Ada Lovelace", 12, False)), TITLE),
        ((("[cs.CL] 15 Nov 2004 Sparse Attention", 17, True), ("By Ada Lovelace", 12, False)),
         "Sparse Attention"),
        ((("Sparse Attention for Long Docu-", 17, True), ("ments", 17, True)), TITLE),
        (((TITLE.upper(), 10, False), ("Ada Lovelace", 10, False)), TITLE.upper()),
        ((("面 向 长 文 档 的 注 意 力", 20, False), ("张三", 12, False)), "面向长文档的注意力"),
    ],
)  # fmt: skip
def test_titles(texts: tuple[tuple[str, float, bool], ...], title: str) -> None:
    assert _title(*texts) == title


def test_bitmap_fonts_without_a_size_are_told_by_their_width() -> None:
    lines = [line._replace(size=0.12) for line in _lines((TITLE, 18, False), ("Ada Lovelace", 11, False))]
    assert printed_title(find_front(lines, HEIGHT, Typography(10, 12)), NO_WORDS) == TITLE


def test_a_line_that_names_an_author_and_a_place_is_no_text() -> None:
    texts = ("Ada Lovelace, University of Testing", "Alan Turing, University of London")
    names = [(text, 10.0, False) for text in texts]
    front = find_front(_lines((TITLE, 18, True), *names), HEIGHT, Typography(10, 12))
    assert [line.text for line in front.lines] == [TITLE, *texts]


def test_agreement_of_page_and_file_makes_a_title_surer() -> None:
    page = "sparseattentionforlongdocuments"
    both, alone = choose_title(TITLE, TITLE, page), choose_title("", TITLE, page)
    typed = choose_title(TITLE, "", "")
    assert both.confidence > alone.confidence > typed.confidence
    assert choose_title("paper.dvi", TITLE, page) == alone
    assert choose_title("sparse attention for long documents", TITLE.upper(), page).text == TITLE.lower()
