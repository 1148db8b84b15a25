"""What is known of a paper, as its page says it: each entry with where it comes from and how sure it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from carrel.core.domains import Domain
from carrel.core.knowledge_base import DEFAULT_DOMAIN
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
    found = faults(quality)
    if quality.verdict is Verdict.GOOD and not quality.recognised and not quality.without_text:
        return None
    return Reading(quality.verdict is Verdict.POOR, found)
