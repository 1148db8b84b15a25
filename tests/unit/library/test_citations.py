"""Citations: what is written is read back as it was, by the libraries that others read it with."""

import json
from dataclasses import replace

import pytest
import rispy
from bibtexparser.entrypoint import parse_string
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.citation_format import CitationFormat
from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.metadata import Metadata
from carrel.core.ranking import PaperRecord
from carrel.library.citation_formats import exported
from carrel.library.citations import citation, cited
from carrel.library.cited_names import CitedName, cited_name, initials

ATTENTION = Metadata(
    title="Attention Is All You Need",
    authors=("Ashish Vaswani", "Noam Shazeer", "Łukasz Kaiser"),
    year=2017,
    venue="Advances in Neural Information Processing Systems 30",
    arxiv_id="1706.03762v7",
    language="en",
)
CHINESE = Metadata(
    title="基于注意力的机器翻译",
    authors=("李明", "欧阳修文"),
    year=2019,
    venue="计算机学报",
    doi="10.11897/sp.j.1016.2019.01",
)


def record(metadata: Metadata, number: int = 1, file: str = "a.pdf") -> PaperRecord:
    return PaperRecord(PaperId(f"{number:032x}"[::-1]), KnowledgeBaseId("k"), metadata, file, 3)


def bibtex(*found: PaperRecord) -> dict[str, dict[str, str]]:
    library = parse_string(exported(found, CitationFormat.BIBTEX))
    assert library.failed_blocks == []
    return {e.key: {"type": e.entry_type, **{f.key: f.value for f in e.fields}} for e in library.entries}


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Ashish Vaswani", CitedName("Vaswani", "Ashish")),
        ("Vaswani, Ashish", CitedName("Vaswani", "Ashish")),
        ("Ludwig van Beethoven", CitedName("van Beethoven", "Ludwig")),
        ("Maria de la Cruz", CitedName("de la Cruz", "Maria")),
        ("Martin Luther King Jr.", CitedName("King", "Martin Luther", "Jr.")),
        ("Martin Luther King, Jr.", CitedName("King", "Martin Luther", "Jr.")),
        ("King, Jr., Martin Luther", CitedName("King", "Martin Luther", "Jr.")),
        ("李明", CitedName("李", "明")),
        ("李 小明", CitedName("李", "小明")),
        ("欧阳修", CitedName("欧阳", "修")),
        ("欧阳", CitedName("欧", "阳")),
        ("小林多喜二", CitedName(literal="小林多喜二")),
        ("山田 たろう", CitedName(literal="山田 たろう")),
        ("Plato", CitedName(literal="Plato")),
        ("The ATLAS Collaboration", CitedName(literal="The ATLAS Collaboration")),
        (" , ", CitedName(literal="")),
    ],
)
def test_names_are_taken_apart(name: str, parts: CitedName) -> None:
    assert cited_name(name) == parts


def test_initials() -> None:
    assert initials("Jean-Luc Marie") == "J.-L. M."
    assert initials("A. B.") == "A. B."
    assert initials("- .") == ""


def test_bibtex_of_a_paper_of_a_conference() -> None:
    entry = bibtex(record(ATTENTION))["vaswani2017attention"]
    assert entry["type"] == "inproceedings"
    assert entry["author"] == "Vaswani, Ashish and Shazeer, Noam and Kaiser, Łukasz"
    assert entry["title"] == "Attention Is All You Need"
    assert entry["booktitle"] == ATTENTION.venue
    assert (entry["eprint"], entry["archiveprefix"]) == ("1706.03762", "arXiv")


def test_latex_signs_are_escaped_and_capitals_kept() -> None:
    metadata = replace(
        ATTENTION,
        title="The DNA of BERT: 50% faster & cheaper_in {GPUs on Iceland",
        authors=("R&D Team", "A. O'Neil_"),
        doi="10.1000/a_b%c",
    )
    (entry,) = bibtex(record(metadata)).values()
    assert entry["title"] == (
        r"The {DNA} of {BERT:} 50\% faster \& cheaper\_in {{\textbraceleft}GPUs} on {Iceland}"
    )
    assert entry["author"] == r"{R\&D Team} and O'Neil\_, A."
    assert entry["doi"] == "10.1000/a_b%c"


