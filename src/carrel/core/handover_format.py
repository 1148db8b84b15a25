"""What a worker hands over to the owner of the index, as bytes: a paper's head, then its passages.

Nothing in them is executed and everything is checked, since they stand in a database that others may reach.
Vectors are 32-bit floats, cut to the dimensions of the index, so that they are those that it would have been
given by a worker in the same process, to the last bit. Layout of each piece:

    magic "CRLH", format version (1 byte), CRC-32 of the rest (4 bytes, little-endian)
    rows, dimensions, header length (4 bytes each) · header (JSON, ASCII) · vectors [rows, dimensions]
"""

import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from carrel.core.ids import fingerprint
from carrel.core.json_values import as_list, as_number, as_object, as_text
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.likeness import Likeness
from carrel.core.metadata import Metadata
from carrel.core.metadata_format import metadata_fields, metadata_of, quality_fields, quality_of
from carrel.core.quality import ParseQuality
from carrel.core.space import Space, Vectors

FORMAT_VERSION = 1
PASSAGES_A_PIECE = 64

_MAGIC = b"CRLH"
_START = struct.Struct("<4sBI")
_SIZES = struct.Struct("<III")


@dataclass(frozen=True, slots=True)
class ReadyPassage:
    """A passage as a row of the catalog; ``pages`` and ``boxes`` are its JSON texts."""

    id: str
    ordinal: int
    start: int
    end: int
    section: str
    pages: str
    boxes: str
    text: str
    paragraph: int
    text_key: str


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """What is said of a paper once: whom it was made for, what it is, and its passages' ids in order."""

    made_for: str  # see ``made_for``
    metadata: Metadata
    quality: ParseQuality
    pages: int
    likeness: Likeness
    cited: bytes  # see ``cited_keys``
    about_key: str  # of the vector cache
    ids: tuple[str, ...]
    vector: Vectors  # [dimensions], of the whole paper


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Some of a paper's passages, in order, with their vectors, [passages, dimensions]."""

    passages: tuple[ReadyPassage, ...]
    vectors: Vectors


def made_for(knowledge_base: KnowledgeBase, space: Space) -> str:
    """Return what tells one generation of a knowledge base, as it is set up, from any other."""
    chunking = knowledge_base.chunking
    return fingerprint(
        knowledge_base.id,
        str(knowledge_base.generation),
        space.id,
        f"{chunking.size}/{chunking.overlap}/{chunking.references}",
        knowledge_base.parser,
    )


def encode_head(head: Head) -> bytes:
    """Return a head as bytes."""
    likeness = head.likeness
    fields: dict[str, object] = {
        "for": head.made_for,
        "metadata": metadata_fields(head.metadata),
        "quality": quality_fields(head.quality),
        "pages": head.pages,
        "likeness": {
            "sketch": likeness.sketch.hex(),
            "pieces": likeness.pieces,
            "title": likeness.title,
            "surnames": list(likeness.surnames),
            "identifiers": list(likeness.identifiers),
        },
        "cited": head.cited.hex(),
        "about": head.about_key,
        "ids": list(head.ids),
    }
    return _packed(fields, head.vector.reshape(1, -1))


def decode_head(data: bytes) -> Head:
    """Return the head that these bytes hold.

    Raises:
        ValueError: they are not what ``encode_head`` writes.
    """
    fields, vectors = _unpacked(data)
    if len(vectors) != 1:
        raise ValueError("handover: a head has one vector")
    likeness = as_object(fields.get("likeness"))
    return Head(
        made_for=as_text(fields.get("for")),
        metadata=metadata_of(fields.get("metadata")),
        quality=quality_of(fields.get("quality")),
        pages=as_number(fields.get("pages")),
        likeness=Likeness(
            sketch=bytes.fromhex(as_text(likeness.get("sketch"))),
            pieces=as_number(likeness.get("pieces")),
            title=as_text(likeness.get("title")),
            surnames=_texts(likeness.get("surnames")),
            identifiers=_texts(likeness.get("identifiers")),
        ),
        cited=_cited(as_text(fields.get("cited", ""))),  # a worker of before does not say it
        about_key=as_text(fields.get("about")),
        ids=_texts(fields.get("ids")),
        vector=vectors[0],
    )


def _cited(text: str) -> bytes:
    keys = bytes.fromhex(text)
    if len(keys) % 8:
        raise ValueError("handover: numbers of 64 bits were expected")
    return keys


def encode_piece(piece: Piece) -> bytes:
    """Return a piece as bytes."""
    rows = [
        [p.id, p.ordinal, p.start, p.end, p.section, p.pages, p.boxes, p.text, p.paragraph, p.text_key]
        for p in piece.passages
    ]
    return _packed({"passages": rows}, piece.vectors)


def decode_piece(data: bytes) -> Piece:
    """Return the piece that these bytes hold.

    Raises:
        ValueError: they are not what ``encode_piece`` writes.
    """
    fields, vectors = _unpacked(data)
    passages = tuple(_passage(as_list(row)) for row in as_list(fields.get("passages")))
    if len(passages) != len(vectors):
        raise ValueError("handover: another number of vectors than of passages")
    return Piece(passages, vectors)


def _passage(row: Sequence[object]) -> ReadyPassage:
    if len(row) != 10:
        raise ValueError("handover: a passage has another number of fields")
    identifier, ordinal, start, end, section, pages, boxes, text, paragraph, key = row
    return ReadyPassage(
        as_text(identifier),
        as_number(ordinal),
        as_number(start),
        as_number(end),
        as_text(section),
        as_text(pages),
        as_text(boxes),
        as_text(text),
        as_number(paragraph),
        as_text(key),
    )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(as_text(each) for each in as_list(value))


def _packed(fields: dict[str, object], vectors: Vectors) -> bytes:
    # ASCII: JSON's escapes carry lone surrogates, which UTF-8 cannot.
    header = json.dumps(fields, separators=(",", ":")).encode("ascii")
    sizes = _SIZES.pack(*vectors.shape, len(header))
    body = b"".join((sizes, header, np.ascontiguousarray(vectors, "<f4").tobytes()))
    return _START.pack(_MAGIC, FORMAT_VERSION, zlib.crc32(body)) + body


def _unpacked(data: bytes) -> tuple[dict[str, object], Vectors]:
    if len(data) < _START.size + _SIZES.size:
        raise ValueError("handover: cut off")
    magic, version, checksum = _START.unpack_from(data)
    if magic != _MAGIC or version != FORMAT_VERSION:
        raise ValueError("handover: another format, or another version of it")
    body = memoryview(data)[_START.size :]
    if zlib.crc32(body) != checksum:
        raise ValueError("handover: damaged")
    rows, dimensions, length = _SIZES.unpack_from(body)
    begin = _SIZES.size + length
    if len(body) != begin + 4 * rows * dimensions:
        raise ValueError("handover: its length does not fit")
    try:
        fields = as_object(json.loads(bytes(body[_SIZES.size : begin])))
    except RecursionError as error:
        raise ValueError("handover: the header is nested too deeply") from error
    vectors = np.frombuffer(body, "<f4", rows * dimensions, begin).reshape(rows, dimensions)
    if not np.isfinite(vectors).all():
        raise ValueError("handover: a vector with a value that is not finite")
    return fields, vectors.astype(np.float32)
