"""Titles, names, identifiers and languages, from lines that a test sets itself."""

import pytest

from carrel.core.metadata import Metadata, Source
from carrel.core.paper import Block, BlockKind, PageSize
from carrel.core.text_language import language_of
from carrel.parsing.abstracts import find_abstract
from carrel.parsing.authors import authors_from_info, authors_on_page
from carrel.parsing.front import Front
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
    running_heads: tuple[str, ...] = (),
) -> Metadata:
    front = [TITLE, *(_line(i, text, y, upright=upright) for i, (text, y) in enumerate(others, 1))]
    prose = [_line(100 + i, text, 400 + 12 * i) for i, text in enumerate(body)]
    text = "\n".join(body)
    page = PrintedPage(PageSize(612, 792), [*front, *prose], NO_WORDS)
    blocks = (Block(BlockKind.PARAGRAPH, 0, len(text)),) if body else ()
    heads = [_line(900 + i, head, 30) for i, head in enumerate(running_heads)]
    return read_metadata(info or {}, Front((TITLE,), tuple(front)), page, heads, text, blocks)


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
        (["张三1，李四2*，欧阳修1", "（1. 清华大学 计算机系，北京 100084）"], ["张三", "李四", "欧阳修"]),
        (["张三 副教授，李四 博士", "北京  100084"], ["张三", "李四"]),
        (["张三 李四 王五六"], ["张三", "李四", "王五六"]),
        (["山田 太郎†  鈴木 花子††"], ["山田太郎", "鈴木花子"]),
        (["김철수1, 이영희2", "1 서울대학교"], ["김철수", "이영희"]),
        (["By Ada Lovelace"], ["Ada Lovelace"]),
        (["Author: Ada King Lovelace", "Supervisor: Charles Babbage"], ["Ada King Lovelace"]),
        (["Ada Lovelace", "Acme, Palo Alto, California", "ada@acme.com", "Alan Turing", "King’s College",
          "alan@kings.org"], ["Ada Lovelace", "Alan Turing"]),
        (["Ada Lovelace, Member, IEEE, and Alan Turing, Fellow, IEEE"], ["Ada Lovelace", "Alan Turing"]),
        (["Lovelace, Ada1,2, and Turing, Alan3", "1 University of Testing"], ["Ada Lovelace", "Alan Turing"]),
        (["Dr. Ada Lovelace, PhD & Alan Turing, MD"], ["Ada Lovelace", "Alan Turing"]),
        (["Yu.A.Pusep1*, L.Fernandes dos Santos1, D.Smirnov2"],
         ["Yu. A. Pusep", "L. Fernandes dos Santos", "D. Smirnov"]),
        (["Jean-Pierre DUPONT et Marie-Claire LEFÈVRE", "Université de Lyon"],
         ["Jean-Pierre DUPONT", "Marie-Claire LEFÈVRE"]),
        (["Ada Lovelace?, Alan Turing+, and Grace Hopper$", "?Yale University"],
         ["Ada Lovelace", "Alan Turing", "Grace Hopper"]),
        (["Joey J. Lee, Teachers College Columbia University, NY", "Ada Lovelace <ada@test.org>"],
         ["Joey J. Lee", "Ada Lovelace"]),
        (["Ada Lovelace, Guy Van den", "Broeck, Alan Turing, Deborah A.", "Wallach"],
         ["Ada Lovelace", "Guy Van den Broeck", "Alan Turing", "Deborah A. Wallach"]),
        (["Michael I. Jordan and Jack London", "Berkeley, CA, USA"], ["Michael I. Jordan", "Jack London"]),
        (["Ada Lovelace, Alan Turing", "1. Introduction", "Grace Hopper, Mary Jackson"],
         ["Ada Lovelace", "Alan Turing"]),
        (["Ada Lovelace, University of Testing; Alan Turing and Grace",
          "Hopper, King’s College; Mary Jackson, UC Davis"],
         ["Ada Lovelace", "Alan Turing", "Grace Hopper", "Mary Jackson"]),
        (["John W. Fisher III, Sammy Davis, Jr."], ["John W. Fisher III", "Sammy Davis Jr"]),
        (["INRIA Rocquencourt", "CNRS LTCI"], []),
        (["Waterloo ON, Canada", "Hong Kong"], []),
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
        ("二〇一九年五月", 2019),
        ("c 2008 Lovelace and Turing.", 2008),
        ("Proceedings of UAI 2022, PMLR 180:2034–2044.", 2022),
        ("SIGMOD ’15, June 1, Melbourne", 2015),
        ("收稿日期：2019-03-12；出版日期：2020-02-03", 2020),
    ],
)
def test_years(line: str, year: int | None) -> None:
    assert _read((line, 120)).year == year


