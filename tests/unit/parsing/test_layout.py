"""What stands outside the flow, and the order in which the flow is read."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carrel.core.paper import BlockKind, ParsedPaper
from carrel.core.parsed_format import decode, encode
from tests.unit.parsing.typesetter import BODY, LONG, Entry, Typesetter, body, column, row, texts

LEFT, RIGHT = 60.0, 320.0
CAPTION = "Table 1: What was measured, and how often it was."


def _two_columns(setter: Typesetter, *between: Entry, order: tuple[str, ...] = ("left", "right")) -> None:
    columns = {
        "left": column("Left", 14, LEFT, 160),
        "right": column("Right", 14, RIGHT, 160),
    }
    setter.page(*[entry for name in order for entry in columns[name]], *between)


def _order(paper: ParsedPaper, *names: str) -> list[str]:
    return sorted(names, key=paper.text.index)


@pytest.mark.parametrize("order", [("left", "right"), ("right", "left")])
def test_columns_are_read_from_left_to_right_whatever_the_order_of_the_file(order: tuple[str, ...]) -> None:
    setter = Typesetter()
    _two_columns(setter, order=order)
    assert _order(setter.read(), "Right and", "Left and") == ["Left and", "Right and"]


def test_a_line_across_both_columns_is_read_where_it_stands() -> None:
    setter = Typesetter()
    wide = "Across the whole of the page stands this one line, and it parts what is above from what is below."
    setter.page(
        *column("Right", 8, RIGHT, 120),
        *column("Left", 8, LEFT, 120),
        *body(wide, x0=LEFT, top=240),
        *column("Second right", 8, RIGHT, 270),
        *column("Second left", 8, LEFT, 270),
    )
    names = ("Left and", "Right and", "Across", "Second left", "Second right")
    assert _order(setter.read(), *names) == list(names)


def test_a_table_is_a_block_of_its_own_row_by_row() -> None:
    setter = Typesetter()
    edges = (100.0, 240.0, 360.0)
    setter.page(
        *body("The first, " + LONG, LONG, "the table says more, and the sentence goes"),
        *body(CAPTION, top=260),
        *row(("Method", "Time", "Recall"), edges, 280),
        *row(("sparse", "12 ms", "0.97"), edges, 294),
        *row(("dense", "48 ms", "0.99"), edges, 308),
        *body("on below it, " + LONG, LONG + ".", top=350),
    )
    paper = setter.read()
    assert texts(paper, BlockKind.CAPTION) == [CAPTION]
    assert texts(paper, BlockKind.TABLE) == ["Method\tTime\tRecall\nsparse\t12 ms\t0.97\ndense\t48 ms\t0.99"]
    assert any("the sentence goes on below it" in text for text in texts(paper, BlockKind.PARAGRAPH))


def test_rows_of_cells_are_a_table_without_a_caption_and_numbered_formulas_are_none() -> None:
    setter = Typesetter()
    edges = (100.0, 240.0, 360.0)
    setter.page(*body(*[LONG] * 12))
    setter.page(
        *body("Before, " + LONG, LONG + ".", top=80),
        *[entry for i in range(4) for entry in row((f"name {i}", f"{i} ms", f"0.{i}"), edges, 140 + 14 * i)],
        *body("Between, " + LONG, LONG + ".", top=240),
        *[entry for i in range(4) for entry in row((f"x{i} = y + {i}", f"({i})"), (200, 460), 300 + 20 * i)],
        *body("After, " + LONG, LONG + ".", top=420),
    )
    tables = texts(setter.read(), BlockKind.TABLE)
    assert len(tables) == 1
    assert tables[0].startswith("name 0\t0 ms\t0.0\nname 1")


def test_labels_above_a_figures_caption_belong_to_the_figure() -> None:
    setter = Typesetter()
    labels: list[Entry] = [
        ("1.0", 90, 330, 6, False),
        ("0.5", 90, 380, 6, False),
        ("epochs", 240, 400, 6, False),
    ]
    setter.page(
        *body("The first, " + LONG, LONG, LONG + ".", top=200),
        *labels,
        *body("Figure 2: Loss over time, of two models.", top=430),
        *body("Behind, " + LONG, LONG + ".", top=480),
    )
    paper = setter.read()
    assert texts(paper, BlockKind.FIGURE) == ["1.0\n0.5\nepochs"]
    assert texts(paper, BlockKind.CAPTION) == ["Figure 2: Loss over time, of two models."]


def test_a_sentence_that_begins_with_a_figure_is_no_caption() -> None:
    setter = Typesetter()
    setter.page(*body("The first, " + LONG, LONG + " and", "Figure 3 (Left) shows that, " + LONG, LONG + "."))
    paper = setter.read()
    assert texts(paper, BlockKind.CAPTION) == []


def test_a_table_and_the_figure_below_it_each_keep_their_own() -> None:
    setter = Typesetter()
    edges = (100.0, 240.0)
    ticks: list[Entry] = [(f"{i}0", 90, 380 + 14 * i, 7, False) for i in range(4)]
    setter.page(
        *body("The first, " + LONG, LONG + ".", top=160),
        *body(CAPTION, top=200),
        *row(("sparse", "12 ms"), edges, 218),
        *row(("dense", "48 ms"), edges, 232),
        *ticks,
        *body("Figure 1: A drawing with ticks beside it.", top=450),
        *body("Behind, " + LONG, LONG + ".", top=500),
    )
    paper = setter.read()
    assert texts(paper, BlockKind.TABLE) == ["sparse\t12 ms\ndense\t48 ms"]
    assert texts(paper, BlockKind.FIGURE) == ["00\n10\n20\n30"]


def test_footnotes_are_kept_out_of_sentences() -> None:
    setter = Typesetter()
    notes: list[Entry] = [
        ("1 The first note, in smaller print,", LEFT, 690, 8, False),
        ("which goes on in a second line.", LEFT, 700, 8, False),
        ("2See the second one.", LEFT, 710, 8, False),
    ]
    setter.page(*column("Left", 40, LEFT, 160)[:-1], *notes, *column("goes on", 30, RIGHT, 160))
    paper = setter.read()
    assert texts(paper, BlockKind.FOOTNOTE) == [
        "1 The first note, in smaller print, which goes on in a second line.",
        "2See the second one.",
    ]
    assert len(texts(paper, BlockKind.PARAGRAPH)) == 1


def test_what_stands_outside_comes_behind_its_section() -> None:
    setter = Typesetter()
    heading: Entry = ("2 Results", 72, 470, 14, True)
    setter.page(
        ("1 Introduction", 72, 80, 14, True),
        *body("Figure 1: A drawing at the head of the page.", top=120),
        *body("The first, " + LONG, LONG + ".", top=160),
        *body("The second, " + LONG, LONG + ".", top=300),
        heading,
        *body("The third, " + LONG, LONG + ".", top=500),
    )
    paper = setter.read()
    assert _order(paper, "The second", "Figure 1", "2 Results") == ["The second", "Figure 1", "2 Results"]


def test_a_list_of_references_is_split_by_its_numbers() -> None:
    setter = Typesetter()
    setter.page(
        ("References", 72, 100, 14, True),
        *body("[1] A. Author. On one matter.", "2020.", top=130),
        *body(
            "[2] B. Writer and C. Writer. On another", "one. In: Proceedings, 2 pages, 2021. doi:", top=154
        ),
        *body("10.1000/182. 7 figures.", top=178),
        *body("[3] D. Last. The end. 1999.", top=190),
        ("A Appendix", 72, 240, 14, True),
        *body("Here the text goes on, " + LONG, LONG + ".", top=270),
    )
    paper = setter.read()
    entries = texts(paper, BlockKind.REFERENCE)
    assert [entry[:3] for entry in entries] == ["[1]", "[2]", "[3]"]
    assert entries[1].endswith("10.1000/182. 7 figures.")
    assert texts(paper, BlockKind.PARAGRAPH)[-1].startswith("Here the text goes on")


def test_a_list_of_references_is_split_by_its_indents() -> None:
    setter = Typesetter()
    entries: list[Entry] = [("参考文献", 72, 100, 14, True)]
    for i, name in enumerate(("Abdelfattah, M. (2015).", "Bello, I. and Zoph, B.", "Chen, W. (2021).")):
        entries += body(f"{name} On the matter of entry number {i} in full. In", x0=72, top=130 + 36 * i)
        entries += body(
            "Proceedings of the conference on matters, and a second", "line, 2020.", x0=84, top=142 + 36 * i
        )
    setter.page(*entries)
    found = texts(setter.read(), BlockKind.REFERENCE)
    assert [entry.split()[0] for entry in found] == ["Abdelfattah,", "Bello,", "Chen,"]


def test_line_numbers_and_the_foot_of_page_one_go() -> None:
    setter = Typesetter()
    numbers: list[Entry] = [(str(i + 1), 40, 100 + 12 * i, 6, False) for i in range(30)]
    setter.page(
        *[entry for i in range(30) for entry in (numbers[i], *body(LONG, top=100 + 12 * i))],
        ("Proceedings of the 3rd Conference on Things, 2020", 72, 760, 8, False),
        ("1", 520, 760, 8, False),
    )
    text = setter.read().text
    assert "Proceedings of the 3rd" not in text
    assert not any(word.isdecimal() for word in text.split())


def test_an_address_broken_over_lines_is_joined_as_it_was() -> None:
    setter = Typesetter()
    setter.page(
        *body(
            "The code is at https://example.org/some\ufffe",
            "thing/and/",
            "more.html, where it stays; " + LONG[:30],
            LONG + ".",
        )
    )
    assert "https://example.org/some-thing/and/more.html" in setter.read().text


def test_statements_are_text_and_a_numbered_line_in_bold_is_a_heading() -> None:
    setter = Typesetter()
    statement: Entry = ("Theorem 1 (Main result).", 72, 330, BODY, True)
    setter.page(
        ("1.1 Preliminaries", 72, 80, BODY, True),
        *body("The first, " + LONG, LONG + ".", top=110),
        statement,
        *body("For all x there is a y, " + LONG, LONG + ".", top=342),
    )
    assert texts(setter.read(), BlockKind.HEADING) == ["1.1 Preliminaries"]


def test_an_abstract_with_notes_in_the_margin_beside_it_is_no_table() -> None:
    setter = Typesetter()
    abstract = ("Abstract: " + LONG, *[LONG + "x" * 10] * 7, "and the abstract ends here.")
    notes = ("Edited by", "A. Lovelace", "Reviewed by", "C. Babbage", "Received", "3 May 2021")
    setter.page(
        ("Sparse Attention for Long Documents", 130, 100, 18, True),
        *body(*notes, x0=20, top=330, step=18),
        *[(text, 130, 330 + 12 * i, 9, False) for i, text in enumerate(abstract)],
        ("1 Introduction", 130, 470, 13, True),
        *body(*[LONG[:74]] * 12, x0=130, top=490),
    )
    paper = setter.read()
    assert texts(paper, BlockKind.TABLE) == []
    read = texts(paper, BlockKind.PARAGRAPH)[0]
    assert read.startswith("Abstract: which is a line")
    assert read.endswith("ends here.")


def test_a_watermark_is_neither_text_nor_heading() -> None:
    setter = Typesetter()
    for number in range(2):
        lines = body("First on this page, " + LONG[:50], *[LONG] * 18, LONG + ".", top=160)
        setter.page(
            *lines[:8], ("PREPRINT", 150, 300, 60, True), *lines[8:], (f"{number + 1}", 300, 770, 9, False)
        )
    paper = setter.read()
    assert "PREPRINT" not in paper.text
    assert paper.text.count("First on this page") == 2


@settings(max_examples=150)
@given(st.integers(min_value=0, max_value=2**32 - 1))
def test_lines_set_anywhere_in_any_size_are_read_each_word_once(seed: int) -> None:
    chance = Random(seed)
    setter = Typesetter()
    expected = 0
    for _ in range(chance.randint(1, 3)):
        entries: list[Entry] = []
        for i in range(chance.randint(1, 40)):
            words = [f"w{chance.randint(0, 99)}x" for _ in range(chance.randint(1, 9))]
            size = chance.choice([0.0, 0.5, 6.0, 10.0, 10.0, 10.0, 17.0, 60.0])
            place = chance.choice([20.0, 72.0, 320.0]), chance.choice([30.0, 100.0 + 12 * i, 780.0])
            entries.append((" ".join(words), *place, size, chance.random() < 0.2))
            expected += len(words)
        setter.page(*entries)
    paper = setter.read()
    assert len(paper.words.start) <= expected
    assert [block.start for block in paper.blocks] == sorted(block.start for block in paper.blocks)
    assert decode(encode(paper)).text == paper.text


def test_a_line_of_a_listing_and_sentences_in_bold_are_no_headings() -> None:
    setter = Typesetter()
    setter.page(
        *body(*[LONG] * 20, top=100), ("1 Introduction", 72, 400, BODY, True), *body(*[LONG] * 4, top=430)
    )
    setter.page(
        *body(*[LONG] * 6, top=100),
        ("29 return 0", 72, 200, BODY, True),
        *body("After it, " + LONG, LONG, top=230),
        ("It is decided by all. Then some processor locks it", 72, 290, 13, False),
        *body("Below it, " + LONG, LONG, top=320),
        ("2 Methods", 72, 380, BODY, True),
        *body(*[LONG] * 6, top=410),
    )
    assert texts(setter.read(), BlockKind.HEADING) == ["1 Introduction", "2 Methods"]
