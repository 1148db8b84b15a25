"""Which lines are headings, and how deep."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from carrel.parsing.printed import Line
from carrel.parsing.typography import Typography, ends_sentence, is_wide, near

MOST_CHARACTERS = 140
_LARGER = 1.08  # a heading's size over the running text's

NUMBERED = re.compile(
    r"(?P<number>(?:\d{1,2}|[A-Z])(?:\.\d{1,2}){0,4})(?P<point>\.?)\s+(?=[^\W\d_])"
    r"|(?P<roman>[IVX]{1,5})\.\s+(?=[A-Z])"
    r"|第(?P<zh>[一二三四五六七八九十\d]+)(?P<unit>[章节])"
    r"|(?P<han>[一二三四五六七八九十]{1,3})、"
)
_NAME_LIST = (
    "abstract summary keywords introduction background preliminaries motivation method methods "
    "methodology experiments experiment evaluation results discussion conclusion conclusions "
    "acknowledgements acknowledgments acknowledgement acknowledgment references bibliography appendix "
    "appendices"
)
_NAMES = _NAME_LIST.split()
_PHRASES = (
    "related work|related works|prior work|materials and methods|experimental setup|experimental results|"
    "results and discussion|discussion and conclusions?|conclusions? and future work|future work|"
    "literature review|statement of need|data availability|author contributions?|conflicts? of interest|"
    "competing interests|supplementary materials?|supporting information|index terms|works cited"
)
_EASTERN = (
    "摘要|摘 要|关键词|引言|绪论|前言|背景|相关工作|研究现状|方法|实验|结果|讨论|结论|结语|总结|"
    "致谢|参考文献|附录|"
    "要旨|概要|はじめに|序論|緒言|関連研究|手法|実験|結果|考察|おわりに|結論|謝辞|参考文献|付録"
)
_NAMED = re.compile(rf"(?:(?:{'|'.join(_NAMES)}|{_PHRASES})\s*[.:]?|(?:{_EASTERN})\s*[:：]?)", re.IGNORECASE)
ABSTRACT_NAME = re.compile(r"abstract|摘\s*要|要旨|概要|résumé|zusammenfassung|resumen", re.IGNORECASE)

# A heading in the size and weight of the text is numbered or bears a well-known name.
_PLAIN = re.compile(rf"{NUMBERED.pattern}|(?i:{_NAMED.pattern})")
_MOST_PLAIN = 70


# What is stated under a bold name is text of its section.
_STATEMENT = re.compile(
    r"(?:theorem|lemma|corollary|proposition|definition|remark|example|claim|conjecture|assumption|fact"
    r"|observation|property|axiom|exercise|定理|引理|推论|命题|定义|例)\s*[A-Z]?\d|proof\b|证明",
    re.IGNORECASE,
)
_SENTENCES = re.compile(r"[^\W_]{2}\.\)?\s+[A-Z][a-z]+\s+[a-z]")  # one ends, another begins
_LISTED = re.compile(r"\d{2,}\s")  # lines of listings are numbered on; no paper has so many sections
_SHORT = 40  # characters of a heading that is told from an item by nothing but its number
_RUN_IN = re.compile(r"\w[.:?]\s+\S")
_WORD = re.compile(r"[^\W\d_]{3}|[\u3400-\u9fff\u3040-\u30ff]")


class Style(NamedTuple):
    """What a heading looks like: its level is that of others that look the same."""

    size: float
    bold: bool
    capitals: bool


def style(line: Line) -> Style:
    """Return how a line is set."""
    return Style(round(line.size * 2) / 2, line.bold, line.text.isupper())


def numbering(text: str) -> tuple[int, str] | None:
    """Return the depth (from 1) that a heading's number gives and the rest of its text, or None."""
    match = NUMBERED.match(text)
    if match is None:
        return None
    rest = text[match.end() :].strip()
    if match["number"]:
        return match["number"].count(".") + 1, rest
    if match["unit"] == "节":
        return 2, rest
    return 1, rest


def is_named(text: str) -> bool:
    """Whether the text is one of the names that sections bear everywhere, numbered or not."""
    numbered = numbering(text)
    return _NAMED.fullmatch(numbered[1] if numbered else text.strip()) is not None


