"""What a library catalogue says of a paper, and where each entry comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Source(StrEnum):
    """Where an entry of the metadata was found."""

    PAGE = "page"  # printed on the paper
    FILE = "file"  # the file's own information, such as a PDF's information dictionary
    IDENTIFIER = "identifier"  # follows from an identifier, as the year does from an arXiv id
    TEXT = "text"  # concluded from the whole text, as its language is
    SERVICE = "service"  # said by a parsing service
    CORRECTED = "corrected"  # by somebody, within one knowledge base


ARXIV_DOI = "10.48550/arxiv."
"""How the DOIs begin, in small letters, under which arXiv deposits what it holds."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where an entry comes from, and how sure it is: in [0, 1], 1 is certain."""

    source: Source
    confidence: float


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a library catalogue says of a paper; empty or None where it could not be read.

    ``evidence`` is keyed by the names of the other fields and holds those that are filled.
    """

    title: str = ""
    authors: tuple[str, ...] = ()
    abstract: str = ""
    year: int | None = None
    venue: str = ""
    doi: str = ""
    arxiv_id: str = ""
    language: str = ""  # ISO 639-1, e.g. "en" or "zh"
    keywords: tuple[str, ...] = ()
    evidence: Mapping[str, Evidence] = field(default_factory=dict, hash=False)
