"""Reads HTML with lxml: the text of the page, without what surrounds it on every page of its site."""

import re

from lxml import etree

from carrel.core.file_errors import DamagedDocument
from carrel.core.paper import BlockKind
from carrel.parsing.html_metadata import said_on_page
from carrel.parsing.pageless import CELL_BREAK, Piece, Reading

_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_BLOCK_LIST = (
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure "
    "footer form header hr html li main ol p pre section summary table tbody td tfoot th thead tr ul"
)
_BLOCKS = frozenset(_BLOCK_LIST.split()) | frozenset(_HEADINGS)
# A form is none of these: whole pages stand in one.
_UNSEEN_LIST = (
    "aside audio button canvas dialog embed head iframe input link menu meta nav noscript object rp rt "
    "script select style svg template textarea title video"
)
_UNSEEN = frozenset(_UNSEEN_LIST.split())
_UNSEEN_ROLE_LIST = "navigation banner contentinfo search complementary dialog menu toolbar"
_UNSEEN_ROLES = frozenset(_UNSEEN_ROLE_LIST.split())
# Classes, whole or in their first word: what sites, Sphinx, Wikipedia and publishers call what surrounds a
# text. Not ids: those are made of headings.
_CHROME = re.compile(
    r"(?:nav|navbar|navigation|sidebar|sphinxsidebar|breadcrumbs?|menu|toc|table-of-contents|cookie|advert"
    r"|advertisement|share|social|skip-link|related-articles|mw-editsection|headerlink|noprint|navbox|catlinks"
    r"|printfooter|ltx_page_(?:navbar|header|footer|logo))(?:[-_]\w+)*",
    re.IGNORECASE,
)
_NEVER_CHROME = frozenset(("body", "html", "main", "article", *_HEADINGS))
_NOTES = re.compile(r"(?:foot|end)notes?(?:[-_]\w+)*", re.IGNORECASE)
_INLINE_NOTE = re.compile(r"ltx_role_(?:foot|end)note")  # LaTeXML, which makes arXiv's pages
_NOTE_MARK = re.compile(r"ltx_note_mark|ltx_tag_note")
_EQUATION = re.compile(r"ltx_(?:equation|eqn)\w*")
_NOTE_ROLES = frozenset(("doc-footnote", "doc-endnote", "doc-endnotes"))
_SPACE = re.compile(r"\s+")
_WIDE = "\u3001-\u9fff\uf900-\uffef"
_WIDE_BREAK = re.compile(rf"(?<=[{_WIDE}])[^\S\n]*\n\s*(?=[{_WIDE}])")
_PARAGRAPH_BREAK = re.compile(r"\n\s*\n")
_PICTURED_FORMULA = re.compile(r"math|tex|formula|equation", re.IGNORECASE)
_FEWEST_CELLS = 4
_MEAN_CELL = 100  # characters, at most
_MAIN_SHARE = 0.4  # of the page's text: less is a teaser, not the page's matter


def read_html(text: str) -> Reading:
    """Return what an HTML page holds.

    Raises:
        DamagedDocument: it is nested so deeply that parts of it would be lost.
    """
    root = _parsed(text)
    if root is None:
        return Reading(())
    return Reading(tuple(_Walk(_matter(root)).pieces), said_on_page(root))