def test_chinese_names_stay_whole_and_have_their_parts_where_a_format_has_a_place_for_them() -> None:
    found = record(CHINESE)
    ((key, entry),) = bibtex(found).items()
    assert key == f"paper2019-{found.id[:6]}"
    assert (entry["author"], entry["title"]) == ("{李明} and {欧阳修文}", CHINESE.title)
    assert entry["journal"] == "计算机学报"
    (csl,) = json.loads(exported([found], CitationFormat.CSL_JSON))
    assert csl["author"] == [{"family": "李", "given": "明"}, {"family": "欧阳", "given": "修文"}]
    assert (csl["type"], csl["issued"]) == ("article-journal", {"date-parts": [[2019]]})
    (ris,) = rispy.loads(exported([found], CitationFormat.RIS))
    assert ris["authors"] == ["李明", "欧阳修文"]
    assert (ris["title"], ris["doi"], ris["year"]) == (CHINESE.title, CHINESE.doi, "2019")


def test_keys_are_unique_and_do_not_depend_on_the_order() -> None:
    same = [record(ATTENTION, number) for number in (1, 2, 3)]
    other = record(CHINESE, 4)
    keys = {each.key for each in cited([*same, other, same[0]])}
    assert len(keys) == 4
    assert keys == {each.key for each in cited([other, *reversed(same)])}
    assert all(key.isascii() for key in keys)
    assert [each.key for each in cited(same[:1])] == ["vaswani2017attention"]


def test_a_preprint_and_a_paper_of_which_nothing_is_known() -> None:
    preprint = record(replace(ATTENTION, venue="arXiv", doi="10.48550/arXiv.1706.03762", arxiv_id=""))
    entry = bibtex(preprint)["vaswani2017attention"]
    assert (entry["type"], entry["eprint"]) == ("misc", "1706.03762")
    bare = record(Metadata(), file="scan_1.pdf")
    (entry,) = bibtex(bare).values()
    assert entry == {"type": "misc", "title": r"scan\_1.pdf"}
    assert rispy.loads(exported([bare], CitationFormat.RIS))[0]["title"] == "scan_1.pdf"
    assert citation(bare) == "scan_1.pdf. (n.d.)."
    assert [exported([], each) for each in CitationFormat] == ["", "", "[]\n"]


def test_one_citation_to_copy() -> None:
    assert citation(record(ATTENTION)) == (
        "Vaswani, A., Shazeer, N., & Kaiser, Ł. (2017). Attention Is All You Need. "
        "Advances in Neural Information Processing Systems 30. https://arxiv.org/abs/1706.03762"
    )
    assert citation(record(CHINESE)) == (
        "李明, 欧阳修文. (2019). 基于注意力的机器翻译. 计算机学报. https://doi.org/10.11897/sp.j.1016.2019.01"
    )
    many = replace(ATTENTION, authors=tuple(f"A{number} Smith" for number in range(30)))
    assert citation(record(many)).count("Smith") == 20


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)


@given(TEXT, st.lists(TEXT, max_size=4), TEXT, st.one_of(st.none(), st.integers(1000, 2999)))
def test_whatever_was_read_every_file_can_be_read_back(
    title: str, authors: list[str], venue: str, year: int | None
) -> None:
    metadata = Metadata(title=title, authors=tuple(authors), venue=venue, year=year)
    found = [record(metadata), record(replace(metadata, title=title[::-1]), 2)]
    keys = [each.key for each in cited(found)]
    assert sorted(bibtex(*found)) == sorted(keys)
    assert [each["id"] for each in rispy.loads(exported(found, CitationFormat.RIS))] == keys
    assert [each["id"] for each in json.loads(exported(found, CitationFormat.CSL_JSON))] == keys
    assert all(citation(each) for each in found)
