"""Section-aware chunks: whole sentences, or lines of code, sized in the model's tokens, overlapping.

A passage lies within one section, ends at a sentence wherever a sentence fits, and together with
its context (title and section, see ``in_context``) is never longer than the model reads.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from carrel.chunking.sentences import sentence_ends
from carrel.core.ids import PaperId, passage_id
from carrel.core.knowledge_base import ChunkSettings
from carrel.core.paper import Block, BlockKind, ParsedPaper, Passage, in_context, sections
from carrel.core.ports import TokenCounter

# Title and section may take this share of what the model reads; the rest is the passage's own.
_CONTEXT_SHARE = 0.25
_FIGURE_WORDS = 12  # fewer are labels
_LINE = re.compile(r"\n\s*")
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage, and what the model reads for it: the passage with its context before it."""

    passage: Passage
    embedded_text: str


@dataclass(frozen=True, slots=True)
class _Budget:
    """Tokens a passage may have and tokens that two neighbours share."""

    size: int
    overlap: int


def chunk(
    paper: PaperId, parsed: ParsedPaper, tokens: TokenCounter, settings: ChunkSettings, max_tokens: int
) -> tuple[Chunk, ...]:
    """Cut a parsed paper into passages, in reading order.

    Args:
        paper: its id, part of each passage's id.
        parsed: what the parser read.
        tokens: counts in the tokens of the model that will embed the passages.
        settings: wished size and overlap in tokens.
        max_tokens: what the model reads at most; the size is cut to it, the overlap in proportion.
    """
    size = min(settings.size, max_tokens)
    title = shortened(parsed.metadata.title, tokens, int(size * _CONTEXT_SHARE / 2))
    chunks: list[Chunk] = []
    parts = list(sections(parsed))
    begins = [block.start for section in parts for block in section.blocks]
    for section in parts:
        name = shortened(section.name, tokens, int(size * _CONTEXT_SHARE / 2))
        context = len(tokens.token_ends(in_context(title, name, "")))
        # Two to spare: a piece may split into a token more or less than it did within the whole.
        own = max(size - context - 2, size // 2)
        budget = _Budget(own, min(own // 2, own * settings.overlap // settings.size))
        for first, last, kind in _runs(parsed, section.blocks, settings):
            for start, end in _cut(parsed.text, first, last, tokens, budget, kind):
                embedded = in_context(title, name, parsed.text[start:end])
                paragraph = bisect_right(begins, start)
                passage = _passage(paper, parsed, start, end, len(chunks), paragraph, section.name, embedded)
                chunks.append(Chunk(passage, embedded))
    return tuple(chunks)


def shortened(text: str, tokens: TokenCounter, limit: int) -> str:
    """Return the text cut to at most ``limit`` tokens."""
    ends = tokens.token_ends(text)
    return text if len(ends) <= limit else text[: int(ends[limit - 1])] if limit > 0 else ""


def _runs(
    parsed: ParsedPaper, blocks: Sequence[Block], settings: ChunkSettings
) -> Iterator[tuple[int, int, BlockKind]]:
    """Yield (start, end, kind) of blocks cut as one: those that flow, or a caption with what it is of."""
    before: Block | None = None
    start = 0
    for block in blocks:
        if not _is_read(parsed, block, settings):
            continue
        if before is None:
            start = block.start
        elif not _reads_on(before, block):
            yield start, before.end, before.kind
            start = block.start
        before = block
    if before is not None:
        yield start, before.end, before.kind


def _is_read(parsed: ParsedPaper, block: Block, settings: ChunkSettings) -> bool:
    """Whether a block is worth finding: not a list of references, unless wished for, nor bare labels."""
    if block.kind is BlockKind.REFERENCE:
        return settings.references
    return block.kind is not BlockKind.FIGURE or _is_wordy(parsed.block_text(block))


def _is_wordy(text: str) -> bool:
    """Whether what stands in a figure is more than ticks and labels."""
    tokens = text.split()
    words = sum(len(token) > 2 and token.isalpha() for token in tokens) + len(_HAN.findall(text)) // 2
    return words >= _FIGURE_WORDS and words >= len(tokens) / 2


def _reads_on(before: Block, block: Block) -> bool:
    """Whether two blocks that follow one another are one text."""
    # Blocks are parted by a blank line; more than that is a block left out, or of another section.
    if block.start - before.end > 2:
        return False
    if before.kind is BlockKind.CAPTION:
        return block.kind in (BlockKind.TABLE, BlockKind.FIGURE)
    return before.kind is block.kind and before.kind is not BlockKind.TABLE


def _cut(
    text: str, first: int, last: int, tokens: TokenCounter, budget: _Budget, kind: BlockKind
) -> Iterator[tuple[int, int]]:
    """Yield (start, end) offsets of overlapping passages that cover ``text[first:last]``."""
    run = text[first:last]
    token_ends: list[int] = tokens.token_ends(run).tolist()
    ends = _line_ends(run) if kind is BlockKind.CODE else sentence_ends(run)
    cuts = _cuts(run, ends, token_ends, budget.size)
    counts = [bisect_right(token_ends, cut) for cut in cuts]  # tokens before each cut
    begin = 0
    while begin < len(cuts) - 1:
        end = max(bisect_right(counts, counts[begin] + budget.size) - 1, begin + 1)
        start, stop = _stripped(run, cuts[begin], cuts[end])
        if start < stop:
            yield first + start, first + stop
        if end == len(cuts) - 1:
            return
        # The next passage begins at the earliest cut that shares no more than the overlap.
        begin = max(begin + 1, bisect_left(counts, counts[end] - budget.overlap))


def _cuts(run: str, ends: Sequence[int], token_ends: list[int], size: int) -> list[int]:
    """Return the offsets where a passage may begin or end: these ends, or tokens where they are far apart."""
    cuts = [0]
    for end in ends:
        before = bisect_right(token_ends, cuts[-1])
        through = bisect_right(token_ends, end)
        # A sentence longer than half a passage is offered finer cuts, at white space where there is some.
        step = max(1, size // 4)
        if through - before > size // 2:
            for position in range(before + step, through, step):
                cut = _after_space(run, token_ends[position - 1], cuts[-1])
                if cuts[-1] < cut < end:
                    cuts.append(cut)
        cuts.append(end)
    return cuts


def _line_ends(run: str) -> list[int]:
    """Return the offsets at which lines end, the last at the end of the text."""
    ends = [match.end() for match in _LINE.finditer(run)]
    return ends if ends and ends[-1] == len(run) else [*ends, len(run)]


def _after_space(run: str, offset: int, floor: int) -> int:
    """Return the offset just after the last white space before ``offset``, or ``offset`` if none is near."""
    space = max(run.rfind(" ", floor, offset), run.rfind("\n", floor, offset))
    return space + 1 if space >= 0 and offset - space < 40 else offset


def _stripped(run: str, start: int, stop: int) -> tuple[int, int]:
    piece = run[start:stop]
    return start + len(piece) - len(piece.lstrip()), stop - (len(piece) - len(piece.rstrip()))


def _passage(
    paper: PaperId,
    parsed: ParsedPaper,
    start: int,
    end: int,
    ordinal: int,
    paragraph: int,
    section: str,
    embedded: str,
) -> Passage:
    return Passage(
        id=passage_id(paper, start, end, embedded),
        paper_id=paper,
        ordinal=ordinal,
        start=start,
        end=end,
        text=parsed.text[start:end],
        section=section,
        pages=parsed.words.pages(start, end),
        boxes=parsed.words.boxes(start, end),
        paragraph=paragraph,
    )
