"""How well a file was read: each measure on what it is for, and on real reading that it must not blame."""

import random
import string
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from carrel.core.file_errors import GarbledText
from carrel.core.formats import FileFormat
from carrel.core.page_errors import UnreadableText
from carrel.core.paper import Block, BlockKind, PageSize, WordBoxes
from carrel.core.quality import ParseQuality, Verdict
from carrel.parsing.pdf_document import read_pdf, start_pdfium
from carrel.parsing.printed import Line, Printed, PrintedPage, Words
from carrel.parsing.quality import (
    check_characters,
    check_words,
    count_characters,
    interleaved,
    measure_quality,
)
from carrel.parsing.scans import Need, need_of_ocr
from carrel.parsing.spelling import odd_words
from tests.unit.parsing import samples
from tests.unit.parsing.documents import read

_PAPERS = sorted((Path(__file__).resolve().parents[3] / "examples" / "papers").glob("*.pdf"))


@pytest.fixture(scope="module", autouse=True)
def _started() -> None:
    start_pdfium()


@pytest.fixture(scope="module")
def sample_text() -> str:
    return "\n".join(read_pdf(path, path.name, 100).text for path in _PAPERS if "chinese" not in path.stem)


def _odd_share(text: str) -> float:
    odd, looked_at = odd_words(text)
    return odd / looked_at


@pytest.mark.parametrize(
    "word",
    [
        "fkdqjh",  # letters moved on by three
        "FKDQJH",  # glyph numbers taken for characters
        "bxjq",
        "qvestion",
        "aaaargh",
        "le0arning",
        "wOrDs",
        "ÕâÊÇÒ»",
        "Ã¼ber",
    ],
)
def test_words_that_no_language_spells_are_odd(word: str) -> None:
    assert odd_words(f"the {word} of it")[0] == 1


@pytest.mark.parametrize(
    "word",
    [
        "strengths",
        "Rechtschreibung",
        "čtvrtek",
        "wstrzymać",
        "gwrthrych",
        "qytetarët",
        "najviše",
        "getElementById",
        "camelCase",
        "NaHCO3",
        "CH3CH2OH",
        "PyTorch",
        "word2vec",
        "text4all",
        "https://example.org/wkhwrgq",
        "me@xkcdq.org",
        "snake_wkhwrgq",
        "过拟合",
        "зачарованный",
        "résumé",
    ],
)
def test_words_of_languages_formulas_and_programs_are_not(word: str) -> None:
    assert odd_words(f"the {word} of it")[0] == 0


def test_a_word_has_four_letters() -> None:
    assert odd_words("of a the and with from") == (0, 2)
    assert odd_words("px qx f(xx) 10 kg") == (0, 0)
    assert odd_words("") == (0, 0)
    assert odd_words("\ud800 " * 10) == (0, 0)  # a lone surrogate is no word and no fault
    assert odd_words("two\U0001d49e words") == (0, 1)


@pytest.mark.parametrize("path", _PAPERS, ids=lambda path: path.stem)
def test_papers_that_read_well_have_hardly_an_odd_word(path: Path) -> None:
    quality = read_pdf(path, path.name, 100).quality
    assert quality.odd_words < 0.02
    assert quality.unreadable < 0.01
    assert quality.interleaved is not None
    assert quality.interleaved < 0.02
    assert quality.outside is not None
    assert quality.outside < 0.02
    assert quality.score > 0.9
    assert quality.verdict is Verdict.GOOD


def test_real_papers_are_read_well(real_papers: Path) -> None:
    poor = {}
    paths = [path for path in real_papers.glob("*/*.pdf") if path.parent.name != "weird"]
    for path in paths:
        quality = read_pdf(path, path.name, 3000).quality
        if quality.score < 0.85:
            poor[path.name] = quality
    assert len(paths) == 80
    assert poor == {}


def test_exchanged_letters_are_noticed(sample_text: str) -> None:
    letters = string.ascii_lowercase
    shares = []
    for seed in range(40):
        other = "".join(random.Random(seed).sample(letters, 26))
        table = str.maketrans(letters + letters.upper(), other + other.upper())
        shares.append(_odd_share(sample_text[:100_000].translate(table)))
    assert _odd_share(sample_text) < 0.02
    assert min(shares) > 0.1
    assert sorted(shares)[4] > 0.2  # nine of ten are refused


