"""Reading Markdown."""

from pathlib import Path

import pytest

from carrel.core.file_errors import DamagedDocument, NoTextInside
from carrel.core.formats import FileFormat
from carrel.core.metadata import Source
from carrel.core.paper import ParsedPaper, sections
from tests.unit.parsing.documents import outline, read

PAPER = """\
---
title: "Graph Networks: a Reading"
author:
  - name: Grace Hopper
    affiliation: Navy
  - Kurt Gödel
  - {given: Emmy, family: Noether}
date: 2021-05-03
tags: [graphs, message passing]
doi: https://doi.org/10.1234/ABC.5
journal: Journal of Graphs
lang: en-GB
---

# Graph Networks: a Reading

## Abstract

Graphs of molecules are read by *message passing*[^1], which costs $O(a_1 * b_2 * c)$ time.

## 1 Methods

We take a **graph**
and walk over [it](https://example.org), see ![a drawn graph](x.png).

- one
- two

  with a second paragraph

1. first
2. second

> A quotation.

| model | score |
|-------|-------|
| GCN   | `81`  |

Table 1: Scores of models.

```python
def walk(graph):
    return graph
```

$$
E = mc^2
$$

<figure><img src="y.png"><figcaption>A graph in HTML.</figcaption></figure>

[^1]: Gilmer, 2017, who
    named it.

## References

1. Kipf and Welling. GCN. 2017.
2. Velickovic. GAT. 2018.
"""


def markdown(folder: Path, content: str) -> ParsedPaper:
    return read(folder, content, FileFormat.MARKDOWN)


def test_a_paper_in_markdown(tmp_path: Path) -> None:
    paper = markdown(tmp_path, PAPER)
    assert outline(paper) == [
        ("front", "Graph Networks: a Reading"),
        ("h2", "Abstract"),
        (
            "paragraph",
            "Graphs of molecules are read by message passing, which costs $O(a_1 * b_2 * c)$ time.",
        ),
        ("footnote", "Gilmer, 2017, who named it."),
        ("h2", "1 Methods"),
        ("paragraph", "We take a graph and walk over it, see a drawn graph."),
        ("paragraph", "one"),
        ("paragraph", "two"),
        ("paragraph", "with a second paragraph"),
        ("paragraph", "1. first"),
        ("paragraph", "2. second"),
        ("paragraph", "A quotation."),
        ("table", "model | score\nGCN | 81"),
        ("caption", "Table 1: Scores of models."),
        ("paragraph", "def walk(graph):\nreturn graph"),
        ("paragraph", "E = mc^2"),
        ("caption", "A graph in HTML."),
        ("h2", "References"),
        ("reference", "1. Kipf and Welling. GCN. 2017."),
        ("reference", "2. Velickovic. GAT. 2018."),
    ]
    assert [section.name for section in sections(paper)] == ["Abstract", "1 Methods", "References"]
    metadata = paper.metadata
    assert metadata.title == "Graph Networks: a Reading"
    assert metadata.authors == ("Grace Hopper", "Kurt Gödel", "Emmy Noether")
    assert (metadata.year, metadata.doi, metadata.venue) == (2021, "10.1234/abc.5", "Journal of Graphs")
    assert metadata.keywords == ("graphs", "message passing")
    assert metadata.abstract.startswith("Graphs of molecules")
    assert metadata.language == "en"
    for name in ("title", "authors", "year", "doi", "venue", "keywords"):
        assert metadata.evidence[name].source is Source.FILE
    assert metadata.evidence["abstract"].source is Source.PAGE


def test_without_front_matter_the_first_heading_is_the_title_and_names_below_it_the_authors(
    tmp_path: Path,
) -> None:
    paper = markdown(
        tmp_path,
        "# 稀疏注意力\n\n王小明，李雷\n\n## 摘要\n\n我们研究稀疏注意力机制。\n\n## 引言\n\n很长。\n",
    )
    assert paper.metadata.title == "稀疏注意力"
    assert paper.metadata.authors == ("王小明", "李雷")
    assert paper.metadata.abstract == "我们研究稀疏注意力机制。"
    assert paper.metadata.language == "zh"
    assert [section.name for section in sections(paper)] == ["摘要", "引言"]


def test_several_outermost_headings_are_sections(tmp_path: Path) -> None:
    paper = markdown(tmp_path, "# Methods\n\na b\n\nc d\n\ne f\n\ng h\n\n# Results\n\nWords.\n")
    assert [section.name for section in sections(paper)] == ["Methods", "Results"]


