"""How well a paper was read, for a person and for a program."""

from collections.abc import Sequence
from itertools import pairwise

from carrel.cli.output import Json
from carrel.core.language import tr
from carrel.core.metadata_format import quality_fields
from carrel.core.quality import ParseQuality, Verdict

# Shares below these are what a good reading leaves, and not worth a word.
_UNREADABLE, _ODD_WORDS, _INTERLEAVED, _OUTSIDE = 0.01, 0.02, 0.05, 0.02


def quality_document(quality: ParseQuality) -> dict[str, Json]:
    """Return the quality as programs read it: score, verdict, and each measure; null is not measured."""
    measures: dict[str, Json] = {
        name: value if value is None or isinstance(value, float) else _pages(value)
        for name, value in quality_fields(quality).items()
    }
    return {"score": round(quality.score, 4), "verdict": quality.verdict.value} | measures


def quality_in_words(quality: ParseQuality) -> str:
    """Return the verdict, the score, what is wrong, and what was not measured."""
    unmeasured = () if quality.interleaved is not None else (tr("order and layout not measured"),)
    return ": ".join(filter(None, (verdict_in_words(quality), "; ".join((*faults(quality), *unmeasured)))))


def verdict_in_words(quality: ParseQuality) -> str:
    """Return the verdict and the score, such as ``good (0.97)``."""
    verdict = {Verdict.GOOD: tr("good"), Verdict.FAIR: tr("fair"), Verdict.POOR: tr("poor")}
    return f"{verdict[quality.verdict]} ({quality.score:.2f})"


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


def _pages(value: object) -> list[Json]:
    return [int(page) for page in value] if isinstance(value, list) else []
