"""The front matter of a paper: its title, and where its text begins."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from carrel.parsing.abstracts import HEAD
from carrel.parsing.headings import NUMBERED, is_named, looks_like_heading
from carrel.parsing.names import is_name, names_of
from carrel.parsing.places import is_place
from carrel.parsing.printed import Line
from carrel.parsing.typography import Typography, is_wide, measure, near

_PROSE_LINES = 3
_PROSE_LENGTH = 30  # characters; a Chinese one takes the room of two others
_COLUMN_LINE = 40  # characters; a line in the margin is shorter than one of a column
_UNCAPPED = 0.5  # share of the words of running text that begin small, German nouns or not
_FEW_UNCAPPED = 0.3  # the same where more evidence speaks for running text
_TITLE_LINES = 6
_TITLE_REACH = 0.6  # a title stands in the upper share of the first page
_WORD = re.compile(r"[^@/\\\d]+")  # no address, no number
_NO_TITLE = re.compile(
    r"(?:https?:|www\.|doi\b|arxiv\b|issn|isbn|volume\b|vol\.|copyright\b(?! \w+ing)|©|received"
    r"|accepted\b(?! \w+s\b)"
    r"|published|downloaded|proceedings of|journal of|the journal|open access(?: article.*)?$"
    r"|(?:(?:original|full|short|brief|regular|invited) )?(?:research |review )?"
    r"(?:article|paper|report|communication|letter)s?$"
    r"|letters? to the|(?:review|tutorial|perspective|editorial|survey|draft|thesis|dissertation|contents)$"
    r"|editorial board|case (?:report|study)$|special (?:issue|section)|technical (?:report|note)"
    r"|research report|working paper|discussion paper|series\s*(?:$|[:\d])|table of contents"
    r"|session \w+$|chapter \d+$|part [ivx\d]+$|preprint\s*(?:$|[\d:#-]|submitted|version|not)"
    r"|unpublished|confidential|not for distribution|manuscript\s*(?:$|[\d:#]|submitted|received|number|id\b)"
    r"|(?:master|bachelor|doctor|ph\.?\s?d|diplom|m\.?\s?sc)\S*\s+(?:\w+ )?(?:thesis|dissertation)"
    r"|a (?:thesis|dissertation)|in partial fulfil|submitted (?:to|in)|under review|presented at"
    r"|(?:the )?(?:university of [\w ]{3,30}|(?:[\w.’'-]+ ){1,3}university)$|workshop on|conference on"
    r"|.{0,20}学位论文|.{0,20}毕业(?:论文|设计)|.{2,14}(?:大学|学院)$|(?:硕士|博士)(?:研究生|论文|$)|学校代码|分类号"
    r"|密级|编号|单位代码|.{2,16}(?:学报|杂志)$|第.{1,6}[卷期]|目\s*录$|published as a)",
    re.IGNORECASE,
)
_SITE_ABOVE = re.compile(r"contents lists available|available (?:online )?at", re.IGNORECASE)
_SITE_BELOW = re.compile(r"(?:journal )?home\s?page|www\.elsevier", re.IGNORECASE)
_SUBMITTED = re.compile(r"\b(?:thesis|dissertation|submitted|fulfil|degree of)", re.IGNORECASE)
_GARBLED = re.compile(
    r"(?:\w[#<>^?!*]\w.*){2}|[<>=@;:\[\]\\^`?#]\S?[<>=@;:\[\]\\^`#]|^\([^()]*\)$|(?:[À-ÿ]{2}.*){3}[À-ÿ]{2}"
)
_SPREAD = re.compile(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])")  # ideographs set wide
_LOGO_REACH = 0.15  # of the page's height: a journal's name may be set large above the title
_TITLE_SIZE = 1.2  # of the running text's, for a title below such a name
_SUBTITLE_SIZE = 0.5  # of the title's
_SAME_SIZE = 0.04  # how much the sizes of one title's lines may differ
_SAME_WIDTH = 0.15  # the same for sizes that are told by the width of characters
_LEAST_SIZE = 2.0  # points; the sizes of some bitmap fonts say nothing
_WIDTH = 0.5  # of the font's size: about what a character takes


@dataclass(frozen=True, slots=True)
class Front:
    """The title's lines, and all lines that stand before the text (the title's among them).

    Where no text begins on page one, all its lines are ``unclear``: they may name authors, and they
    are text all the same.
    """

    title: tuple[Line, ...]
    lines: tuple[Line, ...]
    unclear: tuple[Line, ...] = ()

    @property
    def telling(self) -> tuple[Line, ...]:
        """The lines among which authors, dates and identifiers may stand."""
        return self.unclear or self.lines


def left_edge(lines: Sequence[Line], front: Sequence[Line]) -> float:
    """Return the left edge of a page's running text; 0 where there is none outside the front matter."""
    inside = {line.number for line in front}
    edges = sorted(line.x0 for line in lines if len(line.text) > _COLUMN_LINE and line.number not in inside)
    return edges[len(edges) // 10] if edges else 0.0


def find_front(lines: Sequence[Line], page_height: float, typography: Typography) -> Front:
    """Return the front matter of a paper whose first page holds these lines, in reading order."""
    tolerance = _SAME_SIZE
    if lines and median(line.size for line in lines) < _LEAST_SIZE:
        lines = [_sized_by_width(line) for line in lines]
        typography, tolerance = measure(lines), _SAME_WIDTH
    title = _title(lines, page_height, typography, tolerance) or _plain_title(lines, page_height, typography)
    if not title:
        return Front((), ())
    begin = next(i for i, line in enumerate(lines) if line.number == title[-1].number) + 1
    first = next(i for i, line in enumerate(lines) if line.number == title[0].number)
    end = _text_begins(lines, begin, typography)
    if end is None:  # nothing tells names and addresses from text: nobody would find what is called front
        return Front(title, title, tuple(lines))
    before = lines[:first]
    prose = [_is_prose(before[i : i + _PROSE_LINES], typography) for i in range(len(before))]
    above = [line for i, line in enumerate(before) if not any(prose[max(0, i - _PROSE_LINES + 1) : i + 1])]
    return Front(title, (*above, *lines[first:end]))


def _sized_by_width(line: Line) -> Line:
    return line._replace(size=(line.x1 - line.x0) / max(1, len(line.text)) / _WIDTH)


def _title(
    lines: Sequence[Line], page_height: float, typography: Typography, tolerance: float
) -> tuple[Line, ...]:
    """Return the lines of the largest font in the upper part of the page that read like a title.

    A title is larger than the text, or bold: where nothing is, there is none to be told by that.
    """
    upper = [line for line in lines if _may_be_title(line, page_height, typography)]
    runs: list[Sequence[Line]] = []
    for size in sorted({line.size for line in upper}, reverse=True)[:8]:
        run: list[Line] = []
        for line in [*upper, None]:
            if line is not None and near(line.size, size, tolerance) and (not run or _adjoins(run[-1], line)):
                run.append(line)
                continue
            if (
                run
                and _titular(run)
                and not _heads_journal(run, lines)
                and run[0] not in [each[0] for each in runs]
            ):
                runs.append(run)
            run = [line] if line is not None and near(line.size, size, tolerance) else []
        if runs and not _is_logo(runs[0], page_height):
            break
    larger = [
        run
        for run in runs[1:]
        if run[0].size > _TITLE_SIZE * typography.body and len(run[0].text.split()) > 2
    ]
    chosen = runs[0] if runs else []
    if runs and _is_logo(chosen, page_height):
        other = next((run for run in larger if not names_of(run[0].text)), chosen)
        chosen = [*chosen, *other] if other is not chosen and _adjoins(chosen[-1], other[0]) else other
    return _with_rest(chosen[:_TITLE_LINES], lines, typography)


def _may_be_title(line: Line, page_height: float, typography: Typography) -> bool:
    outstanding = line.size > 1.08 * typography.body or (line.bold and line.size > 0.95 * typography.body)
    return line.upright and line.y0 < _TITLE_REACH * page_height and outstanding


def _heads_journal(run: Sequence[Line], lines: Sequence[Line]) -> bool:
    """Whether a run is the name of a journal whose address stands right beside it."""
    top, bottom, reach = run[0].bottom, run[-1].bottom, 3 * run[0].size
    return any(
        (_SITE_ABOVE.match(line.text) and 0 < top - line.bottom < reach)
        or (_SITE_BELOW.match(line.text) and 0 < line.bottom - bottom < reach)
        for line in lines
    )


def _is_logo(run: Sequence[Line], page_height: float) -> bool:
    """Whether a run may be a journal's name: a word or two in the upper margin."""
    words = run[0].text.split()
    wide = sum(map(is_wide, run[0].text))
    return len(run) == 1 and len(words) <= 2 and wide < 6 and run[0].y0 < _LOGO_REACH * page_height


def _with_rest(run: Sequence[Line], lines: Sequence[Line], typography: Typography) -> tuple[Line, ...]:
    """Return a title with what goes on below it in another setting: a subtitle, small capitals."""
    title = list(run)
    while title and len(title) < _TITLE_LINES:
        last = title[-1]
        after = next((line for line in lines if line.number > last.number and line.upright), None)
        if after is None or not 0 < after.bottom - last.bottom < 2 * last.size:
            break
        same_height = near(after.y1 - after.y0, last.y1 - last.y0, 0.12) and after.text[:1].islower()
        capitals = (
            last.text.isupper()
            and after.text.isupper()
            and near(after.size, last.size, 0.25)
            and after.bold == last.bold
        )
        larger = after.size > 1.08 * typography.body or after.bold
        subtitle = last.text.endswith((":", "：", "—")) and larger and after.size > _SUBTITLE_SIZE * last.size
        if not (same_height or subtitle or (capitals and larger)):
            break
        title.append(after)
    return tuple(title)


def _plain_title(lines: Sequence[Line], page_height: float, typography: Typography) -> tuple[Line, ...]:
    """Return the title of a page where it is set like the text: first lines, centred or in capitals."""
    left, right = min((line.x0 for line in lines), default=0.0), max((line.x1 for line in lines), default=0.0)
    run: list[Line] = []
    for line in lines:
        centred = abs((line.x0 - left) - (right - line.x1)) < 3 * line.size and line.x0 - left > 2 * line.size
        fits = line.upright and line.y0 < _TITLE_REACH * page_height and (centred or line.text.isupper())
        if run and not (fits and _adjoins(run[-1], line)):
            break
        if fits and (run or _titular([line])):
            run.append(line)
    if not run or not _titular(run) or len(run) > 4 or _is_prose(run, typography):
        return ()
    return tuple(run)


def _adjoins(above: Line, line: Line) -> bool:
    return 0 < line.bottom - above.bottom < 2.2 * line.size and line.number - above.number <= 2


def _titular(run: Sequence[Line]) -> bool:
    text = _SPREAD.sub("", " ".join(line.text for line in run))
    if not text or _NO_TITLE.match(text) or is_named(text) or HEAD.match(text) or len(text) > 400:
        return False
    if _GARBLED.search(text) or (NUMBERED.match(text) and not text[0].isalpha()):
        return False
    letters = sum(map(str.isalpha, text))
    spaced = sum(len(word) == 1 for word in text.split())
    return letters >= 4 and letters >= 0.5 * len(text) and spaced <= 0.6 * len(text.split())


def _text_begins(lines: Sequence[Line], begin: int, typography: Typography) -> int | None:
    """Return the index of the first line of the abstract, the first heading or the first prose."""
    for i in range(begin, len(lines)):
        line = lines[i]
        if HEAD.match(line.text):
            return i
        after = lines[i + 1] if i + 1 < len(lines) else None
        if is_named(line.text) and looks_like_heading(line, lines[i - 1], after, typography):
            return i
        if _is_prose(lines[i : i + _PROSE_LINES], typography):
            return i - _heads(lines, i, begin, typography)
    return None


def _heads(lines: Sequence[Line], i: int, begin: int, typography: Typography) -> bool:
    """Whether the line before the first prose is its heading: the largest or the only bold one there."""
    if i <= begin or not looks_like_heading(lines[i - 1], lines[i - 2], lines[i], typography):
        return False
    between, line = lines[begin : i - 1], lines[i - 1]
    larger = all(line.size > 1.08 * each.size for each in between)
    bolder = line.bold and not any(each.bold for each in between) and line.size > 0.95 * lines[i].size
    return bool(between) and (larger or bolder)


def _is_prose(lines: Sequence[Line], typography: Typography) -> bool:
    """Whether lines read like running text, in whatever language, rather than names and addresses.

    Running text fills its lines, from one edge to another, at one distance; and most of its words
    are neither names nor numbers.
    """
    if len(lines) < _PROSE_LINES or lines[0].size < 0.8 * typography.body:
        return False
    *full, last = lines
    if _SUBMITTED.search(lines[0].text) or _names_author(lines[0].text):
        return False
    if any(_length(line.text) < _PROSE_LENGTH for line in full) or lines[0].text[:1].isdigit():
        return False
    if not all(0 < b.bottom - a.bottom < 2 * typography.leading for a, b in pairwise(lines)):
        return False
    share = _uncapped(lines)
    return share >= _UNCAPPED or (share >= _FEW_UNCAPPED and _is_set_as_prose(full, last))


def _names_author(text: str) -> bool:
    """Whether a line is a name and a place, as "Ada Lovelace, University of London"."""
    head, comma, tail = text.partition(",")
    return bool(comma) and is_name(head) and is_place(tail)


def _is_set_as_prose(full: Sequence[Line], last: Line) -> bool:
    """Whether lines of one font fill one column: the first may be indented, the last may be short."""
    em = last.size
    right = max(line.x1 for line in (*full, last))
    left = [line.x0 for line in (*full[1:], last)]
    return (
        all(near(line.size, em) for line in full)
        and max(left) - min(left) < 0.5 * em
        and 0 <= full[0].x0 - min(left) + 0.5 * em < 4 * em
        and all(right - line.x1 < 4 * em for line in full)
        and any(mark in line.text for line in (*full, last) for mark in (". ", ", ", "; ", ": "))
    )


def _length(text: str) -> int:
    return len(text) + sum(map(is_wide, text)) if not text.isascii() else len(text)


def _uncapped(lines: Sequence[Line]) -> float:
    """Return the share of words that do not begin with a capital, those without any case among them."""
    words = [word.strip("\"'“”„‘’«»()[].,;:!?") for line in lines for word in line.text.split()]
    plain = [word for word in words if word[:1].isalpha() and not word[0].isupper() and _WORD.fullmatch(word)]
    return len(plain) / max(1, len(words))
