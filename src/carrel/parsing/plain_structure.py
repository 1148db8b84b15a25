"""Structure that plain typing shows: a title, headings by number or name, hard-wrapped lines, bullets."""

import re
from collections.abc import Container, Sequence

from carrel.core.paper import BlockKind
from carrel.parsing.headings import is_named, numbering
from carrel.parsing.pageless import Piece
from carrel.parsing.pageless_metadata import names_in
from carrel.parsing.typography import ends_sentence, is_wide

_LONGEST_HEADING = 90
_LONGEST_TITLE = 120
_LINES_IN_TITLE = 3
_PIECES_TO_TITLE = 6
_BULLET = re.compile(r"[•◦▪‣●○■□·*+\-–—]\s+(?=\S)")
_ITEM = re.compile(
    rf"{_BULLET.pattern}|\(?(?:(?:\d{{1,3}}|[a-z]|[ivx]{{1,4}})[.)]|[A-Z]\))\s+(?=\S)|\[[^\]\s]{{1,12}}\]\s"
)
_LAST_WORD = re.compile(r"(?<![^\W\d_])([^\W\d_]{1,40})-$")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_UNNUMBERED_END = tuple(".,;:!?。，；：！？、…")


def plain_heading(text: str) -> int:
    """Return the level of a line that stands alone and can only be a heading; 0 for any other.

    It bears a name that sections bear everywhere, or a number before a capital and no sentence's end.
    """
    text = text.strip()
    if not text or "\n" in text or len(text) > _LONGEST_HEADING:
        return 0
    numbered = numbering(text)
    if is_named(text):
        return numbered[0] if numbered else 1
    if numbered is None or text.endswith(_UNNUMBERED_END):
        return 0
    depth, rest = numbered
    telling = bool(rest) and (rest[0].isupper() or is_wide(rest[0]))
    return depth if telling and len(rest) > 1 and any(map(str.isalpha, rest)) else 0


def joined_lines(lines: Sequence[str], known: Container[str] = ()) -> str:
    """Return lines that were broken to fit a width as one; Chinese and Japanese take no space between.

    Of a word that a hyphen divides at a line's end, the hyphen goes where ``known`` has the whole word
    (in lower case), and stays otherwise: compounds are broken there, too.
    """
    parts: list[str] = []
    for line in filter(None, map(str.strip, lines)):
        if parts and _is_divided(parts[-1], line, known):
            parts[-1] = parts[-1][:-1]
        elif parts and not _meets(parts[-1], line):
            parts.append(" ")
        parts.append(line)
    return "".join(parts)


def _is_divided(before: str, after: str, known: Container[str]) -> bool:
    head, tail = _LAST_WORD.search(before), _FIRST_WORD.match(after)
    return head is not None and tail is not None and (head[1] + tail[0]).lower() in known


def _meets(before: str, after: str) -> bool:
    """Whether a line's end and the next one's beginning stand together: wide letters, or a hyphen."""
    return (is_wide(before[-1]) and is_wide(after[0])) or (before[-1] == "-" and before[-2:-1].isalpha())


def begins_item(line: str) -> bool:
    """Whether a line begins an item of a list."""
    return _ITEM.match(line.lstrip()) is not None


def without_bullet(text: str) -> str:
    """Return a list item's text without a bullet; numbers stay."""
    return _BULLET.sub("", text, count=1) if _BULLET.match(text) else text


def with_title(pieces: Sequence[Piece]) -> Sequence[Piece]:
    """Return the pieces with the title marked, where a line near the beginning can only be it."""
    if not pieces or pieces[0].kind is BlockKind.HEADING:
        return pieces
    for i, piece in enumerate(pieces[:_PIECES_TO_TITLE]):
        if piece.kind is BlockKind.HEADING:
            break
        lines = piece.text.split("\n")
        names = next((n for n, line in enumerate(lines) if n and names_in(line)), len(lines))
        title = joined_lines(lines[:names])
        if piece.kind is BlockKind.PARAGRAPH and names <= _LINES_IN_TITLE and _is_title(title):
            rest = [Piece(BlockKind.PARAGRAPH, "\n".join(lines[names:]))] if names < len(lines) else []
            following = [*rest, *pieces[i + 1 :]]
            return [*pieces[:i], Piece(BlockKind.FRONT, title), *following] if following else pieces
    return pieces


def _is_title(text: str) -> bool:
    return (
        2 < len(text) <= _LONGEST_TITLE
        and not ends_sentence(text)
        and not re.search(r"[,;，；、]$|https?:|@|^\W*\w+\s*[:：]\s", text)
        and sum(map(str.isalpha, text)) > 0.5 * len(text)
    )
