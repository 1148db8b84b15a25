"""Which lines below a title name the paper's authors.

Names are told from what stands among them (affiliations, addresses, notes) by their shape and by how
they are set: all names of a paper are set alike, a name opens its column or follows an address that
ended, and what follows an affiliation without a break belongs to it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, takewhile

from carrel.parsing.author_cells import Cell, above
from carrel.parsing.headings import is_named
from carrel.parsing.names import (
    MARK,
    ends_open,
    inverted,
    is_name,
    is_no_name,
    is_single_name,
    named,
    names_of,
    parts_of,
)
from carrel.parsing.places import is_place
from carrel.parsing.typography import near

REACH = 2.3
"""In font sizes: from a line to the next one of the same block."""

SEPARATED = re.compile(r"(?:[,;\uff0c\uff1b、&·]|\band)\s*$", re.IGNORECASE)
"""What a line ends with in a list of names that goes on."""

ENDS_MARKED = re.compile(rf"(?:{MARK}|[*∗†‡§¶\d])[\s,]*$")
"""A mark ends a name, wherever the line ends."""

_AFFILIATION = re.compile(rf"\s*(?:{MARK}|\(?\d{{1,2}}\)?|[*∗⁎†‡§¶(（])\s*[^\W\d_]")
_CONTACT = re.compile(r"@|https?:|www\.|\borcid\b", re.IGNORECASE)
_LABEL = re.compile(
    r"\s*(?:authors?|author[’']s name|written by|作\s*者(?:\s*姓\s*名)?|姓\s*名|学生\s*姓名"
    r"|研\s*究\s*生(?:\s*姓\s*名)?|申\s*请\s*人|学\s*生|著\s*者|报告人)"
    r"\s*(?:[:：]|(?<=[名者生人])\s+)\s*",
    re.IGNORECASE,
)
_BY = re.compile(r"\s*by\s+(?=[^\W\d_a-z])", re.IGNORECASE)
_LABEL_ALONE = re.compile(r"\W*(?:by|authors?|von|and|und|et|with|作\s*者)\W*", re.IGNORECASE)
_AND = re.compile(r"\W*(?:and|und|et|with)\W*", re.IGNORECASE)
_REST = re.compile(
    r"(?:abstract|summary|key\s?words|index terms|摘\s*要|关\s*键\s*词|a b s t r a c t)\b|introduction$",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"supervis|\badvis[eo]r|under the (?:guidance|direction)|committee|examin|edited by|reviewed by|referee"
    r"|指导|导师|答辩",
    re.IGNORECASE,
)
_COMMA_LIST = re.compile(r"[,;\uff0c\uff1b、]|\band\b|&")
_PLACE_BEGINS = re.compile(r"([,(<–—]|\s-\s|\s(?=\S+@))")
_APART = 1.3  # of a block's line distance: more parts two blocks
_FEWEST_GROUPS = 2
_LONG = 7  # words: so many, most of them small, are a sentence


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

    def place(self, cell: Cell) -> tuple[_Block, bool]:
        """Return the block that a cell belongs to, and whether it stands apart in it."""
        home = above(self.seen, cell, REACH)
        number = self.homes[home] if home is not None else len(self.seen)
        block = self.blocks.setdefault(number, _Block())
        step = cell.bottom - self.seen[home].bottom if home is not None else 0.0
        self.seen.append(cell)
        self.homes.append(number)
        apart = 0 < _APART * block.step < step
        block.step = step
        return block, apart


def cells_with_names(cells: Sequence[Cell]) -> list[Cell]:
    """Return the cells that hold names, row by row; what is no name is cut off where both share a line."""
    if grouped := _in_groups(cells):
        return [grouped]
    chosen = _chosen(cells)
    if len(chosen) == 1 and len(names_of(chosen[0].text)) == 1:
        chosen = _after_a_series(chosen, cells)
    return _with_inline(chosen, cells) or _before_places(cells)


def _chosen(cells: Sequence[Cell]) -> list[Cell]:
    reading = _Reading()
    for i, cell in enumerate(cells):
        label = _LABEL.match(cell.text)
        if label and names_of(cell.text[label.end() :]):
            return [replace(cell, text=cell.text[label.end() :])]
        if _ends_names(cell.text, reading):
            break
        before, after = cells[i - 1] if i else None, cells[i + 1 : i + 3]
        _read(_without_by(cell), before, after, reading)
    return reading.names


def _without_by(cell: Cell) -> Cell:
    by = _BY.match(cell.text)
    return replace(cell, text=cell.text[by.end() :]) if by else cell


def _read(cell: Cell, before: Cell | None, after: Sequence[Cell], reading: _Reading) -> None:
    """Put a cell among the names, or close its block."""
    block, apart = reading.place(cell)
    if not any(map(str.isalpha, cell.text)) or _LABEL_ALONE.fullmatch(cell.text):
        block.contact |= _AND.fullmatch(cell.text) is not None
    elif _holds_names(cell, reading, before, after[:1]) and _is_open(cell, block, reading, after, apart):
        reading.names.append(cell)
        block.closed = block.contact = False
    else:
        block.closed = True
        block.contact = _CONTACT.search(cell.text) is not None
        block.below = cell


def _after_a_series(chosen: list[Cell], cells: Sequence[Cell]) -> list[Cell]:
    """Return the names after the only one found, where they are more: that was a series' or a group's."""
    after = [i for i, cell in enumerate(cells) if cell.line is chosen[0].line][-1] + 1
    if any(_OTHERS.search(cell.text) for cell in cells[after:]):
        return chosen
    others = _chosen(cells[after:])
    return others if sum(len(names_of(cell.text)) for cell in others) > 1 else chosen


def _in_groups(cells: Sequence[Cell]) -> Cell | None:
    """Return the names of a list such as "A, Place; B and C, Place", as one cell."""
    run = [cell for cell in cells if _alike(cell, cells[0])]
    run = run[: next((i for i, (a, b) in enumerate(pairwise(run), 1) if not _below(a, b)), len(run))]
    groups = " ".join(cell.text for cell in run).split(";")
    if len(groups) < _FEWEST_GROUPS:
        return None
    named_groups = [list(takewhile(_is_person, parts_of(group))) for group in groups]
    told = sum(bool(names) and is_place(group) for names, group in zip(named_groups, groups, strict=True))
    if told < 0.6 * len(groups) or not all(named_groups):
        return None
    return replace(run[0], text=" , ".join(name for names in named_groups for name in names))


def _is_person(part: str) -> bool:
    return is_name(part) and not is_place(part)


def _below(a: Cell, b: Cell) -> bool:
    return 0 < b.bottom - a.bottom < REACH * a.size


def _with_inline(chosen: Sequence[Cell], cells: Sequence[Cell]) -> list[Cell]:
    """Return the names with those that follow on lines of their own before an affiliation: "NAME, Place"."""
    lines = {id(cell.line) for cell in chosen}
    result = list(chosen)
    for before, cell in pairwise(cells):
        follows = id(before.line) in lines and id(cell.line) not in lines and _alike(cell, chosen[0], 0.2)
        if follows and (found := _before_places([cell])):
            result += found
            lines.add(id(cell.line))
    return result


def _before_places(cells: Sequence[Cell]) -> list[Cell]:
    """Return the names that stand on one line with their affiliation or address."""
    found = []
    for cell in cells:
        if _REST.match(cell.text) or is_named(cell.text):
            break
        place = _PLACE_BEGINS.search(cell.text)
        if place is None or _AFFILIATION.match(cell.text):
            continue
        head, tail = cell.text[: place.start()], cell.text[place.end() :]
        if is_name(head.strip()) and not is_place(head) and (is_place(tail) or "@" in tail):
            found.append(replace(cell, text=head))
    return found


def _ends_names(text: str, reading: _Reading) -> bool:
    """Whether a cell begins what no longer names authors: the abstract, a section, a sentence."""
    if _REST.match(text) or is_named(text) or (reading.names and _OTHERS.search(text)):
        return True
    words = [word for word in text.split() if word[:1].isalpha()]
    small = sum(word[0].islower() for word in words)
    return bool(reading.names) and len(words) >= _LONG and small > 0.6 * len(words)


def _is_open(cell: Cell, block: _Block, reading: _Reading, after: Sequence[Cell], apart: bool) -> bool:
    """Whether a name may stand here: at the head of its block, after an address, or set as the names are."""
    if not reading.names:
        return True
    if not _alike(cell, reading.names[0]):
        return False
    if not block.closed or block.contact or apart or _is_list(cell.text):
        return True
    differs = block.below is None or not _alike(block.below, cell, 0.07)
    return differs or any(_CONTACT.search(each.text) and _in_row(each, cell) for each in after)


def _alike(a: Cell, b: Cell, tolerance: float = 0.1) -> bool:
    """Whether two cells are set in the same size and weight."""
    return near(a.size, b.size, tolerance) and (a.bold is None or b.bold is None or a.bold == b.bold)


def _in_row(a: Cell, b: Cell) -> bool:
    return abs(a.bottom - b.bottom) < 0.4 * b.size


def _is_list(text: str) -> bool:
    """Whether a text is a list of several full names, parted as a list is."""
    parts = parts_of(text)
    full = sum(map(is_name, parts))
    return full >= 2 and full >= 0.6 * len(parts)


def _holds_names(cell: Cell, reading: _Reading, before: Cell | None, after: Sequence[Cell]) -> bool:
    """Whether a cell holds names and nothing else that would tell against it."""
    text = cell.text
    parts = parts_of(text)
    if not parts or is_no_name(text) or is_place(text) or (_AFFILIATION.match(text) and reading.names):
        return False
    if inverted(text):
        return True
    full = sum(is_name(part) or bool(named([part])) for part in parts)
    # The first and last of a line may be halves of a name that is broken over two lines.
    halves = sum(
        not is_name(part) and is_single_name(part) and (i in (0, len(parts) - 1) or full >= 2)
        for i, part in enumerate(parts)
    )
    if full or halves < len(parts) or not reading.names:
        return full > 0 and full + halves >= 0.7 * len(parts)
    return _is_only_name(cell, parts, reading, after) or _is_half(cell, parts, reading, before, after)


def _is_only_name(cell: Cell, parts: Sequence[str], reading: _Reading, after: Sequence[Cell]) -> bool:
    """Whether a word between the names of a row is somebody who has one name only."""
    if len(parts) > 1 or len(parts[0].split()) > 1 or parts[0].isupper():
        return False
    row = [each for each in (*reading.names[-2:], *after) if _in_row(each, cell) and _alike(each, cell)]
    return sum(bool(names_of(each.text)) for each in row) >= (1 if ENDS_MARKED.search(cell.text) else 2)


def _is_half(
    cell: Cell, parts: Sequence[str], reading: _Reading, before: Cell | None, after: Sequence[Cell]
) -> bool:
    """Whether a cell is the beginning or the end of a name that is broken over two lines."""
    last = reading.names[-1]
    if last is before and (_goes_on(last, cell) or not is_name(parts_of(last.text)[-1])):
        return True
    first = parts_of(after[0].text)[:1] if after else []
    broken = bool(first) and not is_name(first[0]) and is_name(f"{parts[-1]} {first[0]}")
    return broken and _alike(after[0], cell) and _alike(cell, last) and not is_place(after[0].text)


def _goes_on(before: Cell, cell: Cell) -> bool:
    """Whether a cell is the line after another one, in a list whose end is still open."""
    step = cell.bottom - before.bottom
    if not 0 < step < REACH * cell.size or ENDS_MARKED.search(before.text):
        return False
    signs = SEPARATED.search(before.text) or _COMMA_LIST.search(before.text)
    return signs is not None or ends_open(before.text)
