"""Papers set anew by a program: as publishers and authors change them, and as what only looks like it."""

import bisect
import itertools
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from carrel.core.likeness import likeness_of
from carrel.core.metadata import Metadata
from carrel.core.paper import Block, BlockKind, ParsedPaper, WordBoxes

_NONE = np.zeros(0, np.int32)
_NO_WORDS = WordBoxes(_NONE, _NONE, _NONE, _NONE, np.zeros((0, 4), np.float32))


@dataclass(frozen=True, slots=True)
class Text:
    """A paper as a list of blocks, to be set anew."""

    metadata: Metadata
    blocks: tuple[tuple[BlockKind, int, str], ...]

    def set(self) -> ParsedPaper:
        """Return it as a parser would."""
        text, blocks = "", []
        for kind, level, words in self.blocks:
            text += "\n\n" if text else ""
            blocks.append(Block(kind, len(text), len(text) + len(words), level))
            text += words
        return ParsedPaper(self.metadata, text, tuple(blocks), _NO_WORDS, ())


Change = Callable[[Text, random.Random, Sequence[Text]], Text]


def _each_paragraph(text: Text, change: Callable[[str], str]) -> Text:
    blocks = tuple(
        (kind, level, change(words) if kind is BlockKind.PARAGRAPH else words)
        for kind, level, words in text.blocks
    )
    return replace(text, blocks=tuple(block for block in blocks if block[2].strip()))


def other_breaks(text: Text, chance: random.Random, _: Sequence[Text]) -> Text:
    """Break one word in fifteen with a hyphen that was not mended; glue one in sixty to the next."""

    def change(paragraph: str) -> str:
        words = paragraph.split()
        for n, word in enumerate(words):
            if len(word) > 6 and chance.random() < 1 / 15:
                at = chance.randrange(3, len(word) - 2)
                words[n] = f"{word[:at]}- {word[at:]}"
        return re.sub(r" ", lambda found: "" if chance.random() < 1 / 60 else found.group(), " ".join(words))

    return _each_paragraph(text, change)


def dropped_sentences(text: Text, chance: random.Random, _: Sequence[Text]) -> Text:
    """Leave out 15 % of the sentences."""

    def change(paragraph: str) -> str:
        sentences = re.split(r"(?<=[.!?。！？])\s*", paragraph)
        return " ".join(sentence for sentence in sentences if chance.random() >= 0.15)

    return _each_paragraph(text, change)


def other_frame(text: Text, chance: random.Random, others: Sequence[Text]) -> Text:
    """Another abstract, sections in another order, references of another paper, other citation numbers."""
    other = chance.choice(others)
    words = text.metadata.abstract.split()
    chance.shuffle(words)
    sections: list[list[tuple[BlockKind, int, str]]] = [[]]
    for block in text.blocks:
        if block[0] is BlockKind.HEADING:
            sections.append([])
        sections[-1].append(block)
    first, *rest = sections
    chance.shuffle(rest)
    abstract = (BlockKind.PARAGRAPH, 0, " ".join(words))
    references = [
        (BlockKind.HEADING, 1, "References"),
        *(
            (BlockKind.PARAGRAPH, 0, words)
            for kind, _, words in other.blocks[-12:]
            if kind is not BlockKind.HEADING
        ),
    ]
    blocks = [*first, abstract, *itertools.chain.from_iterable(rest), *references]
    changed = replace(text, blocks=tuple(block for block in blocks if block[2].strip()))
    numbers = itertools.count(chance.randrange(1, 40))
    return _each_paragraph(
        changed, lambda words: re.sub(r"\[\d[\d, –-]*\]", lambda _: f"[{next(numbers)}]", words)
    )


def other_names(text: Text, chance: random.Random, _: Sequence[Text]) -> Text:
    """Another form of the title and of the names, another year, venue and DOI."""
    metadata = text.metadata
    forms = ("{}: Extended Version", "{} (extended abstract)", "Towards {}", "{}", "{}*", "On {}")
    names = [name.split() for name in metadata.authors]
    return replace(
        text,
        metadata=replace(
            metadata,
            title=chance.choice(forms).format(
                metadata.title.upper() if chance.random() < 0.3 else metadata.title
            ),
            authors=tuple(f"{words[-1]}, {words[0][0]}." for words in names if words),
            year=(metadata.year or 2020) + 1,
            venue="Journal of Versions",
            doi="",
            arxiv_id="",
        ),
    )


def other_title(text: Text, _: random.Random, others: Sequence[Text]) -> Text:
    """The title of another paper."""
    return replace(text, metadata=replace(text.metadata, title=others[0].metadata.title, doi="", arxiv_id=""))


def no_names(text: Text, _: random.Random, __: Sequence[Text]) -> Text:
    """Neither title nor authors nor identifiers, as where they could not be read."""
    return replace(text, metadata=replace(text.metadata, title="", authors=(), doi="", arxiv_id=""))


WAYS: dict[str, tuple[Change, ...]] = {
    "as it is": (),
    "other line breaks": (other_breaks,),
    "without names, other line breaks": (no_names, other_breaks),
    "published: frame, names, breaks": (other_frame, other_names, other_breaks),
    "revised: 15 % of sentences dropped, frame, names, breaks": (
        dropped_sentences,
        other_frame,
        other_names,
        other_breaks,
    ),
    "retitled: 15 % dropped, breaks": (dropped_sentences, other_title, other_breaks),
}


def lookalikes(texts: Sequence[Text], chance: random.Random) -> Iterator[tuple[str, Text, Text]]:
    """Yield pairs that are not versions of each other, though something speaks for it."""
    for n, text in enumerate(texts):
        other = texts[(n + 1) % len(texts)]
        title, same = text.metadata.title, text.metadata
        yield "a paper and its correction", text, _named(text, f"Correction to: {title}")
        yield "a book and a third of it under the same title", text, _beginning(text)
        shared = tuple(chance.sample(text.blocks, len(text.blocks) // 5))
        mixed = Text(replace(same, title=other.metadata.title, doi=""), shared + other.blocks)
        yield "another paper of the same authors with a fifth of the text", text, mixed
        part = Text(replace(same, title=f"{title}, part II", doi=""), shared + other.blocks)
        yield "part I and part II with a fifth of the text", _named(text, f"{title}, part I"), part
        yield (
            "the yearly reports of one form",
            _named(text, "Annual Report 2019"),
            _named(text, "Annual Report 2020"),
        )
        lecture = Text(replace(same, title="Introduction", doi=""), other.blocks)
        yield "two sets of slides called Introduction", _named(text, "Introduction"), lecture


def _beginning(text: Text) -> Text:
    """Return the blocks that hold the first third of the running text."""
    third = likeness_of(text.set()).pieces / 3
    count = bisect.bisect(
        range(len(text.blocks)),
        third,
        key=lambda n: likeness_of(replace(text, blocks=text.blocks[:n]).set()).pieces,
    )
    return replace(text, blocks=text.blocks[: count - 1])


def _named(text: Text, title: str) -> Text:
    return replace(text, metadata=replace(text.metadata, title=title, doi="", arxiv_id=""))


def text_of(paper: ParsedPaper) -> Text:
    """Return a parsed paper as blocks."""
    return Text(paper.metadata, tuple((b.kind, b.level, paper.block_text(b)) for b in paper.blocks))
