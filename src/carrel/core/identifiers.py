"""DOIs and arXiv ids, however they are written: in small letters, without address, label or version."""

import re
from urllib.parse import unquote

from carrel.core.metadata import ARXIV_DOI

_DOI = re.compile(r"(?:(?:https?://)?(?:www\.|dx\.)?doi\.org/|doi[:：]\s*)?(10\.\d{4,9}/\S+)", re.IGNORECASE)
_ARXIV_ID = r"(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?"
_ARXIV = re.compile(
    rf"(?:(?:https?://)?(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html)/|arxiv[:：]\s*)?{_ARXIV_ID}(?:\.pdf)?",
    re.IGNORECASE,
)
_ARXIV_VERSION = re.compile(r"v\d+$")


def identifier_of(text: str) -> str:
    """Return ``doi:…`` or ``arxiv:…`` where a text is nothing but such an identifier; otherwise nothing.

    The DOIs that arXiv gives out are arXiv ids.
    """
    text = text.strip()
    if (match := _ARXIV.fullmatch(text)) is not None:
        return f"arxiv:{match[1].lower()}"
    if "%" in text:
        text = unquote(text)
    match = _DOI.fullmatch(text)
    if match is None:
        return ""
    doi = match[1].rstrip(".,;").lower()
    if doi.startswith(ARXIV_DOI):
        return f"arxiv:{_ARXIV_VERSION.sub('', doi.removeprefix(ARXIV_DOI))}"
    return f"doi:{doi}"


def identifiers_of(doi: str, arxiv_id: str) -> frozenset[str]:
    """Return what a paper with this DOI and arXiv id, each "" where it has none, may be called by."""
    arxiv = f"arxiv:{arxiv_id}" if arxiv_id else ""
    return frozenset(found for each in (doi, arxiv) if (found := identifier_of(each)))
