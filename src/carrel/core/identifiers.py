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
# As they stand in running text.
_DOI_IN = re.compile(r"(?<![\d.])10\.\d{4,9}/[^\s\"<>{}|\\^~\[\]`，；。（）]+", re.IGNORECASE)
_ARXIV_IN = re.compile(
    r"(?:arxiv(?:\.org/(?:abs|pdf)/|[:.\s]\s*)|abs/)(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})",
    re.IGNORECASE,
)


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


def dois_in(text: str) -> list[str]:
    """Return the DOIs in a text as identifiers; one of arXiv's own is an arXiv id."""
    found = []
    for match in _DOI_IN.findall(text):
        doi = str(match).rstrip(".,;:'”’*†").casefold()
        while doi.endswith(")") and doi.count("(") < doi.count(")"):
            doi = doi[:-1].rstrip(".,;:")
        if doi.startswith(ARXIV_DOI):
            found.append(f"arxiv:{without_version(doi.removeprefix(ARXIV_DOI))}")
        else:
            found.append(f"doi:{doi}")
    return found


def arxiv_ids_in(text: str) -> list[str]:
    """Return the arXiv ids in a text that says that they are some, as identifiers without their versions."""
    return [f"arxiv:{found.casefold()}" for found in _ARXIV_IN.findall(text)]


def without_version(arxiv_id: str) -> str:
    """Return an arXiv id without the number of its version."""
    return _ARXIV_VERSION.sub("", arxiv_id)