@pytest.mark.parametrize(
    "group", ["The Carrel Contributors", "The ATLAS Collaboration", "Neuro Working Group"]
)
def test_a_group_may_sign_for_its_persons(group: str) -> None:
    assert _read((group, 120), ("2026", 135), info={"Author": group}).authors == (group,)
    assert _read((group, 120)).authors == (group,)
    assert _read(("Ada Lovelace, Charles Babbage", 120), (group, 135)).authors[:1] == ("Ada Lovelace",)


def test_running_heads_are_asked_where_page_one_names_no_year_or_venue() -> None:
    heads = ("Proceedings of JuliaCon", "1(1), 2021")
    found = _read(info={"CreationDate": "D:20250101"}, running_heads=heads)
    assert (found.year, found.venue) == (2021, "Proceedings of JuliaCon")
    assert found.evidence["year"].source is Source.PAGE
    stale = _read(info={"CreationDate": "D:20220101"}, running_heads=heads)
    assert stale.year == 2022
    printed = _read(("Published 3 March 2019", 120), running_heads=heads)
    assert printed.year == 2019


def test_the_year_of_the_file_is_the_last_resort() -> None:
    assert _read(info={"CreationDate": "D:20170304120000Z"}).year == 2017
    assert _read(("Published: 04 July 2018", 120), info={"CreationDate": "D:2017"}).year == 2018
    assert _read(("Published: 04 July 2018", 120), info={"CreationDate": "D:2000"}).year == 2018
    assert _read(("Journal of Tests, Vol. 2031, 2018", 120), info={"CreationDate": "D:2018"}).year == 2018


@pytest.mark.parametrize(
    ("lines", "doi"),
    [
        (["doi: 10.1234/own.5."], "10.1234/own.5"),
        (["https://doi.org/10.1371/journal.", "pone.0173664"], "10.1371/journal.pone.0173664"),
        (["Code: https://doi.org/10.5281/zenodo.123", "https://doi.org/10.1234/own.5"], "10.1234/own.5"),
        (["Data are available at https://doi.org/10.5061/dryad.1"], ""),
        (["DOI: 10.1145/nnnnnnn.nnnnnnn"], ""),
        (["DOI: 10.1145/1122445.1122456"], ""),
        (["DOI: 10.1109/ACCESS.2017.DOI"], ""),
        (["DOI: 10.1007/978-3-030-12345-6"], ""),
        (
            ["DOI: 10.1007/978-3-030-12345-6", "DOI: 10.1007/978-3-030-12345-6_12"],
            "10.1007/978-3-030-12345-6_12",
        ),
        (["Funded by https://doi.org/10.13039/501100001809"], ""),
        (["DOI号 10.11897/SP.J.1016.2020.01234"], "10.11897/sp.j.1016.2020.01234"),
    ],
)
def test_dois_of_templates_books_and_data_do_not_win(lines: list[str], doi: str) -> None:
    assert _read(*((line, 110 + 12 * i) for i, line in enumerate(lines))).doi == doi


def test_the_doi_that_the_file_names_too_is_surer() -> None:
    line = ("https://doi.org/10.1234/own.5", 120.0)
    alone, both = _read(line), _read(line, info={"doi": "10.1234/OWN.5"})
    typed = _read(info={"doi": "10.1234/OWN.5"})
    assert alone.doi == both.doi == typed.doi == "10.1234/own.5"
    sure = [each.evidence["doi"].confidence for each in (typed, alone, both)]
    assert sure == sorted(sure)
    assert [each.evidence["doi"].source for each in (typed, both)] == [Source.FILE, Source.PAGE]


@pytest.mark.parametrize(
    ("line", "venue"),
    [
        ("Proceedings of the 38th Conference on Tests (TEST 2022), PMLR 180:1–9.",
         "Proceedings of the 38th Conference on Tests (TEST 2022)"),
        ("Journal of Open Source Education, 1(5), 16. https://doi.org/10.1234/5",
         "Journal of Open Source Education"),
        ("Lovelace, (2019). Sparse Things. Journal of Tests, 2(11), 35.", "Journal of Tests"),
        ("PLoS ONE 12(3): e0173664", "PLoS ONE"),
        ("IEEE TRANSACTIONS ON TESTS, VOL. 12, NO. 3, MARCH 2010", "IEEE TRANSACTIONS ON TESTS"),
        ("Sensors 2021, 21, 1234; doi:10.3390/s21041234", "Sensors"),
        ("Pattern Recognition 102 (2020) 107234", "Pattern Recognition"),
        ("Published as a conference paper at ICLR 2021", "ICLR 2021"),
        ("第 12 卷 第 3 期 计算机学报", "计算机学报"),
        ("Department of Tests, University of Testing", ""),
        ("See the Journal of Tests for more", ""),
    ],
)  # fmt: skip
def test_venues(line: str, venue: str) -> None:
    read = _read((line, 40))
    assert read.venue == venue
    assert ("venue" in read.evidence) == bool(venue)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["Keywords: sparse attention; long documents"], ("sparse attention", "long documents")),
        (["Key words: attention, long docu-", "ments, tests."], ("attention", "long documents", "tests")),
        (["Index Terms—attention, documents", "1 Introduction"], ("attention", "documents")),
        (["Keywords Attention · Documents"], ("Attention", "Documents")),
        (["Keywords:", "Attention", "Documents", "Tests"], ("Attention", "Documents", "Tests")),
        (["关键词：注意力；长文档 中图分类号：TP391"], ("注意力", "长文档")),
        (["关 键 词  注意力、长文档"], ("注意力", "长文档")),
        (["The keywords that we chose are many and none of them is here."], ()),
    ],
)  # fmt: skip
def test_keywords(lines: list[str], words: tuple[str, ...]) -> None:
    read = _read(*((line, 300 + 12 * i) for i, line in enumerate(lines)))
    assert read.keywords == words


