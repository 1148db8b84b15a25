"""The lines of page one in which a publisher speaks: front matter, margins, notices; not the text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from carrel.parsing.front import Front, left_edge
from carrel.parsing.printed import Line, PrintedPage
from carrel.parsing.signs import lines_with

_MARGIN_SHARE = 0.12  # of the page's height
_DOI_LABEL = re.compile(r"(?:doi\b|(?:https?://)?(?:dx\.)?doi\.org)", re.IGNORECASE)
_NOTICE = re.compile(
    r"acm reference format|(?:how to |please )?cite (?:this|as)|to cite this|citation\s*:"
    r"|suggested citation|reference format"
    r"|引用格式|引用本文|permission to make|©|\(c\)\s*(?:19|20)\d\d|copyright|licensed under|published by"
    r"|published in|proceedings of"
    r"|to appear in|appear(?:s|ed) in|accepted (?:at|by|for)|presented at|in proc\b|received\b|manuscript"
    r"|first published|preprint"
    r"|^c (?:19|20)\d\d\b|^[A-Z][\w&/ -]{1,30}['’]\d\d\b|收稿日期|中图法?分类号|DOI\s?号|文章编号",
    re.IGNORECASE,
)
# What a notice cannot do without: most lines are told by that.
_SIGNS = (
    "cit", "format", "permission", "©", "(c)", "copyright", "licensed", "publish",
    "proc", "appear", "accepted", "presented", "received", "manuscript", "preprint",
    "c 19", "c 20", "’", "'", "引用", "收稿", "分类号", "文章编号", "doi号", "doi 号",
)  # fmt: skip
_NOTICE_LINES = 9  # a notice goes on for so many lines
_LONGEST_NOTICE = 140  # characters of a line in which a notice begins after other words
_LONGEST_LABELLED = 80


@dataclass(frozen=True, slots=True)
class Imprint:
    """The publisher's lines, no line twice.

    ``front`` is the front matter, ``margin`` what stands above, below or left of the text,
    ``notices`` are copyright and citation notices wherever they stand, ``labelled`` are lines that
    begin with a DOI's label elsewhere.
    """

    front: tuple[Line, ...]
    margin: tuple[Line, ...]
    notices: tuple[Line, ...]
    labelled: tuple[Line, ...]

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """Margins and notices as running text: lines that follow one another joined."""
        found: list[str] = []
        before: Line | None = None
        for line in sorted((*self.margin, *self.notices), key=lambda line: line.number):
            if line.text.isdecimal():
                continue
            if before is not None and line.upright and _follows(before, line):
                whole = found[-1]
                divided = whole.endswith("-") and line.text[:1].islower()
                found[-1] = f"{whole[:-1]}{line.text}" if divided else f"{whole} {line.text}"
            else:
                found.append(line.text)
            before = line
        return tuple(found)

    @property
    def outside(self) -> tuple[Line, ...]:
        """Front matter, margins and notices."""
        return (*self.front, *self.margin, *self.notices)


def in_margin(lines: Sequence[Line]) -> Imprint:
    """Return an imprint of which only these lines are known, all of them above or below a text."""
    return Imprint((), tuple(lines), (), ())


def read_imprint(page: PrintedPage, front: Front) -> Imprint:
    """Return the publisher's lines of page one, whose front matter is ``front``: but for the title."""
    title = {line.number for line in front.title}
    inside = {line.number for line in front.telling}
    own = tuple(line for line in page.lines if line.number in inside and line.number not in title)
    low, high = _MARGIN_SHARE * page.size.height, (1 - _MARGIN_SHARE) * page.size.height
    text_left = left_edge(page.lines, front.telling)
    margin: list[Line] = []
    rest: list[Line] = []
    for line in page.lines:
        if line.number in inside:
            continue
        at_edge = line.y1 < low or line.y0 > high or line.x1 < text_left or not line.upright
        (margin if at_edge else rest).append(line)
    notices = _notices(rest)
    noticed = {line.number for line in notices}
    labelled = [
        line
        for line in rest
        if line.number not in noticed and len(line.text) < _LONGEST_LABELLED and _DOI_LABEL.match(line.text)
    ]
    return Imprint(own, tuple(margin), tuple(notices), tuple(labelled))


def _notices(lines: Sequence[Line]) -> list[Line]:
    """Return the lines that begin a notice, and those that go on below them in the same setting."""
    found: list[Line] = []
    told = set(lines_with(lines, _SIGNS))
    left = 0
    for i, line in enumerate(lines):
        match = _NOTICE.search(line.text) if i in told else None
        if match and (match.start() == 0 or len(line.text) < _LONGEST_NOTICE):
            found.append(line)
            left = _NOTICE_LINES
        elif left and i and _follows(lines[i - 1], line):
            found.append(line)
            left -= 1
        else:
            left = 0
    return found


def _follows(before: Line, line: Line) -> bool:
    """Whether a line goes on below another one; the size of a line may be that of a mark in it."""
    aligned = abs(line.x0 - before.x0) < 1 and abs(line.size - before.size) < 0.4 * max(
        line.size, before.size
    )
    same = aligned or (abs(line.size - before.size) < 0.3 and line.x0 < before.x1 and before.x0 < line.x1)
    return same and 0 < line.y1 - before.y1 < 1.6 * max(line.size, before.size)
