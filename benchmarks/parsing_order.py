"""Are pages in two columns read in the order in which a scholar reads them?

Judged by pages read by eye, as printed (``tests/unit/parsing/reading_order.json``): the first words of
their titles, headings, paragraphs, captions, footnotes and references, and of what goes on from the
column before. Captions and footnotes stand outside the flow, so only the others have an order.
Run: ``python -m benchmarks.parsing_order``.
"""

import json
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.known_items import DATA
from benchmarks.machine import describe, heading
from carrel.core.paper import Block, BlockKind, ParsedPaper
from carrel.parsing.pdfium_parser import PdfiumParser

READ_BY_EYE = Path(__file__).resolve().parents[1] / "tests" / "unit" / "parsing" / "reading_order.json"

_KINDS = {
    "heading": BlockKind.HEADING,
    "paragraph": BlockKind.PARAGRAPH,
    "caption": BlockKind.CAPTION,
    "footnote": BlockKind.FOOTNOTE,
    "reference": BlockKind.REFERENCE,
}
_OUTSIDE_THE_FLOW = frozenset({"caption", "footnote"})
_GOES_ON = frozenset({BlockKind.PARAGRAPH, BlockKind.REFERENCE})


@dataclass(frozen=True, slots=True)
class Entry:
    """What a reader meets on a page: its first words as printed, and what it is."""

    begins: str
    kind: str  # a key of ``_KINDS``, "title", or "continued": it began in the column or on the page before

    def __str__(self) -> str:
        return f"{self.kind} “{self.begins}”"


@dataclass(frozen=True, slots=True)
class PageRead:
    """A page as it was read by eye. ``file`` is named as in the manifest of the real papers."""

    file: str
    page: int
    entries: tuple[Entry, ...]

    def __str__(self) -> str:
        return f"{self.file.removeprefix('pdf/')} p. {self.page}"


def pages_read_by_eye() -> tuple[PageRead, ...]:
    """Return the pages, each file's one after the other."""
    return tuple(
        PageRead(page["file"], page["page"], tuple(Entry(**entry) for entry in page["blocks"]))
        for page in json.loads(READ_BY_EYE.read_text(encoding="utf-8"))
    )


def first_wrong(paper: ParsedPaper, page: PageRead) -> str:
    """Return the first step at which the paper as parsed differs from the page as read; "" for none."""
    return next(wrong_steps(paper, page), "")


def wrong_steps(paper: ParsedPaper, page: PageRead) -> Iterator[str]:
    """Yield what the parser does otherwise, in the order in which the page is read."""
    for block, after in pairwise(paper.blocks):
        if block.end > after.start:
            yield f"blocks overlap at character {after.start}"
    printed = _Printed(paper, page.page)
    last, before = -1, None
    for entry in page.entries:
        if entry.kind == "title":
            if not printed.has_title(entry):
                yield f"{entry} is neither the paper's title nor in its front matter"
            continue
        places = printed.places(entry)
        if not places:
            yield f"{entry} {printed.instead(entry)}"
        elif entry.kind not in _OUTSIDE_THE_FLOW:
            place = next((place for place in places if place > last), None)
            if place is None:
                yield f"{entry} is read before {before}"
                continue
            if entry.kind == "continued" and (wrong := printed.torn(place, first=before is None)):
                yield f"{entry} {wrong}"
            last = place
            before = entry