def test_keywords_of_the_file_are_the_last_resort() -> None:
    assert _read(info={"Keywords": "attention, documents"}).keywords == ("attention", "documents")
    assert _read(info={"Keywords": "attention, documents"}).evidence["keywords"].source is Source.FILE
    assert _read(info={"Keywords": "LaTeX, TeX, pdfTeX"}).keywords == ()


def _abstract(*paragraphs: tuple[BlockKind, str], language: str = "en") -> str:
    text = "\n\n".join(content for _, content in paragraphs)
    blocks, start = [], 0
    for kind, content in paragraphs:
        blocks.append(Block(kind, start, start + len(content), int(kind is BlockKind.HEADING)))
        start += len(content) + 2
    found = find_abstract(text, blocks, (), language)
    return found.text if found else ""


SHOWN = "We show that the attention of a model can be sparse and that it is as good as before."
HEADING, PARAGRAPH, FOOTNOTE = BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.FOOTNOTE


@pytest.mark.parametrize(
    "paragraphs",
    [
        ((HEADING, "Abstract"), (PARAGRAPH, SHOWN), (HEADING, "1 Introduction"), (PARAGRAPH, "Much.")),
        ((PARAGRAPH, f"Abstract—{SHOWN} Index Terms—attention"), (PARAGRAPH, "I. INTRODUCTION")),
        ((PARAGRAPH, "A B S T R A C T"), (PARAGRAPH, SHOWN), (PARAGRAPH, "Keywords: attention")),
        (
            (HEADING, "Abstract"),
            (FOOTNOTE, "∗ Equal contribution."),
            (PARAGRAPH, SHOWN),
            (HEADING, "1 Start"),
        ),
        ((PARAGRAPH, f"Abstract. {SHOWN}"), (PARAGRAPH, "Categories and Subject Descriptors: D.2")),
    ],
)
def test_abstracts(paragraphs: tuple[tuple[BlockKind, str], ...]) -> None:
    assert _abstract(*paragraphs) == SHOWN


def test_an_abstract_in_parts_keeps_their_names() -> None:
    parts = ((HEADING, "Abstract"), (HEADING, "Background"), (PARAGRAPH, SHOWN), (HEADING, "Results"),
             (PARAGRAPH, "It is so."), (PARAGRAPH, "Keywords: attention"))  # fmt: skip
    assert _abstract(*parts) == f"Background: {SHOWN}\n\nResults: It is so."


def test_of_two_abstracts_the_one_in_the_papers_language_is_taken() -> None:
    chinese = "我们提出一种稀疏注意力机制,使长序列建模的代价降到线性,而且回答问题的准确率没有下降。"
    two = ((PARAGRAPH, f"摘要：{chinese}"), (PARAGRAPH, f"Abstract: {SHOWN}"), (HEADING, "1 引言"))
    assert _abstract(*two, language="zh") == chinese
    assert _abstract(*two, language="en") == SHOWN


def test_an_eastern_title_tells_the_language() -> None:
    title = _line(0, "面向长文档的稀疏注意力机制研究", 90, 18)
    front = Front((title,), (title,))
    page = PrintedPage(PageSize(612, 792), [title], NO_WORDS)
    text = " ".join([SHOWN] * 20)
    assert read_metadata({}, front, page, (), text, ()).language == "zh"
    assert _read(body=(SHOWN,) * 20).language == "en"


def test_authors_may_stand_above_the_title() -> None:
    above, title = _line(0, "Ada King Lovelace", 60, 14), _line(1, "Sparse Attention", 100, 24)
    assert authors_on_page(Front((title,), (title,), (above, title))) == ("Ada King Lovelace",)


def test_a_sentence_about_abstract_things_is_no_abstract() -> None:
    assert _abstract((PARAGRAPH, "Abstract interpretation is a theory of approximation of programs.")) == ""


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
