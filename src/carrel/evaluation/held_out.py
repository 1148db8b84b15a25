"""Sentences held out of what they stand in, as questions: what is right is the rest. Pure.

That is the inverse cloze task (Lee, Chang and Toutanova, "Latent Retrieval for Weakly Supervised Open Domain
Question Answering", ACL 2019). Unlike a title or a sentence that stays, its words are not in the answer by
themselves; so how much words and meaning say of each other comes near to what they say in real questions.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random

from carrel.chunking.sentences import sentence_ends
from carrel.core.domain_terms import docstring, paper_text, passage_text
from carrel.core.domains import Domain
from carrel.core.ids import PaperId
from carrel.core.metadata import Metadata

_FEWEST_LETTERS = 25  # of a sentence: Latin ones, of which a Chinese character is two
_LONGEST = 300  # characters: longer ones are lists, or no sentences
_SET_OFF = re.compile(r"\s[.!?]\s+")
_LEFT = 2  # sentences, or lines of code, at least, that are left


@dataclass(frozen=True, slots=True)
class Unit:
    """What is ranked: a paper as a whole (its abstract), or in program code a passage."""

    point: str  # the id of the paper, or of the passage
    paper: PaperId
    key: str  # of its vector in the cache
    metadata: Metadata
    text: str
    section: str = ""

    @property
    def is_passage(self) -> bool:
        """Whether it is a part of its paper."""
        return self.point != self.paper

    def words(self, domain: Domain, text: str) -> str:
        """Return what the index counts the words of, with this text in the place of its own."""
        if self.is_passage:
            return passage_text(domain, self.metadata, self.section, text)
        return paper_text(domain, replace(self.metadata, abstract=text))


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A sentence of the unit of this number, and what that says without it."""

    unit: int
    sentence: str
    rest: str


def drawn(units: Sequence[Unit], count: int, seed: str) -> tuple[HeldOut, ...]:
    """Return at most so many sentences, each of another unit, drawn at random, the same by the same seed."""
    chance = Random(seed)  # noqa: S311 - no secret
    order = sorted(range(len(units)), key=lambda number: units[number].point)
    chance.shuffle(order)
    found: list[HeldOut] = []
    for number in order:
        if len(found) == count:
            break
        cuttings = list(_cuttings(units[number]))
        if cuttings:
            found.append(HeldOut(number, *chance.choice(cuttings)))
    return tuple(found)


def _cuttings(unit: Unit) -> Iterator[tuple[str, str]]:
    """Yield what can be held out of a unit, with what is left of it: of code its docstring alone."""
    if unit.is_passage:
        said, rest = docstring(unit.text)
        if _letters(said) >= _FEWEST_LETTERS and sum(map(bool, map(str.strip, rest.splitlines()))) >= _LEFT:
            yield said[:_LONGEST], rest
        return
    spans = list(pairwise([0, *_ends(unit.text)]))
    if len(spans) <= _LEFT:
        return
    for start, end in spans:
        sentence = " ".join(unit.text[start:end].split())
        if _letters(sentence) >= _FEWEST_LETTERS and len(sentence) <= _LONGEST:
            yield sentence, f"{unit.text[:start]} {unit.text[end:]}".strip()


def _ends(text: str) -> list[int]:
    """Return where sentences end, also in texts that are all in small letters, with full stops set off."""
    return sorted({*sentence_ends(text), *(match.end() for match in _SET_OFF.finditer(text))})


def _letters(text: str) -> int:
    return sum(1 if character < "\u2e80" else 2 for character in text if character.isalpha())
