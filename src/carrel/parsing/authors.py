"""The names of a paper's authors, as printed below its title or as the file says."""

import re
from collections.abc import Sequence

from carrel.parsing.author_cells import Cell, cells_of
from carrel.parsing.author_lines import ENDS_MARKED, REACH, SEPARATED, cells_with_names
from carrel.parsing.front import Front, left_edge
from carrel.parsing.names import ends_open, inverted, is_name, named, names_of, parts_of
from carrel.parsing.printed import NO_WORDS, Line, PrintedPage

_BEGINS_WITH_SEPARATOR = re.compile(r"\s*(?:[,;\uff0c\uff1b、&·]|and\b|und\b|et\b|y\b|with\b)", re.IGNORECASE)
_ET_AL = re.compile(r",?\s*\bet\.? al\.?.*$", re.IGNORECASE)
# Persons who sign together: The ATLAS Collaboration, The Carrel Contributors.
_GROUP = re.compile(
    r"(?:[Tt]he\s+)?(?:[A-Z0-9][\w’'/&-]*\s+){1,4}"
    r"(?:Collaboration|Consortium|Contributors|Developers|Investigators|Team|Working Group)"
)
_ABOVE_TITLE = 8  # of the title's size: so far above it authors may be named
_MOST_WORDS = 5  # of a name that is joined over two lines
_FEWEST_OTHERS = 2  # names of several words, that one of a single word may stand among
_MOST = 1_000
_END = " , "


def authors_on_page(front: Front, page: PrintedPage | None = None) -> tuple[str, ...]:
    """Return the names that stand below the title, in order; none where there are none to be told.

    Where no person is named, a group that signs as one is the author.

    ``page`` is page one: its text's left edge tells notes in the margin, the boxes of its words tell
    raised marks from letters.
    """
    words = page.words if page else NO_WORDS
    below, above = _below_title(front, page), _above_title(front)
    chosen = cells_with_names(cells_of(below, words)) or cells_with_names(cells_of(above, words))
    groups = [line.text.strip() for line in below if _GROUP.fullmatch(line.text.strip())]
    return tuple(dict.fromkeys(_names(chosen) or groups[:1]))[:_MOST]


def authors_from_info(text: str) -> tuple[str, ...]:
    """Return the names in a PDF's ``Author`` entry; "Family, Given" is turned round."""
    text = _ET_AL.sub("", " ".join(text.split()))
    if _GROUP.fullmatch(text):
        return (text,)
    parts = [
        part.strip(" ,;") for part in re.split(r"\s*(?:;|\band\b|\bAND\b|&)\s*", text) if part.strip(" ,;")
    ]
    turned = [
        f"{given} {family}"
        for family, comma, given in (part.partition(", ") for part in parts)
        if comma and "," not in given and len(family.split()) <= 3 and len(given.split()) <= 3
    ]
    if parts and len(turned) == len(parts) and (len(parts) > 1 or len(parts[0].split(",")[0].split()) == 1):
        return tuple(name for name in turned if is_name(name))
    return tuple(dict.fromkeys(names_of(text)))


def _below_title(front: Front, page: PrintedPage | None) -> Sequence[Line]:
    """Return the front matter that follows the title: not what stands beside it or beside the text."""
    left = min((line.x0 for line in front.title), default=0.0)
    if page and (text_left := left_edge(page.lines, front.lines)):
        left = min(left, text_left)
    last = front.title[-1].bottom if front.title else 0.0
    numbers = {line.number for line in front.title}
    return [
        line
        for line in front.telling
        if line.number not in numbers
        and line.upright
        and line.bottom > last + 0.3 * line.size
        and line.x1 > left
    ]


def _above_title(front: Front) -> Sequence[Line]:
    """Return the lines right above the title: some books and reports name their authors there."""
    if not front.title:
        return []
    first = front.title[0]
    return [
        line
        for line in front.telling
        if line.upright
        and line.bottom < first.y0
        and first.y0 - line.bottom < _ABOVE_TITLE * first.size
        and line.size > 0.5 * first.size
    ]


def _names(cells: Sequence[Cell]) -> list[str]:
    """Return the names in these cells, those broken over two lines mended."""
    text = ""
    for i, cell in enumerate(cells):
        text = f"{text}{_glue(cells[i - 1], cell) if i else ''}{cell.text}"
    if turned := inverted(text):
        return turned
    parts = parts_of(text)
    return named(parts, single=sum(map(is_name, parts)) >= _FEWEST_OTHERS)


def _glue(before: Cell, cell: Cell) -> str:
    """Return what joins two cells of names: a space where a name is broken, else a comma."""
    below = 0.5 * cell.size < cell.bottom - before.bottom < REACH * cell.size
    ended = SEPARATED.search(before.text) or ENDS_MARKED.search(before.text)
    last, first = parts_of(before.text)[-1:], parts_of(cell.text)[:1]
    if not below or ended or _BEGINS_WITH_SEPARATOR.match(cell.text) or not last or not first:
        return _END
    joined = f"{last[0]} {first[0]}"
    broken = ends_open(last[0]) or not is_name(last[0]) or not is_name(first[0])
    return " " if broken and is_name(joined) and len(joined.split()) <= _MOST_WORDS else _END
