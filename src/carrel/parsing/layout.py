"""Lays out a page: what flows, in reading order, and what stands outside the flow.

What stands outside (captions, tables, figures, footnotes) is put behind the section it is printed in, so
that it interrupts neither a sentence nor a passage.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from carrel.core.paper import BlockKind
from carrel.parsing.floats import find_floats
from carrel.parsing.footnotes import find_footnotes
from carrel.parsing.paragraphs import Draft
from carrel.parsing.printed import Line
from carrel.parsing.reading_order import in_reading_order
from carrel.parsing.typography import Typography


@dataclass(frozen=True, slots=True)
class PageLayout:
    """The lines of a page that flow, in reading order, and the blocks that do not."""

    flow: list[Line]
    outside: list[Draft]


def lay_out(
    lines: Sequence[Line], parted: Sequence[float], typography: Typography, page_height: float
) -> PageLayout:
    """Return the layout of a page that holds these lines, furniture left out.

    ``parted`` are the gutters between its columns.
    """
    outside: list[Draft] = []
    taken: set[int] = set()
    notes = find_footnotes(lines, parted, typography, page_height)
    taken.update(line.number for note in notes for line in note)
    rest = [line for line in lines if line.number not in taken]
    for found in find_floats(rest, parted, typography, page_height):
        claimed = [line for row in found.rows for line in row]
        outside.append(Draft(found.kind, claimed))
        taken.update(line.number for line in claimed)
    outside += [Draft(BlockKind.FOOTNOTE, note) for note in notes]
    rest = [line for line in rest if line.number not in taken]
    return PageLayout(in_reading_order(rest, parted, typography), outside)


def with_outside(drafts: Sequence[Draft], pages: Sequence[PageLayout]) -> list[Draft]:
    """Return the blocks of the flow with those outside it, each behind the section it stands in."""
    of_line = {line.number: i for i, draft in enumerate(drafts) for line in draft.lines}
    behind: dict[int, list[Draft]] = defaultdict(list)
    ends = _section_ends(drafts)
    last = 0
    for page in pages:
        flow = [line for line in page.flow if line.number in of_line]
        for draft in page.outside:
            behind[ends[_anchor(draft.lines[0], flow, of_line, last)]].append(draft)
        last = max([last, *(of_line[line.number] for line in page.flow if line.number in of_line)])
    result: list[Draft] = []
    for i, draft in enumerate(drafts):
        result += behind.pop(i, [])
        result.append(draft)
    return result + [draft for rest in behind.values() for draft in rest]


def _anchor(first: Line, flow: Sequence[Line], of_line: dict[int, int], last: int) -> int:
    """Return the block of the flow that a line outside it belongs to: the one above it in its column.

    At the head of a column it is the one before the text below, which may begin a section of its own.
    """
    column = [line for line in flow if line.x0 < first.x1 and first.x0 < line.x1]
    above = [line for line in column if line.bottom <= first.bottom]
    if above:
        return of_line[max(above, key=lambda line: line.bottom).number]
    if column:
        return max(0, of_line[min(column, key=lambda line: line.bottom).number] - 1)
    return last


def _section_ends(drafts: Sequence[Draft]) -> list[int]:
    """Return, for each block, the index of the first heading after it; for no block, the end."""
    ends = [len(drafts)] * (len(drafts) + 1)
    for i in range(len(drafts) - 2, -1, -1):
        ends[i] = i + 1 if drafts[i + 1].kind is BlockKind.HEADING else ends[i + 1]
    return ends
