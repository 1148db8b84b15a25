"""The parsers Carrel knows by name, and how one is made ready."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from carrel.config import Settings
from carrel.core.errors import ParserNotInstalled, ParserUnknown
from carrel.core.knowledge_base import DEFAULT_PARSER
from carrel.core.ports import Parser

if TYPE_CHECKING:
    from carrel.parsing.pdf_frame import PdfFrame


@dataclass(frozen=True, slots=True)
class _Kind:
    """How a parser is made, and the modules of the extra that it needs, which bears its name."""

    make: Callable[[Settings], Parser]
    modules: tuple[str, ...] = ()


def parser_names() -> tuple[str, ...]:
    """Return the names that ``load_parser`` takes, the default first."""
    return tuple(_KINDS)


def check_parser(name: str) -> None:
    """Make sure that there is a parser of that name and that what it needs is installed.

    Raises:
        ParserUnknown: there is no such parser.
        ParserNotInstalled: its package is not installed; the error names the extra.
    """
    if name not in _KINDS:
        raise ParserUnknown(parser=name, known=", ".join(parser_names()))
    if any(find_spec(module) is None for module in _KINDS[name].modules):
        raise ParserNotInstalled(parser=name, extra=name)


def load_parser(name: str, settings: Settings) -> Parser:
    """Return the parser of all formats that reads PDFs with the parser of that name.

    Its processes and connections start when they are first used.

    Raises:
        ParserUnknown, ParserNotInstalled: as ``check_parser``.
        InvalidSetting: the address of its service cannot be one.
    """
    from carrel.parsing.children import Children
    from carrel.parsing.document_parser import DocumentParser
    from carrel.parsing.pdfium_parser import PdfiumParser

    check_parser(name)
    pdfs = _KINDS[name].make(settings)
    if isinstance(pdfs, PdfiumParser):
        return DocumentParser(pdfs, pdfs.children)
    others = Children(settings.parser_count, settings.parse_seconds, settings.parse_memory_mb)
    return DocumentParser(pdfs, others)


def _pdfium(settings: Settings) -> Parser:
    from carrel.parsing.pdfium_parser import PdfiumParser

    return PdfiumParser(
        workers=settings.parser_count,
        seconds=settings.parse_seconds,
        memory_mb=settings.parse_memory_mb,
        max_pages=settings.parse_max_pages,
        ocr=settings.ocr,
        ocr_languages=settings.ocr_languages,
        ocr_page_seconds=settings.ocr_page_seconds,
    )


def _pymupdf(settings: Settings) -> Parser:
    from carrel.parsing.pymupdf_parser import PyMuPdfParser

    return PyMuPdfParser(
        workers=settings.parser_count,
        seconds=settings.parse_seconds,
        memory_mb=settings.parse_memory_mb,
        max_pages=settings.parse_max_pages,
    )


def _grobid(settings: Settings) -> Parser:
    from carrel.parsing.grobid_parser import GrobidParser, grobid_service
    from carrel.parsing.service_client import ServiceClient

    client = ServiceClient(grobid_service(settings.grobid_url), seconds=settings.parse_seconds)
    return GrobidParser(_frame(settings), client)


def _unstructured(settings: Settings) -> Parser:
    from carrel.parsing.service_client import ServiceClient
    from carrel.parsing.unstructured_parser import UnstructuredParser, unstructured_service

    service = unstructured_service(settings.unstructured_url, settings.unstructured_api_key)
    client = ServiceClient(service, seconds=settings.parse_seconds)
    return UnstructuredParser(_frame(settings), client, settings.unstructured_strategy)


def _frame(settings: Settings) -> "PdfFrame":
    from carrel.parsing.pdf_frame import PdfFrame

    return PdfFrame(
        workers=settings.parser_count,
        seconds=settings.parse_seconds,
        memory_mb=settings.parse_memory_mb,
        max_pages=settings.parse_max_pages,
    )


_KINDS: Mapping[str, _Kind] = {
    DEFAULT_PARSER: _Kind(_pdfium),
    "pymupdf": _Kind(_pymupdf, ("pymupdf",)),
    "grobid": _Kind(_grobid, ("httpx2", "lxml")),
    "unstructured": _Kind(_unstructured, ("httpx2",)),
}
