"""What becomes of the words that Tesseract sees: lines, words, boxes, sizes."""

import numpy as np
import pytest

from carrel.core.paper import PageSize
from carrel.parsing.ocr_lines import lines_of
from carrel.parsing.printed import NO_WORDS, Line, PrintedPage, Words
from carrel.parsing.tesseract import SeenWord, TesseractFailed, _words, choose_languages

_SCALE = 4.0  # pixels a point
_EMPTY = PrintedPage(PageSize(600.0, 800.0), (), NO_WORDS)


def _seen(*texts: str, line: int = 1, confidence: float = 90.0, top: float = 400.0) -> list[SeenWord]:
    """Words of 40 pixels a character and 40 high, 10 apart."""
    words, x = [], 100.0
    for text in texts:
        words.append(SeenWord((1, 1, line), x, top, x + 40 * len(text), top + 40, confidence, text))
        x += 40 * len(text) + 10
    return words


def _read(*lines: list[SeenWord], printed: PrintedPage = _EMPTY) -> PrintedPage:
    return lines_of([word for line in lines for word in line], _SCALE, printed, 7, 30)


@pytest.mark.parametrize(
    ("texts", "line"),
    [
        (("Sparse", "attention", "reads."), "Sparse attention reads."),
        (("注意", "力", "机", "制", "。"), "注意力机制。"),
        (("使", "得", "Transformer", "难以"), "使得 Transformer 难以"),
        (("词", ":", "长", "文档"), "词: 长文档"),
        (("等", "，", "“Big", "Bird”"), "等，“Big Bird”"),
        (("e\ufb03cient",), "efficient"),
    ],
)
def test_words_are_joined_as_their_script_is_written(texts: tuple[str, ...], line: str) -> None:
    assert [each.text for each in _read(_seen(*texts)).lines] == [line]


def test_each_ideograph_is_a_word_with_a_box_of_its_own() -> None:
    page = _read(_seen("注意力", "model"))
    (line,) = page.lines
    texts = [line.text[a:b] for a, b in zip(page.words.start, page.words.end, strict=True)]
    assert texts == ["注", "意", "力", "model"]
    np.testing.assert_allclose(page.words.box[:3, 0], [25, 35, 45], atol=0.1)
    np.testing.assert_allclose(page.words.box[:3, 2], [35, 45, 55], atol=0.1)
    assert (line.number, line.page) == (30, 7)
    assert page.words.line.tolist() == [30] * 4


def test_boxes_reach_from_ascender_to_descender_and_stay_on_the_page() -> None:
    page = _read(_seen("none", top=400), _seen("high", line=2, top=0))
    first, second = page.words.box
    assert first[1] < 100  # above the ink of small letters
    assert first[3] > 110  # and below their baseline
    assert second[1] == 0.0


def test_a_line_of_running_text_has_its_size_whatever_its_letters() -> None:
    # Ink of one size of 56 pixels: with ascenders 40 high, without 27, with both 52.
    lines = [
        [SeenWord((1, 1, 1), 0, 0, 200, 40, 90, "Model")],
        [SeenWord((1, 1, 2), 0, 100, 200, 127, 90, "near")],
        [SeenWord((1, 1, 3), 0, 200, 200, 252, 90, "Reading")],
        [SeenWord((1, 1, 4), 0, 300, 400, 380, 90, "Heading")],
    ]
    sizes = [line.size for line in _read(*lines).lines]
    assert sizes[0] == sizes[1] == sizes[2] == pytest.approx(14, abs=0.5)
    assert sizes[3] == pytest.approx(21.7, abs=0.5)


def test_a_picture_read_as_text_is_left_out() -> None:
    page = _read(_seen("~~", "|=", "aE", confidence=20.0), _seen("***", line=2), _seen("Figure", line=3))
    assert [line.text for line in page.lines] == ["Figure"]
    assert len(_read(_seen("~~", confidence=10.0)).words.line) == 0


def test_a_line_that_runs_up_the_page_is_known_and_boxed_by_its_ink() -> None:
    up = [
        SeenWord((1, 1, 1), 100, 600, 140, 900, 90, "Time"),
        SeenWord((1, 1, 1), 100, 200, 140, 580, 90, "series"),
    ]
    page = _read(up, _seen("upright", line=2))
    assert [line.upright for line in page.lines] == [False, True]
    assert page.words.box[0].tolist() == [25, 150, 35, 225]


def test_a_word_divided_at_the_end_of_a_line_is_marked() -> None:
    page = _read(_seen("atten-"), _seen("tion", line=2, top=460), _seen("end-", line=3, top=520))
    assert [line.hyphen for line in page.lines] == [True, False, False]


def test_what_was_printed_stays_and_is_not_read_twice() -> None:
    line = Line(30, 7, "Printed", 20, 95, 300, 115, 115, 12, False, False, True, False)
    words = Words(
        np.array([30], np.int32),
        np.array([0], np.int32),
        np.array([7], np.int32),
        np.array([[20, 95, 300, 115]], np.float32),
    )
    printed = PrintedPage(_EMPTY.size, [line], words)
    page = _read(_seen("Printcd"), _seen("below", line=2, top=800), printed=printed)
    assert [each.text for each in page.lines] == ["Printed", "below"]
    assert [each.number for each in page.lines] == [30, 31]
    assert page.words.line.tolist() == [30, 31]


def test_the_table_is_read_and_damage_is_an_error() -> None:
    row = "5\t1\t2\t3\t4\t5\t10\t20\t30\t40\t91.5\tWort"
    (word,) = _words(
        f"level\tpage_num\n4\t1\t2\t3\t4\t0\t0\t0\t9\t9\t-1\t\n{row}\n5\t1\t1\t1\t1\t1\t0\t0\t1\t1\t9\t \n"
    )
    assert word == SeenWord((2, 3, 4), 10, 20, 40, 60, 91.5, "Wort")
    with pytest.raises(TesseractFailed):
        _words(row.replace("91.5", "much"))


@pytest.mark.parametrize(
    ("wished", "installed", "chosen"),
    [
        ("", ("chi_sim", "deu", "eng"), ("eng", "chi_sim", "deu")),
        ("", ("afr", "amh", "deu", "ita", "spa"), ("deu", "spa", "ita")),
        ("", ("chi_sim", "chi_sim_vert", "eng"), ("eng", "chi_sim")),
        ("chi_sim_vert", ("chi_sim", "chi_sim_vert"), ("chi_sim_vert",)),
        ("deu+eng", ("deu", "eng"), ("deu", "eng")),
        ("deu+eng", ("eng",), ("eng",)),
        ("deu", ("eng",), ()),
        ("", (), ()),
    ],
)
def test_the_languages_are_those_wished_for_or_the_first_few_found(
    wished: str, installed: tuple[str, ...], chosen: tuple[str, ...]
) -> None:
    assert choose_languages(wished, installed) == chosen
