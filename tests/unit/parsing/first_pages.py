"""First pages as publishers set them, made with ReportLab: names, marks, columns, notices and all."""

import io
from collections.abc import Callable, Sequence
from typing import NamedTuple

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

REGULAR, BOLD, ITALIC, SONG = "Times-Roman", "Times-Bold", "Times-Italic", "STSong-Light"
ABSTRACT = (
    "We study how attention over long documents can be sparse without losing quality. Reading long "
    "documents costs time that grows with their square, so attention is spread thinly over all of the "
    "words. Experiments on three corpora show that it is as good as dense attention and four times as fast."
)
PROSE = (
    "Reading long documents costs time that grows with their square, so attention is spread thinly over "
    "all of the words. We spread it where it is needed and nowhere else, so the model is four times as fast. "
)
CHINESE_ABSTRACT = (
    "针对长文档中注意力计算代价随长度平方增长的问题，提出了一种稀疏注意力机制。该方法首先将文档划分为若干片段，"
    "然后只在相关的片段之间计算注意力，从而将代价降到线性。实验结果表明，该方法的速度是稠密注意力的四倍，而且准确率没有下降。"
)
CHINESE_PROSE = (
    "近年来，随着深度学习的发展，自然语言处理取得了很大的进步，长文档的阅读理解成为研究的热点问题之一。然而，"
    "注意力机制的计算代价随文档长度的平方增长，这限制了模型在长文档上的应用。为了解决这个问题，研究者提出了许多方法。"
)

pdfmetrics.registerFont(UnicodeCIDFont(SONG))


class Raised(NamedTuple):
    """A mark above the line, such as the number of an affiliation."""

    text: str


class FirstPage:
    """A canvas whose y runs downwards, in points; texts are set where they are told to."""

    def __init__(self, width: float = 612, height: float = 792) -> None:
        self.width, self.height = width, height
        self._buffer = io.BytesIO()
        self._canvas = Canvas(self._buffer, pagesize=(width, height), invariant=1)

    def at(self, x: float, y: float, text: str, font: str = REGULAR, size: float = 10) -> None:
        """Set a text with its left end at x."""
        self._canvas.setFont(font, size)
        self._canvas.drawString(x, self.height - y, text)

    def centred(
        self,
        y: float,
        text: str,
        font: str = REGULAR,
        size: float = 10,
        between: tuple[float, float] | None = None,
    ) -> None:
        """Set a text in the middle of the page, or between two edges."""
        left, right = between or (0, self.width)
        self.at((left + right - pdfmetrics.stringWidth(text, font, size)) / 2, y, text, font, size)

    def marked(
        self, x: float, y: float, parts: Sequence[str | Raised], font: str = REGULAR, size: float = 10
    ) -> None:
        """Set texts and raised marks one after the other."""
        for part in parts:
            raised = isinstance(part, Raised)
            text = part.text if isinstance(part, Raised) else part
            height = 0.7 * size if raised else size
            self.at(x, y - (0.35 * size if raised else 0), text, font, height)
            x += pdfmetrics.stringWidth(text, font, height)

    def paragraph(
        self, x: float, y: float, width: float, text: str, font: str = REGULAR, size: float = 10
    ) -> float:
        """Set a paragraph of this width; return where the next one goes."""
        wide = font == SONG
        line = ""
        for word in list(text) if wide else text.split():
            longer = line + ("" if wide or not line else " ") + word
            if pdfmetrics.stringWidth(longer, font, size) > width:
                self.at(x, y, line, font, size)
                y, line = y + 1.3 * size, word
            else:
                line = longer
        self.at(x, y, line, font, size)
        return y + 1.3 * size

    def prose(
        self, x: float, y: float, width: float, text: str = PROSE, font: str = REGULAR, end: float = 690
    ) -> None:
        """Fill a column with running text."""
        while y < end:
            y = self.paragraph(x, y, width, text * 2, font)

    def sideways(self, text: str) -> None:
        """Stamp a text in the left margin, from bottom to top."""
        self._canvas.saveState()
        self._canvas.translate(30, 240)
        self._canvas.rotate(90)
        self._canvas.setFont(REGULAR, 20)
        self._canvas.drawString(0, 0, text)
        self._canvas.restoreState()

    def turn(self) -> None:
        """Begin another page."""
        self._canvas.showPage()

    def pdf(self, text: str = PROSE, font: str = REGULAR) -> bytes:
        """Return the file, with a second page of running text."""
        self.turn()
        self.prose(72, 80, 460, text, font)
        self._canvas.save()
        return self._buffer.getvalue()


