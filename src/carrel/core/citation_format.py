"""The formats in which programs that keep bibliographies read papers."""

from enum import StrEnum


class CitationFormat(StrEnum):
    """A format of files of citations."""

    BIBTEX = "bibtex"
    RIS = "ris"
    CSL_JSON = "csl-json"

    @property
    def media_type(self) -> str:
        """What such a file is called over HTTP."""
        return {
            CitationFormat.BIBTEX: "application/x-bibtex",
            CitationFormat.RIS: "application/x-research-info-systems",
            CitationFormat.CSL_JSON: "application/vnd.citationstyles.csl+json",
        }[self]

    @property
    def ending(self) -> str:
        """How the name of such a file ends."""
        return {CitationFormat.BIBTEX: "bib", CitationFormat.RIS: "ris", CitationFormat.CSL_JSON: "json"}[
            self
        ]
