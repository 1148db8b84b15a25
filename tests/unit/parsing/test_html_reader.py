"""Reading HTML."""

from pathlib import Path

import pytest

from carrel.core.file_errors import DamagedDocument, NoTextInside
from carrel.core.formats import FileFormat
from carrel.core.metadata import Source
from carrel.core.paper import ParsedPaper, sections
from tests.unit.parsing.documents import outline, read

ARTICLE = """<!DOCTYPE html><html lang="en"><head><title>Coral Reefs | Journal of Reefs</title>
<meta name="citation_title" content="Coral Reefs in Warm Seas">
<meta name="citation_author" content="Carson, Rachel"><meta name="citation_author" content="Jacques Cousteau">
<meta name="citation_doi" content="doi:10.1234/Reef.5">
<meta name="citation_publication_date" content="2020/03/01">
<meta name="citation_journal_title" content="Journal of Reefs">
<meta name="citation_abstract" content="Corals bleach.">
<meta name="citation_arxiv_id" content="2003.01234"><meta name="citation_keywords" content="corals; heat">
<script>var hidden = "script";</script><style>p { color: hidden }</style></head><body>
<header><a href="/">Journal of Reefs</a><nav>Home About</nav></header>
<div class="cookie-banner">We use cookies.</div>
<main><nav class="toc">Contents</nav><article>
<header><h1>Coral Reefs in Warm Seas</h1><p class="authors">Rachel Carson, Jacques Cousteau</p></header>
<section><h2>1 Introduction</h2>
<p>The sea was warm &amp; the corals
white<sup>1</sup>, as <math alttext="E=mc^2"><mi>E</mi></math> says.</p>
<p style="display: none">hidden</p><p hidden>hidden</p><button>Share</button>
<h3>1.1 Sites</h3><p>First paragraph.<br><br>Second paragraph.</p>
<table><caption>Table 1. Counts</caption><tr><th>reef</th><th>white</th></tr>
<tr><td>north</td><td>81&nbsp;%</td></tr></table>
<figure><img src="x.png" alt="unread"><figcaption>Figure 1. White corals.</figcaption></figure>
<ul><li>first <li>second <b>bold</b></ul><pre>a = 1
b = 2</pre>
<aside role="doc-footnote" class="footnote"><p>unread: an aside</p></aside>
<div class="footnotes"><p>A note below.</p></div></section>
<section><h2>References</h2><ol><li>Hughes. Global warming. 2017.</li>
<li>Glynn. Reefs. 1993.</li></ol></section>
</article></main><footer>Copyright 2020</footer></body></html>"""


def html(folder: Path, content: str | bytes) -> ParsedPaper:
    return read(folder, content, FileFormat.HTML)


def page(body: str, head: str = "") -> str:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>"


def test_an_article_of_a_publisher(tmp_path: Path) -> None:
    paper = html(tmp_path, ARTICLE)
    assert outline(paper) == [
        ("front", "Coral Reefs in Warm Seas"),
        ("front", "Rachel Carson, Jacques Cousteau"),
        ("h2", "1 Introduction"),
        ("paragraph", "The sea was warm & the corals white1, as $E=mc^2$ says."),
        ("h3", "1.1 Sites"),
        ("paragraph", "First paragraph."),
        ("paragraph", "Second paragraph."),
        ("caption", "Table 1. Counts"),
        ("table", "reef | white\nnorth | 81 %"),
        ("caption", "Figure 1. White corals."),
        ("paragraph", "first"),
        ("paragraph", "second bold"),
        ("paragraph", "a = 1\nb = 2"),
        ("footnote", "A note below."),
        ("h2", "References"),
        ("reference", "Hughes. Global warming. 2017."),
        ("reference", "Glynn. Reefs. 1993."),
    ]
    metadata = paper.metadata
    assert metadata.title == "Coral Reefs in Warm Seas"
    assert metadata.authors == ("Rachel Carson", "Jacques Cousteau")
    assert (metadata.year, metadata.venue) == (2020, "Journal of Reefs")
    assert (metadata.doi, metadata.arxiv_id) == ("10.1234/reef.5", "2003.01234")
    assert metadata.keywords == ("corals", "heat")
    assert metadata.abstract == "Corals bleach."
    assert metadata.evidence["doi"].source is Source.FILE
    assert metadata.evidence["doi"].confidence > 0.9
    assert [section.name for section in sections(paper)][:2] == [
        "1 Introduction",
        "1 Introduction › 1.1 Sites",
    ]