def test_exchanged_ideographs_are_noticed() -> None:
    text = next(read_pdf(path, path.name, 100).text for path in _PAPERS if "chinese" in path.stem)
    chosen = random.Random(1)
    garbled = "".join(
        chr(chosen.randint(0x4E00, 0x9FA5)) if "\u4e00" <= each <= "\u9fa5" else each for each in text
    )
    assert _odd_share(text) < 0.02
    assert _odd_share(garbled) > 0.2


def test_glyph_codes_are_noticed() -> None:
    assert _odd_share("(cid:12)(cid:45)(cid:3) " * 100) > 0.9
    assert _odd_share("/g31/g45/g12/g99/g5 " * 100) > 0.9
    assert _odd_share("see data/g31 and the folder src/core " * 10) == 0


def test_characters_without_a_meaning_are_counted() -> None:
    units = np.frombuffer("a \ue001\ufffd\x03\r\n\ufffez".encode("utf-16-le"), np.uint16)
    assert count_characters(units) == (3, 6)
    points = np.array([0, 0x41, 0xF0001, 0x1D49E, 0x20], np.uint32)
    assert count_characters(points) == (2, 4)
    assert count_characters(np.zeros(0, np.uint16)) == (0, 0)


def _two_columns(lines: Sequence[tuple[int, int]], length: int = 40) -> WordBoxes:
    """Return lines of one word each; a line is (column 0, 1 or -1 for both, row)."""
    count = len(lines)
    start = np.arange(count, dtype=np.int32) * (length + 1)
    box = [(50.0 if c <= 0 else 310.0, 10.0 * r, 290.0 if c == 0 else 550.0, 10.0 * r + 9) for c, r in lines]
    return WordBoxes(
        start=start,
        end=start + np.int32(length),
        page=np.ones(count, np.int32),
        line=np.arange(count, dtype=np.int32),
        box=np.array(box, np.float32),
    )


def test_columns_read_one_after_the_other_are_not_interleaved() -> None:
    left, right = [(0, row) for row in range(5, 60)], [(1, row) for row in range(5, 60)]
    assert interleaved(_two_columns([(-1, 1), *left, *right])) == 0
    upper = [(c, row) for c in (0, 1) for row in range(5, 20)]
    lower = [(c, row) for c in (0, 1) for row in range(25, 60)]
    assert interleaved(_two_columns([(-1, 1), *upper, (-1, 22), *lower])) == 0
    assert interleaved(_two_columns([])) == 0


def test_columns_read_row_by_row_are_interleaved() -> None:
    rows = [(column, row) for row in range(5, 60) for column in (0, 1)]
    assert interleaved(_two_columns([(-1, 1), *rows])) > 0.9


def test_the_cells_of_a_table_may_stand_beside_each_other() -> None:
    rows = [(column, row) for row in range(5, 60) for column in (0, 1)]
    assert interleaved(_two_columns(rows, length=8)) == 0
    long_cells = _two_columns(rows)
    assert interleaved(long_cells, [Block(BlockKind.TABLE, 0, int(long_cells.end[-1]))]) == 0


def _line(number: int, hyphen: bool = False) -> Line:
    return Line(number, 1, "eight ch", 0, 0, 9, 9, 9, 10, False, False, True, hyphen)


def _printed(lines: int) -> Printed:
    row = np.arange(lines, dtype=np.int32)
    words = Words(row, 0 * row, 0 * row + 8, np.zeros((lines, 4), np.float32))
    return Printed([PrintedPage(PageSize(9, 9), [_line(n) for n in range(lines)], words, 8 * lines, 4)], {})


def test_lines_in_no_block_are_outside_and_furniture_is_not() -> None:
    printed = _printed(10)
    words = _two_columns([(0, row) for row in range(6)], length=8)
    every = printed.pages[0].lines
    assert measure_quality(printed, every, "", (), words).outside == 0.4
    assert measure_quality(printed, every[:6], "", (), words).outside == 0
    assert measure_quality(printed, (), "", (), words).outside == 0
    assert measure_quality(Printed((), {}), (), "", (), words) == ParseQuality()


def test_unreadable_characters_are_a_share_of_the_file_s() -> None:
    assert measure_quality(_printed(10), (), "", (), _two_columns([])).unreadable == 0.05


