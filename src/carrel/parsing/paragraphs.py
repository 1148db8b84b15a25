"""The flow of a paper, lines in reading order → blocks: headings, paragraphs, references."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from carrel.core.paper import BlockKind, is_reference_list
from carrel.parsing.headings import (
    is_named,
    levels,
    looks_like_heading,
    numbering,
    style,
)
from carrel.parsing.printed import Line
from carrel.parsing.references import split_entries
from carrel.parsing.typography import Typography, ends_sentence, near

_BULLET = re.compile(r"[•◦▪▫‣∙●○■□◆–—*·]\s|[-–]\s+(?=[A-Z])")
_SURE_BULLETS = "•◦▪▫‣∙●○■□◆"
_ITEM = re.compile(r"(?:\[[\w+\-]{1,12}\]|\(?(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)])\s+\S")
_APPENDIX = re.compile(r"appendi(?:x|ces)\b|supplement|附\s*录|付録", re.IGNORECASE)
_BEFORE, _AFTER = 12, 3  # lines that tell how a column is set
_DEEPEST = 6
_TELLING_LENGTH = 8  # characters; the font of a shorter line may be that of a symbol


@dataclass(slots=True)
class Draft:
    """A block in the making: its lines are not joined to text yet."""

    kind: BlockKind
    lines: list[Line] = field(default_factory=list)
    level: int = 0


def group(lines: Sequence[Line], typography: Typography) -> list[Draft]:
    """Return the blocks that lines in reading order form."""
    drafts: list[Draft] = []
    i = 0
    while i < len(lines):
        line = lines[i]
        before = lines[i - 1] if i else None
        after = lines[i + 1] if i + 1 < len(lines) else None
        current = drafts[-1] if drafts else None
        i += 1
        if current is not None and _continues_heading(current, line, typography):
            current.lines.append(line)
        elif looks_like_heading(line, before, after, typography):
            drafts.append(Draft(BlockKind.HEADING, [line]))
            if is_reference_list(line.text):
                end = _references_end(lines, i, line, typography)
                drafts += [Draft(BlockKind.REFERENCE, entry) for entry in split_entries(lines[i:end])]
                i = end
        elif current is None or _begins(current, lines[max(0, i - _BEFORE) : i + _AFTER], line, typography):
            drafts.append(Draft(BlockKind.PARAGRAPH, [line]))
        else:
            current.lines.append(line)
    _set_levels(drafts)
    return _mended(drafts)


def _references_end(lines: Sequence[Line], begin: int, heading: Line, typography: Typography) -> int:
    """Return where the list of references ends: at a heading like its own, or one that is named.

    An entry's first line may look like a heading, too: in bold, or behind a number.
    """
    for i in range(begin, len(lines)):
        line = lines[i]
        alike = style(line) == style(heading) and style(line)[:2] != style(lines[begin])[:2]
        if not (alike or is_named(line.text) or _APPENDIX.match(line.text)):
            continue
        after = lines[i + 1] if i + 1 < len(lines) else None
        if looks_like_heading(line, lines[i - 1], after, typography):
            return i
    return len(lines)


def _is_item(text: str) -> bool:
    """Whether a line begins with a bullet's or an item's mark."""
    if text[0].isalpha() and text[1:2] not in ").":
        return False
    return _BULLET.match(text) is not None or _ITEM.match(text) is not None


def _continues_heading(draft: Draft, line: Line, typography: Typography) -> bool:
    """Whether a heading runs over two lines; one in the setting of the text does not."""
    last = draft.lines[-1]
    if draft.kind is not BlockKind.HEADING or len(draft.lines) > 3 or last.page != line.page:
        return False
    if not (line.bold or line.size > 1.08 * typography.body):
        return False
    if numbering(line.text) or is_named(line.text) or style(last)[:2] != style(line)[:2]:
        return False
    if line.x0 > last.x1 and abs(line.bottom - last.bottom) < 0.3 * line.size:
        return True
    return 0 < line.bottom - last.bottom < 1.5 * line.size


def _begins(current: Draft, around: Sequence[Line], line: Line, typography: Typography) -> bool:
    """Whether a line begins a new block rather than going on with the current one."""
    if current.kind is not BlockKind.PARAGRAPH:
        return True
    last = current.lines[-1]
    step = line.bottom - last.bottom
    if line.page != last.page or step < -0.8 * line.size:
        return _begins_elsewhere(current, line, typography)
    larger = max(line.size, last.size)
    if step > 1.4 * typography.leading * larger / typography.body:
        return True
    if last.hyphen or abs(step) < 0.35 * larger:  # a divided word, or two parts of one printed line
        return False
    telling = min(len(line.text), len(last.text)) > _TELLING_LENGTH
    # The word in the middle of a line may be code, in a font that is smaller than it looks.
    tolerance = 0.25 if line.fixed != last.fixed and not ends_sentence(last.text) else 0.12
    if telling and not near(line.size, last.size, tolerance):
        return True
    beside = line.x1 < last.x0 or line.x0 > last.x1
    return beside or _begins_item(current, line) or _indented(current, around, line)


def _begins_item(current: Draft, line: Line) -> bool:
    if not _is_item(line.text):
        return False
    last = current.lines[-1]
    right = max(each.x1 for each in current.lines[-4:])
    # A list's line ends where it ends; within running text a mark may come to stand first.
    within = last.x1 > right - line.size and abs(line.x0 - last.x0) < line.size and not _is_list(current)
    if within:
        return last.text.rstrip().endswith(".") and line.text[0] in _SURE_BULLETS
    return ends_sentence(last.text) or _BULLET.match(line.text) is not None


def _is_list(draft: Draft) -> bool:
    return _is_item(draft.lines[0].text)


def _begins_elsewhere(current: Draft, line: Line, typography: Typography) -> bool:
    """The same where the line stands in another column or on another page."""
    last = current.lines[-1]
    if not near(last.size, line.size):
        return True
    if last.hyphen or not ends_sentence(last.text):
        return not near(line.size, typography.body) and not last.hyphen
    return not line.text[:1].islower()


def _indented(current: Draft, around: Sequence[Line], line: Line) -> bool:
    """Whether a line's left edge, or the end of the line before, shows the beginning of a block."""
    lines = current.lines
    last = lines[-1]
    em = line.size
    right = max(each.x1 for each in lines[-4:])
    if _may_end(last.text) and not line.text[0].islower():
        edge = _justified_edge(around, last)
        # In justified text only a paragraph's last line ends short, whatever it ends with.
        margin = 0.4 if ends_sentence(last.text) else 2.5 if line.text[0].isupper() else 1000.0
        if edge and last.x1 < edge - margin * em:
            return True
        if not edge and len(lines) >= 2 and last.x1 < right - 3 * em and ends_sentence(last.text):
            return True
    if line.x0 > last.x0 + 0.8 * em:  # further right: the rest of a hanging item, or a new paragraph
        return not (len(lines) == 1 and _is_item(last.text)) and ends_sentence(last.text)
    # Further left: after a first line's indent, or a new item.
    left = line.x0 < last.x0 - 0.8 * em
    return left and len(lines) >= 2 and lines[0].x0 < last.x0 - 0.8 * em and ends_sentence(last.text)


