"""A paper as it was read, and the passages it is cut into.

A parsed paper is one string, its text in reading order. Blocks and passages are ranges of that
string, and every printed word knows its place on the page, so a passage can always be boxed.
Boxes are in points on the page as displayed (crop box, after rotation), origin top left.
Pages count from 1.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from carrel.core.ids import PaperId, PassageId
from carrel.core.metadata import Metadata
from carrel.core.quality import ParseQuality


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page, in points, origin top left; ``x0 <= x1`` and ``y0 <= y1``."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class PageSize:
    """Width and height in points of a page as displayed."""

    width: float
    height: float


BLOCK_BREAK = "\n\n"
"""What stands between the blocks of a paper's text."""


class BlockKind(StrEnum):
    """What a block of text is to a reader."""

    FRONT = "front"  # title, authors, affiliations: known from the metadata, not part of the flow
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    CAPTION = "caption"
    TABLE = "table"  # its cells, row by row
    FIGURE = "figure"  # the words within a figure: labels, ticks, code
    CODE = "code"  # lines of a program, as they were written
    FOOTNOTE = "footnote"
    REFERENCE = "reference"  # one entry of the list of references


@dataclass(frozen=True, slots=True)
class Block:
    """Characters ``start`` to ``end`` of the paper's text that belong together.

    ``level`` counts from 1 for a heading and is 0 otherwise. A heading may be of no characters: then ``name``
    says what it is called, and one without a name ends the sections of its level.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    name: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class WordBoxes:
    """Where each printed word stands: parallel arrays, one row a word, in reading order.

    A word broken over two lines has two rows. ``line`` numbers the printed lines of the paper, so
    that the words of a line can be drawn as one box.
    """

    start: NDArray[np.int32]  # [words], character offset into the paper's text
    end: NDArray[np.int32]  # [words]
    page: NDArray[np.int32]  # [words], from 1
    line: NDArray[np.int32]  # [words]
    box: NDArray[np.float32]  # [words, 4]: x0, y0, x1, y1

    def within(self, start: int, end: int) -> slice:
        """Return the rows of the words that lie wholly or partly in characters ``start`` to ``end``."""
        # As numbers of the arrays' own kind: any other would have the whole array converted to it.
        first = int(np.searchsorted(self.end, np.int32(start), side="right"))
        last = int(np.searchsorted(self.start, np.int32(end), side="left"))
        return slice(first, max(first, last))

    def boxes(self, start: int, end: int) -> tuple[Box, ...]:
        """Return one box for each printed line that characters ``start`` to ``end`` touch."""
        rows = self.within(start, end)
        lines = self.line[rows]
        if lines.size == 0:
            return ()
        first = np.concatenate(([0], np.flatnonzero(lines[1:] != lines[:-1]) + 1))
        low = np.minimum.reduceat(self.box[rows, :2], first)
        high = np.maximum.reduceat(self.box[rows, 2:], first)
        corners = np.hstack([low, high]).astype(float).round(2).tolist()
        pages = self.page[rows][first].tolist()
        return tuple(Box(page, *corner) for page, corner in zip(pages, corners, strict=True))

    def pages(self, start: int, end: int) -> tuple[int, ...]:
        """Return the pages that characters ``start`` to ``end`` touch, the one with most words first."""
        counts = Counter(self.page[self.within(start, end)].tolist())
        return tuple(sorted(counts, key=lambda page: (-counts[page], page)))


_NOTHING = np.zeros(0, np.int32)
NO_WORD_BOXES = WordBoxes(_NOTHING, _NOTHING, _NOTHING, _NOTHING, np.zeros((0, 4), np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class ParsedPaper:
    """A paper as a parser read it. Block and word offsets are into ``text``.

    A file without pages (Markdown, say) has no ``pages`` and no ``words``.
    """

    metadata: Metadata
    text: str
    blocks: tuple[Block, ...]
    words: WordBoxes
    pages: tuple[PageSize, ...]
    quality: ParseQuality = field(default_factory=ParseQuality)

    def block_text(self, block: Block) -> str:
        """Return the block's characters."""
        return self.text[block.start : block.end]

    def heading(self, block: Block) -> str:
        """Return what a heading is called, in one line; "" for one that only ends sections."""
        return block.name or " ".join(self.block_text(block).split())


@dataclass(frozen=True, slots=True)
class Section:
    """A run of blocks under one heading. ``path`` is the chain of headings, outermost first."""

    path: tuple[str, ...]
    blocks: tuple[Block, ...]

    @property
    def name(self) -> str:
        """The chain of headings as one line."""
        return " › ".join(self.path)


def sections(paper: ParsedPaper) -> Iterator[Section]:
    """Yield the paper's sections in reading order; front matter is left out.

    Headings are not blocks of a section: they are its path. Text before the first heading has an
    empty path.
    """
    path: list[tuple[int, str]] = []
    blocks: list[Block] = []
    for block in paper.blocks:
        if block.kind is BlockKind.HEADING:
            if blocks:
                yield Section(tuple(name for _, name in path), tuple(blocks))
                blocks = []
            path = [step for step in path if step[0] < block.level]
            if name := block.name or paper.block_text(block):
                path.append((block.level, name))
        elif block.kind is not BlockKind.FRONT:
            blocks.append(block)
    if blocks:
        yield Section(tuple(name for _, name in path), tuple(blocks))


@dataclass(frozen=True, slots=True)
class Passage:
    """Characters ``start`` to ``end`` of a paper: what is embedded, found, shown and boxed."""

    id: PassageId
    paper_id: PaperId
    ordinal: int  # from 0, in reading order
    start: int
    end: int
    text: str  # as shown; the model reads ``in_context(title, section, text)``
    section: str
    pages: tuple[int, ...]  # the page with most of its words first; none in a file without pages
    boxes: tuple[Box, ...] = field(repr=False)
    paragraph: int = 1  # the paper's paragraph that it begins in, from 1

    @property
    def page(self) -> int | None:
        """The page that holds most of the passage's words; None in a file without pages."""
        return self.pages[0] if self.pages else None


_REFERENCE_LIST = re.compile(
    # A number: 7, 7., VII., A.1, 第七章, 七、
    r"(?:[\dIVXivx.]*\s*|[A-Z](?:\.\d{1,2})*\.?\s+|第[一二三四五六七八九十\d]+[章节節]\s*|[一二三四五六七八九十]{1,3}、\s*)"
    r"(?i:references(?: and notes| cited)?|bibliography|works cited|literature(?: cited)?"
    r"|literatur(?:verzeichnis)?|références|referencias|bibliogra(?:f|ph)ía|bibliographie"
    r"|参\s*考\s*文\s*献|參\s*考\s*文\s*獻|引用文献|참고\s?문헌)"
)


def is_reference_list(section: str) -> bool:
    """Whether a heading, or a section named by its chain of headings, is of the list of references."""
    return _REFERENCE_LIST.fullmatch(section.rpartition(" › ")[2].strip(" .:：")) is not None


def in_context(title: str, section: str, text: str) -> str:
    """Return the text with its paper's title and its section before it: what is embedded.

    A passage alone often does not say what it is about; half of the errors of passage retrieval
    come from the missing context of the document (Wang et al., "DAPR", 2023). What is all there is to say is
    not said twice.
    """
    if text == title:
        title = ""
    return "\n".join(part for part in (title, section, text) if part)
