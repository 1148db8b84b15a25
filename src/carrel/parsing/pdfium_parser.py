"""The PDF parser: pdfium in child processes, behind the ``Parser`` port."""

from pathlib import Path

from carrel.core.errors import (
    PageMissing,
    PaperError,
    ParseMemoryExceeded,
    ParserCrashed,
    ParserUnavailable,
    ParseTimeout,
)
from carrel.core.paper import ParsedPaper
from carrel.core.parsed_format import FORMAT_VERSION, decode
from carrel.parsing.frames import Answer, Kind, Request, text_fields
from carrel.parsing.page_image import SCREEN_DPI, PageImage
from carrel.parsing.pool import (
    ChildDied,
    ChildNotStarted,
    ChildOutOfMemory,
    ChildPool,
    ChildTimeout,
    log_fault,
)

PARSER_VERSION = 2
"""Raised whenever the same file would be read differently."""

_ERRORS: dict[str, type[PaperError | PageMissing]] = {
    error.__name__: error for error in (*PaperError.__subclasses__(), PageMissing)
}


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
        self._seconds = seconds
        self._memory_mb = memory_mb
        self._max_pages = max_pages
        self._pool = ChildPool(max(1, workers), seconds, memory_mb)

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
        answer = self._ask(Request(str(path.absolute()), self._max_pages), name)
        if answer.kind is not Kind.PAPER:
            raise ParserCrashed(name=name, detail="it answered nonsense")
        return answer.payload

    def draw(self, path: Path, name: str, page: int, dpi: float = SCREEN_DPI) -> PageImage:
        """Draw a page, from 1, of the file at ``path``, in a child process like ``parse``.

        Raises:
            PageMissing: the file has no such page.
            PaperError: the page cannot be drawn; the reason is in its kind.
            ParserUnavailable: as ``parse``.
        """
        request = Request(str(path.absolute()), self._max_pages, draw_page=page, dpi=dpi)
        answer = self._ask(request, name)
        try:
            if answer.kind is Kind.IMAGE:
                return PageImage.unpacked(answer.payload)
        except ValueError as error:
            raise ParserCrashed(name=name, detail="it answered nonsense") from error
        raise ParserCrashed(name=name, detail="it answered nonsense")

    def _ask(self, request: Request, name: str) -> Answer:
        """Return the child's answer: a paper or an image. Raises the errors of ``parse``."""
        try:
            answer = self._pool.ask(request)
        except ChildTimeout as error:
            raise ParseTimeout(name=name, seconds=f"{self._seconds:g}") from error
        except ChildNotStarted as error:
            raise ParserUnavailable(detail=error) from error
        except ChildOutOfMemory as error:
            raise ParseMemoryExceeded(name=name, megabytes=self._memory_mb) from error
        except ChildDied as error:
            raise ParserCrashed(name=name, detail=str(error)) from error
        if answer.kind is Kind.MEMORY:
            raise ParseMemoryExceeded(name=name, megabytes=self._memory_mb)
        if answer.kind is Kind.FAULT:
            raise ParserCrashed(name=name, detail=log_fault(answer))
        if answer.kind is Kind.ERROR:
            raise _error(answer.payload, name)
        return answer

    def close(self) -> None:
        """End the child processes."""
        self._pool.close()


def _error(payload: bytes, name: str) -> PaperError | PageMissing:
    """Rebuild the error that the child reported; only what a file can be to blame for comes from there."""
    try:
        fields = text_fields(payload)
        kind = _ERRORS.get(str(fields.get("error")))
        parameters = fields.get("parameters")
        if kind is not None and isinstance(parameters, dict):
            return kind(**{str(key): str(value) for key, value in parameters.items()} | {"name": name})
    except (ValueError, KeyError):
        return ParserCrashed(name=name, detail="it answered nonsense")
    return ParserCrashed(name=name, detail="it answered nonsense")
