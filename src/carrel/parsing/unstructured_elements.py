"""Unstructured's elements → a paper.

Unstructured tells where an element stands, not its lines: an element's box is cut into as many strips as
its text should fill, and the words are laid along them. Passages' boxes are therefore those of whole
elements' strips, good enough to find the place by eye, and not exact.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from carrel.core.json_values import as_list, as_number, as_object, as_text
from carrel.core.paper import BlockKind, Box, PageSize, ParsedPaper, is_reference_list
from carrel.parsing.headings import numbering
from carrel.parsing.placed_text import Piece, PlacedBlock, paper_of, readable, scaled
from carrel.parsing.typography import is_wide
from carrel.parsing.unstructured_metadata import Front, find_front, read_metadata

_KINDS = {
    "Title": BlockKind.HEADING,
    "NarrativeText": BlockKind.PARAGRAPH,
    "UncategorizedText": BlockKind.PARAGRAPH,
    "Text": BlockKind.PARAGRAPH,
    "ListItem": BlockKind.PARAGRAPH,
    "Formula": BlockKind.PARAGRAPH,
    "Address": BlockKind.PARAGRAPH,
    "EmailAddress": BlockKind.PARAGRAPH,
    "CodeSnippet": BlockKind.PARAGRAPH,
    "FormKeysValues": BlockKind.PARAGRAPH,
    "Table": BlockKind.TABLE,
    "FigureCaption": BlockKind.CAPTION,
    "Footnote": BlockKind.FOOTNOTE,
}
# Header, Footer, PageNumber and PageBreak are furniture; an Image's text is what is drawn in it.
_UPWARDS = {"PointSpace", "RelativeCoordinateSystem"}  # systems whose y grows upwards
_DEEPEST = 6
_LINE_SHAPE = 2.4  # of running text: a line's height over the mean width of its characters


class NotElements(ValueError):
    """The bytes are no list of Unstructured's elements; the message says why."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its type as Unstructured calls it, readable text, page (0: unknown), box and depth."""

    type: str
    text: str
    page: int
    box: Box | None
    depth: int


def read_elements(answer: bytes, pages: Sequence[PageSize]) -> ParsedPaper:
    """Return the paper that a JSON list of elements describes.

    ``pages`` are the PDF's own, as displayed: boxes are in their points.

    Raises:
        NotElements: it is something else, or damaged.
    """
    try:
        values = as_list(cast(object, json.loads(answer)))
        elements = [_element(as_object(value), pages) for value in values]
        given = " ".join(as_text(as_object(value).get("text")) for value in values)
    except (ValueError, RecursionError) as error:
        raise NotElements(str(error)[:200]) from error
    front = find_front([(each.type, each.text, each.page) for each in elements])
    blocks = _blocks(elements, front)
    metadata = read_metadata(front, [(each.page, each.text) for each in elements], blocks)
    return paper_of(metadata, blocks, pages, given)


def _element(values: dict[str, object], pages: Sequence[PageSize]) -> Element:
    metadata = as_object(values.get("metadata", {}))
    page = as_number(metadata.get("page_number") or 0)
    depth = metadata.get("category_depth")
    return Element(
        type=as_text(values.get("type")),
        text=readable(as_text(values.get("text"))),
        page=page,
        box=_box(metadata.get("coordinates"), page, pages),
        depth=depth if isinstance(depth, int) and 0 <= depth < _DEEPEST else 0,
    )


def _box(coordinates: object, page: int, pages: Sequence[PageSize]) -> Box | None:
    """Return the box around an element's corners, in points of the page as displayed."""
    if coordinates is None or not 1 <= page <= len(pages):
        return None
    values = as_object(coordinates)
    corners = [[_measure(value) for value in as_list(point)] for point in as_list(values.get("points") or [])]
    if not corners or any(len(corner) != 2 for corner in corners):
        return None
    shown = pages[page - 1]
    width, height = (_measure(values.get(name) or 0) for name in ("layout_width", "layout_height"))
    given = PageSize(width, height) if width > 0 and height > 0 else shown
    across, down = [corner[0] for corner in corners], [corner[1] for corner in corners]
    if values.get("system") in _UPWARDS:
        down = [given.height - y for y in down]
    return scaled(Box(page, min(across), min(down), max(across), max(down)), given, shown)


def _measure(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e6 < value < 1e6:
        raise ValueError("a measure was expected")
    return float(value)


def _blocks(elements: Sequence[Element], front: Front) -> list[PlacedBlock]:
    """Return the elements as blocks; what follows a heading such as "References" are its entries."""
    blocks: list[PlacedBlock] = []
    in_references = False
    for index, element in enumerate(elements):
        kind = BlockKind.FRONT if index in front.elements else _KINDS.get(element.type)
        if kind is None or not element.text:
            continue
        level = 0
        if kind is BlockKind.HEADING:
            in_references = is_reference_list(element.text)
            numbered = numbering(element.text)
            level = min(numbered[0] if numbered else element.depth + 1, _DEEPEST)
        elif kind is BlockKind.PARAGRAPH and in_references:
            kind = BlockKind.REFERENCE
        blocks.append(PlacedBlock(kind, (Piece(element.text, _strips(element)),), level))
    return blocks


def _strips(element: Element) -> tuple[Box, ...]:
    """Cut an element's box into as many lines as its text fills in type of the usual shape.

    Lines of n: each is 1/n of the height; a character is as wide as its line is high over
    ``_LINE_SHAPE``, an ideograph twice that; together they fill the width n times.
    """
    box = element.box
    if box is None or box.x1 <= box.x0 or box.y1 <= box.y0:
        return ()
    characters = len(element.text) + sum(map(is_wide, element.text))
    width, height = box.x1 - box.x0, box.y1 - box.y0
    count = max(1, min(round(math.sqrt(characters * height / (_LINE_SHAPE * width))), len(element.text)))
    step = height / count
    return tuple(
        Box(box.page, box.x0, box.y0 + step * i, box.x1, box.y0 + step * (i + 1)) for i in range(count)
    )