def conference_grid() -> bytes:
    """Two rows of authors side by side above two columns, as at an engineering conference."""
    page = FirstPage()
    page.centred(70, "Sparse Attention for Long Documents: A Study", size=24)
    page.centred(96, "of Cost and Quality", size=24)
    rows = ((130, (60, 232, 404), ("Ada Lovelace", "Juan Carlos Pérez-Gómez", "J. R. R. Tolkien")),
            (205, (146, 318), ("Guus van der Maaten", "Nguyen Van Anh")))  # fmt: skip
    for top, columns, names in rows:
        for x, name in zip(columns, names, strict=True):
            place = (x, x + 150)
            page.centred(top, name, REGULAR, 11, place)
            page.centred(top + 12, "Research Division", ITALIC, 10, place)
            page.centred(top + 24, "Acme Testing", ITALIC, 10, place)
            page.centred(top + 36, "Palo Alto, California", REGULAR, 10, place)
            page.centred(top + 48, "a.b@acme.com", REGULAR, 10, place)
    y = page.paragraph(54, 290, 240, f"Abstract—{ABSTRACT}", BOLD, 9)
    y = page.paragraph(54, y + 4, 240, "Index Terms—sparse attention, long documents, efficiency", BOLD, 9)
    page.centred(y + 12, "I. INTRODUCTION", between=(54, 294))
    page.prose(54, y + 28, 240)
    page.prose(318, 290, 240)
    page.at(54, 770, "978-1-7281-1234-5/20/$31.00 ©2020 IEEE", size=8)
    return page.pdf()


def journal_with_letters() -> bytes:
    """Raised letters as marks, dates and keywords beside the abstract, the journal's name set large."""
    page = FirstPage()
    page.centred(50, "Pattern Recognition 102 (2020) 107234", size=8)
    page.centred(75, "Contents lists available at ScienceDirect", size=9)
    page.centred(100, "Pattern Recognition Testing Letters", size=18)
    page.centred(116, "journal homepage: www.elsevier.com/locate/patcog", size=8)
    page.at(50, 165, "Sparse attention for long documents", size=17)
    marks = [Raised("a"), Raised("a,b"), Raised("b,*")]
    names = ["Ada Lovelace", ", María José García López", ", Alan Turing"]
    page.marked(50, 195, [part for pair in zip(names, marks, strict=True) for part in pair], size=13)
    page.marked(
        50, 212, [Raised("a"), "Department of Computing, University of Testing, Springfield, USA"], size=7.5
    )
    page.marked(50, 221, [Raised("b"), "Institute of Tests, Madrid, Spain"], size=7.5)
    page.at(50, 250, "a r t i c l e   i n f o", size=9)
    box = [
        *(
            "Article history:",
            "Received 12 March 2018",
            "Accepted 3 June 2019",
            "Available online 4 July 2019",
        ),
        *("", "Keywords:", "Sparse attention", "Long documents", "Question answering"),
    ]
    for i, line in enumerate(box):
        page.at(50, 268 + 9 * i, line, size=7.5)
    page.at(200, 250, "a b s t r a c t", size=9)
    page.paragraph(200, 268, 360, ABSTRACT, REGULAR, 8.5)
    page.at(50, 390, "1. Introduction", BOLD, 10)
    page.prose(50, 405, 245)
    page.prose(318, 405, 245)
    page.at(50, 745, "* Corresponding author.", size=7.5)
    page.at(50, 755, "https://doi.org/10.1016/j.patcog.2019.107234", size=7.5)
    page.at(50, 764, "0031-3203/© 2019 Elsevier Ltd. All rights reserved.", size=7.5)
    return page.pdf()


