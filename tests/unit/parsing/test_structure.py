"""Structure from lines that a test sets itself: no PDF needed."""

from collections.abc import Sequence

import numpy as np
import pytest

from carrel.core.paper import BlockKind, ParsedPaper, sections
from tests.unit.parsing.typesetter import BODY, LONG, Entry, Typesetter, body, texts


def test_lines_join_to_paragraphs_and_a_gap_parts_them() -> None:
    setter = Typesetter()
    setter.page(
        *body("The first, " + LONG, LONG + ".", top=200), *body("Second, " + LONG, LONG + ".", top=260)
    )
    paragraphs = texts(setter.read(), BlockKind.PARAGRAPH)
    assert [text.split(",")[0] for text in paragraphs] == ["The first", "Second"]


def test_an_indent_begins_a_paragraph() -> None:
    setter = Typesetter()
    setter.page(
        *body("The first, " + LONG, LONG + "."),
        *body("Second, " + LONG, x0=87, top=224),
        *body(LONG + ".", top=236),
    )
    assert len(texts(setter.read(), BlockKind.PARAGRAPH)) == 2


def test_a_divided_word_is_mended_and_a_compound_is_not() -> None:
    setter = Typesetter()
    setter.page(
        *body(
            "The self-supervised and well-known models of the time were used, " + LONG[:20],
            "as attention is what they lack; " + LONG[:40] + " and the atten\ufffe",
            "tion that is well\ufffe",
            "known is self\ufffe",
            "supervised, and multi-\ufffe",
            "Head too.",
        )
    )
    text = setter.read().text
    assert "the attention that is well-known is self-supervised" in text


def test_a_paragraph_goes_on_over_a_page_and_around_a_footnote() -> None:
    setter = Typesetter()
    footnote: Entry = ("1 A note at the foot of the page, in a smaller font.", 72, 720, 8, False)
    setter.page(*body("The first, " + LONG, LONG, LONG + " and it goes on", top=640), footnote)
    setter.page(*body("over the page, " + LONG, LONG + ".", top=90))
    paper = setter.read()
    paragraphs = texts(paper, BlockKind.PARAGRAPH)
    assert "it goes on over the page" in paragraphs[0]
    assert np.all(np.diff(paper.words.start) >= 0)
    assert paper.words.pages(*_span(paper, "it goes on over the page")) == (1, 2)


def test_headings_get_their_levels_from_their_numbers() -> None:
    setter = Typesetter()
    entries: list[Entry] = []
    for i, (name, size) in enumerate([("1 Introduction", 14), ("1.1 Background", 12), ("2 Method", 14)]):
        entries.append((name, 72, 150 + 100 * i, size, True))
        entries += body("Text under it, " + LONG, LONG + ".", top=180 + 100 * i)
    entries.append(("Acknowledgements", 72, 450, 14, True))
    entries += body("We thank those, " + LONG, top=480)
    setter.page(*entries)
    paper = setter.read()
    assert [section.path for section in sections(paper)] == [
        ("1 Introduction",),
        ("1 Introduction", "1.1 Background"),
        ("2 Method",),
        ("Acknowledgements",),
    ]


def test_running_heads_page_numbers_and_line_numbers_are_no_text() -> None:
    setter = Typesetter()
    for number in range(1, 5):
        numbers: list[Entry] = [(str(60 * number + i), 40, 100 + 12 * i, 7, False) for i in range(40)]
        setter.page(
            ("A. Author et al. / Journal of Tests 12", 72, 40, 8, False),
            *numbers,
            *body(f"Page {number} says something, " + LONG, LONG + ".", top=200),
            (str(number), 300, 770, 9, False),
        )
    text = setter.read().text
    assert "Journal of Tests" not in text
    assert "\n\n3\n\n" not in text
    assert "121" not in text
    assert text.count("says something") == 4


def test_a_running_head_that_stands_once_is_known_by_the_title() -> None:
    setter = Typesetter()
    title = ("Sparse Attention for Long Documents: A Survey", 72, 100, 18, True)
    setter.page(title, *body(f"One {LONG}", f"two {LONG}"))
    head = ("Sparse Attention for Long Documents Sample library", 72, 60, 8, False)
    setter.page(head, *body(f"three {LONG}", "which attends for long.", top=90))
    text = setter.read().text
    assert "Sample library" not in text
    assert "three which is a line" in text


def test_a_running_head_in_two_pieces_goes_as_a_whole() -> None:
    setter = Typesetter()
    title = ("Sparse Attention for Long Documents: A Survey", 72, 100, 18, True)
    setter.page(title, *body(f"One {LONG}", f"two {LONG}"))
    left = ("Sparse Attention for Long Documents", 72, 60, 8, False)
    right = ("Sample library", 440, 59.5, 8, False)  # a little higher: the topmost is not the one that tells
    setter.page(left, right, *body(f"three {LONG}", "which attends for long.", top=90))
    text = setter.read().text
    assert "Sample library" not in text
    assert text.count("Sparse Attention for Long Documents") == 1
    assert "three which is a line" in text


GERMAN = (
    "Wir zeigen, dass die Aufmerksamkeit in langen Dokumenten auf wenige Stellen",
    "verteilt werden kann, ohne dass die Antworten auf Fragen schlechter werden. Der",
    "Aufwand steigt dabei nicht mehr mit dem Quadrat der Laenge, sondern nur noch mit",
    "der Laenge selbst, was auf einem gewoehnlichen Rechner viel Zeit erspart.",
)