def test_dublin_core_and_a_page_without_a_head(tmp_path: Path) -> None:
    tags = (
        '<meta name="DC.Title" content="A Thesis"><meta name="DC.Creator" content="Curie, Marie">'
        '<meta name="DCTERMS.issued" content="1903"><meta name="DC.Identifier" content="urn:x">'
        '<meta name="DC.Identifier" content="https://doi.org/10.5555/x1">'
        '<meta name="DC.Subject" content="radium">'
    )
    metadata = html(tmp_path, page("<p>Radium shines.", tags)).metadata
    assert (metadata.title, metadata.authors, metadata.year) == ("A Thesis", ("Marie Curie",), 1903)
    assert (metadata.doi, metadata.keywords) == ("10.5555/x1", ("radium",))
    bare = html(tmp_path, "<title>Only a Title - Some Site</title><p>Words without a frame.")
    assert bare.metadata.title == "Only a Title"
    assert bare.metadata.evidence["title"].confidence <= 0.5


def test_what_the_page_shows_wins_over_its_window_title(tmp_path: Path) -> None:
    paper = html(tmp_path, page("<h1>The Real Title</h1><p>Text.</p>", "<title>Site: article 17</title>"))
    assert paper.metadata.title == "The Real Title"
    assert paper.metadata.evidence["title"].source is Source.PAGE


LATEXML = """<!DOCTYPE html><html><head><title>Sparse Attention for Chips</title></head><body>
<nav class="ltx_page_navbar"><h1>skip</h1></nav><div class="ltx_page_main"><div class="ltx_page_content">
<article class="ltx_document ltx_authors_1line">
<h1 class="ltx_title ltx_title_document">Sparse Attention for Chips</h1>
<div class="ltx_authors"><span class="ltx_creator ltx_role_author"><span class="ltx_personname">Ada Lovelace
</span><span class="ltx_author_notes">Analytical Engine Institute</span></span>
<span class="ltx_creator ltx_role_author"><span class="ltx_personname">Alan Turing</span></span></div>
<div class="ltx_abstract"><h6 class="ltx_title ltx_title_abstract">Abstract</h6><p class="ltx_p">We study
sparse attention on hardware, and find it fast.</p></div>
<section class="ltx_section"><h2 class="ltx_title"><span class="ltx_tag">1 </span>Introduction</h2>
<p class="ltx_p">The bound depends on
<math alttext="\\epsilon"><mi>e</mi></math><span class="ltx_note
ltx_role_footnote"><sup class="ltx_note_mark">1</sup>
<span class="ltx_note_outer"><sup class="ltx_note_mark">1</sup>A small number.</span></span>
alone.</p>
<table class="ltx_equation ltx_eqn_table"><tr><td></td><td>
<math alttext="a=b"><mi>a</mi></math></td><td></td><td>(1)</td>
</tr></table></section>
<section class="ltx_bibliography"><h2>References</h2>
<ul><li class="ltx_bibitem"><span class="ltx_tag">[1]</span>
<span class="ltx_bibblock">A. Vaswani.</span> <span class="ltx_bibblock">Attention.</span></li></ul></section>
</article></div><footer class="ltx_page_footer">Generated</footer></div></body></html>"""


def test_a_page_of_arxiv(tmp_path: Path) -> None:
    paper = html(tmp_path, LATEXML)
    assert paper.metadata.title == "Sparse Attention for Chips"
    assert paper.metadata.authors == ("Ada Lovelace", "Alan Turing")
    assert paper.metadata.abstract == "We study sparse attention on hardware, and find it fast."
    assert outline(paper)[-6:] == [
        ("h2", "1 Introduction"),
        ("paragraph", "The bound depends on $\\epsilon$ alone."),
        ("footnote", "A small number."),
        ("paragraph", "$a=b$ (1)"),
        ("h2", "References"),
        ("reference", "[1] A. Vaswani. Attention."),
    ]


