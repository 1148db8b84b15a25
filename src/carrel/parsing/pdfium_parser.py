"""The PDF parser: pdfium in child processes, behind the ``Parser`` port."""

from pathlib import Path

from carrel.core.errors import ParserCrashed
from carrel.core.paper import ParsedPaper
from carrel.core.parsed_format import FORMAT_VERSION, decode
from carrel.parsing.children import Children
from carrel.parsing.frames import Kind, Request

PARSER_VERSION = 2
"""Raised whenever the same file would be read differently."""


class PdfiumParser:
    """Reads PDFs into papers. Every file is opened in a child process with limits.

    Args:
        workers: how many files may be read at once.
        seconds: how long one file may take.
        memory_mb: how much memory one file may take, in megabytes.
        max_pages: how many pages one file may have.
    """

    def __init__(
        self,
        *,
        workers: int,
        seconds: float,
        memory_mb: int,
        max_pages: int,
    ) -> None:
        self._max_pages = max_pages
        self.children = Children(workers, seconds, memory_mb)  # others may read their files in them, too

    @property
    def fingerprint(self) -> str:
        """Names the parser, its version and that of the stored format."""
        return f"pdfium/{PARSER_VERSION}.{FORMAT_VERSION}"

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
        request = Request(str(path.absolute()), self._max_pages)
        return self.children.ask(request, name, Kind.PAPER)

    def close(self) -> None:
        """End the child processes."""
        self.children.close()
