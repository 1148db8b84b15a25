"""The PDF parser: pdfium in child processes, behind the ``Parser`` port."""

from functools import cached_property
from pathlib import Path

from carrel.core.errors import ParserCrashed
from carrel.core.paper import ParsedPaper
from carrel.core.parsed_format import FORMAT_VERSION, decode
from carrel.parsing.children import Children
from carrel.parsing.frames import Kind, Request
from carrel.parsing.tesseract import Tesseract, find_tesseract

PARSER_VERSION = 5
"""Raised whenever the same file would be read differently."""


class PdfiumParser:
    """Reads PDFs into papers. Every file is opened in a child process with limits.

    A subclass has it read by another library, by naming another ``reader``.

    Args:
        workers: how many files may be read at once.
        seconds: how long one file may take.
        memory_mb: how much memory one file may take, in megabytes.
        max_pages: how many pages one file may have.
        ocr: whether scanned pages are read by Tesseract, where it is installed.
        ocr_languages: the languages to read them in, Tesseract's names joined by ``+``; empty: those found.
        ocr_page_seconds: how long the OCR of one page may take. Each such page begins the deadline
            of its file anew, with these seconds more.
    """

    reader = "pdfium"

    def __init__(
        self,
        *,
        workers: int,
        seconds: float,
        memory_mb: int,
        max_pages: int,
        ocr: bool = False,
        ocr_languages: str = "",
        ocr_page_seconds: float = 60.0,
    ) -> None:
        self._max_pages = max_pages
        self._ocr = ocr
        self._ocr_languages = ocr_languages
        self._ocr_page_seconds = ocr_page_seconds
        self.children = Children(workers, seconds, memory_mb)  # others may read their files in them, too

    @property
    def fingerprint(self) -> str:
        """Names the parser, its version, that of the stored format, and what reads scanned pages."""
        languages = "+".join(self._tesseract.languages) if self._tesseract else ""
        return f"pdfium/{PARSER_VERSION}.{FORMAT_VERSION}" + (f" tesseract/{languages}" if languages else "")

    @cached_property
    def _tesseract(self) -> Tesseract | None:
        return find_tesseract(self._ocr_languages, self._ocr_page_seconds) if self._ocr else None

    def parse(self, path: Path, name: str) -> ParsedPaper:
        """Read the file at ``path``; ``name`` is what error messages call it.

        Raises:
            PaperError: the file cannot be read; the reason is in its kind. The parser goes on.
            ParserUnavailable: no process could be started to read it in; the file is not to blame.
        """
        try:
            return decode(self.parse_encoded(path, name))
        except ValueError as error:
            raise ParserCrashed(name=name, detail="it answered nonsense") from error

    def parse_encoded(self, path: Path, name: str) -> bytes:
        """Read like ``parse``, but return the paper as ``core.parsed_format`` writes it, not checked yet.

        Raises like ``parse``.
        """
        request = Request(str(path.absolute()), self._max_pages, reader=self.reader, ocr=self._tesseract)
        return self.children.ask(request, name, Kind.PAPER)

    def close(self) -> None:
        """End the child processes."""
        self.children.close()
