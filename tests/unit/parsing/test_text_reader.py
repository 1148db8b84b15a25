"""Reading plain text."""

from pathlib import Path

import pytest

from carrel.core.errors import EmptyFile
from carrel.core.file_errors import FileTooLarge, NoTextInside, NotText
from carrel.core.formats import FileFormat
from carrel.core.metadata import Source
from carrel.core.paper import ParsedPaper
from carrel.parsing import documents as readers
from tests.unit.parsing.documents import outline, read

WRAPPED = """\
Dark Matter in Plain Text

Vera Rubin and Fritz Zwicky
March 1978

Abstract
We look at galaxies which turn too fast, and we say that something
unseen holds them together; the unseen matter is five times the seen.

1. Introduction

Galaxies turn. Their outer stars should be slow, but well-
known curves are flat.
   A second paragraph begins with an indent, and goes on
over two lines.

Results
-------

* the curve is flat
* the halo is large
  and goes on

model     speed     error
sparse    4.0       0.1
dense     1.0       0.1

References

[1] Rubin, V. Rotation of the Andromeda
    nebula. 1970.
[2] Zwicky, F. Die Rotverschiebung. 1933.
"""

RFC = """\



Network Working Group                                         S. Writer
Request for Comments: 9999                           Example University
Category: Informational                                      March 1997

             Key Words for Use in Examples of Documents

Status of this Memo

   This memo provides information for the community.  Distribution is
   unlimited.

1. MUST   This word means that the definition is an absolute
   requirement of the specification and that nothing else
   will do in any of the


Writer                       Informational                      [Page 1]
\x0c
RFC 9999                     Example Key Words                March 1997


   cases that are thought of here.

2.  Terminology

   The picture shows it:

      +--------+      +--------+
      | client |----->| server |
      +--------+      +--------+


Writer                       Informational                      [Page 2]
"""

CHINESE = """\
　　论暗物质的分布

　　张三　李四

摘要：本文研究星系的旋转曲线，发现在外围有大量看不见的物质，这些物质是可见物质的五倍，我们用新的方法来讨论这个问题。
关键词：暗物质；星系；旋转曲线

一、引言
　　星系在旋转。外围的恒星应该很慢，但是观测到的曲线是平的。
　　第二段从这里开始。

参考文献
[1] 王五. 星系动力学. 2010.
[2] 赵六. 暗晕. 2012.
"""


def text(folder: Path, content: bytes | str) -> ParsedPaper:
    return read(folder, content, FileFormat.TEXT)


def test_a_wrapped_text_has_paragraphs_headings_lists_tables_and_references(tmp_path: Path) -> None:
    paper = text(tmp_path, WRAPPED)
    assert outline(paper) == [
        ("front", "Dark Matter in Plain Text"),
        ("front", "Vera Rubin and Fritz Zwicky\nMarch 1978"),
        ("h1", "Abstract"),
        (
            "paragraph",
            "We look at galaxies which turn too fast, and we say that something unseen holds them together; "
            "the unseen matter is five times the seen.",
        ),
        ("h1", "1. Introduction"),
        ("paragraph", "Galaxies turn. Their outer stars should be slow, but well-known curves are flat."),
        ("paragraph", "A second paragraph begins with an indent, and goes on over two lines."),
        ("h1", "Results"),
        ("paragraph", "the curve is flat"),
        ("paragraph", "the halo is large and goes on"),
        ("table", "model speed error\nsparse 4.0 0.1\ndense 1.0 0.1"),
        ("h1", "References"),
        ("reference", "[1] Rubin, V. Rotation of the Andromeda nebula. 1970."),
        ("reference", "[2] Zwicky, F. Die Rotverschiebung. 1933."),
    ]
    assert paper.metadata.title == "Dark Matter in Plain Text"
    assert paper.metadata.authors == ("Vera Rubin", "Fritz Zwicky")
    assert paper.metadata.year == 1978
    assert paper.metadata.abstract.startswith("We look at galaxies")
    assert paper.metadata.language == "en"
    assert paper.metadata.evidence["title"].source is Source.PAGE
    assert paper.metadata.evidence["title"].confidence < 0.9
    assert paper.pages == ()
    assert len(paper.words.start) == 0


def test_an_rfc_stays_readable(tmp_path: Path) -> None:
    paper = text(tmp_path, RFC)
    found = outline(paper)
    assert paper.metadata.title == "Key Words for Use in Examples of Documents"
    assert paper.metadata.year == 1997
    assert "Page 1" not in paper.text
    assert paper.text.count("RFC 9999") == 0
    assert any("any of the cases that are thought of" in part for _, part in found)
    assert ("h1", "2. Terminology") in found
    assert any("| client |----->| server |\n" in part for _, part in found)


