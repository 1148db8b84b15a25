"""The names of a paper's authors, as printed below its title or as the file says.

Names are told from what stands among them (affiliations, addresses, notes) by their shape and by how
they are set: all names of a paper are set alike, a name opens its column or follows an address that
ended, and what follows an affiliation without a break belongs to it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from carrel.parsing.author_cells import Cell, above, cells_of
from carrel.parsing.front import Front, left_edge
from carrel.parsing.headings import is_named
from carrel.parsing.names import (
    MARK,
    SEPARATOR,
    ends_open,
    is_name,
    is_no_name,
    is_place,
    inverted,
    is_single_name,
    named,
    names_of,
    parts_of,
)
from carrel.parsing.printed import NO_WORDS, Line, PrintedPage
from carrel.parsing.typography import is_wide, near

_AFFILIATION = re.compile(rf"\s*(?:{MARK}|\(?\d{{1,2}}\)?|[*∗⁎†‡§¶(（])\s*[^\W\d_]")
_CONTACT = re.compile(r"@|https?:|www\.|\borcid\b", re.IGNORECASE)
_LABEL = re.compile(
    r"\s*(?:authors?|author[’']s name|written by|by|作\s*者(?:\s*姓\s*名)?|姓\s*名|学生\s*姓名|研\s*究\s*生(?:\s*姓\s*名)?|申\s*请\s*人|学\s*生|著\s*者|报告人)"
    r"\s*(?:[:：]|(?<=by)\s(?=[A-Z])|(?<=[名者生人])\s+)\s*",
    re.IGNORECASE,
)
_LABEL_ALONE = re.compile(r"\W*(?:by|authors?|von|and|und|et|with|作\s*者)\W*", re.IGNORECASE)
_AND = re.compile(r"\W*(?:and|und|et|with)\W*", re.IGNORECASE)
_REST = re.compile(r"(?:abstract|summary|key\s?words|index terms|摘\s*要|关\s*键\s*词|a b s t r a c t)\b|introduction$", re.IGNORECASE)
_OTHERS = re.compile(
    r"supervis|\badvis[eo]r|under the (?:guidance|direction)|committee|examin|edited by|reviewed by|referee|指导|导师|答辩", re.IGNORECASE
)
_SEPARATED = re.compile(r"(?:[,;\uff0c\uff1b、&·]|\band)\s*$", re.IGNORECASE)
_BEGINS_WITH_SEPARATOR = re.compile(r"\s*(?:[,;\uff0c\uff1b、&·]|and\b|und\b|et\b|y\b|with\b)", re.IGNORECASE)
_ENDS_MARKED = re.compile(rf"(?:{MARK}|[*∗†‡§¶\d])[\s,]*$")
_COMMA_LIST = re.compile(r"[,;\uff0c\uff1b、]|\band\b|&")
_ET_AL = re.compile(r",?\s*\bet\.? al\.?.*$", re.IGNORECASE)
_PLACE_BEGINS = re.compile(r"([,(<–—]|\s-\s|\s(?=\S+@))")
_REACH = 2.3  # of the font's size: from a line to the next one of the same block
_APART = 1.3  # of a block's line distance: more parts two blocks
_LONG = 7  # words: so many, most of them small, are a sentence
_MOST = 1_000


@dataclass(slots=True)
class _Block:
    """Cells under one another: ``closed`` by what is no name, until an address ends that."""

    closed: bool = False
    contact: bool = False
    below: Cell | None = None  # the last cell after the names
    step: float = 0.0  # from line to line


@dataclass(slots=True)
class _Reading:
    """What has been read so far of the cells below a title."""

    blocks: dict[int, _Block] = field(default_factory=dict)
    names: list[Cell] = field(default_factory=list)
    seen: list[Cell] = field(default_factory=list)
    homes: list[int] = field(default_factory=list)


def authors_on_page(front: Front, page: PrintedPage | None = None) -> tuple[str, ...]:
    """Return the names that stand below the title, in order; none where there are none to be told.

    ``page`` is page one: its text's left edge tells notes in the margin, the boxes of its words tell
    raised marks from letters.
    """
    words = page.words if page else NO_WORDS
    cells = cells_of(_below_title(front, page), words)
    chosen = _with_inline(_best(cells), cells) or _before_places(cells) or _chosen(cells_of(_above_title(front), words))
    return tuple(dict.fromkeys(_names(chosen)))[:_MOST]


def authors_from_info(text: str) -> tuple[str, ...]:
    """Return the names in a PDF's ``Author`` entry; "Family, Given" is turned round."""
    text = _ET_AL.sub("", " ".join(text.split()))
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
    if not front.title or front.unclear:
        return []
    first = front.title[0]
    return [
        line
        for line in front.lines
        if line.upright and line.bottom < first.y0 and first.y0 - line.bottom < 8 * first.size
        and line.size > 0.5 * first.size
    ]