def test_a_chinese_page_in_its_old_encoding(tmp_path: Path) -> None:
    abstract = "<h2>摘要</h2><p>本文研究星系的旋转\n曲线，发现有大量看不见的物质。</p>"
    body = f"<h1>论暗物质的分布</h1><p>张三 李四</p>{abstract}"
    content = page(body, '<meta http-equiv="Content-Type" content="text/html; charset=gb2312">')
    paper = html(tmp_path, content.encode("gb18030"))
    assert paper.metadata.title == "论暗物质的分布"
    assert paper.metadata.authors == ("张三", "李四")
    assert paper.metadata.abstract == "本文研究星系的旋转曲线，发现有大量看不见的物质。"
    assert paper.metadata.language == "zh"


def test_a_page_laid_out_by_tables_is_text(tmp_path: Path) -> None:
    prose = "A long paragraph of running text stands in the one wide cell of this old page. " * 3
    paper = html(tmp_path, page(f"<table><tr><td>Menu</td><td><h2>Part</h2>{prose}</td></tr></table>"))
    assert ("front", "Part") in outline(paper)
    assert ("paragraph", prose.strip()) in outline(paper)
    assert all(kind != "table" for kind, _ in outline(paper))


def test_a_page_in_a_form_and_sections_named_like_menus_are_read(tmp_path: Path) -> None:
    body = '<form><h2 id="menu">Menus</h2><section id="social-networks"><p>We study menus.</p></section>'
    paper = html(tmp_path, page(f'{body}<input value="unread"><ul class="menu"><li>unread</ul></form>'))
    assert [part for _, part in outline(paper)] == ["Menus", "We study menus."]


def test_pandoc_s_pages_have_their_title_in_a_header(tmp_path: Path) -> None:
    title = '<h1 class="title">A Title</h1><p class="author">Ada Lovelace</p>'
    head = f'<header id="title-block-header">{title}</header>'
    paper = html(tmp_path, page(f"{head}<h1>1 Part</h1><p>Text.</p><h1>2 Part</h1><p>More.</p>"))
    assert paper.metadata.title == "A Title"
    assert paper.metadata.authors == ("Ada Lovelace",)


def test_broken_html_is_read_as_browsers_do(tmp_path: Path) -> None:
    paper = html(tmp_path, "<html><body><h2>Open <p>One <b>two <i>three</b> four<p>five &unknown; &lt;six")
    assert "three four" in paper.text
    assert "five &unknown; <six" in paper.text


@pytest.mark.parametrize(
    "content", ["<html></html>", "<!-- only -->", page("<script>x()</script><p> &nbsp; </p>")]
)
def test_a_page_without_words_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(NoTextInside):
        html(tmp_path, content)


def test_entities_of_its_own_and_outer_files_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the secret")
    paper = html(
        tmp_path,
        f'<?xml version="1.0"?><!DOCTYPE html [<!ENTITY x SYSTEM "{secret.as_uri()}"><!ENTITY lol "lol">]>'
        f"<html><body><p>Seen &x; &lol;</p><iframe src='{secret.as_uri()}'></iframe></body></html>",
    )
    assert "the secret" not in paper.text
    assert "Seen" in paper.text


@pytest.mark.parametrize("levels", [300, 2_000_000])
def test_nesting_without_end_is_refused_and_nothing_is_lost_silently(tmp_path: Path, levels: int) -> None:
    with pytest.raises(DamagedDocument, match="nested"):
        html(tmp_path, "<html><body>" + "<div>" * levels + "deep" + "</div>" * levels + "after")


def test_what_is_hidden_within_a_table_or_a_caption_is_not_read(tmp_path: Path) -> None:
    page = (
        "<title>Reefs</title><p>Before it stands a paragraph.</p>"
        "<table><tr><th>reef</th><th>n</th></tr>"
        "<tr><td>north<span hidden>secret</span></td><td>8</td></tr></table>"
        "<figure><figcaption>Figure 1. <span style='display:none'>secret</span>Corals.</figcaption></figure>"
    )
    paper = html(tmp_path, page)
    assert "secret" not in paper.text
    assert "north" in paper.text
    assert "Figure 1. Corals." in paper.text
