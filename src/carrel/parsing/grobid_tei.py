"""GROBID's TEI → a paper.

The TEI comes from a service that has read a file which may be hostile: entities are not resolved, nothing
is fetched, and trees of unreasonable depth or size are refused.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from lxml import etree

from carrel.core.paper import BlockKind, Box, PageSize, ParsedPaper
from carrel.parsing.grobid_metadata import TEI, authors_of, content, read_header
from carrel.parsing.placed_text import (
    Piece,
    PlacedBlock,
    paper_of,
    readable,
    scaled,
    with_captions_in_place,
)

_NUMBER = re.compile(r"[^\W_]+(?:\.[^\W_]+)*")
_REFERENCES = "References"
_DEEPEST = 6


class NotTei(ValueError):
    """The bytes are no TEI document; the message says why."""


def read_tei(answer: bytes, pages: Sequence[PageSize]) -> ParsedPaper:
    """Return the paper that a TEI document describes.

    ``pages`` are the PDF's own, as displayed: boxes are in their points. The texts of a figure or table
    and a footnote stand after the last block that begins by their page: GROBID puts them all at the end.

    Raises:
        NotTei: it is something else, or damaged.
    """
    root = _tree(answer)
    reader = _TeiReader(_given_sizes(root), pages)
    metadata = read_header(root)
    blocks, apart = reader.front(root), list[list[PlacedBlock]]()
    for place in (f"{TEI}teiHeader//{TEI}abstract", f"{TEI}text/{TEI}body", f"{TEI}text/{TEI}back"):
        for element in root.iterfind(place):
            reader.read(element, blocks, apart)
    blocks = list(with_captions_in_place(blocks, apart))
    given = " ".join(map(str, root.itertext()))
    return paper_of(metadata, [*blocks, *reader.references(root)], pages, given)


def _tree(answer: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(answer, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotTei(" ".join(str(error).split())[:200]) from error
    if root.tag != f"{TEI}TEI":
        raise NotTei("its root is not TEI")
    return root


def _given_sizes(root: etree._Element) -> dict[int, PageSize]:
    """Return the size of each page as GROBID saw it."""
    sizes = {}
    for surface in root.iterfind(f"{TEI}facsimile/{TEI}surface"):
        values = [_number(surface.get(name)) for name in ("n", "lrx", "lry")]
        number, width, height = values
        if number and width and height:
            sizes[int(number)] = PageSize(width, height)
    return sizes


class _TeiReader:
    """Turns elements into blocks; knows how GROBID's pages relate to the PDF's."""

    def __init__(self, given: dict[int, PageSize], pages: Sequence[PageSize]) -> None:
        self._given = given
        self._pages = pages

    def front(self, root: etree._Element) -> list[PlacedBlock]:
        """Return the title and the authors' names, as printed before the text."""
        blocks = []
        header = root.find(f"{TEI}teiHeader")
        if header is not None:
            titles = (title for title in header.iter(f"{TEI}title") if title.get("type") == "main")
            title = next((title for title in titles if title.get("coords")), None)
            if title is not None:
                blocks.append(PlacedBlock(BlockKind.FRONT, (self._piece(title),)))
            named = authors_of(root)
            last = len(named) - 1
            pieces = [
                Piece(name if i == last else f"{name},", self._boxes(person))
                for i, (person, name) in enumerate(named)
            ]
            blocks.append(PlacedBlock(BlockKind.FRONT, tuple(pieces)))
        return [block for block in blocks if any(piece.text for piece in block.pieces)]

    def read(
        self, element: etree._Element, blocks: list[PlacedBlock], apart: list[list[PlacedBlock]]
    ) -> None:
        """Append an element's blocks in reading order, those of figures and footnotes to ``apart``."""
        for child in element.iterchildren(f"{TEI}*"):
            name = etree.QName(child).localname
            if name == "head":
                blocks += self._heading(child)
            elif name in ("p", "item", "formula", "ab"):
                blocks.append(PlacedBlock(BlockKind.PARAGRAPH, tuple(self._sentences(child))))
            elif name == "note":
                apart.append([PlacedBlock(BlockKind.FOOTNOTE, tuple(self._note(child)))])
            elif name == "figure":
                apart.append(list(self._figure(child)))
            elif name != "listBibl":
                self.read(child, blocks, apart)

    def references(self, root: etree._Element) -> list[PlacedBlock]:
        """Return the list of references as printed, an entry a block, under a heading without a box."""
        blocks = []
        for entry in root.iterfind(f".//{TEI}listBibl/{TEI}biblStruct"):
            printed = entry.find(f"{TEI}note[@type='raw_reference']")
            text = _parts(entry) if printed is None else content(printed)
            blocks.append(PlacedBlock(BlockKind.REFERENCE, (Piece(text, self._boxes(entry)),)))
        blocks = [block for block in blocks if block.pieces[0].text]
        return [PlacedBlock(BlockKind.HEADING, (Piece(_REFERENCES),), 1), *blocks] if blocks else []

    def _heading(self, head: etree._Element) -> Iterator[PlacedBlock]:
        number = readable(head.get("n", ""))
        text = content(head)
        if text:
            match = _NUMBER.match(number)
            level = min(match.group().count(".") + 1, _DEEPEST) if match else 1
            piece = Piece(f"{number} {text}".strip(), self._boxes(head))
            yield PlacedBlock(BlockKind.HEADING, (piece,), level)

    def _sentences(self, element: etree._Element) -> Iterator[Piece]:
        """Yield the sentences of a paragraph; all of it as one where it is not divided."""
        sentences = list(element.iter(f"{TEI}s"))
        if not sentences:
            yield self._piece(element)
            return
        for sentence in sentences:
            piece = self._piece(sentence)
            yield piece if piece.boxes else Piece(piece.text, self._boxes(element))

    def _note(self, note: etree._Element) -> Iterator[Piece]:
        label = readable(note.get("n", ""))
        pieces = list(self._sentences(note))
        if label and pieces:
            boxes = pieces[0].boxes or self._boxes(note)
            pieces[0] = Piece(f"{label} {pieces[0].text}", boxes)
        yield from pieces

    def _figure(self, figure: etree._Element) -> Iterator[PlacedBlock]:
        """Yield a figure's caption, and the cells of a table row by row."""
        head, description = figure.find(f"{TEI}head"), figure.find(f"{TEI}figDesc")
        pieces = [self._piece(head)] if head is not None else []
        if description is not None:
            pieces += self._sentences(description)
        area = self._boxes(figure)
        placed = [piece if piece.boxes else Piece(piece.text, area) for piece in pieces if piece.text]
        if placed:
            yield PlacedBlock(BlockKind.CAPTION, tuple(placed))
        table = figure.find(f"{TEI}table")
        if table is not None:
            rows = [[content(cell) for cell in row.iter(f"{TEI}cell")] for row in table.iter(f"{TEI}row")]
            text = " ".join(cell for row in rows for cell in row if cell) or content(table)
            if text:
                piece = Piece(text, self._boxes(table) or area)
                yield PlacedBlock(BlockKind.TABLE, (piece,))

    def _piece(self, element: etree._Element) -> Piece:
        return Piece(content(element), self._boxes(element))

    def _boxes(self, element: etree._Element) -> tuple[Box, ...]:
        """Return an element's boxes in reading order; GROBID sometimes gives one twice."""
        boxes = list(self._given_boxes(element.get("coords", "")))
        return tuple(box for before, box in pairwise([None, *boxes]) if box is not None and box != before)

    def _given_boxes(self, coords: str) -> Iterator[Box]:
        for part in filter(None, coords.split(";")):
            values = [_number(value) for value in part.split(",")]
            if len(values) != 5 or not 1 <= values[0] <= len(self._pages):
                continue
            page = int(values[0])
            _, x, y, width, height = values
            shown = self._pages[page - 1]
            yield scaled(Box(page, x, y, x + width, y + height), self._given.get(page, shown), shown)


def _parts(entry: etree._Element) -> str:
    """Return the texts of a reference's parts: what there is where GROBID does not give it as printed."""
    return readable(" ".join(map(str, entry.itertext())))


def _number(value: str | None) -> float:
    try:
        number = float(value or "")
    except ValueError:
        return 0.0
    return number if -1e6 < number < 1e6 else 0.0
