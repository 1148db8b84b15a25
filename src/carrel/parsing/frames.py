"""What the parser and its child process say to each other: length-prefixed frames over pipes.

A request is a JSON object with the fields of ``Request``. An answer is one byte for its kind, one byte
that is 1 if the child leaves after it, and a payload: a parsed paper or a PDF as bytes, or JSON. Before
the answer come frames that say the child is at work on a page that takes long.
"""

import json
import struct
from enum import Enum
from typing import BinaryIO, NamedTuple

from carrel.core.json_values import as_list, as_number, as_object, as_real, as_text
from carrel.parsing.tesseract import Tesseract

_REQUEST = struct.Struct("<I")
_ANSWER = struct.Struct("<c?I")
_LONGEST_REQUEST = 1 << 20
LONGEST_COPY = 480 << 20
"""Bytes of a PDF that a child answers with; who asks for one holds it in memory."""

LONGEST_ANSWER = 1 << 28
"""Bytes of any other answer; a paper of as many words as are read takes less."""


class Kind(Enum):
    """What an answer holds."""

    READY = b"R"  # the child has started: {"limited": whether its memory is}
    ALIVE = b"A"  # {"page"}: a page's OCR begins; the answer is still to come
    PAPER = b"P"  # a parsed paper, encoded
    IMAGE = b"I"  # a page as displayed, as ``page_image`` packs it
    COPY = b"C"  # a PDF that needs no password; nothing where the file itself needs none
    ERROR = b"E"  # {"error": class, "parameters": {…}}
    MEMORY = b"M"  # nothing: memory ran out
    FAULT = b"F"  # {"detail", "traceback"}: an error nobody foresaw


class Answer(NamedTuple):
    """One frame from the child."""

    kind: Kind
    last: bool
    payload: bytes


class Request(NamedTuple):
    """What the child is asked to do with the file at ``path``.

    It is read; or one of its pages is drawn; or it is copied without its password.
    """

    path: str
    max_pages: int = 0
    format: str = "pdf"  # the value of a ``FileFormat``
    reader: str = "pdfium"  # of PDFs; or "pymupdf"; "frame" for the sizes of the pages only
    ocr: Tesseract | None = None  # reads scanned pages
    draw_page: int | None = None  # from 1; None where the file is to be read
    dpi: float = 0.0
    columns: int = 0  # pixels across that the page is drawn with; 0: as many as ``dpi`` gives
    password: str | None = None  # where there is one: answer with a copy that needs none
    name: str = ""  # of a program's file: its title, and its language by its ending


def write_request(stream: BinaryIO, request: Request) -> None:
    """Send a request."""
    payload = json.dumps(request._asdict()).encode("ascii")
    stream.write(_REQUEST.pack(len(payload)) + payload)
    stream.flush()


def read_request(stream: BinaryIO) -> Request | None:
    """Return the next request; None when the parser is gone."""
    head = stream.read(_REQUEST.size)
    if len(head) < _REQUEST.size:
        return None
    (length,) = _REQUEST.unpack(head)
    payload = stream.read(min(length, _LONGEST_REQUEST))
    if len(payload) < length:
        return None
    return _request_of(as_object(json.loads(payload)))


def _request_of(fields: dict[str, object]) -> Request:
    page, password = fields["draw_page"], fields["password"]
    return Request(
        path=as_text(fields["path"]),
        max_pages=as_number(fields["max_pages"]),
        format=as_text(fields["format"]),
        reader=as_text(fields["reader"]),
        ocr=None if fields["ocr"] is None else _tesseract_of(as_list(fields["ocr"])),
        draw_page=None if page is None else int(as_real(page)),
        dpi=as_real(fields["dpi"]),
        columns=as_number(fields["columns"]),
        password=None if password is None else as_text(password),
        name=as_text(fields["name"]),
    )


def _tesseract_of(values: list[object]) -> Tesseract:
    command, languages, page_seconds = values
    return Tesseract(
        as_text(command), tuple(as_text(each) for each in as_list(languages)), as_real(page_seconds)
    )


def write_answer(stream: BinaryIO, answer: Answer) -> None:
    """Send an answer."""
    stream.write(_ANSWER.pack(answer.kind.value, answer.last, len(answer.payload)))
    stream.write(answer.payload)
    stream.flush()


def read_answer(stream: BinaryIO) -> Answer | None:
    """Return the child's next answer; None when it is gone or says what no child of ours says."""
    head = stream.read(_ANSWER.size)
    if len(head) < _ANSWER.size:
        return None
    kind, last, length = _ANSWER.unpack(head)
    longest = LONGEST_COPY if kind == Kind.COPY.value else LONGEST_ANSWER
    if length > longest or kind not in {each.value for each in Kind}:
        return None
    payload = stream.read(length)
    return Answer(Kind(kind), last, payload) if len(payload) == length else None


def error_payload(error: str, parameters: dict[str, str]) -> bytes:
    """Return the payload of an ``ERROR`` answer."""
    return json.dumps({"error": error, "parameters": parameters}).encode("ascii")


def text_fields(payload: bytes) -> dict[str, object]:
    """Return a JSON object's fields.

    Raises:
        ValueError, RecursionError: the payload is something else, or nested too deeply.
    """
    return as_object(json.loads(payload))
