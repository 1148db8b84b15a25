"""The parser for every format: PDFs go to the PDF parser it was given, the others to child processes."""

from pathlib import Path

from carrel.core.errors import EmptyFile, FileUnreadable, NotAPdf, ParserCrashed
from carrel.core.file_errors import UnsupportedFormat
from carrel.core.formats import HEAD_BYTES, FileFormat, named_format, recognise
from carrel.core.paper import ParsedPaper
from carrel.core.parsed_format import FORMAT_VERSION, decode
from carrel.core.ports import Parser
from carrel.parsing.children import Children
from carrel.parsing.frames import Kind, Request

READERS_VERSION = 3
"""Raised whenever the same file in a format other than PDF would be read differently."""


class DocumentParser:
    """The ``Parser`` port over all formats; a file's format is told by its first bytes and its name.

    Args:
        pdfs: reads the PDFs; closed together with this one.
        children: where the other formats are read, with limits; may be those of ``pdfs``.
    """

    def __init__(self, pdfs: Parser, children: Children) -> None:
        self._pdfs = pdfs
        self._children = children

    @property
    def fingerprint(self) -> str:
        """Names the PDF parser, and the version of the readers of the other formats."""
        return f"{self._pdfs.fingerprint}+documents/{READERS_VERSION}.{FORMAT_VERSION}"

    def parse(self, path: Path, name: str) -> ParsedPaper:
        """Read the file at ``path``; its format is told by its bytes and by ``name``.

        Raises:
            PaperError: the file cannot be read; the reason is in its kind. The parser goes on.
            ParserUnavailable: no process could be started to read it in; the file is not to blame.
        """
        found = _format_of(path, name)
        if found is FileFormat.PDF:
            return self._pdfs.parse(path, name)
        told = name if found is FileFormat.CODE else ""
        request = Request(str(path.absolute()), format=found.value, name=told)
        try:
            return decode(self._children.ask(request, name, Kind.PAPER))
        except ValueError as error:
            raise ParserCrashed(name=name, detail="it answered nonsense") from error

    def close(self) -> None:
        """End the child processes."""
        self._pdfs.close()
        self._children.close()


def _format_of(path: Path, name: str) -> FileFormat:
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError as error:
        raise FileUnreadable(name=name, detail=error.strerror or type(error).__name__) from error
    if not head:
        raise EmptyFile(name=name)
    found = recognise(name, head)
    if found is None:
        raise NotAPdf(name=name) if named_format(name) is FileFormat.PDF else UnsupportedFormat(name=name)
    return found