@pytest.mark.parametrize(
    "front",
    [
        "title: [unclosed",
        "- a list",
        "just text",
        "date: 2021-99-99",
        "a: &a [x]\nb: &b [*a,*a]\nc: [*b,*b]\ntitle: {}",
        "!!python/object/apply:os.system [ls]",
        "title: " + "x" * 70_000,
        "[" * 5000,
        "author: {name: {given: [1], family: 2}}",
    ],
)
def test_front_matter_that_says_nothing_does_no_harm(tmp_path: Path, front: str) -> None:
    paper = markdown(tmp_path, f"---\n{front}\n---\n\n# A Title\n\nAnd its text.\n")
    assert paper.metadata.title == "A Title"
    assert "And its text." in paper.text


@pytest.mark.parametrize(
    "value", ["!!timestamp foo", "!!bool foo", "!!int ''", "!!float x", "0x" + "f" * 6000]
)
def test_values_of_front_matter_are_texts_whatever_their_tags(tmp_path: Path, value: str) -> None:
    paper = markdown(tmp_path, f"---\ntitle: A Title\nvenue: {value}\nyear: 2020\n---\n\nAnd its text.\n")
    assert (paper.metadata.title, paper.metadata.year) == ("A Title", 2020)
    assert paper.text.endswith("And its text.")


def test_an_entry_without_a_value_says_nothing(tmp_path: Path) -> None:
    paper = markdown(tmp_path, "---\ntitle: null\nauthor: [~, Ada Lovelace]\nvenue: ~\n---\n\n# T\n\nText.\n")
    assert (paper.metadata.title, paper.metadata.venue) == ("T", "")
    assert paper.metadata.authors == ("Ada Lovelace",)


def test_what_is_no_front_matter_is_text(tmp_path: Path) -> None:
    paper = markdown(tmp_path, "---\nText between lines.\n\nAnd more.\n---\n\n# A Title\n\nAnd its text.\n")
    texts = [text for _, text in outline(paper)]
    assert texts == ["Text between lines.", "And more.", "A Title", "And its text."]


@pytest.mark.parametrize("content", ["---\ntitle: Only this\n---\n", "<!-- nothing -->\n", "***\n\n---\n"])
def test_markdown_without_words_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(NoTextInside):
        markdown(tmp_path, content)


def test_raw_html_brings_no_script_along(tmp_path: Path) -> None:
    paper = markdown(
        tmp_path, "# T\n\n<script>alert(1)</script>\n\n<div>Seen <b>text</b></div>\n\nA<br>B <i>c</i>\n"
    )
    assert "alert" not in paper.text
    assert ("paragraph", "Seen text") in outline(paper)
    assert ("paragraph", "A B c") in outline(paper)


@pytest.mark.parametrize("deep", [30, 49])
def test_lists_and_quotations_are_read_however_deep(tmp_path: Path, deep: int) -> None:
    items = "".join(f"{'  ' * level}- item{level}.\n" for level in range(deep))
    paper = markdown(tmp_path, f"# T\n\n{items}\nAfter.\n\n{'> ' * deep}quoted\n")
    texts = [text for _, text in outline(paper)]
    assert texts == ["T", *(f"item{level}." for level in range(deep)), "After.", "quoted"]


@pytest.mark.parametrize(("mark", "most"), [("- ", 49), ("> ", 99), ("1. ", 49), ("> - ", 33)])
@pytest.mark.parametrize("more", [0, 1, 2, 50, 5000])
def test_nothing_is_lost_silently_in_nesting_without_end(
    tmp_path: Path, mark: str, most: int, more: int
) -> None:
    content = f"# T\n\n{mark * (most + more)}deep\n\nAfter.\n"
    if not more:
        assert "deep" in markdown(tmp_path, content).text
    else:
        with pytest.raises(DamagedDocument, match="nested"):
            markdown(tmp_path, content)


def test_an_author_in_front_matter_may_be_written_surname_first(tmp_path: Path) -> None:
    paper = markdown(tmp_path, "---\ntitle: T\nauthor: 'Noether, Emmy'\n---\n\n# T\n\nText.\n")
    assert paper.metadata.authors == ("Emmy Noether",)


def test_a_doi_in_front_matter_ends_before_the_marks_behind_it(tmp_path: Path) -> None:
    paper = markdown(
        tmp_path, "---\ntitle: T\ndoi: (see doi:10.1016/S0140(99)00001-X).\n---\n\n# T\n\nText.\n"
    )
    assert paper.metadata.doi == "10.1016/s0140(99)00001-x"
