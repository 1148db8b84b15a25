"""Pages that a test sets itself, line by line: no PDF needed."""

from collections.abc import Sequence

import numpy as np

from carrel.core.paper import BlockKind, PageSize, ParsedPaper
from carrel.parsing.printed import Line, Printed, PrintedPage, Words
from carrel.parsing.structure import read_structure

SIZE = PageSize(612, 792)
BODY = 10.0
LONG = "which is a line of running text that is about as long as lines are in a paper"

Entry = tuple[str, float, float, float, bool]  # text, x0, baseline, font size, bold


class Typesetter:
    """Collects printed pages; a line's width follows from its text."""

    def __init__(self) -> None:
        self.pages: list[PrintedPage] = []
        self.count = 0

    def page(self, *entries: Entry) -> None:
        lines, rows, boxes = [], [], []
        for text, x0, bottom, size, bold in entries:
            advance = size * (1.0 if text[-1] > "\u3000" else 0.5)
            shown = text.replace("\ufffe", "-")
            line = Line(
                self.count, len(self.pages) + 1, shown, x0, bottom - size, x0 + advance * len(text), bottom,
                bottom, size, bold, False, True, text.endswith("\ufffe"),
            )  # fmt: skip
            at = 0
            for word in shown.split(" "):
                rows.append((self.count, at, at + len(word)))
                boxes.append((x0 + at * advance, bottom - size, x0 + (at + len(word)) * advance, bottom))
                at += len(word) + 1
            lines.append(line)
            self.count += 1
        table = np.array(rows, np.int32).reshape(-1, 3)
        words = Words(table[:, 0], table[:, 1], table[:, 2], np.array(boxes, np.float32).reshape(-1, 4))
        self.pages.append(PrintedPage(SIZE, lines, words))

    def read(self) -> ParsedPaper:
        return read_structure(Printed(self.pages, {}))


def body(*texts: str, x0: float = 72, top: float = 200, step: float = 12) -> list[Entry]:
    """Return lines of running text, one below another."""
    return [(text, x0, top + step * i, BODY, False) for i, text in enumerate(texts)]


def texts(paper: ParsedPaper, kind: BlockKind) -> list[str]:
    """Return the texts of a paper's blocks of a kind."""
    return [paper.block_text(block) for block in paper.blocks if block.kind is kind]


def column(name: str, count: int, x0: float, top: float) -> list[Entry]:
    """Return a paragraph of ``count`` lines, 44 letters wide, that begins with a name."""
    words = "and the text of this column runs on to its edge"
    first = f"{name} {words}"[:44]
    return body(*[first, *[words[:44]] * (count - 2), "and ends here."], x0=x0, top=top)


def row(cells: Sequence[str], edges: Sequence[float], bottom: float, size: float = BODY) -> list[Entry]:
    """Return the cells of a table's row at these left edges."""
    return [(cell, edge, bottom, size, False) for cell, edge in zip(cells, edges, strict=True)]
