"""Patents: claims below those that they depend on, the parts of a description, the codes of a first page."""

from carrel.chunking.patents import with_claims
from carrel.core.paper import BlockKind, ParsedPaper, sections
from tests.unit.chunking.test_articles import covered
from tests.unit.chunking.test_chunker import cut, paper_of

P, H, F = BlockKind.PARAGRAPH, BlockKind.HEADING, BlockKind.FRONT


def parts(paper: ParsedPaper) -> dict[str, str]:
    return {
        section.name: "|".join(paper.block_text(block) for block in section.blocks)
        for section in sections(paper)
    }


def test_an_american_patent() -> None:
    paper = with_claims(
        paper_of(
            (P, "(10) Patent No.: US 9,999,999 B2 (45) Date of Patent: Jun. 19, 2018"),
            (P, "(54) BOOK CLEANING APPARATUS"),
            (P, "(71) Applicant: Clean Books Inc., Springfield, IL (US)"),
            (P, "(72) Inventors: Jane Q. Doe, Springfield, IL (US); John Roe, Austin, TX (US)"),
            (P, "(57) ABSTRACT An apparatus cleans books."),
            (H, "BACKGROUND OF THE INVENTION"),
            (P, "Books get dirty. 1. First they lie."),
            (P, "DETAILED DESCRIPTION"),
            (P, "The apparatus 10 has a lamp 12."),
            (P, "What is claimed is:"),
            (P, "1. An apparatus comprising:\na box; and\na lamp."),
            (P, "2. The apparatus of claim 1, wherein 2. is no claim. 3. A method of lighting."),
            (P, "4. The apparatus according to any one of claims 1 or 2, comprising a fan."),
        )
    )
    said = paper.metadata
    assert (said.title, said.year, said.venue) == ("Book Cleaning Apparatus", 2018, "Clean Books Inc.")
    assert said.authors == ("Jane Q. Doe", "John Roe")
    assert said.abstract == "An apparatus cleans books."
    found = parts(paper)
    assert found.pop("").startswith("(10) Patent No.: US 9,999,999 B2")
    assert found == {
        "BACKGROUND OF THE INVENTION": "Books get dirty. 1. First they lie.",
        "DETAILED DESCRIPTION": "The apparatus 10 has a lamp 12.",
        "What is claimed is: › Claim 1": "1. An apparatus comprising:\na box; and\na lamp.",
        "What is claimed is: › Claim 1 › Claim 2": "2. The apparatus of claim 1, wherein 2. is no claim.",
        "What is claimed is: › Claim 3": "3. A method of lighting.",
        "What is claimed is: › Claim 1 › Claim 4": (
            "4. The apparatus according to any one of claims 1 or 2, comprising a fan."
        ),
    }
    chunks = cut(paper)
    assert covered(paper, [(each.passage.start, each.passage.end) for each in chunks])
    assert [each.passage.section for each in chunks] == ["", *found]


def test_a_chinese_patent_without_a_heading_of_claims() -> None:
    paper = with_claims(
        paper_of(
            (
                P,
                "1.一种图书消毒装置，其特征在于，包括箱体。\n2.根据权利要求1所述的装置，其特征在于，还包括灯。",
            ),
            (P, "3．根据权利要求2所述的装置，其特征在于，所述灯为紫外灯。"),
            (H, "说明书"),
            (P, "[0001] 技术领域"),
            (P, "[0002] 本发明涉及消毒。"),
            (P, "【具体实施方式】"),
            (P, "1. 打开箱体。"),
        )
    )
    assert list(parts(paper)) == [
        "权利要求书 › 权利要求1",
        "权利要求书 › 权利要求1 › 权利要求2",
        "权利要求书 › 权利要求1 › 权利要求2 › 权利要求3",
        "说明书 › [0001] 技术领域",
        "说明书 › 【具体实施方式】",
    ]


def test_codes_of_a_chinese_first_page() -> None:
    text = "(43)申请公布日 2021.02.09\n(71)申请人 某某公司\n(72)发明人 张三 李四\n(54)发明名称\n消毒装置"
    said = with_claims(paper_of((P, text))).metadata
    assert (said.title, said.year, said.venue, said.authors) == (
        "消毒装置",
        2021,
        "某某公司",
        ("张三", "李四"),
    )


def test_what_is_no_patent_stays_as_it_is() -> None:
    paper = paper_of((F, "A Title"), (H, "1 Introduction"), (P, "1. We show (2) that claims are long."))
    found = with_claims(paper)
    assert (found.blocks, found.metadata) == (paper.blocks, paper.metadata)
