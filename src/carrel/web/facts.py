"""What is known of a paper, as its page says it: each entry with where it comes from and how sure it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import quote

from carrel.core.domains import Domain
from carrel.core.knowledge_base import DEFAULT_DOMAIN
from carrel.core.language import tr
from carrel.core.metadata import Source
from carrel.core.quality import ParseQuality, Verdict
from carrel.core.ranking import PaperRecord
from carrel.web.wording import ago

# Shares below these are what a good reading leaves, and not worth a word.
_UNREADABLE, _ODD_WORDS, _INTERLEAVED, _OUTSIDE = 0.01, 0.02, 0.05, 0.02


@dataclass(frozen=True, slots=True)
class Fact:
    """An entry: the field's name, what it is called, what it says, and where that comes from."""

    name: str
    label: str
    value: str
    origin: str
    link: str = ""  # elsewhere


def facts(record: PaperRecord, domain: Domain = DEFAULT_DOMAIN) -> tuple[Fact, ...]:
    """Return the domain's entries that are filled; title and abstract stand elsewhere."""
    metadata = record.metadata
    languages: Mapping[str, str] = {"en": tr("English"), "zh": tr("Chinese")}
    doi, arxiv = metadata.doi, metadata.arxiv_id
    said = (
        ("title", metadata.title, ""),
        ("authors", "; ".join(metadata.authors), ""),
        ("year", str(metadata.year or ""), ""),
        ("venue", metadata.venue, ""),
        ("doi", doi, f"https://doi.org/{quote(doi, safe='/')}"),
        ("arxiv_id", arxiv, f"https://arxiv.org/abs/{quote(arxiv, safe='/')}"),
        ("language", languages.get(metadata.language, metadata.language), ""),
        ("keywords", "; ".join(metadata.keywords), ""),
    )
    labels = domain.labels
    return tuple(
        Fact(name, labels[name], value, origin(record, name), link)
        for name, value, link in said
        if value and name in labels
    )


def origin(record: PaperRecord, name: str) -> str:
    """Return where an entry comes from and how sure it is; "" where that is not known."""
    correction = next((each for each in record.corrections if each.field == name), None)
    if correction is not None:
        who = correction.user_name or tr("the command line")
        return tr("corrected by {name}, {when}").format(name=who, when=ago(correction.at))
    evidence = record.metadata.evidence.get(name)
    if evidence is None:
        return ""
    source = {
        Source.PAGE: tr("printed on the page"),
        Source.FILE: tr("from the file's own information"),
        Source.IDENTIFIER: tr("follows from an identifier"),
        Source.TEXT: tr("concluded from the text"),
        Source.SERVICE: tr("said by a parsing service"),
    }.get(evidence.source, "")
    sure = tr("{percent:.0f} % sure").format(percent=100 * evidence.confidence)
    return f"{source} · {sure}" if source else sure


@dataclass(frozen=True, slots=True)
class Reading:
    """How well a paper was read, where that was not good."""

    poor: bool
    faults: tuple[str, ...]


def reading(quality: ParseQuality | None) -> Reading | None:
    """Return how well a paper was read; None where there is nothing to say of it."""
    if quality is None:
        return None
    found = _faults(quality)
    if quality.verdict is Verdict.GOOD and not quality.recognised and not quality.without_text:
        return None
    return Reading(quality.verdict is Verdict.POOR, found)


def _faults(quality: ParseQuality) -> tuple[str, ...]:
    shares = (
        (quality.unreadable, _UNREADABLE, tr("{percent:.0f} % of the characters have no meaning")),
        (quality.odd_words, _ODD_WORDS, tr("{percent:.0f} % of the words look garbled")),
        (quality.interleaved, _INTERLEAVED, tr("{percent:.0f} % of the lines jump between columns")),
        (quality.outside, _OUTSIDE, tr("{percent:.0f} % of the printed text is in no block")),
    )
    found = [text.format(percent=100 * share) for share, least, text in shares if share and share > least]
    if len(quality.without_text) == 1:
        found.append(tr("page {pages} has no text").format(pages=_ranges(quality.without_text)))
    elif quality.without_text:
        found.append(tr("pages {pages} have no text").format(pages=_ranges(quality.without_text)))
    if len(quality.recognised) == 1:
        found.append(tr("page {pages} was read by OCR").format(pages=_ranges(quality.recognised)))
    elif quality.recognised:
        found.append(tr("pages {pages} were read by OCR").format(pages=_ranges(quality.recognised)))
    return tuple(found)


def _ranges(pages: Sequence[int]) -> str:
    """Return rising page numbers in short: ``3, 4, 7-12``."""
    runs: list[list[int]] = [[pages[0]]]
    for before, page in pairwise(pages):
        if page == before + 1:
            runs[-1].append(page)
        else:
            runs.append([page])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)
