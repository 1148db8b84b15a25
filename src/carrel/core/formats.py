"""The formats that papers come in, and how a file's format is recognised.

By content first, for names lie: then by the name's ending, for Markdown and plain text look alike.
"""

import re
from enum import StrEnum

from carrel.core.languages_of_code import language_of_code

HEAD_BYTES = 4096
"""How much of a file's beginning ``recognise`` wants to see."""

# Readers accept a few junk bytes before the mark; so do we (ISO 32000-1, annex H, note 13).
_MARK_WITHIN_BYTES = 1024
_PDF_MARK = b"%PDF"
_ZIP_MARK = b"PK\x03\x04"
_WORD_PART = re.compile(rb"word/[\w/]+\.xml")
_OTHER_PART = re.compile(rb"(?:xl|ppt|visio)/[\w/]+\.xml|META-INF/|mimetypeapplication/(?!vnd\.openxml)")
_HTML_FIRST = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*<(?:!doctype\s+html|html)\b",
    re.IGNORECASE | re.DOTALL,
)
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")  # of UTF-16 and UTF-32
# What no text in any encoding without zero bytes has; the escape is ISO-2022's.
_CONTROLS = bytes(each for each in range(32) if each not in b"\t\n\x0b\x0c\r\x1b") + b"\x7f"
_MOST_CONTROLS = 0.02


class FileFormat(StrEnum):
    """A format that Carrel reads."""

    PDF = "pdf"
    DOCX = "docx"
    HTML = "html"
    MARKDOWN = "markdown"
    TEXT = "text"
    CODE = "code"  # a program; only knowledge bases of code take it

    @property
    def is_text(self) -> bool:
        """Whether its files are text that anyone can read."""
        return self in (FileFormat.HTML, FileFormat.MARKDOWN, FileFormat.TEXT, FileFormat.CODE)


_ENDINGS = {
    ".pdf": FileFormat.PDF,
    ".docx": FileFormat.DOCX,
    ".html": FileFormat.HTML,
    ".htm": FileFormat.HTML,
    ".md": FileFormat.MARKDOWN,
    ".markdown": FileFormat.MARKDOWN,
    ".txt": FileFormat.TEXT,
}


def named_format(name: str) -> FileFormat | None:
    """Return the format that a file's name promises, by its ending; None for any other name."""
    dot = name.rfind(".")
    if dot < 0:
        return None
    return _ENDINGS.get(name[dot:].lower()) or (FileFormat.CODE if language_of_code(name) else None)


def recognise(name: str, head: bytes) -> FileFormat | None:
    """Return a file's format by its first ``HEAD_BYTES`` and its name; None for one that is not read.

    What bears a PDF's name is a PDF or nothing: a login page saved under it is no paper.
    """
    named = named_format(name)
    near = head[:_MARK_WITHIN_BYTES]
    # A text may speak of the mark: there it counts only at the very beginning.
    if near.lstrip().startswith(_PDF_MARK) if named is not None and named.is_text else _PDF_MARK in near:
        return FileFormat.PDF
    if named is FileFormat.PDF:
        return None
    if named is FileFormat.CODE:  # PHP may begin as a page does
        return named
    if head.startswith(_ZIP_MARK):
        return _zipped_format(head, named)
    if _HTML_FIRST.match(head):
        return FileFormat.HTML
    return None if named is FileFormat.DOCX else named


def is_binary(head: bytes) -> bool:
    """Whether a file that begins like this is certainly no text."""
    if head.startswith(_WIDE_MARKS):
        return False
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return b"\0" in head or controls > _MOST_CONTROLS * len(head)


def _zipped_format(head: bytes, named: FileFormat | None) -> FileFormat | None:
    """Tell Word's documents from the many other things that are ZIP archives inside."""
    if _WORD_PART.search(head):
        return FileFormat.DOCX
    return FileFormat.DOCX if named is FileFormat.DOCX and not _OTHER_PART.search(head) else None
