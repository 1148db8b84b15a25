"""How well a file was read."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from carrel.core.language import tr

# What a share of each measure costs: at 1 / weight nothing of the score is left. Garbled letters make odd
# words of a third to half of a text's words, so a quarter of them is a text that says nothing.
_UNREADABLE_COSTS = 2.0
_ODD_WORDS_COST = 4.0
_INTERLEAVED_COSTS = 1.0  # the words are right, the sentences are not
_OUTSIDE_COSTS = 1.0
_PAGE_WITHOUT_TEXT_COSTS = 0.05  # each, and never more than half of all
_RECOGNISED_COSTS = 0.05  # read by OCR, however many pages: a letter here and there is wrong
_GOOD, _FAIR = 0.85, 0.6
# Shares below these are what a good reading leaves, and not worth a word.
_UNREADABLE, _ODD_WORDS, _INTERLEAVED, _OUTSIDE = 0.01, 0.02, 0.05, 0.02


class Verdict(StrEnum):
    """A score in a word."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"


@dataclass(frozen=True, slots=True)
class ParseQuality:
    """How well a file was read. The measures are shares in [0, 1]; 0 is best.

    None is a measure that was not taken: it needs the places of the printed words.
    """

    unreadable: float = 0.0  # of the printed characters: those without a meaning
    odd_words: float = 0.0  # of the words: those that no language spells like this
    interleaved: float | None = 0.0  # of the steps from line to line: those that jump between columns
    outside: float | None = 0.0  # of the printed characters: those in no block
    without_text: tuple[int, ...] = ()  # pages, from 1, that show something and hold no text
    recognised: tuple[int, ...] = ()  # pages, from 1, whose text was read by OCR

    @property
    def score(self) -> float:
        """One figure in [0, 1], 1 is best: the product of what each measure leaves.

        (1 - 2·unreadable) · (1 - 4·odd_words) · (1 - interleaved) · (1 - outside), each at least 0,
        without those not measured; times 1 - 0.05 for each page without text, at least 0.5; times 0.95
        where OCR read a page.
        """
        score = 1.0
        for share, cost in (
            (self.unreadable, _UNREADABLE_COSTS),
            (self.odd_words, _ODD_WORDS_COST),
            (self.interleaved, _INTERLEAVED_COSTS),
            (self.outside, _OUTSIDE_COSTS),
        ):
            score *= max(0.0, 1 - cost * share) if share is not None else 1.0
        score *= max(0.5, 1 - _PAGE_WITHOUT_TEXT_COSTS * len(self.without_text))
        return score * (1 - _RECOGNISED_COSTS) if self.recognised else score

    @property
    def verdict(self) -> Verdict:
        """The score in a word: good from 0.85, fair from 0.6, otherwise poor."""
        if self.score >= _GOOD:
            return Verdict.GOOD
        return Verdict.FAIR if self.score >= _FAIR else Verdict.POOR


def faults(quality: ParseQuality) -> tuple[str, ...]:
    """Return what is wrong, each in a few words."""
    shares = (
        (quality.unreadable, _UNREADABLE, tr("{percent:.0f} % of the characters have no meaning")),
        (quality.odd_words, _ODD_WORDS, tr("{percent:.0f} % of the words look garbled")),
        (quality.interleaved, _INTERLEAVED, tr("{percent:.0f} % of the lines jump between columns")),
        (quality.outside, _OUTSIDE, tr("{percent:.0f} % of the printed text is in no block")),
    )
    found = [text.format(percent=100 * share) for share, least, text in shares if share and share > least]
    if len(quality.without_text) == 1:
        found.append(tr("page {pages} has no text").format(pages=ranges(quality.without_text)))
    elif quality.without_text:
        found.append(tr("pages {pages} have no text").format(pages=ranges(quality.without_text)))
    if len(quality.recognised) == 1:
        found.append(tr("page {pages} was read by OCR").format(pages=ranges(quality.recognised)))
    elif quality.recognised:
        found.append(tr("pages {pages} were read by OCR").format(pages=ranges(quality.recognised)))
    return tuple(found)


def ranges(pages: Sequence[int]) -> str:
    """Return rising page numbers in short: ``3, 4, 7-12``."""
    runs: list[list[int]] = [[pages[0]]]
    for before, page in pairwise(pages):
        if page == before + 1:
            runs[-1].append(page)
        else:
            runs.append([page])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)
