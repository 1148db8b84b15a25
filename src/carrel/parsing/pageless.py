"""Papers without pages: pieces of text → a paper with blocks and metadata, but no boxes."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from carrel.core.file_errors import NoTextInside
from carrel.core.metadata import Metadata
from carrel.core.paper import (
    BLOCK_BREAK,
    NO_WORD_BOXES,
    Block,
    BlockKind,
    ParsedPaper,
    is_reference_list,
)
from carrel.parsing.quality import check_text, measure_text

CELL_BREAK = " | "
"""What stands between the cells of a row in a table's text."""

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff\u202a-\u202e\u2066-\u2069]")
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_SPACES = re.compile(r"[^\S\n]+")
_BREAKS = re.compile(r" ?\n[\s]*")
_ENTRY = re.compile(r"\n(?=\[\w{1,12}\]\s|\d{1,3}\.\s)")
_CAPTION = re.compile(
    r"(?:(?:figure|fig\.?|table|scheme|listing|algorithm)\s+(?:S?\d+|[IVX]+)(?:\.\d+)*|[图表圖]\s*\d+(?:[.\-]\d+)*)"
    r"\s*(?:[.:|–—：]|(?<=\d)\s(?=[\u4e00-\u9fff]))",
    re.IGNORECASE,
)
_LONGEST_CAPTION = 800
_DEEPEST = 9


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a document that belongs together; ``level`` counts from 1 for a heading."""

    kind: BlockKind
    text: str
    level: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader found: the pieces in order, and what the file itself says, with its evidence."""

    pieces: Sequence[Piece]
    said: Metadata = field(default_factory=Metadata)


def tidy(pieces: Sequence[Piece]) -> tuple[Piece, ...]:
    """Return the pieces with clean text, without empty ones; references and captions as such."""
    cleaned = (replace(piece, text=clean(piece.text)) for piece in pieces)
    return tuple(_with_kinds(piece for piece in cleaned if piece.text))


def clean(text: str) -> str:
    """Return text without control and invisible characters, its spaces single, its lines kept."""
    text = _CONTROL.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFC", text)))
    return _BREAKS.sub("\n", _SPACES.sub(" ", text)).strip()


def pageless_paper(pieces: Sequence[Piece], metadata: Metadata) -> ParsedPaper:
    """Return the paper that these tidied pieces are.

    Raises:
        NoTextInside: there is not one letter.
        GarbledText: what there is makes no words.
    """
    if not any(any(map(str.isalnum, piece.text)) for piece in pieces):
        raise NoTextInside(name="")
    blocks: list[Block] = []
    position = 0
    for piece in pieces:
        end = position + len(piece.text)
        level = min(max(piece.level, 1), _DEEPEST) if piece.kind is BlockKind.HEADING else 0
        blocks.append(Block(piece.kind, position, end, level))
        position = end + len(BLOCK_BREAK)
    text = BLOCK_BREAK.join(piece.text for piece in pieces)
    quality = measure_text(text)
    check_text(quality)
    return ParsedPaper(metadata, text, tuple(blocks), NO_WORD_BOXES, (), quality)


def _with_kinds(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Yield the pieces; paragraphs below the heading of a list of references are its entries."""
    level = 0  # of that heading; 0 outside the list
    for piece in pieces:
        if piece.kind is BlockKind.HEADING:
            if is_reference_list(piece.text):
                level = piece.level
            elif piece.level <= level:
                level = 0
        if level and piece.kind is BlockKind.PARAGRAPH:
            yield from (Piece(BlockKind.REFERENCE, entry) for entry in _ENTRY.split(piece.text))
        elif piece.kind is BlockKind.PARAGRAPH and _is_caption(piece.text):
            yield Piece(BlockKind.CAPTION, piece.text)
        else:
            yield piece


def _is_caption(text: str) -> bool:
    return len(text) <= _LONGEST_CAPTION and _CAPTION.match(text) is not None
