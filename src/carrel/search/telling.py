"""The sentence of each passage that is nearest to a query in meaning: shown where no word of it matches.

What it costs is bounded for all passages together, and is asked for in small calls: between them searches
go first.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from carrel.chunking.sentences import sentence_ends
from carrel.core.ports import Embedder

# Embedded for one answer: twenty passages of the embedded model are read by half, in 0.6 s of a processor.
MOST_CHARACTERS = 8_000
MOST_SENTENCES = 80
AT_A_TIME = 16  # sentences of one call: a search that comes meanwhile is in the way of no more
LONGEST = 300  # characters read of a sentence
_SHORTEST = 25  # letters, below which a sentence says little: Latin ones, of which a Chinese character is two


@dataclass(frozen=True, slots=True)
class Sentence:
    """Characters ``start`` to ``end`` of the passage of this number."""

    passage: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Telling:
    """Characters ``start`` to ``end`` of a passage, and the cosine of their meaning with the query's."""

    start: int
    end: int
    cosine: float


def telling_sentences(
    query: str,
    passages: Sequence[str],
    embedder: Embedder,
    instruction: str = "",
    asking: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> tuple[Telling | None, ...]:
    """Return the sentence of each passage that is nearest to the query; None where it has no sentence.

    Each call of the model is made within ``asking``.

    Raises:
        ServiceError: the model cannot be loaded or reached.
        TextsRefused: its server refuses a sentence.
    """
    sentences = to_weigh(passages)
    if not sentences:
        return (None,) * len(passages)
    with asking():
        question = embedder.embed_query(query, instruction).vector
    texts = [passages[each.passage][each.start : each.end] for each in sentences]
    cosines = []
    for first in range(0, len(texts), AT_A_TIME):
        with asking():
            cosines.append(embedder.embed_documents(texts[first : first + AT_A_TIME]) @ question)
    return nearest(sentences, np.concatenate(cosines), len(passages))


def to_weigh(
    passages: Sequence[str], characters: int = MOST_CHARACTERS, most: int = MOST_SENTENCES
) -> list[Sentence]:
    """Return the sentences to compare with a query, in order: all of them, or of each passage a fair share.

    Of a passage with more they are taken at even distances. Long ones are cut after ``LONGEST`` characters;
    those that say little are left out where the passage has others. Pure.
    """
    chosen: list[Sentence] = []
    every = [_sentences(number, text) for number, text in enumerate(passages)]
    # Those with the least come first, and leave to the others what they do not need.
    waiting = sorted((found for found in every if found), key=_size)
    for place, found in enumerate(waiting):
        left = len(waiting) - place
        part = min(1.0, characters / left / _size(found), most / left / len(found))
        count = int(len(found) * part)
        kept = [found[number * len(found) // count] for number in range(count)]
        chosen += kept
        characters -= _size(kept)
        most -= count
    return sorted(chosen, key=lambda each: (each.passage, each.start))


def nearest(
    sentences: Sequence[Sentence], cosines: NDArray[np.float32], passages: int
) -> tuple[Telling | None, ...]:
    """Return the sentence with the greatest cosine of each passage, the first of equals. Pure.

    Args:
        sentences: in order.
        cosines: [len(sentences)].
        passages: how many there are.
    """
    best: list[Telling | None] = [None] * passages
    for each, cosine in zip(sentences, cosines.tolist(), strict=True):
        known = best[each.passage]
        if known is None or cosine > known.cosine:
            best[each.passage] = Telling(each.start, each.end, cosine)
    return tuple(best)


def _sentences(number: int, text: str) -> list[Sentence]:
    found = [Sentence(number, start, end) for start, end in _spans(text)]
    full = [each for each in found if _letters(text[each.start : each.end]) >= _SHORTEST]
    return full or found


def _spans(text: str) -> Iterator[tuple[int, int]]:
    for first, past in pairwise([0, *sentence_ends(text)]):
        said = text[first:past].strip()
        if any(character.isalnum() for character in said):
            start = first + text[first:past].index(said[0])
            yield start, start + len(_cut(said))


def _cut(sentence: str) -> str:
    """Return a sentence, or its beginning up to the end of a word."""
    if len(sentence) <= LONGEST:
        return sentence
    beginning = sentence[:LONGEST]
    word_ends = max(beginning.rfind(" "), beginning.rfind("\n"))
    return beginning[:word_ends].rstrip() if word_ends > LONGEST // 2 else beginning


def _letters(text: str) -> int:
    return sum(1 if character < "\u2e80" else 2 for character in text if character.isalpha())


def _size(sentences: Sequence[Sentence]) -> int:
    return sum(each.end - each.start for each in sentences)
