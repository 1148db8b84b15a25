"""Metadata and parse quality as JSON values: stored, and sent by the parsing process."""

from collections.abc import Mapping

from carrel.core.json_values import as_list, as_number, as_object, as_share, as_text
from carrel.core.metadata import Evidence, Metadata, Source
from carrel.core.quality import ParseQuality


def metadata_fields(metadata: Metadata) -> dict[str, object]:
    """Return the metadata as a JSON object."""
    return {
        "title": metadata.title,
        "authors": list(metadata.authors),
        "abstract": metadata.abstract,
        "year": metadata.year,
        "venue": metadata.venue,
        "doi": metadata.doi,
        "arxiv_id": metadata.arxiv_id,
        "language": metadata.language,
        "keywords": list(metadata.keywords),
        "evidence": evidence_fields(metadata.evidence),
    }


def metadata_of(value: object) -> Metadata:
    """Return the metadata that ``metadata_fields`` wrote. Raises ValueError for anything else."""
    values = as_object(value)
    year = values.get("year")
    return Metadata(
        title=as_text(values.get("title")),
        authors=tuple(as_text(each) for each in as_list(values.get("authors"))),
        abstract=as_text(values.get("abstract")),
        year=None if year is None else as_number(year),
        venue=as_text(values.get("venue")),
        doi=as_text(values.get("doi")),
        arxiv_id=as_text(values.get("arxiv_id")),
        language=as_text(values.get("language")),
        keywords=tuple(as_text(each) for each in as_list(values.get("keywords"))),
        evidence=evidence_of(values.get("evidence")),
    )


def evidence_fields(evidence: Mapping[str, Evidence]) -> dict[str, object]:
    """Return the evidence as a JSON object: each field's source and confidence."""
    return {name: [found.source.value, found.confidence] for name, found in evidence.items()}


def evidence_of(value: object) -> dict[str, Evidence]:
    """Return the evidence that ``evidence_fields`` wrote. Raises ValueError for anything else."""
    evidence = {}
    for name, found in as_object(value).items():
        pair = as_list(found)
        if len(pair) != 2:
            raise ValueError("evidence is a source and a confidence")
        evidence[name] = Evidence(Source(as_text(pair[0])), as_share(pair[1]))
    return evidence


def quality_fields(quality: ParseQuality) -> dict[str, object]:
    """Return the quality as a JSON object."""
    return {
        "unreadable": quality.unreadable,
        "odd_words": quality.odd_words,
        "interleaved": quality.interleaved,
        "outside": quality.outside,
        "without_text": list(quality.without_text),
        "recognised": list(quality.recognised),
    }


def quality_of(value: object) -> ParseQuality:
    """Return the quality that ``quality_fields`` wrote. Raises ValueError for anything else."""
    values = as_object(value)
    return ParseQuality(
        unreadable=as_share(values.get("unreadable")),
        odd_words=as_share(values.get("odd_words")),
        interleaved=_share_or_none(values.get("interleaved")),
        outside=_share_or_none(values.get("outside")),
        without_text=tuple(as_number(each) for each in as_list(values.get("without_text"))),
        recognised=tuple(as_number(each) for each in as_list(values.get("recognised"))),
    )


def _share_or_none(value: object) -> float | None:
    return None if value is None else as_share(value)