def _parsed(text: str) -> etree._Element | None:
    # No network, no entities of its own, no trees that are too deep: the file may be hostile.
    parser = etree.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root: etree._Element | None = etree.fromstring(text.encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError:
        root = None  # empty, or nothing but comments
    if any("xcessive depth" in entry.message for entry in parser.error_log):
        raise DamagedDocument(name="", detail="its elements are nested too deeply")
    return root


def _matter(root: etree._Element) -> etree._Element:
    """Return the element that holds the page's matter: its main part or article, else its body."""
    body = next(root.iter("body"), root)
    whole = len("".join(body.itertext()))
    for found in (
        [
            each
            for each in body.iter("main", "div", "section")
            if each.tag == "main" or each.get("role") == "main"
        ],
        list(body.iter("article")),
    ):
        if len(found) == 1 and len("".join(found[0].itertext())) >= _MAIN_SHARE * whole:
            return found[0]
    return body


class _Walk:
    """One pass over a page's elements, without recursion: pages may be deep."""

    def __init__(self, matter: etree._Element) -> None:
        self.pieces: list[Piece] = []
        self._within_matter = matter.tag != "body"
        self._kinds: list[tuple[etree._Element, BlockKind]] = []  # kinds that all below an element are of
        self._level = 0  # of the heading that is open
        self._preserved = 0  # elements open whose line breaks mean something
        self._buffer: list[str] = []
        self._notes: list[Piece] = []  # footnotes that stand within the block that is open
        walker = etree.iterwalk(matter, events=("start", "end"))
        for event, element in walker:
            if event == "start":
                if not self._opened(element):
                    walker.skip_subtree()
            else:
                self._closed(element)
                if element is not matter:
                    self._add(element.tail)
        self._flush()
        self.pieces += self._notes

    def _opened(self, element: etree._Element) -> bool:
        """Take an element in; return whether what is below it is to be read."""
        tag = str(element.tag)
        if _is_unseen(element, tag, self._within_matter):
            return False
        if tag == "br":
            self._buffer.append("\n")
        elif tag == "math":
            self._buffer.append(_formula(element))
            return False
        elif tag == "span" and _is_called(element, _INLINE_NOTE):
            self._notes.append(Piece(BlockKind.FOOTNOTE, _text_of(element)))
            return False
        elif _is_pictured_formula(element, tag):
            self._add(element.get("alt"))
        elif tag in _BLOCKS:
            self._flush()
            if tag == "table" and _is_data(element):
                self._table(element)
                return False
            self._begin(element, tag)
        self._add(element.text)
        return True

    def _begin(self, element: etree._Element, tag: str) -> None:
        if tag in _HEADINGS:
            self._level = _HEADINGS[tag]
        elif tag == "pre":
            self._preserved += 1
        elif tag in ("figcaption", "caption"):
            self._kinds.append((element, BlockKind.CAPTION))
        elif element.get("role") in _NOTE_ROLES or _is_called(element, _NOTES):
            self._kinds.append((element, BlockKind.FOOTNOTE))

    def _closed(self, element: etree._Element) -> None:
        tag = str(element.tag)
        if (
            tag not in _BLOCKS
            or _is_unseen(element, tag, self._within_matter)
            or (tag == "table" and _is_data(element))
        ):
            return
        self._flush()
        if tag in _HEADINGS:
            self._level = 0
        elif tag == "pre":
            self._preserved -= 1
        if self._kinds and self._kinds[-1][0] is element:
            self._kinds.pop()

    def _add(self, text: str | None) -> None:
        if text:
            kept = text if self._preserved else _SPACE.sub(" ", _WIDE_BREAK.sub("", text))
            self._buffer.append(kept)

    def _flush(self) -> None:
        text, self._buffer = "".join(self._buffer), []
        if not text.strip():
            return
        if self._level:
            self.pieces.append(Piece(BlockKind.HEADING, _SPACE.sub(" ", text), self._level))
            return
        kind = self._kinds[-1][1] if self._kinds else BlockKind.PARAGRAPH
        parts = [text] if self._preserved else _PARAGRAPH_BREAK.split(text)
        self.pieces += [*(Piece(kind, part) for part in parts), *self._notes]
        self._notes = []

    def _table(self, table: etree._Element) -> None:
        if _is_called(table, _EQUATION):
            self.pieces.append(Piece(BlockKind.PARAGRAPH, _text_of(table)))
            return
        for caption in table.iter("caption"):
            self.pieces.append(Piece(BlockKind.CAPTION, _text_of(caption)))
        rows = (
            CELL_BREAK.join(_text_of(cell) for cell in row if cell.tag in ("td", "th"))
            for row in table.iter("tr")
        )
        self.pieces.append(Piece(BlockKind.TABLE, "\n".join(row for row in rows if row.strip(" |"))))


def _is_unseen(element: etree._Element, tag: str, within_matter: bool) -> bool:
    """Whether an element is not shown, or is shown on every page of the site."""
    if tag in _UNSEEN or element.get("role") in _UNSEEN_ROLES or element.get("hidden") is not None:
        return True
    if tag in ("header", "footer"):
        # pandoc puts the title into a header of its own.
        inside = within_matter or (element.get("id") or "").startswith("title-block")
        return tag == "footer" or not inside
    style = (element.get("style") or "").replace(" ", "")
    hidden = element.get("aria-hidden") == "true" or "display:none" in style
    return hidden or (tag not in _NEVER_CHROME and _is_called(element, _CHROME))


def _is_called(element: etree._Element, names: re.Pattern[str]) -> bool:
    """Whether one of an element's classes is so called."""
    return any(map(names.fullmatch, (element.get("class") or "").split()))


def _is_data(table: etree._Element) -> bool:
    """Whether a table holds data; old pages are laid out by tables."""
    if any(each is not table for each in table.iter("table", "h1", "h2", "h3", "article")):
        return False
    if _is_called(table, _EQUATION) or next(table.iter("th"), None) is not None:
        return True
    sizes = [len("".join(cell.itertext()).strip()) for cell in table.iter("td")]
    return len(sizes) >= _FEWEST_CELLS and sum(sizes) <= _MEAN_CELL * len(sizes)


def _formula(element: etree._Element) -> str:
    """Return a MathML formula as TeX where the page has that, else its characters."""
    for annotation in element.iter("{*}annotation"):
        if "tex" in (annotation.get("encoding") or "").lower() and annotation.text:
            return f"${annotation.text.strip()}$"
    if alternative := element.get("alttext"):
        return f"${alternative.strip()}$"
    return _SPACE.sub("", "".join(element.itertext()))


def _text_of(element: etree._Element) -> str:
    """Return an element's text as one line."""
    parts: list[str] = []
    walker = etree.iterwalk(element, events=("start", "end"))
    for event, each in walker:
        tag = str(each.tag)
        if event == "start" and each is not element and _is_skipped(each, tag):
            parts.append(_formula(each) if tag == "math" else "")
            walker.skip_subtree()
        elif event == "start":
            parts.append(" " if tag in _BLOCKS or tag == "br" else "")
            parts.append((each.get("alt") if _is_pictured_formula(each, tag) else each.text) or "")
        elif each is not element:
            parts.append(each.tail or "")
    return _SPACE.sub(" ", "".join(parts)).strip()


def _is_skipped(element: etree._Element, tag: str) -> bool:
    return tag == "math" or _is_called(element, _NOTE_MARK) or _is_unseen(element, tag, within_matter=True)


def _is_pictured_formula(element: etree._Element, tag: str) -> bool:
    return tag == "img" and _PICTURED_FORMULA.search(element.get("class") or "") is not None
