"""Copies an encrypted PDF without its encryption. Runs in the child process: the file may be hostile."""

import ctypes
from pathlib import Path

import pypdfium2_raw as pdfium

from carrel.core.errors import DamagedPdf, FileUnreadable
from carrel.core.file_errors import FileTooLarge, WrongPassword
from carrel.parsing.frames import LONGEST_COPY

_MEGABYTE = 1 << 20
MOST_COPY_MB = LONGEST_COPY // _MEGABYTE
"""How large a copy may be in megabytes."""


def unlocked_copy(path: Path, password: str) -> bytes:
    """Return the PDF at ``path`` as one that needs no password; nothing where it needs none as it is.

    Nothing is also the answer for what is no PDF or cannot be opened: reading it says why.

    Raises:
        WrongPassword: neither its user's nor its owner's password.
        FileTooLarge: the copy would be larger than ``MOST_COPY_MB``.
        DamagedPdf: it opens, but no copy of it can be written, or the copy lacks pages.
    """
    if not path.is_file():
        raise FileUnreadable(name="", detail="it is gone")
    name = str(path).encode("utf-8", "surrogateescape")
    document = pdfium.FPDF_LoadDocument(name, None)
    if document:
        pdfium.FPDF_CloseDocument(document)
        return b""
    if pdfium.FPDF_GetLastError() != pdfium.FPDF_ERR_PASSWORD:
        return b""
    document = _opened(name, password)
    try:
        pages = int(pdfium.FPDF_GetPageCount(document))
        copy = _saved(document)
    finally:
        pdfium.FPDF_CloseDocument(document)
    if _pages_of(copy) != pages:
        raise DamagedPdf(name="", detail="it cannot be copied without its password")
    return copy


def _opened(name: bytes, password: str) -> object:
    # Newer files take UTF-8, older ones Latin letters of one byte each.
    for encoding in ("utf-8", "latin-1"):
        try:
            secret = password.encode(encoding, "surrogateescape")
        except UnicodeEncodeError:
            continue
        document = pdfium.FPDF_LoadDocument(name, secret)
        if document:
            return document
    raise WrongPassword(name="")


def _saved(document: object) -> bytes:
    copy = bytearray()

    def write(_: object, data: int, size: int) -> int:
        if len(copy) + size > LONGEST_COPY:
            return 0
        copy.extend(ctypes.string_at(data, size))
        return 1

    writer = pdfium.FPDF_FILEWRITE()
    writer.version = 1
    writer.WriteBlock = type(writer.WriteBlock)(write)
    written = pdfium.FPDF_SaveAsCopy(document, ctypes.byref(writer), pdfium.FPDF_REMOVE_SECURITY)
    if not written and len(copy) > (MOST_COPY_MB - 1) * _MEGABYTE:
        raise FileTooLarge(name="", megabytes=MOST_COPY_MB, limit=MOST_COPY_MB)
    if not written:
        raise DamagedPdf(name="", detail="it cannot be copied without its password")
    return bytes(copy)


def _pages_of(copy: bytes) -> int:
    document = pdfium.FPDF_LoadMemDocument64(copy, len(copy), None)
    if not document:
        return -1
    try:
        return int(pdfium.FPDF_GetPageCount(document))
    finally:
        pdfium.FPDF_CloseDocument(document)