def _chosen(cells: Sequence[Cell]) -> list[Cell]:
    """Return the cells that hold names, row by row."""
    reading = _Reading()
    for i, cell in enumerate(cells):
        text = cell.text
        home = above(reading.seen, cell, _REACH)
        number = reading.homes[home] if home is not None else len(reading.seen)
        block = reading.blocks.setdefault(number, _Block())
        label = _LABEL.match(text)
        if label and label.group().lower().strip() == "by":
            cell = replace(cell, text=text[label.end() :])
            text = cell.text
        elif label and names_of(text[label.end() :]):
            return [replace(cell, text=text[label.end() :])]
        if _ends_names(text, reading):
            break
        reading.seen.append(cell)
        reading.homes.append(number)
        before, after = cells[i - 1] if i else None, cells[i + 1 : i + 3]
        if not any(map(str.isalpha, text)) or _LABEL_ALONE.fullmatch(text):
            block.contact |= _AND.fullmatch(text) is not None
            continue
        above_it = reading.seen[home] if home is not None else None
        apart = above_it is not None and _is_apart(cell, above_it, block)
        if _holds_names(cell, reading, before, after[:1]) and _is_open(cell, block, reading, after, apart):
            reading.names.append(cell)
            block.closed = block.contact = False
        else:
            block.closed = True
            block.contact = _CONTACT.search(text) is not None
            block.below = cell
    return reading.names


def _best(cells: Sequence[Cell]) -> list[Cell]:
    """Return the cells that hold names; a series' or a group's name set otherwise may stand before them."""
    chosen = _chosen(cells)
    if len(chosen) != 1:
        return chosen
    after = [i for i, cell in enumerate(cells) if cell.line is chosen[0].line][-1] + 1
    if any(_OTHERS.search(cell.text) for cell in cells[after:]):
        return chosen
    others = _chosen(cells[after:])
    return others if len(names_of(chosen[0].text)) == 1 and len(_names(others)) > 1 else chosen


def _with_inline(chosen: Sequence[Cell], cells: Sequence[Cell]) -> list[Cell]:
    """Return the names with those that follow on lines of their own before an affiliation: "NAME, Place"."""
    lines = {id(cell.line) for cell in chosen}
    result = list(chosen)
    for before, cell in pairwise(cells):
        if id(before.line) in lines and id(cell.line) not in lines and _alike(cell, chosen[0], 0.2):
            if found := _before_places([cell]):
                result += found
                lines.add(id(cell.line))
    return result


def _before_places(cells: Sequence[Cell]) -> list[Cell]:
    """Return the names that stand on one line with their affiliation or address."""
    found = []
    for cell in cells:
        if _REST.match(cell.text) or is_named(cell.text):
            break
        if _AFFILIATION.match(cell.text):
            continue
        head, sign, tail = _PLACE_BEGINS.split(cell.text, maxsplit=1) if _PLACE_BEGINS.search(cell.text) else ("", "", "")
        if sign and is_name(head.strip()) and not is_place(head) and (is_place(tail) or "@" in tail):
            found.append(replace(cell, text=head))
    return found


def _ends_names(text: str, reading: _Reading) -> bool:
    """Whether a cell begins what no longer names authors: the abstract, a section, a sentence."""
    if _REST.match(text) or is_named(text) or (reading.names and _OTHERS.search(text)):
        return True
    words = [word for word in text.split() if word[:1].isalpha()]
    small = sum(word[0].islower() for word in words)
    sentence = len(words) >= _LONG and small > 0.6 * len(words)
    return sentence and bool(reading.names)


def _is_apart(cell: Cell, above_it: Cell, block: _Block) -> bool:
    """Whether more space parts a cell from the one above it than parts the lines of its block."""
    step, usual = cell.bottom - above_it.bottom, block.step
    block.step = step
    return usual > 0 and step > _APART * usual


