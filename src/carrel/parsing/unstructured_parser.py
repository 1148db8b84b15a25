"""The parser ``unstructured``: Unstructured's HTTP API, behind the ``Parser`` port. An optional extra."""

from pathlib import Path

from carrel.core.errors import (
    DamagedPdf,
    EncryptedPdf,
    InvalidSetting,
    PaperError,
    ParsingServiceRefused,
)
from carrel.core.page_errors import UnreadableHere
from carrel.core.paper import ParsedPaper
from carrel.core.parsed_format import FORMAT_VERSION
from carrel.core.scan_errors import ScanHere
from carrel.parsing.pdf_frame import PdfFrame
from carrel.parsing.quality import check_words
from carrel.parsing.service_client import Reply, Service, ServiceClient
from carrel.parsing.unstructured_elements import NotElements, read_elements

UNSTRUCTURED_READER_VERSION = 3
"""Raised whenever the same answer would be read differently."""

STRATEGIES = ("fast", "auto", "hi_res", "ocr_only")
_IMAGE = "downloads.unstructured.io/unstructured-io/unstructured-api:latest"
_OK, _UNPROCESSABLE = 200, 422
_FEWEST_LETTERS = 3


def unstructured_service(url: str, api_key: str = "") -> Service:
    """Return what there is to know of an Unstructured service at this address; it may want a key.

    Raises:
        InvalidSetting: the key cannot be sent.
    """
    if not (api_key.isascii() and api_key.isprintable()):
        expected = "letters, digits and signs of ASCII"
        raise InvalidSetting(name="unstructured_api_key", value="(hidden)", expected=expected)
    return Service(
        name="Unstructured",
        url=url,
        setting="unstructured_url",
        path="/general/v0/general",
        file_field="files",
        alive_path="/healthcheck",
        start=f"docker run --rm -e DO_NOT_TRACK=true -p 8000:8000 {_IMAGE}",
        headers={"Accept": "application/json", **({"unstructured-api-key": api_key} if api_key else {})},
    )


class UnstructuredParser:
    """Has PDFs read by an Unstructured service. Each is looked at in a limited child process first.

    Args:
        frame: tells whether a PDF can be opened, and its pages' sizes.
        client: speaks to the service.
        strategy: one of ``STRATEGIES``.

    Raises:
        InvalidSetting: there is no such strategy.
    """

    def __init__(self, frame: PdfFrame, client: ServiceClient, strategy: str = "fast") -> None:
        if strategy not in STRATEGIES:
            expected = "one of " + ", ".join(STRATEGIES)
            raise InvalidSetting(name="unstructured_strategy", value=strategy, expected=expected)
        self._frame = frame
        self._client = client
        self._strategy = strategy

    @property
    def fingerprint(self) -> str:
        """Names the parser, its version, that of the stored format, and the strategy."""
        return f"unstructured/{UNSTRUCTURED_READER_VERSION}.{FORMAT_VERSION}.{self._strategy}"

    def parse(self, path: Path, name: str) -> ParsedPaper:
        """Read the file at ``path``; ``name`` is what error messages call it.

        Raises:
            PaperError: the file cannot be read; the reason is in its kind.
            ParsingServiceUnavailable: the service cannot be reached or used; the file is not to blame.
            ParserUnavailable: no process could be started to look at the file.
        """
        pages = self._frame.sizes(path, name)
        form: dict[str, str | list[str]] = {"strategy": self._strategy, "coordinates": "true"}
        reply = self._client.send(path, name, form)
        if reply.status != _OK:
            raise _refusal(reply, name)
        try:
            paper = read_elements(reply.body, pages)
        except NotElements as error:
            if not reply.body.lstrip().startswith(b"["):
                raise self._client.unavailable("what it answers is not Unstructured's") from error
            detail = f"its answer is damaged: {error}"
            raise ParsingServiceRefused(name=name, service="Unstructured", detail=detail) from error
        if sum(map(str.isalnum, paper.text)) < _FEWEST_LETTERS:
            raise ScanHere(name=name, pages=len(pages))
        check_words(paper.quality, name, UnreadableHere)
        return paper

    def close(self) -> None:
        """End the child processes and the connections."""
        self._client.close()
        self._frame.close()


def _refusal(reply: Reply, name: str) -> PaperError:
    """Return the error for the service's own: 422 is its word for files that no one could read."""
    if reply.status == _UNPROCESSABLE and b"encrypted" in reply.body:
        return EncryptedPdf(name=name)
    if reply.status == _UNPROCESSABLE and b"valid PDF" in reply.body:
        return DamagedPdf(name=name, detail="Unstructured cannot open it")
    return ParsingServiceRefused(name=name, service="Unstructured", detail=reply.detail)
