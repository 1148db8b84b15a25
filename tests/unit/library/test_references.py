"""References: taken from the list, linked to what they are to, and to nothing else."""

from dataclasses import replace

import pytest

from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.metadata import Metadata
from carrel.core.paper import NO_WORD_BOXES, Block, BlockKind, ParsedPaper
from carrel.core.ranking import PaperRecord
from carrel.library.references import likely, linked, references_of
from carrel.storage.papers import Named

HERE, THERE = KnowledgeBaseId("here"), KnowledgeBaseId("there")
CITING = PaperId("0" * 32)
ATTENTION = Metadata(
    title="Attention Is All You Need",
    authors=("Ashish Vaswani", "Noam Shazeer"),
    year=2017,
    arxiv_id="1706.03762v5",
    doi="10.5555/3295222.3295349",
)
CHINESE = Metadata(title="基于注意力的机器翻译", authors=("李明", "王伟"), year=2019)


def record(metadata: Metadata, number: int = 1, base: KnowledgeBaseId = HERE) -> PaperRecord:
    return PaperRecord(PaperId(f"{number:032x}"), base, metadata, "a.pdf", 3)


def paper(*entries: str) -> ParsedPaper:
    text, blocks = "A paragraph.", [Block(BlockKind.PARAGRAPH, 0, 12)]
    for entry in entries:
        blocks.append(Block(BlockKind.REFERENCE, len(text) + 2, len(text) + 2 + len(entry)))
        text += f"\n\n{entry}"
    return ParsedPaper(Metadata(), text, tuple(blocks), NO_WORD_BOXES, ())


def cited(entry: str, *records: PaperRecord) -> PaperRecord | None:
    (found,) = linked(references_of(paper(entry)), CITING, HERE, records)
    return found.paper


def test_entries_come_in_their_order_with_their_identifiers() -> None:
    first, second = references_of(
        paper("[1] A. Vaswani.  Attention.\narXiv:1706.03762v2", "[2] B. doi: 10.1000/ABC(1).")
    )
    assert (first.number, first.text) == (1, "[1] A. Vaswani. Attention. arXiv:1706.03762v2")
    assert (first.doi, first.arxiv_id, first.page, first.boxes) == ("", "1706.03762", None, ())
    assert (second.number, second.doi) == (2, "10.1000/abc(1)")


@pytest.mark.parametrize(
    "entry",
    [
        "[1] A. Vaswani et al. Attention is all you need. In NeurIPS, 2017.",
        "Vaswani, A., Shazeer, N. (2017). Attention is All\nYou Need, Advances in NIPS 30.",
        "1. Vaswani, A., et al.: Attention is all you need. LNCS (2018)",
        "Shazeer et al., “Attention is all you need,” in NIPS.",
        "Vaswani A. ATTENTION IS ALL YOU NEED[C]. NIPS, 2017.",
        "Somebody else. Another title. arXiv:1706.03762",
        "Somebody. https://arxiv.org/abs/1706.03762v1",
        "Somebody. doi:10.48550/arXiv.1706.03762",
        "Somebody. https://doi.org/10.5555/3295222.3295349.",
    ],
)
def test_a_reference_is_linked(entry: str) -> None:
    assert cited(entry, record(ATTENTION), record(CHINESE, 2)) == record(ATTENTION)


@pytest.mark.parametrize(
    "entry",
    [
        "[1] A. Vaswani et al. Attention is all you need in speech separation. 2021.",
        "[1] A. Vaswani et al. Why attention is all you need. 2021.",
        "[1] J. Smith. Attention is all you need. 2019.",
        "[1] A. Vaswani. Comment on: Attention is all you need. 2019.",
        "[1] A. Vaswani. Erratum to “Attention is all you need”. 2019.",
        "[1] A. Vaswani. Attention is all we need. 2019.",
        "[1] Somebody. arXiv:1706.0376",
        "[1] Somebody. 10.5555/3295222.32953490",
        "",
    ],
)
def test_another_paper_is_not(entry: str) -> None:
    if entry:
        assert cited(entry, record(ATTENTION)) is None
    else:
        assert references_of(paper(" \n ")) == ()


def test_chinese_titles_and_names() -> None:
    found = record(CHINESE)
    assert cited("[3] 李明, 王伟. 基于注意力的机器翻译[J]. 计算机学报, 2019.", found) == found
    assert cited("[3] 张三. 基于注意力的机器翻译[J]. 计算机学报, 2019.", found) is None
    assert cited("[3] 李明. 基于注意力的机器翻译研究[J]. 2019.", found) is None


def test_short_titles_and_those_without_authors_are_not_enough() -> None:
    assert (
        cited("A. Lovelace. Introduction. 1843.", record(Metadata("Introduction", ("A. Lovelace",)))) is None
    )
    assert cited("X. Attention is all you need.", record(replace(ATTENTION, authors=()))) is None
    long = Metadata("A very long title of a paper whose authors nobody could read")
    assert cited(f"X. {long.title}. 1999.", record(long)) is not None


def test_the_longest_title_and_the_copy_of_the_same_base_win() -> None:
    longer = replace(ATTENTION, title="Attention Is All You Need, Again and Again", arxiv_id="", doi="")
    entry = "Vaswani. Attention is all you need, again and again. 2020."
    assert cited(entry, record(longer), record(ATTENTION, 2)) == record(longer)
    same = "Vaswani. Attention is all you need. 2017."
    copies = [record(ATTENTION, 2, THERE), record(ATTENTION, 2, HERE)]
    assert cited(same, *copies) == cited(same, *reversed(copies)) == copies[1]
    published = record(replace(ATTENTION, venue="NeurIPS"), 3, THERE)
    preprint = record(replace(ATTENTION, doi="", venue="arXiv"), 4, THERE)
    assert cited(same, published, preprint) == cited(same, preprint, published) == published
    assert cited(same, replace(copies[1], id=CITING)) is None  # never itself


def test_only_papers_that_could_be_meant_are_looked_at() -> None:
    entries = references_of(
        paper("Vaswani. Attention is all you need.", "B. doi:10.1000/b", "C. arXiv:2001.00001")
    )
    names = [
        Named(PaperId("a"), "Attention is ALL you need", "", ""),
        Named(PaperId("b"), "B", "10.1000/B", ""),
        Named(PaperId("c"), "", "", "2001.00001v3"),
        Named(PaperId("d"), "Attention is all you want", "10.1000/d", "2001.00002"),
        Named(PaperId("e"), "", "", ""),
    ]
    assert likely(entries, names) == ["a", "b", "c"]