def looks_like_heading(line: Line, before: Line | None, after: Line | None, typography: Typography) -> bool:
    """Whether a line is set as a heading. ``before`` and ``after`` are its neighbours in reading order."""
    text = line.text
    larger = line.size >= _LARGER * typography.body
    if not (larger or line.bold) and (
        text[0].islower() or len(text) > _MOST_PLAIN or _PLAIN.match(text) is None
    ):
        return False  # most lines
    if (
        len(text) > MOST_CHARACTERS
        or _STATEMENT.match(text)
        or line.fixed
        or line.hyphen
        or not line.upright
        or not _wordy(text)
    ):
        return False
    apart = _apart(line, before, typography)
    # A Greek letter may begin a heading.
    small = text[0].islower() and text[0] < "\u0370"
    begins = not small and (text[0].isalnum() or is_wide(text[0]))
    if begins and is_named(text):
        return apart or line.bold or larger
    numbered = numbering(text)
    prose = _is_prose(text, numbered, before is not None and style(before) == style(line))
    if (
        prose
        or line.size < 0.93 * typography.body
        or (text[-1] in ".,;。,;" and not _may_end_so(line, numbered))
    ):
        return False
    if larger:
        return apart or numbered is not None or (before is not None and style(before) == style(line))
    alone = after is None or not (_continues(line, after) or (numbered is None and _runs_in(line, after)))
    told = _tells_by_number(text, numbered)
    # A subsection may stand at hardly more than a line's distance, below a paragraph that has ended.
    apart = apart or (told and before is not None and _ended_above(before, line, typography))
    return begins and apart and alone and (line.bold or told)


def _is_prose(text: str, numbered: tuple[int, str] | None, goes_on: bool) -> bool:
    """Whether a line set as a heading is a sentence or a line of a listing all the same.

    ``goes_on``: the line before is set like it, and may be a heading's first line.
    """
    if numbered is not None:
        return numbered[1][:1].islower() and _LISTED.match(text) is not None
    return _SENTENCES.search(text) is not None or (text[0].islower() and text[0] < "\u0370" and not goes_on)


def _may_end_so(line: Line, numbered: tuple[int, str] | None) -> bool:
    """Whether a heading ends with a full stop: one with a number, in bold or of a subsection."""
    if numbered is None:
        return False
    return line.bold or (numbered[0] >= 2 and line.text.endswith(".") and ". " not in numbered[1])


def _ended_above(before: Line, line: Line, typography: Typography) -> bool:
    step = line.bottom - before.bottom
    short = len(line.text) < _SHORT and line.x1 < before.x1
    return ends_sentence(before.text) and short and step > 1.03 * typography.leading


def _tells_by_number(text: str, numbered: tuple[int, str] | None) -> bool:
    """Whether a line in the setting of the text is a heading by its number.

    A number such as 2.1, or one before capitals, is; "2 Something" may be a sentence or a table's row.
    """
    if numbered is None:
        return False
    depth, rest = numbered
    return rest.isupper() or (depth >= 2 and text[0] != "0" and (rest[0].isupper() or is_wide(rest[0])))


def _wordy(text: str) -> bool:
    """Whether a text is made of words rather than symbols, numbers or single letters."""
    if _WORD.search(text) is None:
        return False
    letters = sum(map(str.isalpha, text))
    if letters < 0.5 * len(text) or text.count(" ") > 24:
        return False
    return letters >= 3 or (letters >= 2 and is_wide(text[-1]))


def _apart(line: Line, before: Line | None, typography: Typography) -> bool:
    """Whether more than a line's distance parts a line from the one before it."""
    if before is None or before.page != line.page or before.y0 > line.y0:
        return True
    return line.bottom - before.bottom > 1.25 * typography.leading or not near(line.size, before.size, 0.12)


def _continues(line: Line, after: Line) -> bool:
    """Whether the next line goes on in the same setting, as in a paragraph that is all bold."""
    same = after.page == line.page and after.bold == line.bold and near(after.size, line.size)
    return same and 0 < after.bottom - line.bottom < 1.35 * line.size and after.text[:1].islower()


def _runs_in(line: Line, after: Line) -> bool:
    """Whether a line begins with a bold phrase and goes on as a sentence, in which the next line follows."""
    step = after.bottom - line.bottom
    tight = after.page == line.page and near(after.size, line.size) and 0 < step < 1.35 * line.size
    return tight and _RUN_IN.search(line.text) is not None


def levels(headings: Sequence[Line]) -> list[int]:
    """Return the level of each heading: by its number, else by others set alike, else by size."""
    depths = [numbering(line.text) for line in headings]
    known: dict[Style, int] = {}
    for line, depth in zip(headings, depths, strict=True):
        if depth:
            known.setdefault(style(line), depth[0])
    for line in headings:
        if is_named(line.text):
            known.setdefault(style(line), 1)
    unknown = sorted({style(line) for line in headings} - set(known), reverse=True)
    for one in unknown:
        smaller = [level for other, level in known.items() if other[:2] < one[:2]]
        larger = [level for other, level in known.items() if other[:2] > one[:2]]
        known[one] = min(smaller) if smaller else (max(larger) + 1 if larger else 1)
    return [
        depth[0] if depth else 1 if is_named(line.text) else known[style(line)]
        for line, depth in zip(headings, depths, strict=True)
    ]