def open_journal() -> bytes:
    """A column of notes beside the text: citation, editor, dates, and the DOI of the data."""
    page = FirstPage()
    page.at(36, 60, "PLOS ONE", BOLD, 18)
    page.at(200, 110, "RESEARCH ARTICLE")
    page.at(200, 140, "Sparse attention for long documents: cost", BOLD, 18)
    page.at(200, 162, "and quality", BOLD, 18)
    names: list[str | Raised] = [
        "Ada Lovelace",
        Raised("1*"),
        ", Alan M. Turing",
        Raised("2"),
        ", Grace Hopper",
        Raised("1,2"),
    ]
    page.marked(200, 190, names, BOLD)
    page.at(
        200,
        208,
        "1 Department of Computing, University of Testing, Springfield, 2 Institute of Tests",
        size=8,
    )
    page.at(200, 262, "Abstract", BOLD, 14)
    y = page.paragraph(200, 280, 370, ABSTRACT)
    page.at(200, y + 20, "Introduction", BOLD, 14)
    page.prose(200, y + 38, 370)
    notes = ("Citation: Lovelace A, Turing AM, Hopper", "G (2017) Sparse attention for long",
             "documents. PLoS ONE 12(3): e0173664.", "https://doi.org/10.1371/journal.", "pone.0173664",
             "Editor: Charles Babbage", "Received: November 2, 2016", "Published: March 10, 2017",
             "Data Availability: All data are at", "https://doi.org/10.5061/dryad.abc123.")  # fmt: skip
    for i, line in enumerate(notes):
        page.at(36, 262 + 10 * i, line, size=7.5)
    return page.pdf()


def preprint() -> bytes:
    """A stamp set sideways, two authors side by side, a footnote with the DOI of the code."""
    page = FirstPage()
    page.sideways("arXiv:2103.00020v2  [cs.CL]  3 Mar 2022")
    page.centred(100, "Sparse Attention for Long Documents", BOLD, 17)
    for place, name, home in (
        ((100, 306), "Ada Lovelace*", "University of Testing"),
        ((306, 512), "Séamus Ó Súilleabháin*", "Google Brain"),
    ):
        page.centred(140, name, BOLD, 10, place)
        page.centred(152, home, REGULAR, 10, place)
    page.centred(200, "Abstract", BOLD, 12)
    y = page.paragraph(143, 220, 326, ABSTRACT)
    page.at(108, y + 20, "1 Introduction", BOLD, 12)
    page.prose(108, y + 40, 396, end=660)
    page.at(108, 725, "*Equal contribution. Code: https://doi.org/10.5281/zenodo.1234567", size=8)
    page.at(108, 745, "36th Conference on Neural Information Processing Systems (NeurIPS 2022).", size=9)
    return page.pdf()


def computing_conference(doi: str) -> bytes:
    """One author with a single name among others; the DOI stands in the reference format."""
    page = FirstPage()
    page.centred(85, "Sparse Attention for Long Documents", "Helvetica-Bold", 17)
    for x, name, home in ((54, "Ada Lovelace", "University of Testing"), (222, "Mausam", "IIT Delhi"),
                          (390, "Li Wei", "Microsoft Research Asia")):  # fmt: skip
        page.centred(115, name, "Helvetica", 12, (x, x + 168))
        page.centred(128, home, "Helvetica", 10, (x, x + 168))
    page.at(54, 190, "ABSTRACT", BOLD, 11)
    y = page.paragraph(54, 205, 240, ABSTRACT, REGULAR, 9)
    page.at(54, y + 8, "KEYWORDS", BOLD, 11)
    y = page.paragraph(54, y + 22, 240, "sparse attention, long documents", REGULAR, 9)
    page.at(54, y + 6, "ACM Reference Format:", BOLD, 8)
    reference = (
        "Ada Lovelace, Mausam, and Li Wei. 2018. Sparse Attention for Long Documents. In Proceedings of "
        f"the 41st International SIGIR Conference (SIGIR ’18). ACM, New York, NY, USA, 4 pages. https://doi.org/{doi}"
    )
    page.paragraph(54, y + 16, 240, reference, REGULAR, 7.5)
    page.at(318, 190, "1 INTRODUCTION", BOLD, 11)
    page.prose(318, 205, 240)
    return page.pdf()


