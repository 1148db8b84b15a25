"""A parsed paper as bytes: how it is stored, and how it comes back from the parsing process.

The bytes may come from a process that has read a hostile file, so nothing in them is executed and
everything is checked. Layout:

    magic "CRLP", format version (1 byte)
    zlib:  header length (4 bytes, little-endian) · header (JSON, UTF-8) · arrays
    arrays: of each word, as 32-bit little-endian columns, its start, length, page, line (integers),
            x0, y0, x1, y1 (floats). Start, page and line are differences to the word before; of each
            column the first bytes of all words come first, then the second ones …: both make zlib
            faster and its result smaller.
"""

import json
import struct
import zlib
from typing import cast

import numpy as np
from numpy.typing import NDArray

from carrel.core.json_values import as_list, as_number, as_object, as_text
from carrel.core.metadata_format import metadata_fields, metadata_of, quality_fields, quality_of
from carrel.core.paper import Block, BlockKind, PageSize, ParsedPaper, WordBoxes

FORMAT_VERSION = 2

_MAGIC = b"CRLP"
_LENGTH = struct.Struct("<I")
_WORD_BYTES = 4 * 4 + 4 * 4
_LEVEL = 1  # of zlib: the higher ones cost far more time than they save bytes
_LARGEST = 1 << 28  # bytes when unpacked; a paper of a thousand pages takes 40 MB, the longest read 200
_DEEPEST_HEADING = 255


def encode(paper: ParsedPaper) -> bytes:
    """Return the paper as bytes."""
    words = paper.words
    header = json.dumps(
        {
            "metadata": metadata_fields(paper.metadata),
            "quality": quality_fields(paper.quality),
            "text": paper.text,
            "blocks": [_block_fields(block) for block in paper.blocks],
            "pages": [[page.width, page.height] for page in paper.pages],
            "words": len(words.start),
        },
        ensure_ascii=not _encodable(paper),
        separators=(",", ":"),
    ).encode("utf-8")
    body = b"".join(
        (
            _LENGTH.pack(len(header)),
            header,
            _planes(words),
        )
    )
    return _MAGIC + bytes([FORMAT_VERSION]) + zlib.compress(body, _LEVEL)


def decode(data: bytes) -> ParsedPaper:
    """Return the paper that these bytes hold.

    Raises:
        ValueError: they are not what ``encode`` writes.
    """
    body = _unpacked(data)
    (length,) = _LENGTH.unpack_from(body)
    begin = _LENGTH.size + length
    if begin > len(body):
        raise ValueError("parsed paper: the header is cut off")
    header = as_object(_json(body[_LENGTH.size : begin]))
    count = as_number(header.get("words"))
    if len(body) - begin != count * _WORD_BYTES:
        raise ValueError("parsed paper: the number of words does not fit")
    text = as_text(header.get("text"))
    pages = tuple(_page(each) for each in as_list(header.get("pages")))
    blocks = tuple(_block(each) for each in as_list(header.get("blocks")))
    _check_blocks(blocks, len(text))
    words = _words(body, begin, count)
    _check_words(words, len(text), len(pages))
    metadata, quality = metadata_of(header.get("metadata")), quality_of(header.get("quality"))
    return ParsedPaper(metadata, text, blocks, words, pages, quality)


def _encodable(paper: ParsedPaper) -> bool:
    """Whether the text has no lone surrogates, which UTF-8 cannot carry (JSON's escapes can)."""
    try:
        paper.text.encode("utf-8")
        str(metadata_fields(paper.metadata)).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _planes(words: WordBoxes) -> bytes:
    columns = np.empty((8, len(words.start)), "<i4")
    columns[0] = _differences(words.start)
    columns[1] = words.end - words.start
    columns[2] = _differences(words.page)
    columns[3] = _differences(words.line)
    columns[4:] = words.box.astype("<f4").view("<i4").T
    return np.ascontiguousarray(columns.view(np.uint8).reshape(8, -1, 4).transpose(0, 2, 1)).tobytes()


