"""Section-aware chunks: whole sentences, sized in the model's tokens, overlapping.

A passage lies within one section, ends at a sentence wherever a sentence fits, and together with
its context (title and section, see ``in_context``) is never longer than the model reads.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from carrel.chunking.sentences import sentence_ends
from carrel.core.ids import PaperId, passage_id
from carrel.core.knowledge_base import ChunkSettings
from carrel.core.paper import Block, ParsedPaper, Passage, in_context, sections
from carrel.core.ports import TokenCounter

# Title and section may take this share of what the model reads; the rest is the passage's own.
_CONTEXT_SHARE = 0.25


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
    begins = [block.start for section in sections(parsed) for block in section.blocks]
    for section in sections(parsed):
        name = shortened(section.name, tokens, int(size * _CONTEXT_SHARE / 2))
        context = len(tokens.token_ends(in_context(title, name, "")))
        # Two to spare: a piece may split into a token more or less than it did within the whole.
        own = max(size - context - 2, size // 2)
        budget = _Budget(own, min(own // 2, own * settings.overlap // settings.size))
        for first, last in _runs(section.blocks):
            for start, end in _cut(parsed.text, first, last, tokens, budget):
                embedded = in_context(title, name, parsed.text[start:end])
                paragraph = bisect_right(begins, start)
                passage = _passage(paper, parsed, start, end, len(chunks), paragraph, section.name, embedded)
                chunks.append(Chunk(passage, embedded))
    return tuple(chunks)


def shortened(text: str, tokens: TokenCounter, limit: int) -> str:
    """Return the text cut to at most ``limit`` tokens."""
    ends = tokens.token_ends(text)
    return text if len(ends) <= limit else text[: int(ends[limit - 1])] if limit > 0 else ""


def _runs(blocks: tuple[Block, ...]) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of blocks that follow one another with nothing but white space between."""
    start, end = blocks[0].start, blocks[0].end
    for block in blocks[1:]:
        # Blocks are parted by a blank line; more than that is a block of another section.
        if block.start - end > 2:
            yield start, end
            start = block.start
        end = block.end
    yield start, end


def _cut(
    text: str, first: int, last: int, tokens: TokenCounter, budget: _Budget
) -> Iterator[tuple[int, int]]:
    """Yield (start, end) offsets of overlapping passages that cover ``text[first:last]``."""
    run = text[first:last]
    token_ends: list[int] = tokens.token_ends(run).tolist()
    cuts = _cuts(run, token_ends, budget.size)
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


def _cuts(run: str, token_ends: list[int], size: int) -> list[int]:
    """Return the offsets where a passage may begin or end: sentence ends, or tokens in endless sentences."""
    cuts = [0]
    for end in sentence_ends(run):
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
