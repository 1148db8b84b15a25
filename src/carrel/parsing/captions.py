"""Captions: which lines begin one, and where it ends."""

import re
from collections.abc import Sequence
from enum import Enum
from itertools import pairwise

from carrel.parsing.columns import length
from carrel.parsing.printed import Line
from carrel.parsing.typography import Typography, ends_sentence, near

_CAPTION = re.compile(
    r"(?:Supplement(?:ary|al)\s+|Extended\s+Data\s+)?"
    r"(?:(?P<figure>Fig(?:ure)?s?\.?|FIG(?:URE)?\.?|Scheme|Chart|Plate|Abb(?:ildung)?\.?|[图圖図])"
    r"|(?P<table>Table|TABLE|Tab\.|Tabelle|Tableau|Box|[表])"
    r"|Algorithm|Alg\.|Listing|(?:Source )?Code|Program|算法)\s*"
    r"(?:(?:[A-Z]\.?)?\d+(?:[.\-]\d+)*[a-z]?|[IVX]+)\s*"
    r"(?:[.:：|]|[-–—]\s|$|(?=\s*[A-Z\u3400-\u9fff(]))"
)
_INITIALS = frozenset("FTALSBCPE图表圖図算")
_ROW_GAP = 3  # ems between two pieces of a justified line of a caption
_PROSE = 25  # characters of a line of running text
_STEP = 1.5  # sizes from line to line


class CaptionOf(Enum):
    """What a caption is about."""

    FIGURE = "figure"
    TABLE = "table"
    OTHER = "other"  # an algorithm or a listing: text like any other


def caption_of(text: str) -> CaptionOf | None:
    """Return what the text is a caption of, or None where it is none."""
    if not text or text[0] not in _INITIALS:
        return None
    match = _CAPTION.match(text)
    if match is None:
        return None
    if match["figure"]:
        return CaptionOf.FIGURE
    return CaptionOf.TABLE if match["table"] else CaptionOf.OTHER


def begins_caption(rows: Sequence[Sequence[Line]], i: int, typography: Typography) -> bool:
    """Whether row ``i`` begins a caption, rather than being a line of text that names a figure."""
    if caption_of(rows[i][0].text) is None:
        return False
    if i == 0:
        return True
    line, above = rows[i][0], rows[i - 1][-1]
    if length(above.text) < _PROSE:
        return True
    tight = line.bottom - above.bottom < 1.25 * typography.leading and near(line.size, above.size)
    return not tight or (ends_sentence(above.text) and line.bold != above.bold) or line.bold


def caption_end(rows: Sequence[Sequence[Line]], begin: int) -> int:
    """Return the index of the row after the caption that begins at row ``begin``."""
    first = rows[begin][0]
    widest = 0.0
    end = begin
    last = first
    for row in rows[begin:]:
        line = row[0]
        if row is not rows[begin] and not _goes_on(first, last, row, widest):
            break
        end += 1
        last = line
        widest = max(widest, row[-1].x1 - line.x0)
    return end


def _goes_on(first: Line, last: Line, row: Sequence[Line], widest: float) -> bool:
    line = row[0]
    if caption_of(line.text) is not None or not near(line.size, first.size):
        return False
    if not 0 < line.bottom - last.bottom <= _STEP * line.size:
        return False
    if any(b.x0 - a.x1 > _ROW_GAP * line.size for a, b in pairwise(row)):
        return False
    if len(row) > 1 and last.x1 - last.x0 < 0.9 * widest:
        return False
    # A line that does not reach the right edge is the last one.
    return last.x1 - first.x0 >= 0.75 * widest and (last.hyphen or last.x1 - last.x0 >= 0.7 * widest)