def _is_open(
    cell: Cell, block: _Block, reading: _Reading, after: Sequence[Cell], apart: bool
) -> bool:
    """Whether a name may stand here: at the head of its block, after an address, or set as the names are."""
    if not reading.names:
        return True
    first = reading.names[0]
    if not _alike(cell, first):
        return False
    if not block.closed or block.contact or apart or _is_list(cell.text):
        return True
    differs = block.below is None or not _alike(block.below, cell, 0.07)
    beside = any(
        _CONTACT.search(each.text) and abs(each.bottom - cell.bottom) < 0.5 * cell.size for each in after
    )
    return differs or beside


def _alike(a: Cell, b: Cell, tolerance: float = 0.1) -> bool:
    """Whether two cells are set in the same size and weight."""
    return near(a.size, b.size, tolerance) and (a.bold is None or b.bold is None or a.bold == b.bold)


def _is_list(text: str) -> bool:
    """Whether a text is a list of several full names, parted as a list is."""
    parts = parts_of(text)
    full = sum(map(is_name, parts))
    return full >= 2 and full >= 0.6 * len(parts)


def _holds_names(cell: Cell, reading: _Reading, before: Cell | None, after: Sequence[Cell]) -> bool:
    """Whether a cell holds names and nothing else that would tell against it."""
    text = cell.text
    if is_no_name(text) or is_place(text) or (_AFFILIATION.match(text) and reading.names):
        return False
    parts = parts_of(text)
    if not parts:
        return False
    if inverted(text):
        return True
    full = sum(is_name(part) or bool(named([part])) for part in parts)
    # The first and last of a line may be halves of a name that is broken over two lines.
    halves = sum(
        not is_name(part) and is_single_name(part) and (i in (0, len(parts) - 1) or full >= 2)
        for i, part in enumerate(parts)
    )
    if full:
        return full + halves >= 0.7 * len(parts)
    if halves < len(parts) or not reading.names:
        return False
    last = reading.names[-1]
    if len(parts) == 1 and len(parts[0].split()) == 1 and not parts[0].isupper():
        in_row = [each for each in (*reading.names[-2:], *after[:1]) if abs(each.bottom - cell.bottom) < 0.3 * cell.size]
        named_in_row = sum(_alike(each, cell) and bool(names_of(each.text)) for each in in_row)
        if named_in_row >= (1 if _ENDS_MARKED.search(text) else 2):
            return True  # somebody who has one name only
    if last is before and (_goes_on(last, cell) or not is_name(parts_of(last.text)[-1])):
        return True
    first = parts_of(after[0].text)[:1] if after else []
    broken = bool(first) and not is_name(first[0]) and is_name(f"{parts[-1]} {first[0]}")
    return broken and _alike(after[0], cell) and _alike(cell, last) and not is_place(after[0].text)


def _goes_on(before: Cell, cell: Cell) -> bool:
    """Whether a cell is the line after another one, in a list whose end is still open."""
    step = cell.bottom - before.bottom
    if not 0 < step < _REACH * cell.size or _ENDS_MARKED.search(before.text):
        return False
    return bool(_SEPARATED.search(before.text)) or ends_open(before.text) or _COMMA_LIST.search(before.text) is not None


def _names(cells: Sequence[Cell]) -> list[str]:
    """Return the names in these cells, those broken over two lines mended."""
    text = ""
    for i, cell in enumerate(cells):
        glue = _glue(cells[i - 1], cell) if i else ""
        text = f"{text}{glue}{cell.text}"
    if turned := inverted(text):
        return turned
    parts = parts_of(text)
    if parts and is_wide(parts[0][0]):
        return named(parts)
    full = sum(is_name(part) for part in parts)
    names: list[str] = []
    for part in parts:
        found = named([part])
        if found:
            names += found
        # Somebody among others may have one name only.
        elif full >= 2 and len(part) > 2 and is_single_name(part) and part.isalpha() and len(part.split()) == 1:
            names += [part] if not part.isupper() else []
    return names


def _glue(before: Cell, cell: Cell) -> str:
    """Return what joins two cells of names: a space where a name is broken, else a comma."""
    step = cell.bottom - before.bottom
    if not 0.5 * cell.size < step < _REACH * cell.size:
        return " , "
    if _SEPARATED.search(before.text) or _ENDS_MARKED.search(before.text) or _BEGINS_WITH_SEPARATOR.match(cell.text):
        return " , "
    last, first = parts_of(before.text)[-1:], parts_of(cell.text)[:1]
    if not last or not first:
        return " , "
    joined = f"{last[0]} {first[0]}"
    broken = ends_open(last[0]) or not is_name(last[0]) or not is_name(first[0])
    if broken and is_name(joined) and len(joined.split()) <= 5:
        return " "
    return " , "
