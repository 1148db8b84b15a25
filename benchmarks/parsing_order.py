"""Is a page read as a scholar reads it? Judged against pages that were looked at, one by one.

``tests/unit/parsing/reading_order.json`` holds, for each page, the first words of every block that a
reader sees, and what it is. Title, headings, paragraphs, list items and references flow: they come in
exactly this order. Captions, tables, footnotes and asides (algorithms, notes under tables) float: they may
stand between any two blocks, and must be blocks of their own. Furniture (running heads) is not in the text.
"""

import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.parsing_metadata import letters
from carrel.core.paper import Block, BlockKind, ParsedPaper

PAGES = Path(__file__).resolve().parents[1] / "tests" / "unit" / "parsing" / "reading_order.json"
_MARK = 3  # letters and digits that a footnote's mark or an item's number has at most
_JOINED = 15  # letters and digits before words that go on from the column or page before

_ANY = frozenset(BlockKind)
# What a step may be to the parser. A step of kind "text" goes on after a formula, a listing or a full last
# line: whether a new paragraph begins there cannot be seen.
_KINDS: dict[str, frozenset[BlockKind]] = {
    "title": frozenset({BlockKind.FRONT}),
    "front": frozenset({BlockKind.FRONT}),
    "heading": frozenset({BlockKind.HEADING}),
    "run-in": frozenset({BlockKind.HEADING, BlockKind.PARAGRAPH}),
    "paragraph": frozenset({BlockKind.PARAGRAPH}),
    "continued": frozenset({BlockKind.PARAGRAPH}),
    "text": frozenset({BlockKind.PARAGRAPH}),
    "item": frozenset({BlockKind.PARAGRAPH}),
    "reference": frozenset({BlockKind.REFERENCE}),
    "caption": frozenset({BlockKind.CAPTION}),
    "table": frozenset({BlockKind.TABLE}),
    "footnote": frozenset({BlockKind.FOOTNOTE}),
    "aside": _ANY,
}
_FLOATS = frozenset({"caption", "table", "footnote", "aside"})
_FURNITURE = "furniture"
_BEGIN_A_BLOCK = frozenset({"title", "heading", "run-in", "paragraph", "reference", "caption", "aside"})


@dataclass(frozen=True, slots=True)
class Step:
    """One block as a reader sees it: its first words on the page, and what it is."""

    begins: str
    kind: str


@dataclass(frozen=True, slots=True)
class PageOrder:
    """A page, and what a reader sees on it."""

    file: str
    page: int
    steps: tuple[Step, ...]

    @property
    def name(self) -> str:
        return f"{Path(self.file).name}, page {self.page}"


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong about one step."""

    step: Step
    reason: str

    def __str__(self) -> str:
        return f"{self.step.kind} “{self.step.begins}” {self.reason}"


def expected() -> list[PageOrder]:
    """Return the pages that were looked at."""
    rows = json.loads(PAGES.read_text(encoding="utf-8"))
    return [
        PageOrder(
            row["file"], row["page"], tuple(Step(step["begins"], step["kind"]) for step in row["steps"])
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a step's words stand in the paper."""

    letter: int  # place among the paper's letters and digits
    block: Block | None
    before: int  # letters and digits of the block before it

    def is_right(self, step: Step) -> bool:
        return not self.fault(step)

    def fault(self, step: Step) -> str:
        """Return what is wrong about the block here, for such a step."""
        if self.block is None:
            return "is in no block"
        if step.kind in _BEGIN_A_BLOCK and self.before > _MARK:
            return f"does not begin a block: it is within a {self.block.kind}"
        if step.kind == "continued" and self.before < _JOINED:
            return "is not joined to what it goes on from"
        if self.block.kind not in _KINDS[step.kind]:
            return f"is a {self.block.kind}"
        return ""