def _may_end(text: str) -> bool:
    """Whether a paragraph may end with a text: in the middle of an enumeration it does not."""
    return text[-1] not in ",，、-–("


def _justified_edge(around: Sequence[Line], last: Line) -> float:
    """Return the edge at which most lines end around the last one, in its column; 0 where there is none."""
    ends = [
        line.x1
        for line in around
        if line.page == last.page and abs(line.x0 - last.x0) < 3 * last.size and near(line.size, last.size)
    ]
    edge = max(ends, default=0.0)
    return edge if sum(edge - end < 1 for end in ends) >= max(3, 0.5 * len(ends)) else 0.0


def _set_levels(drafts: Sequence[Draft]) -> None:
    headings = [draft for draft in drafts if draft.kind is BlockKind.HEADING]
    for draft, level in zip(headings, levels([draft.lines[0] for draft in headings]), strict=True):
        draft.level = max(1, min(level, _DEEPEST))


def _mended(drafts: list[Draft]) -> list[Draft]:
    """Join paragraphs that a figure, a table or a footnote has parted."""
    result: list[Draft] = []
    taken: set[int] = set()
    for i, draft in enumerate(drafts):
        if i in taken:
            continue
        result.append(draft)
        while (j := _rest(drafts, i, draft, taken)) is not None:
            draft.lines += drafts[j].lines
            taken.add(j)
    return result


def _rest(drafts: Sequence[Draft], i: int, draft: Draft, taken: set[int]) -> int | None:
    """Return where the paragraph ``draft`` goes on after at most five blocks of another kind or size."""
    last = draft.lines[-1]
    if draft.kind is not BlockKind.PARAGRAPH or ends_sentence(last.text):
        return None
    if len(draft.lines) < 3 and not last.hyphen:
        return None
    for j in range(i + 1, min(i + 7, len(drafts))):
        other = drafts[j]
        first = other.lines[0]
        if j in taken:
            continue
        if other.kind is BlockKind.HEADING or first.page > last.page + 1:
            return None
        if other.kind is not BlockKind.PARAGRAPH or not near(first.size, last.size):
            continue
        elsewhere = first.page != last.page or first.bottom < last.bottom or j > i + 1
        begins_low = first.text[0].islower() and len(first.text) > 20
        if begins_low and not first.fixed:
            return j
        if not elsewhere or len(other.lines) >= 3:
            return None
    return None
