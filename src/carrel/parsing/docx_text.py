"""The text of Word's paragraphs and tables, as shown: insertions in, deletions and field codes out."""

from collections.abc import Iterator

from lxml import etree

from carrel.parsing.pageless import CELL_BREAK

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_UNSHOWN = frozenset((f"{_W}del", f"{_W}moveFrom", f"{_W}rPr", f"{_W}pPr", _FALLBACK))
_BOX = f"{_W}txbxContent"
_CHARACTERS = {
    f"{_W}tab": " ",
    f"{_W}br": "\n",
    f"{_W}cr": "\n",
    f"{_W}noBreakHyphen": "-",
    f"{_W}ptab": " ",
}
_NOTE_MARKS = {f"{_W}footnoteReference": "footnotes", f"{_W}endnoteReference": "endnotes"}
_CONTENTS = frozenset(("Table of Contents", "Table of Figures"))
_INSERTED = (f"{_W}ins", f"{_W}moveTo", f"{_W}customXml", f"{_W}smartTag")
_WRAPPERS = frozenset((f"{_W}sdt", f"{_W}sdtContent", *_INSERTED))

PARAGRAPH, TABLE = f"{_W}p", f"{_W}tbl"
STYLE, OUTLINE, NUMBERED = f"{_W}pPr/{_W}pStyle", f"{_W}pPr/{_W}outlineLvl", f"{_W}pPr/{_W}numPr"
VALUE = f"{_W}val"


def blocks_in(element: etree._Element) -> Iterator[etree._Element]:
    """Yield the paragraphs and tables directly in a body, cell, note or text box, in order.

    Content controls (reference managers write their lists into these) are looked into; tables of
    contents are not.
    """
    for child in element:
        if child.tag in (PARAGRAPH, TABLE):
            yield child
        elif child.tag == f"{_W}sdt":
            gallery = child.find(f"{_W}sdtPr/{_W}docPartObj/{_W}docPartGallery")
            content = child.find(f"{_W}sdtContent")
            if content is not None and (gallery is None or gallery.get(f"{_W}val") not in _CONTENTS):
                yield from blocks_in(content)
        elif child.tag in _INSERTED:
            yield from blocks_in(child)


def paragraph_text(paragraph: etree._Element) -> str:
    """Return a paragraph's text; line breaks typed into it are kept."""
    parts: list[str] = []
    walker = etree.iterwalk(paragraph, events=("start",))
    for _, element in walker:
        tag = element.tag
        if tag in _UNSHOWN or tag == _BOX:
            walker.skip_subtree()
        elif tag in (f"{_W}t", f"{_M}t"):
            parts.append(element.text or "")
        elif tag in _CHARACTERS:
            parts.append(_CHARACTERS[tag])
    return "".join(parts)


def table_text(table: etree._Element) -> str:
    """Return a table's cells, a row a line; a table in a cell is part of the cell's text.

    A cell merged over rows is said once.
    """
    rows = []
    for row in _parts(table, f"{_W}tr"):
        cells = []
        for cell in _parts(row, f"{_W}tc"):
            merged = cell.find(f"{_W}tcPr/{_W}vMerge")
            goes_on = merged is not None and merged.get(f"{_W}val") != "restart"
            # Paragraphs at any depth, those of tables in the cell too, each once.
            texts = [] if goes_on else [paragraph_text(each) for each in cell.iter(PARAGRAPH)]
            cells.append(" ".join(" ".join(texts).split()))
        rows.append(CELL_BREAK.join(cells))
    return "\n".join(row for row in rows if row.strip(" |"))


def _parts(element: etree._Element, tag: str) -> Iterator[etree._Element]:
    """Yield a table's rows or a row's cells, also those in content controls, but not nested ones."""
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag in _WRAPPERS:
            yield from _parts(child, tag)


def boxes_in(paragraph: etree._Element) -> Iterator[etree._Element]:
    """Yield the text boxes anchored in a paragraph."""
    walker = etree.iterwalk(paragraph, events=("start",))
    for _, element in walker:
        if element.tag == _FALLBACK:
            walker.skip_subtree()
        elif element.tag == _BOX:
            yield element
            walker.skip_subtree()


def notes_marked_in(element: etree._Element) -> Iterator[tuple[str, str]]:
    """Yield (``footnotes`` or ``endnotes``, id) of each note that a paragraph or table refers to."""
    for mark in element.iter(*_NOTE_MARKS):
        yield _NOTE_MARKS[str(mark.tag)], mark.get(f"{_W}id") or ""


def notes_in(content: bytes) -> dict[str, str]:
    """Return the text of each note in a part of notes, by id; none where the part is damaged."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError:
        return {}
    notes = {}
    for note in root.iter(f"{_W}footnote", f"{_W}endnote"):
        if note.get(f"{_W}type") is None or note.get(f"{_W}type") == "normal":
            texts = [paragraph_text(each) for each in note.iter(PARAGRAPH)]
            notes[note.get(f"{_W}id") or ""] = "\n".join(texts)
    return notes