class ReadPaper:
    """A parsed paper, made ready for looking up words by page."""

    def __init__(self, paper: ParsedPaper) -> None:
        folded = [(letter, n) for n, sign in enumerate(paper.text) for letter in letters(sign)]
        self._letters = "".join(letter for letter, _ in folded)
        self._offsets = [n for _, n in folded]
        self._blocks = sorted(paper.blocks, key=lambda block: block.start)
        self._starts = [block.start for block in self._blocks]
        self._pages = [0] * len(paper.text)
        words = paper.words
        for start, end, page in zip(
            words.start.tolist(), words.end.tolist(), words.page.tolist(), strict=True
        ):
            self._pages[start:end] = [page] * (end - start)

    def places(self, step: Step, page: int) -> Iterator[Place]:
        """Yield every place on a page where a step's words stand."""
        wanted = letters(step.begins)
        found = self._letters.find(wanted)
        while found >= 0:
            offset = self._offsets[found]
            if self._pages[offset] == page:
                yield self._place(found, offset)
            found = self._letters.find(wanted, found + 1)

    def _place(self, letter: int, offset: int) -> Place:
        number = bisect_right(self._starts, offset) - 1
        block = self._blocks[number] if number >= 0 else None
        if block is None or offset >= block.end:
            return Place(letter, None, 0)
        before = 0
        while letter - before > 0 and self._offsets[letter - before - 1] >= block.start:
            before += 1
        return Place(letter, block, before)


def order_faults(paper: ReadPaper, page: PageOrder) -> list[Fault]:
    """Return the steps of the flow that are missing on the page or come in the wrong order."""
    return _walk(paper, page)[1]


def block_faults(paper: ReadPaper, page: PageOrder) -> list[Fault]:
    """Return the steps that are not blocks of their own, or of another kind than a reader sees."""
    flow = _walk(paper, page)[0]
    faults = [Fault(step, reason) for step, place in flow if (reason := place.fault(step))]
    held = {place.block.start for _, place in flow if place.block is not None}
    for step in page.steps:
        if step.kind not in _FLOATS:
            continue
        places = list(paper.places(step, page.page))
        if not places:
            faults.append(Fault(step, "is missing"))
            continue
        place = next((place for place in places if place.is_right(step)), places[0])
        reason = place.fault(step)
        if not reason and place.block is not None and place.block.start in held:
            reason = "shares its block with the flow of the text"
        if reason:
            faults.append(Fault(step, reason))
    return sorted(faults, key=lambda fault: page.steps.index(fault.step))


def _walk(paper: ReadPaper, page: PageOrder) -> tuple[list[tuple[Step, Place]], list[Fault]]:
    """Follow the flow: return the place of each step that was found, and those out of order."""
    flow: list[tuple[Step, Place]] = []
    faults: list[Fault] = []
    cursor, last = -1, ""
    for step in page.steps:
        if step.kind in _FLOATS:
            continue
        places = list(paper.places(step, page.page))
        if step.kind == _FURNITURE:
            faults += [Fault(step, "stands in the text")] if places else []
            continue
        after = [place for place in places if place.letter > cursor]
        chosen = next((place for place in after if place.is_right(step)), None) or next(iter(after), None)
        if chosen is not None:
            flow.append((step, chosen))
            cursor, last = chosen.letter, step.begins
        elif places:
            faults.append(Fault(step, f"comes before “{last}”"))
        else:
            faults.append(Fault(step, "is missing"))
    return flow, faults


def table(found: Sequence[tuple[PageOrder, Sequence[Fault], Sequence[Fault]]]) -> list[tuple[str, ...]]:
    """Return rows of (what, right of total) for pages with their faults of order and of blocks."""
    steps = sum(len(page.steps) for page, _, _ in found)
    wrong = sum(len(order) + len(blocks) for _, order, blocks in found)
    return [
        (
            "pages whose text comes in the right order",
            _of(sum(not order for _, order, _ in found), len(found)),
        ),
        (
            "pages whose blocks are each by themselves",
            _of(sum(not blocks for *_, blocks in found), len(found)),
        ),
        ("pages with both", _of(sum(not (order or blocks) for _, order, blocks in found), len(found))),
        ("blocks right", _of(steps - wrong, steps)),
    ]


def _of(right: int, total: int) -> str:
    return f"{right} of {total}"
