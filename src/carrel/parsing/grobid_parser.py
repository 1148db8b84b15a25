"""The parser ``grobid``: GROBID's HTTP service, behind the ``Parser`` port. An optional extra."""

from pathlib import Path

from carrel.core.errors import DamagedPdf, PaperError, ParsingServiceRefused
from carrel.core.page_errors import UnreadableHere
from carrel.core.paper import PageSize, ParsedPaper
from carrel.core.parsed_format import FORMAT_VERSION
from carrel.core.scan_errors import ScanHere
from carrel.parsing.grobid_tei import NotTei, read_tei
from carrel.parsing.pdf_frame import PdfFrame
from carrel.parsing.quality import check_words
from carrel.parsing.service_client import Reply, Service, ServiceClient

GROBID_READER_VERSION = 3
"""Raised whenever the same answer would be read differently."""

_PLACED = ("title", "persName", "head", "p", "s", "figure", "biblStruct", "formula", "note")
# Nothing leaves for the catalogues on the web that GROBID would ask by itself (consolidation).
_FORM: dict[str, str | list[str]] = {
    "consolidateHeader": "0",
    "consolidateCitations": "0",
    "consolidateFunders": "0",
    "includeRawCitations": "1",
    "segmentSentences": "1",
    "teiCoordinates": list(_PLACED),
}
_OK, _NO_CONTENT = 200, 204
_FEWEST_LETTERS = 3


def grobid_service(url: str) -> Service:
    """Return what there is to know of a GROBID service at this address."""
    return Service(
        name="GROBID",
        url=url,
        setting="grobid_url",
        path="/api/processFulltextDocument",
        file_field="input",
        alive_path="/api/isalive",
        start="docker run --rm --init --ulimit core=0 -p 8070:8070 grobid/grobid:0.8.2-crf",
        headers={"Accept": "application/xml"},
    )


class GrobidParser:
    """Has PDFs read by a GROBID service. Each is looked at in a limited child process before it is sent.

    Args:
        frame: tells whether a PDF can be opened, and its pages' sizes.
        client: speaks to the service.
    """

    def __init__(self, frame: PdfFrame, client: ServiceClient) -> None:
        self._frame = frame
        self._client = client

    @property
    def fingerprint(self) -> str:
        """Names the parser, its version and that of the stored format. The service's own is not asked for."""
        return f"grobid/{GROBID_READER_VERSION}.{FORMAT_VERSION}"

    def parse(self, path: Path, name: str) -> ParsedPaper:
        """Read the file at ``path``; ``name`` is what error messages call it.

        Raises:
            PaperError: the file cannot be read; the reason is in its kind.
            ParsingServiceUnavailable: GROBID cannot be reached or used; the file is not to blame.
            ParserUnavailable: no process could be started to look at the file.
        """
        pages = self._frame.sizes(path, name)
        reply = self._client.send(path, name, _FORM)
        if reply.status == _NO_CONTENT:
            raise ScanHere(name=name, pages=len(pages))
        if reply.status != _OK:
            raise _refusal(reply, name, pages)
        try:
            paper = read_tei(reply.body, pages)
        except NotTei as error:
            if b"<TEI" not in reply.body[:2048]:
                raise self._client.unavailable("what it answers is not GROBID's") from error
            raise ParsingServiceRefused(
                name=name, service="GROBID", detail=f"its answer is damaged: {error}"
            ) from error
        if sum(map(str.isalnum, paper.text)) < _FEWEST_LETTERS:
            raise ScanHere(name=name, pages=len(pages))
        check_words(paper.quality, name, UnreadableHere)
        return paper

    def close(self) -> None:
        """End the child processes and the connections."""
        self._client.close()
        self._frame.close()


def _refusal(reply: Reply, name: str, pages: tuple[PageSize, ...]) -> PaperError:
    """Return the error for GROBID's own, such as ``[NO_BLOCKS] PDF parsing resulted in empty content``."""
    if b"NO_BLOCKS" in reply.body:
        return ScanHere(name=name, pages=len(pages))
    if b"BAD_INPUT_DATA" in reply.body:
        return DamagedPdf(name=name, detail="GROBID cannot convert it")
    return ParsingServiceRefused(name=name, service="GROBID", detail=reply.detail)
