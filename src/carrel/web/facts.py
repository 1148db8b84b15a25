"""What is known of a paper, as its page says it: each entry with where it comes from and how sure it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from carrel.core.language import tr
from carrel.core.metadata import Source
from carrel.core.quality import ParseQuality, Verdict, faults
from carrel.core.ranking import PaperRecord
from carrel.web.wording import ago


@dataclass(frozen=True, slots=True)
class Fact:
    """An entry: the field's name, what it is called, what it says, and where that comes from."""

    name: str
    label: str
    value: str
    origin: str
    link: str = ""  # elsewhere


def facts(record: PaperRecord) -> tuple[Fact, ...]:
    """Return the entries that are filled; title and abstract, which stand elsewhere, only by their origin."""
    metadata = record.metadata
    languages: Mapping[str, str] = {"en": tr("English"), "zh": tr("Chinese")}
    doi, arxiv = metadata.doi, metadata.arxiv_id
    said = (
        ("title", tr("Title"), metadata.title, ""),
        ("authors", tr("Authors"), "; ".join(metadata.authors), ""),
        ("year", tr("Year"), str(metadata.year or ""), ""),
        ("venue", tr("Venue"), metadata.venue, ""),
        ("doi", "DOI", doi, f"https://doi.org/{quote(doi, safe='/')}"),
        ("arxiv_id", "arXiv", arxiv, f"https://arxiv.org/abs/{quote(arxiv, safe='/')}"),
        ("language", tr("Language"), languages.get(metadata.language, metadata.language), ""),
        ("keywords", tr("Keywords"), "; ".join(metadata.keywords), ""),
    )
    return tuple(
        Fact(name, label, value, origin(record, name), link) for name, label, value, link in said if value
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
    found = faults(quality)
    if quality.verdict is Verdict.GOOD and not quality.recognised and not quality.without_text:
        return None
    return Reading(quality.verdict is Verdict.POOR, found)
