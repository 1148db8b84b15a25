"""The rows of one column of a page, or of the whole page: which of them are running text."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from carrel.parsing.columns import Column, length
from carrel.parsing.headings import is_named, numbering
from carrel.parsing.printed import Line
from carrel.parsing.typography import Typography, is_wide, near

TABLE_STEP = 3.5
"""Leadings from row to row of a table, at most."""

LABEL = 28
"""Characters; the lines within a figure have fewer on average."""

_FULL = 0.7  # share of the column's width that a line of running text takes


@dataclass(slots=True)
class Band:
    """A column of the page, or the whole page, with what is known of its rows."""

    rows: list[list[Line]]
    column: Column
    typography: Typography
    parted: Sequence[float] = ()  # gutters that only the lines wanted here cross
    sides: Sequence[Column] = ()  # the columns between them

    def is_text(self, i: int) -> bool:
        """Whether a row is running text or a heading of it."""
        row = self.rows[i]
        line = row[0]
        if self.parted:
            return self._is_text_beside_a_gutter(row)
        if len(row) == 1 and self._is_heading(i):
            return True
        # The longest part tells: a row of text may begin with a formula.
        main = max(row, key=lambda line: line.x1 - line.x0)
        if not near(main.size, self.typography.body, 0.05) or not worded(row):
            return False
        spread = row[-1].x1 - line.x0 >= _FULL * self.column.width
        left = line.x0 - self.column.left < 3 * line.size
        if len(row) == 1:
            return (spread and left) or self._goes_on(i)
        edges = line.x0 - self.column.left < 0.5 * line.size and self.column.right - row[-1].x1 < line.size
        return edges and self._goes_on(i) and _gap(row) < 4 * line.size

    def is_table_head(self, i: int) -> bool:
        """Whether a row that looks like text is the head of the cells below it, close to one another."""
        if self.parted or i + 1 >= len(self.rows) or self.is_text(i + 1) or len(self.rows[i + 1]) < 2:
            return False
        line = self.rows[i][0]
        return (
            self.column.right - self.rows[i][-1].x1 > line.size or line.x0 - self.column.left > line.size
        ) and self.rows[i + 1][0].bottom - line.bottom < TABLE_STEP * self.typography.leading

    def _is_heading(self, i: int) -> bool:
        """Whether a row is a heading; a bold word at the head of a table's column may look like one."""
        line = self.rows[i][0]
        if not (line.bold or line.size > 1.08 * self.typography.body):
            return len(line.text) < LABEL and is_named(line.text)
        if is_named(line.text):
            return True
        if not worded([line]):
            return False
        if numbering(line.text) is not None or line.size > 1.12 * self.typography.body:
            return True
        after = self.rows[i + 1] if i + 1 < len(self.rows) else []
        return len(after) == 1 and after[0].x1 - after[0].x0 >= _FULL * self.column.width

    def _is_text_beside_a_gutter(self, row: Sequence[Line]) -> bool:
        """On the whole of a page in columns: whether a part of the row fills its column."""
        return any(
            near(line.size, self.typography.body, 0.05)
            and length(line.text) >= LABEL
            and worded([line])
            and any(
                -0.3 * line.size < line.x0 - side.left < 3 * line.size
                and line.x1 - line.x0 >= _FULL * side.width
                for side in (self.column, *self.sides)
            )
            for line in row
        )

    def _goes_on(self, i: int) -> bool:
        """Whether a row goes on with running text above it: the same font, edge and distance."""
        if i == 0:
            return False
        line, above = self.rows[i][0], self.rows[i - 1][0]
        step = line.bottom - above.bottom
        return (
            step < 1.35 * self.typography.leading
            and near(above.size, line.size)
            and abs(above.x0 - line.x0) < 3 * line.size
            and above.x1 - above.x0 >= 0.6 * self.column.width
            and length(above.text) >= LABEL
        )


def worded(row: Sequence[Line]) -> bool:
    """Whether a row is made of words rather than numbers and symbols."""
    text = " ".join(line.text for line in row)
    letters = sum(map(str.isalpha, text))
    return letters >= 0.55 * len(text.replace(" ", "")) and (" " in text or is_wide(text[0]))


def _gap(row: Sequence[Line]) -> float:
    return max(b.x0 - a.x1 for a, b in pairwise(row))