def test_chinese_lines_are_paragraphs(tmp_path: Path) -> None:
    paper = text(tmp_path, CHINESE.encode("gb18030"))
    assert [kind for kind, _ in outline(paper)] == [
        *("front", "front", "paragraph", "paragraph", "h1", "paragraph", "paragraph", "h1"),
        *("reference", "reference"),
    ]
    metadata = paper.metadata
    assert metadata.title == "论暗物质的分布"
    assert metadata.authors == ("张三", "李四")
    assert metadata.abstract.startswith("本文研究")
    assert metadata.keywords == ("暗物质", "星系", "旋转曲线")
    assert metadata.language == "zh"
    assert metadata.year is None  # those of the references are not the paper's


def test_wrapped_chinese_is_joined_without_spaces(tmp_path: Path) -> None:
    paper = text(
        tmp_path, "研究\n\n我们在这里研究一个很长的句子它要换行\n才能写完所以第二行接着写\n直到最后结束。\n"
    )
    assert "它要换行才能写完所以第二行接着写直到最后结束。" in paper.text


def test_long_lines_are_paragraphs_of_their_own(tmp_path: Path) -> None:
    line = "This paragraph is typed as one long line, as editors write it that wrap only on the screen. " * 2
    paper = text(tmp_path, f"A Title\n\n{line}\n{line}\n{line}\n")
    assert [kind for kind, _ in outline(paper)] == ["front", "paragraph", "paragraph", "paragraph"]


@pytest.mark.parametrize(
    "line", ["2 of the three reefs were white.", "1 Table", "3.14 is about pi", "A reef", "10 cats, 2 dogs"]
)
def test_what_may_be_a_sentence_is_no_heading(tmp_path: Path, line: str) -> None:
    paper = text(tmp_path, f"Some opening words that end here.\n\n{line}\n\nMore words follow, and end.\n")
    assert all(not kind.startswith("h") for kind, _ in outline(paper)) or line == "1 Table"


def test_windows_and_old_mac_line_ends_are_read(tmp_path: Path) -> None:
    for end in ("\r\n", "\r"):
        paper = text(tmp_path, WRAPPED.replace("\n", end))
        assert outline(paper) == outline(text(tmp_path, WRAPPED))


@pytest.mark.parametrize(
    ("content", "error"), [(b"", EmptyFile), (b" \n\t\n", NoTextInside), (b"* * *\n---", NoTextInside)]
)
def test_a_text_without_words_is_refused(tmp_path: Path, content: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        text(tmp_path, content)


def test_binary_junk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotText):
        text(tmp_path, b"\x89PNG\r\n\x1a\n\0\0")


def test_a_text_beyond_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    with path.open("wb") as stream:
        stream.truncate((readers.MOST_TEXT_MB + 1) << 20)
    with pytest.raises(FileTooLarge) as raised:
        readers.read_document(path, FileFormat.TEXT)
    assert raised.value.parameters["limit"] == str(readers.MOST_TEXT_MB)


def test_heads_and_feet_that_pages_repeat_are_left_out(tmp_path: Path) -> None:
    pages = [
        f"\n\nStandard for Examples\n\n\nThis is what page {number} says, and it says it at length.\n\n\n"
        f"     May 1982                - {number} -                 Memo\n\x0c"
        for number in range(1, 6)
    ]
    paper = text(tmp_path, "A Memo\n\nIts first words.\n\x0c" + "".join(pages))
    assert "Standard for Examples" not in paper.text
    assert "May 1982" not in paper.text
    assert paper.text.count("This is what page") == 5


def test_a_hyphen_goes_where_the_text_has_the_whole_word(tmp_path: Path) -> None:
    paper = text(
        tmp_path,
        "A Memo\n\nThe internal formats are known to all of us who use for-\nmats that are well-\nknown.\n",
    )
    assert "who use formats that are well-known." in paper.text


def test_justified_lines_are_no_table(tmp_path: Path) -> None:
    lines = (
        "In  this   context,  messages  are  viewed  as having an envelope",
        "and   contents.   The  envelope  contains  whatever information is",
        "needed   to   accomplish  transmission   and   delivery  of   it.",
    )
    paper = text(tmp_path, "A Memo\n\n" + "\n".join(lines))
    assert [kind for kind, _ in outline(paper)] == ["front", "paragraph"]


def test_a_title_of_two_lines_and_the_names_below_it(tmp_path: Path) -> None:
    paper = text(
        tmp_path,
        "     On the Nature of\n     Violins\n   Ada Lovelace\n   March 2020\n\nViolins sound well.\n",
    )
    assert outline(paper)[:2] == [
        ("front", "On the Nature of Violins"),
        ("front", "Ada Lovelace\nMarch 2020"),
    ]
    assert paper.metadata.title == "On the Nature of Violins"
    assert paper.metadata.authors == ("Ada Lovelace",)
    assert paper.metadata.year == 2020


def test_a_heading_with_thousands_of_spaces_is_read_at_once(tmp_path: Path) -> None:
    # A pattern that tries every way to part the spaces would not come to an end.
    paper = read(tmp_path, f"# a{' ' * 20_000}b\n\nText.\n\n## Closed ##\n\nMore.\n", FileFormat.TEXT)
    assert [text for _, text in outline(paper)] == ["a b", "Text.", "Closed", "More."]
