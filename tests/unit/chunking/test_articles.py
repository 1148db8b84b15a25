"""Statutes: each article is a section of its own below its chapter, and nothing of the text is lost."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.chunking.articles import with_articles
from carrel.chunking.structured import structured
from carrel.core.domains import Domain
from carrel.core.paper import BlockKind, ParsedPaper, sections
from tests.unit.chunking.test_chunker import cut, paper_of

P, H, F = BlockKind.PARAGRAPH, BlockKind.HEADING, BlockKind.FRONT


def articles(*blocks: tuple[BlockKind, str]) -> dict[str, str]:
    """Return what stands in each section, by the section's name."""
    paper = paper_of(*blocks)
    found = with_articles(paper)
    assert found.text == paper.text
    return {
        section.name: "|".join(found.block_text(block) for block in section.blocks)
        for section in sections(found)
    }


def test_articles_stand_below_their_chapters() -> None:
    found = articles(
        (P, "第一编　总则"),
        (P, "第一章　一般规定"),
        (P, "第一条　为了方便读者，制定本法。"),
        (P, "第二条 【定义】读者，是指下列人员："),
        (P, "（一）根据第一条登记的人员。"),
        (P, "第九条的规定除外。"),
        (P, "第二章 借阅\n第三条 期限为三十日。第四条 逾期的，收取费用。依照第二条处理。"),
        (P, "第四条之一 免收的情形。"),
        (P, "第一节　附则"),
        (P, "第５条自公布之日起施行。"),
    )
    first, second = "第一编　总则 › 第一章　一般规定", "第一编　总则 › 第二章 借阅"
    assert found == {
        f"{first} › 第一条": "为了方便读者，制定本法。",
        f"{first} › 第二条 【定义】": "读者，是指下列人员：|（一）根据第一条登记的人员。|第九条的规定除外。",
        f"{second} › 第三条": "期限为三十日。",
        f"{second} › 第四条": "逾期的，收取费用。依照第二条处理。",
        f"{second} › 第四条之一": "免收的情形。",
        f"{second} › 第一节　附则 › 第５条": "自公布之日起施行。",
    }


def test_articles_of_the_west() -> None:
    found = articles(
        (F, "A Title"),
        (F, "CHAPTER I\nGeneral provisions"),
        (P, "Article 1"),
        (P, "Subject matter"),
        (P, "This Regulation is about libraries. Article 12 of the Treaty applies."),
        (H, "CHAPTER II"),
        (H, "Readers"),
        (P, "Section 1\nRights"),
        (P, "Article 2. Every reader may borrow books."),
        (P, "Article 1 applies to them."),
    )
    assert found == {
        "CHAPTER I › General provisions › Article 1 › Subject matter": (
            "This Regulation is about libraries. Article 12 of the Treaty applies."
        ),
        "CHAPTER II › Readers › Section 1 › Rights › Article 2.": (
            "Every reader may borrow books.|Article 1 applies to them."
        ),
    }


def test_sections_are_the_articles_where_there_are_no_others() -> None:
    found = articles(
        (P, "§ 101. Definitions\nIn this Act, reader means a person."),
        (H, "§ 102a Fees"),
        (P, "A fee is due."),
        (P, "Sec. 3. (a) Fees are due on the day."),
    )
    assert found == {
        "§ 101. Definitions": "In this Act, reader means a person.",
        "§ 102a Fees": "A fee is due.",
        "Sec. 3.": "(a) Fees are due on the day.",
    }


def test_what_is_no_statute_stays_as_it_is() -> None:
    paper = paper_of((H, "1 Introduction"), (P, "We follow 第五条的规定, and Section 3."))
    assert with_articles(paper) is paper
    assert structured(paper, Domain.PAPERS) is paper


def test_the_law_says_its_name_and_since_when_it_is_in_force() -> None:
    paper = paper_of(
        (P, "图书流通管理条例"),
        (P, "第一条　为了方便读者。"),
        (P, "第二条　自2021年1月1日起施行。"),
        title="",
    )
    assert (with_articles(paper).metadata.title, with_articles(paper).metadata.year) == (
        "图书流通管理条例",
        2021,
    )


def test_when_a_law_was_made_is_no_part_of_its_name() -> None:
    paper = paper_of((P, "第一条 为了方便读者。"), title="图书法（2020年5月28日第十三届会议通过）")
    assert with_articles(paper).metadata.title == "图书法"


bodies = st.lists(
    st.sampled_from(["本法适用。", "读者登记，", "依照第三条处理。", "三十日；"]), min_size=1, max_size=40
)


@given(st.lists(bodies, min_size=1, max_size=12), st.booleans())
def test_each_article_is_one_path_and_no_passage_holds_two(said: list[list[str]], together: bool) -> None:
    lines = [f"第{number}条　{''.join(body)}。" for number, body in enumerate(said, start=1)]
    blocks = [(P, "\n".join(lines))] if together else [(P, line) for line in lines]
    paper = with_articles(paper_of(*blocks))
    paths = Counter(section.name for section in sections(paper))
    assert paths == Counter(f"第{number}条" for number in range(1, len(said) + 1))
    chunks = cut(paper)
    assert {each.passage.section for each in chunks} == set(paths)
    assert covered(paper, [(each.passage.start, each.passage.end) for each in chunks])


def covered(paper: ParsedPaper, passages: list[tuple[int, int]]) -> bool:
    """Whether every letter that is in no heading is in a passage."""
    inside = {place for start, end in passages for place in range(start, end)}
    return all(
        place in inside
        for block in paper.blocks
        if block.kind is not H
        for place in range(block.start, block.end)
        if not paper.text[place].isspace()
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "第",
        "第条",
        "第一条",
        "第一条 ",
        "§",
        "Article",
        "第一章",
        "第十条之",
        "。第五条第二款",
        "应当：\n第九条的规定。第九条",
    ],
)
def test_odd_beginnings_do_no_harm(text: str) -> None:
    paper = paper_of((P, text or "x"))
    assert with_articles(paper).text == paper.text