class _Printed:
    """The words of one page of a paper as parsed, in reading order, letters and digits only."""

    def __init__(self, paper: ParsedPaper, page: int) -> None:
        self._paper = paper
        self._page = page
        words = paper.words
        self._rows = np.flatnonzero(words.page == page)
        letters: list[str] = []
        at: list[int] = []
        for start, end in zip(words.start[self._rows].tolist(), words.end[self._rows].tolist(), strict=True):
            for offset in range(start, end):
                folded = _folded(paper.text[offset])
                letters.append(folded)
                at += [offset] * len(folded)
        self._letters = "".join(letters)
        self._at = at  # [letters], character of the paper's text
        self._starts = {
            block.start: block for block in paper.blocks if np.any(words.start[self._rows] == block.start)
        }

    def has_title(self, entry: Entry) -> bool:
        wanted = _folded(entry.begins)
        fronts = (
            _folded(self._paper.block_text(block))
            for block in self._starts.values()
            if block.kind is BlockKind.FRONT
        )
        return _folded(self._paper.metadata.title).startswith(wanted) or any(
            wanted in text for text in fronts
        )

    def places(self, entry: Entry) -> list[int]:
        """Return where in the paper's text the entry may be meant: where such a block begins so."""
        wanted = _folded(entry.begins)
        if entry.kind == "continued":
            return list(self._occurrences(wanted))
        return sorted(
            start
            for start, block in self._starts.items()
            if block.kind is _KINDS[entry.kind] and _folded(self._paper.block_text(block)).startswith(wanted)
        )

    def instead(self, entry: Entry) -> str:
        """Return what became of an entry that is not what it should be."""
        place = next(self._occurrences(_folded(entry.begins)), None)
        if place is None:
            return "is not in the text of the page in one piece"
        block = self._block(place)
        if block.start == place:
            return f"is a block of kind {block.kind}"
        return f"is inside the {block.kind} that begins {self._opening(block)}"

    def torn(self, place: int, *, first: bool) -> str:
        """Return how what goes on from before is cut off from its beginning; "" where it is not.

        ``first``: it is the first of its page, so that it began on the page before.
        """
        block = self._block(place)
        if block.kind not in _GOES_ON:
            return f"is in the {block.kind} that begins {self._opening(block)}"
        if place == block.start:
            return "" if first else f"begins a {block.kind} of its own"
        words = self._paper.words
        before = int(np.searchsorted(words.start, place, side="left")) - 1
        if (int(words.page[before]) == self._page) is first:
            opening = max(block.start, int(words.start[max(0, before - 2)]))
            preceding = self._paper.text[opening : int(words.end[before])]
            return f"goes on from “{' '.join(preceding.split())}” on page {words.page[before]}"
        return ""

    def _occurrences(self, wanted: str) -> Iterator[int]:
        found = self._letters.find(wanted)
        while found >= 0:
            place = self._at[found]
            if self._at[found + len(wanted) - 1] < self._block(place).end:
                yield place
            found = self._letters.find(wanted, found + 1)

    def _block(self, place: int) -> Block:
        return next(block for block in self._paper.blocks if block.start <= place < block.end)

    def _opening(self, block: Block) -> str:
        return f"“{' '.join(self._paper.block_text(block).split()[:6])}”"


def _folded(text: str) -> str:
    """Return letters and digits only; decomposed, so that a character folds alike alone and in a word."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", text).casefold()))


def pages_right(data: Path = DATA) -> tuple[int, int, list[str]]:
    """Return how many pages are read right, of how many, and each other page's first wrong step.

    ``data`` is the folder of the collections of real papers.
    """
    wrong: list[str] = []
    pages = pages_read_by_eye()
    papers: dict[str, ParsedPaper] = {}
    parser = PdfiumParser(workers=1, seconds=60, memory_mb=1024, max_pages=2000)
    try:
        for page in pages:
            if page.file not in papers:
                path = data.parent / page.file
                papers[page.file] = parser.parse(path, path.name)
            step = first_wrong(papers[page.file], page)
            if step:
                wrong.append(f"{page}: {step}")
    finally:
        parser.close()
    return len(pages) - len(wrong), len(pages), wrong


def main() -> None:
    """Print how many pages are read right, and what is wrong with the others."""
    if not (DATA / "manifest.jsonl").is_file():
        sys.exit(f"The real papers are not on this machine ({DATA}): nothing to measure.")
    right, total, wrong = pages_right()
    print(heading(f"Reading order of {total} pages in two columns"))
    print(describe())
    print(f"\n{right} of {total} pages are read as they were read by eye.\n")
    for line in wrong:
        print(f"- {line}")


if __name__ == "__main__":
    main()
