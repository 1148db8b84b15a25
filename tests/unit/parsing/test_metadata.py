"""Titles, names, identifiers and languages, from lines that a test sets itself."""

import pytest

from carrel.core.metadata import Metadata
from carrel.core.paper import Block, BlockKind, PageSize
from carrel.parsing.authors import authors_from_info, authors_on_page
from carrel.parsing.front import Front
from carrel.parsing.languages import language_of
from carrel.parsing.metadata import read_metadata
from carrel.parsing.printed import NO_WORDS, Line, PrintedPage


def _line(number: int, text: str, y: float, size: float = 10, x0: float = 72, upright: bool = True) -> Line:
    x1 = x0 + size * 0.5 * len(text)
    return Line(number, 1, text, x0, y - size, x1, y, y, size, False, False, upright, False)


TITLE = _line(0, "Sparse Attention for Long Documents", 90, 18)


def _read(
    *others: tuple[str, float],
    info: dict[str, str] | None = None,
    body: tuple[str, ...] = (),
    upright: bool = True,
) -> Metadata:
    front = [TITLE, *(_line(i, text, y, upright=upright) for i, (text, y) in enumerate(others, 1))]
    prose = [_line(100 + i, text, 400 + 12 * i) for i, text in enumerate(body)]
    text = "\n".join(body)
    page = PrintedPage(PageSize(612, 792), [*front, *prose], NO_WORDS)
    blocks = (Block(BlockKind.PARAGRAPH, 0, len(text)),) if body else ()
    return read_metadata(info or {}, Front((TITLE,), tuple(front)), page, text, blocks)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "untitled",
        "Microsoft Word - draft3.docx",
        "paper.dvi",
        "main",
        "sparse_attention_v2.pdf",
        "Full Paper",
    ],
)
def test_an_implausible_title_of_the_file_is_not_believed(typed: str) -> None:
    assert _read(info={"Title": typed}).title == TITLE.text


def test_a_typed_title_that_page_one_bears_out_is_believed() -> None:
    assert (
        _read(info={"Title": "Sparse attention for long documents"}).title
        == "Sparse attention for long documents"
    )
    assert _read(info={"Title": "Another paper by the same author"}).title == TITLE.text


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (["Ada Lovelace1, Alan M. Turing2,3 and Grace Hopper∗"],
         ["Ada Lovelace", "Alan M. Turing", "Grace Hopper"]),
        (["Ada Lovelace1 Alan Turing1 Grace Hopper2", "1University of Testing"],
         ["Ada Lovelace", "Alan Turing", "Grace Hopper"]),
        (["Ada Lovelace", "University of Testing", "ada@test.org", "Alan Turing", "Institute of Tests"],
         ["Ada Lovelace", "Alan Turing"]),
        (["Ludwig van Beethoven, Jean-Pierre d’Arc, O. de la Cruz"],
         ["Ludwig van Beethoven", "Jean-Pierre d’Arc", "O. de la Cruz"]),
        (["Dhruv Balwada 1, Ryan Abernathey 1, Alistair", "Adcroft 3, and Federico", "Fierli 4",
          "1 KU Leuven"],
         ["Dhruv Balwada", "Ryan Abernathey", "Alistair Adcroft", "Federico Fierli"]),
        (["张三1,李四2,欧阳娜娜1", "1清华大学"], ["张三", "李四", "欧阳娜娜"]),
        (["Proceedings of the Third Workshop on Tests, 2020"], []),
    ],
)  # fmt: skip
def test_names_below_the_title(lines: list[str], names: list[str]) -> None:
    set_lines = [_line(i, text, 110 + 14 * i, 11) for i, text in enumerate(lines, 1)]
    assert list(authors_on_page(Front((TITLE,), (TITLE, *set_lines)))) == names


def test_names_beside_the_title_are_not_the_authors() -> None:
    title = _line(0, TITLE.text, 90, 18, x0=170)
    beside = _line(1, "Edith Editor", 120, x0=20)
    author = _line(2, "Ada Lovelace", 120, 11, x0=170)
    assert authors_on_page(Front((title,), (title, beside, author))) == ("Ada Lovelace",)


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("Ada Lovelace, Alan Turing", ("Ada Lovelace", "Alan Turing")),
        ("Ada Lovelace and Alan Turing", ("Ada Lovelace", "Alan Turing")),
        ("Di Cosmo, Roberto and Danelutto, Marco", ("Roberto Di Cosmo", "Marco Danelutto")),
        ("Lovelace, Ada", ("Ada Lovelace",)),
        ("Joelle Pineau et al.", ("Joelle Pineau",)),
        ("admin", ()),
        ("", ()),
    ],
)
def test_names_in_the_information_dictionary(typed: str, names: tuple[str, ...]) -> None:
    assert authors_from_info(typed) == names


def test_the_papers_own_doi_wins_over_cited_ones() -> None:
    read = _read(
        ("https://doi.org/10.1234/OWN.5", 60),
        body=(
            "As shown before (https://doi.org/10.9999/cited.1), attention is",
            "doi: 10.9999/cited.2, sparse.",
        ),
    )
    assert read.doi == "10.1234/own.5"
    assert _read(body=("doi: 10.9999/cited.1", "doi: 10.9999/cited.2")).doi == ""
    assert _read(info={"Subject": "Journal of Tests, doi:10.1234/(own)6."}).doi == "10.1234/(own)6"


@pytest.mark.parametrize(
    ("line", "year"),
    [
        ("Published: 04 July 2018", 2018),
        ("© 2021 The Authors", 2021),
        ("Proceedings of the 12th Conference on Tests, 2019, pages 2001–2010", 2019),
        ("arXiv:2103.00020v1 [cs.CV] 26 Feb 2021", 2021),
        ("1234 Main Street", None),
        ("2026", 2026),
        ("March 2016", 2016),
        ("2024年3月", 2024),
    ],
)
def test_years(line: str, year: int | None) -> None:
    assert _read((line, 120)).year == year


def test_the_year_of_the_file_is_the_last_resort() -> None:
    assert _read(info={"CreationDate": "D:20170304120000Z"}).year == 2017
    assert _read(("Published: 04 July 2018", 120), info={"CreationDate": "D:2017"}).year == 2018


def test_arxiv_ids_are_those_of_the_stamp() -> None:
    assert _read(("arXiv:2103.00020v1 [cs.CV] 26 Feb 2021", 400), upright=False).arxiv_id == "2103.00020"
    assert _read(("arXiv:hep-th/9901001", 120)).arxiv_id == "hep-th/9901001"
    cited = "as in the preprint arXiv:1706.03762 that everybody cites these days"
    assert _read(body=(cited,)).arxiv_id == ""


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("We show that the cost of attention is linear in the length of a document.", "en"),
        ("我们提出一种基于Transformer的稀疏注意力机制,使长序列建模的代价降到线性。", "zh"),
        ("本論文では、長い文書のための疎な注意機構を提案し、その効果を示す。", "ja"),
        ("우리는 긴 문서를 위한 희소 주의 메커니즘을 제안한다.", "ko"),
        ("Мы предлагаем разреженное внимание для длинных документов.", "ru"),
        (
            "Wir zeigen, dass die Kosten mit der Länge des Textes wachsen und nicht fallen.",
            "de",
        ),
        ("Nous montrons que le coût de l'attention est linéaire dans la longueur des documents.", "fr"),
        ("x = 1", ""),
        ("", ""),
    ],
)
def test_languages(text: str, language: str) -> None:
    assert language_of(text) == language