@pytest.mark.parametrize("prose", [[], GERMAN[:1], GERMAN[:2], GERMAN, GERMAN * 8])
@pytest.mark.parametrize("heading", ["", "Ueberblick"])
@pytest.mark.parametrize("first", ["", "Zeitschrift fuer Versuche 12"])
def test_all_but_title_and_authors_is_text(prose: Sequence[str], heading: str, first: str) -> None:
    setter = Typesetter()
    title, authors = "Sparsame Aufmerksamkeit fuer lange Dokumente", "Ada Lovelace, Alan M. Turing"
    entries: list[Entry] = [(first, 72, 80, 9, False)] if first else []
    entries += [(title, 72, 120, 18, True), (authors, 72, 146, 11, False)]
    entries += [(heading, 72, 180, 13, True)] if heading else []
    setter.page(*entries, *body(*prose))
    setter.page(*body(*GERMAN))
    paper = setter.read()
    front = " ".join(texts(paper, BlockKind.FRONT))
    allowed = len(title) + len(authors) + len(first) + 2
    assert len(front) <= allowed
    assert not any(line in front for line in prose)
    assert paper.metadata.title == title
    assert paper.metadata.authors[:1] == ("Ada Lovelace",)


def test_text_that_the_file_holds_before_the_title_is_text() -> None:
    setter = Typesetter()
    title: Entry = ("Sparsame Aufmerksamkeit fuer lange Dokumente", 72, 90, 18, True)
    setter.page(*body(*GERMAN), title, ("Version 2", 72, 700, 9, False))
    paper = setter.read()
    assert texts(paper, BlockKind.FRONT) == [title[0]]
    assert GERMAN[0] in paper.text


def test_names_and_addresses_in_full_lines_are_no_text() -> None:
    setter = Typesetter()
    names = (
        "Ada Lovelace, Alan M. Turing, Grace Hopper, John von Neumann, Donald Knuth,",
        "Barbara Liskov, Edsger W. Dijkstra, Frances Allen, Leslie Lamport, Tony Hoare,",
        "Department of Computer Science, University of Testing, Cambridge, MA 02139, USA",
    )
    setter.page(
        ("Sparsame Aufmerksamkeit fuer lange Dokumente", 72, 80, 18, True),
        *body(*names, top=110),
        *body(*GERMAN, top=180),
    )
    paper = setter.read()
    assert names[2] in texts(paper, BlockKind.FRONT)[-1]
    assert len(paper.metadata.authors) == 10
    assert GERMAN[0] in texts(paper, BlockKind.PARAGRAPH)[0]


def test_columns_written_row_by_row_are_read_one_after_the_other() -> None:
    setter = Typesetter()
    rows: list[Entry] = []
    for i in range(20):
        rows.append((f"left column line {i:02} with words", 60, 200 + 12 * i, BODY, False))
        rows.append((f"right column line {i:02} with words", 330, 200 + 12 * i, BODY, False))
    setter.page(*rows)
    text = setter.read().text
    assert text.index("left column line 19") < text.index("right column line 00")


def test_a_caption_is_a_block_of_its_own() -> None:
    setter = Typesetter()
    setter.page(
        *body("The first, " + LONG, LONG + " as Figure 2 shows."),
        ("Figure 2: What the first paragraph speaks of.", 72, 300, 9, False),
        *body("Second, " + LONG, LONG + ".", top=340),
    )
    assert texts(setter.read(), BlockKind.CAPTION) == ["Figure 2: What the first paragraph speaks of."]


def test_chinese_headings_and_paragraphs() -> None:
    setter = Typesetter()
    setter.page(
        ("基于稀疏注意力的长文档建模", 150, 80, 18, True),
        ("张三 李四", 260, 110, 12, False),
        ("摘要", 72, 150, 12, True),
        ("我们提出一种稀疏注意力机制,使长序列建模的代价从平方降到线性", 72, 170, BODY, False),
        ("并在多个任务上验证了它的效果。", 72, 182, BODY, False),
        ("1 引言", 72, 230, 12, True),
        ("长文档的建模一直是自然语言处理中的难题,其代价随长度的平方增长", 72, 250, BODY, False),
        ("因此需要新的方法。", 72, 262, BODY, False),
    )
    paper = setter.read()
    assert paper.metadata.title == "基于稀疏注意力的长文档建模"
    assert paper.metadata.authors == ("张三", "李四")
    assert paper.metadata.language == "zh"
    assert paper.metadata.abstract.startswith("我们提出一种稀疏注意力机制")
    assert "线性并在" in paper.text
    assert [section.name for section in sections(paper)] == ["摘要", "1 引言"]


def test_references_are_one_block_each() -> None:
    setter = Typesetter()
    entries: list[Entry] = [("References", 72, 150, 14, True)]
    for i in range(4):
        entries.append(
            (
                f"[{i + 1}] A. Author and B. Writer. On the matter of entry number {i}. In",
                72,
                180 + 24 * i,
                BODY,
                False,
            )
        )
        entries.append(("Proceedings of Tests, 2020.", 90, 192 + 24 * i, BODY, False))
    setter.page(*entries)
    assert len(texts(setter.read(), BlockKind.REFERENCE)) == 4


def test_an_empty_file_has_an_empty_text() -> None:
    setter = Typesetter()
    setter.page()
    paper = setter.read()
    assert paper.text == ""
    assert paper.blocks == ()


def _span(paper: ParsedPaper, text: str) -> tuple[int, int]:
    at = paper.text.index(text)
    return at, at + len(text)