def chinese_journal() -> bytes:
    """Names spaced out, numbers with brackets as marks, everything once more in English."""
    page = FirstPage(595, 842)
    page.at(60, 45, "第 43 卷  第 6 期", SONG, 9)
    page.centred(45, "计 算 机 学 报", SONG, 9)
    page.at(480, 45, "2020 年 6 月", SONG, 9)
    page.centred(110, "面向长文档的稀疏注意力机制研究", SONG, 20)
    names: list[str | Raised] = ["张 三", Raised("1)"), "  李四光", Raised("2)"), "  欧阳修文", Raised("1)")]
    page.marked(180, 145, names, SONG, 14)
    page.centred(165, "1)(清华大学计算机科学与技术系  北京  100084)", SONG, 9)
    page.centred(178, "2)(中国科学院计算技术研究所  北京  100190)", SONG, 9)
    y = page.paragraph(60, 205, 475, f"摘  要  {CHINESE_ABSTRACT}", SONG, 9.5)
    y = page.paragraph(60, y, 475, "关键词  稀疏注意力；长文档；阅读理解", SONG, 9.5)
    page.at(60, y, "中图法分类号 TP391    DOI号 10.11897/SP.J.1016.2020.01234", SONG, 9.5)
    page.centred(y + 25, "Sparse Attention for Long Documents", BOLD, 14)
    page.centred(y + 42, "ZHANG San  LI Si-Guang  OUYANG Xiu-Wen", REGULAR, 11)
    y = page.paragraph(60, y + 70, 475, f"Abstract  {ABSTRACT}", REGULAR, 9.5)
    y = page.paragraph(60, y + 4, 475, "Keywords  sparse attention; long documents", REGULAR, 9.5)
    page.at(60, y + 20, "1  引言", SONG, 12)
    for x in (60, 305):
        page.prose(x, y + 38, 230, CHINESE_PROSE, SONG, 700)
    page.at(60, 775, "收稿日期：2019-03-12；在线出版日期：2020-02-03.", SONG, 7.5)
    return page.pdf(CHINESE_PROSE, SONG)


def chinese_thesis() -> bytes:
    """A cover with labels, the abstract on a page of its own."""
    page = FirstPage(595, 842)
    page.at(60, 60, "学校代码：10003    分类号：TP391", SONG, 10)
    page.centred(140, "清 华 大 学", SONG, 36)
    page.centred(200, "硕士学位论文", SONG, 30)
    page.centred(300, "面向长文档的稀疏注意力", SONG, 22)
    page.centred(330, "机制研究", SONG, 22)
    for i, line in enumerate(("培养单位：计算机科学与技术系", "研 究 生：张  三", "指导教师：李 四 教授")):
        page.at(180, 480 + 28 * i, line, SONG, 14)
    page.centred(680, "二〇一九年五月", SONG, 14)
    page.turn()
    page.centred(90, "摘  要", SONG, 16)
    y = page.paragraph(72, 120, 440, CHINESE_ABSTRACT * 2, SONG)
    page.paragraph(72, y + 10, 450, "关键词：稀疏注意力；长文档", SONG, 12)
    page.turn()
    page.centred(90, "第1章 引言", SONG, 16)
    page.prose(72, 120, 450, CHINESE_PROSE, SONG)
    return page.pdf(CHINESE_PROSE, SONG)


def old_preprint() -> bytes:
    """Capitals, an old arXiv number, a date, an abstract without the word."""
    page = FirstPage()
    page.at(400, 60, "hep-th/9901001")
    page.centred(130, "SPARSE ATTENTION IN LONG STRINGS", BOLD, 14)
    page.centred(165, "By A. Lovelace, A. M. Turing and G. 't Hooft", REGULAR, 12)
    page.centred(182, "Theory Division, CERN, CH-1211 Geneva 23, Switzerland", ITALIC)
    page.centred(210, "January 1999")
    y = page.paragraph(130, 240, 350, ABSTRACT, REGULAR, 9)
    page.at(72, y + 24, "1. Introduction", BOLD, 12)
    page.prose(72, y + 44, 468)
    return page.pdf()


def bold_opening() -> bytes:
    """An abstract that only its weight tells, above two columns of smaller text."""
    page = FirstPage(595, 790)
    page.at(40, 50, "ARTICLES", BOLD, 9)
    page.at(40, 62, "https://doi.org/10.1038/s41586-019-1234-5", REGULAR, 8)
    page.at(40, 120, "Sparse attention for long documents", BOLD, 26)
    names: list[str | Raised] = [
        "Ada Lovelace",
        Raised("1"),
        ", Alan Turing",
        Raised("2,3"),
        " & Grace Hopper",
        Raised("1,4*"),
    ]
    page.marked(40, 150, names, BOLD)
    y = page.paragraph(40, 180, 400, ABSTRACT, BOLD)
    page.prose(40, y + 20, 245, end=640)
    page.prose(310, y + 20, 245, end=640)
    page.at(40, 760, "NATURE | VOL 567 | 12 MARCH 2019 | 123", REGULAR, 7)
    return page.pdf()


LAYOUTS: dict[str, Callable[[], bytes]] = {
    each.__name__: each
    for each in (
        conference_grid,
        journal_with_letters,
        open_journal,
        preprint,
        chinese_journal,
        chinese_thesis,
        old_preprint,
        bold_opening,
    )
}