def _differences(values: NDArray[np.int32]) -> NDArray[np.int32]:
    return np.diff(values, prepend=np.int32(0))


def _unpacked(data: bytes) -> bytes:
    if data[: len(_MAGIC)] != _MAGIC:
        raise ValueError("parsed paper: not this format")
    if data[len(_MAGIC) : len(_MAGIC) + 1] != bytes([FORMAT_VERSION]):
        raise ValueError("parsed paper: another version of the format")
    unpacker = zlib.decompressobj()
    try:
        body = unpacker.decompress(data[len(_MAGIC) + 1 :], _LARGEST)
    except zlib.error as error:
        raise ValueError("parsed paper: damaged") from error
    if not unpacker.eof or unpacker.unused_data or len(body) < _LENGTH.size:
        raise ValueError("parsed paper: cut off, too long or followed by something else")
    return body


def _json(data: bytes) -> object:
    try:
        return cast(object, json.loads(data))
    except RecursionError as error:
        raise ValueError("parsed paper: the header is nested too deeply") from error


def _words(body: bytes, begin: int, count: int) -> WordBoxes:
    planes = np.frombuffer(body, np.uint8, _WORD_BYTES * count, begin).reshape(8, 4, count)
    columns = np.ascontiguousarray(planes.transpose(0, 2, 1)).view("<i4").reshape(8, count)
    boxes = np.ascontiguousarray(columns[4:].T).view("<f4")
    start, length, page, line = columns[:4].astype(np.int64)
    start, page, line = np.cumsum(start), np.cumsum(page), np.cumsum(line)
    for column in (start, start + length, page, line):
        if count and (column.min() < 0 or column.max() > np.iinfo(np.int32).max):
            raise ValueError("parsed paper: a word's number is out of range")
    return WordBoxes(
        start=start.astype(np.int32),
        end=(start + length).astype(np.int32),
        page=page.astype(np.int32),
        line=line.astype(np.int32),
        box=boxes.astype(np.float32),
    )


def _check_words(words: WordBoxes, characters: int, pages: int) -> None:
    if not len(words.start):
        return
    if np.any(words.end < words.start) or int(words.end.max()) > characters:
        raise ValueError("parsed paper: a word reaches beyond the text")
    if np.any(np.diff(words.start) < 0) or np.any(np.diff(words.end) < 0):
        raise ValueError("parsed paper: the words are out of order")
    if int(words.page.min()) < 1 or int(words.page.max()) > pages:
        raise ValueError("parsed paper: a word is on a page that does not exist")
    if not np.isfinite(words.box).all() or np.any(words.box[:, :2] > words.box[:, 2:]):
        raise ValueError("parsed paper: a word's box is inside out")


def _check_blocks(blocks: tuple[Block, ...], characters: int) -> None:
    before = 0
    for block in blocks:
        if not before <= block.start <= block.end <= characters:
            raise ValueError("parsed paper: a block's range is out of order")
        before = block.end


def _block_fields(block: Block) -> list[str | int]:
    fields: list[str | int] = [block.kind.value, block.start, block.end, block.level]
    return [*fields, block.name] if block.name else fields


def _block(values: object) -> Block:
    fields = as_list(values)
    if len(fields) not in (4, 5):
        raise ValueError("parsed paper: a block has another number of fields")
    level = as_number(fields[3])
    if level > _DEEPEST_HEADING:
        raise ValueError("parsed paper: a heading is too deep")
    name = as_text(fields[4]) if len(fields) == 5 else ""
    return Block(BlockKind(as_text(fields[0])), as_number(fields[1]), as_number(fields[2]), level, name)


def _page(values: object) -> PageSize:
    fields = as_list(values)
    if len(fields) != 2:
        raise ValueError("parsed paper: a page has another number of measures")
    width, height = (float(each) if isinstance(each, int | float) else -1.0 for each in fields)
    if not (0 <= width < 1e6 and 0 <= height < 1e6):
        raise ValueError("parsed paper: a page's size is out of range")
    return PageSize(width, height)