def test_a_score_is_the_product_of_what_each_measure_leaves() -> None:
    assert ParseQuality().score == 1
    assert ParseQuality(unreadable=0.1).score == pytest.approx(0.8)
    assert ParseQuality(odd_words=0.1).score == pytest.approx(0.6)
    assert ParseQuality(interleaved=0.1, outside=0.5).score == pytest.approx(0.45)
    assert ParseQuality(unreadable=0.9).score == 0
    assert ParseQuality(without_text=(1, 2)).score == pytest.approx(0.9)
    assert ParseQuality(without_text=tuple(range(1, 100))).score == 0.5
    assert ParseQuality(recognised=(1,)).score == 0.95
    verdicts = [ParseQuality(interleaved=share).verdict for share in (0.1, 0.2, 0.5)]
    assert verdicts == [Verdict.GOOD, Verdict.FAIR, Verdict.POOR]


@pytest.mark.parametrize("moved_to", [ord("a"), 0xE100], ids=["other letters", "private use"])
def test_a_file_whose_fonts_lie_is_refused_with_the_reason(tmp_path: Path, moved_to: int) -> None:
    path = tmp_path / "lies.pdf"
    path.write_bytes(samples.with_lying_font(moved_to))
    with pytest.raises(UnreadableText, match=r"lies\.pdf.*no meaning.*OCR"):
        read_pdf(path, path.name, 10)


def test_a_few_characters_without_a_meaning_are_no_reason() -> None:
    page = _printed(10).pages[0]
    check_characters(Printed([replace(page, unreadable=20, characters=80)], {}), "x.pdf")
    check_characters(Printed([replace(page, unreadable=20, characters=20)], {}), "x.pdf")
    with pytest.raises(UnreadableText, match="62 %"):
        check_characters(Printed([replace(page, unreadable=50, characters=80)], {}), "x.pdf")
    check_words(ParseQuality(odd_words=0.15), "x.pdf")
    with pytest.raises(UnreadableText):
        check_words(ParseQuality(odd_words=0.25), "x.pdf")


@pytest.mark.parametrize(
    ("text", "unreadable", "need"),
    [
        ("ffl”!1ffl1# ffi/ffl1& #/ffi ffl9~ x9 Ð?Ò Ì–Î ", 0.45, Need.UNREADABLE),
        ("A page of plots holds some sentences beside the signs on its axes. ", 0.45, None),
        ("A page of formulas holds sentences, too, and its signs are fewer. ", 0.2, None),
        ("Whatever the rest of it says, hardly anything of it can be read. ", 0.7, Need.UNREADABLE),
    ],
)
def test_a_page_full_of_characters_needs_ocr_where_they_make_no_words(
    text: str, unreadable: float, need: Need | None
) -> None:
    page = _printed(40).pages[0]
    line = page.lines[0]._replace(text=text)
    readable = 40 * len(text.replace(" ", ""))
    characters = round(readable / (1 - unreadable))
    printed = replace(page, lines=[line] * 40, unreadable=characters - readable, characters=characters)
    assert need_of_ocr(None, printed) is need


def _gibberish(words: int) -> str:
    chosen = random.Random(1)
    return " ".join("".join(chosen.choices("bcdfghjklmnpqrstvwxz", k=7)) for _ in range(words))


@pytest.mark.parametrize("file_format", [FileFormat.TEXT, FileFormat.MARKDOWN, FileFormat.HTML])
def test_a_file_without_pages_is_refused_where_it_is_gibberish(
    tmp_path: Path, file_format: FileFormat
) -> None:
    with pytest.raises(GarbledText, match=r"\d\d % of it looks garbled"):
        read(tmp_path, _gibberish(200), file_format)
    with pytest.raises(GarbledText):
        read(tmp_path, "a\ufffd\ufffd \ufffd\ue001 " * 50, file_format)


def test_a_file_without_pages_is_measured_by_its_text(tmp_path: Path) -> None:
    text = "Attention over long documents can be sparse, we say. " * 20
    good = read(tmp_path, text, FileFormat.TEXT).quality
    assert good == ParseQuality(0.0, 0.0, None, None)
    assert read(tmp_path, "长文档的注意力可以稀疏，效果也一样好。" * 20, FileFormat.TEXT).quality == good
    marred = read(tmp_path, text + _gibberish(10) + "\ufffd" * 50, FileFormat.TEXT).quality
    assert 0.03 < marred.odd_words < 0.2
    assert 0.03 < marred.unreadable < 0.1
    assert marred.score < 0.8


def test_a_short_note_tells_too_little_to_be_refused(tmp_path: Path) -> None:
    assert read(tmp_path, "qvx bcdfgh \ufffd\ufffd", FileFormat.TEXT).quality.odd_words == 0.02
