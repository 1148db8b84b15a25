"""Reads papers without pages in the child process: the file may be hostile."""

import re
from pathlib import Path

from carrel.core.errors import EmptyFile, FileUnreadable
from carrel.core.file_errors import FileTooLarge, UnsupportedFormat
from carrel.core.formats import FileFormat
from carrel.core.paper import ParsedPaper
from carrel.parsing.encodings import decode_text
from carrel.parsing.pageless import Reading, pageless_paper, tidy
from carrel.parsing.pageless_metadata import with_metadata

MOST_TEXT_MB = 64
_MEGABYTE = 1 << 20
_DECLARED = re.compile(
    rb"<(?:meta|\?xml)\b[^>]{0,200}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]{2,30})", re.IGNORECASE
)
_DECLARED_WITHIN = 4096


def read_document(path: Path, file_format: FileFormat, name: str = "") -> ParsedPaper:
    """Read a file in any format but PDF; ``name``: of a program's file.

    Raises:
        PaperError: of any kind but those that only the parent can see (time, memory, a crash).
    """
    try:
        if file_format is FileFormat.CODE:
            from carrel.parsing.code_reader import read_code

            return read_code(decode_text(_data(path)), name)
        reading = _reading(path, file_format)
    except OSError as error:
        raise FileUnreadable(name="", detail=error.strerror or type(error).__name__) from error
    pieces, metadata = with_metadata(tidy(reading.pieces), reading.said)
    return pageless_paper(pieces, metadata)


def _reading(path: Path, file_format: FileFormat) -> Reading:
    # Each reader's library is imported when the first such file comes: PDFs need none of them.
    if file_format is FileFormat.DOCX:
        from carrel.parsing.docx_reader import read_docx

        return read_docx(path)
    data = _data(path)
    if file_format is FileFormat.HTML:
        from carrel.parsing.html_reader import read_html

        declared = _DECLARED.search(data[:_DECLARED_WITHIN])
        return read_html(decode_text(data, declared.group(1).decode("ascii") if declared else ""))
    text = decode_text(data)
    if file_format is FileFormat.MARKDOWN:
        from carrel.parsing.markdown_reader import read_markdown

        return read_markdown(text)
    if file_format is FileFormat.TEXT:
        from carrel.parsing.text_reader import read_text

        return read_text(text)
    raise UnsupportedFormat(name="")


def _data(path: Path) -> bytes:
    size = path.stat().st_size
    if size == 0:
        raise EmptyFile(name="")
    if size > MOST_TEXT_MB * _MEGABYTE:
        raise FileTooLarge(name="", megabytes=size // _MEGABYTE, limit=MOST_TEXT_MB)
    return path.read_bytes()
