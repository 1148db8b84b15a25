"""The parser ``pymupdf``: MuPDF in child processes, behind the ``Parser`` port. An optional extra."""

from carrel.core.parsed_format import FORMAT_VERSION
from carrel.parsing.pdfium_parser import PARSER_VERSION, PdfiumParser

MUPDF_READER_VERSION = 2
"""Raised whenever MuPDF's pages would be read differently; what is made of them has the other version."""


class PyMuPdfParser(PdfiumParser):
    """Reads PDFs as ``PdfiumParser`` does, in the same limited processes, with MuPDF instead of pdfium."""

    reader = "pymupdf"

    @property
    def fingerprint(self) -> str:
        """Names the parser, its version, that of what it shares with pdfium's, and the stored format's."""
        return f"pymupdf/{MUPDF_READER_VERSION}.{PARSER_VERSION}.{FORMAT_VERSION}"
