"""The title: as printed, or as the file says where page one bears that out."""

import re
from dataclasses import dataclass

from carrel.core.metadata import Source
from carrel.parsing.author_cells import unmarked
from carrel.parsing.front import Front
from carrel.parsing.printed import Words

_TEMPLATE = re.compile(
    r"untitled|no title|title|microsoft (?:word|powerpoint)|powerpoint presentation|slide \d|document\d*$"
    r"|.{0,80}\.(?:dvi|docx?|rtf|tex|pdf|ps|eps|qxd|indd|odt|pmd|fm|wpd|txt|html?)$|(?:print|proof|layout"
    r"|manuscript)\b.{0,12}$"
    r"|paper\d*$|article\d*$|main$|full paper|\W*$|[\w-]+$|template|instructions for|preparation of papers"
    r"|arxiv:|doi:|10\.\d{4,}/|\d+\.\.\d+|pii:|论文题目|毕业论文",
    re.IGNORECASE,
)
_STAMP = re.compile(r"(?:arxiv:\S+\s+)?\[[\w.\-]+\]\s+\d{1,2}\s+[A-Z][a-z]{2}\s+\d{4}\s+", re.IGNORECASE)
_LABEL = re.compile(r"(?:论文)?题\s*目\s*[:：]\s*|title\s*:\s+", re.IGNORECASE)
_MARKS = re.compile(r"[\s,]*[*∗†‡§¶⋆★☆✩✶]+(?:,[*∗†‡§¶⋆★☆✩✶]+)*,?$|(?<=[a-z])[*∗†‡§¶⋆★☆✩]+(?=:)")
_HAN_SPACE = re.compile(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])")
_SHORTEST_TYPED = 8


@dataclass(frozen=True, slots=True)
class ChosenTitle:
    """A title, where it comes from and how sure it is."""

    text: str
    source: Source
    confidence: float


def printed_title(front: Front, words: Words) -> str:
    """Return the title as printed, without the marks of notes; ``words`` are those of page one."""
    title = ""
    for line in front.title:
        text = unmarked(line, words)
        divided = title.endswith("-") and text[:1].islower()
        title = title[:-1] + text if divided else f"{title} {text}"
    title = _LABEL.sub("", _STAMP.sub("", " ".join(title.split())), count=1)
    title = _MARKS.sub("", title)
    # Wide setting puts spaces between ideographs.
    return _HAN_SPACE.sub("", title)


def choose_title(typed: str, printed: str, page: str) -> ChosenTitle:
    """Return the file's title where page one bears it out, else the printed one.

    ``page`` is all letters and digits of page one.
    """
    typed = " ".join(typed.split())
    plausible = len(typed) >= _SHORTEST_TYPED and not _TEMPLATE.match(typed) and "\ufffd" not in typed
    wanted, found = _letters(typed), _letters(printed)
    if not printed:
        borne_out = plausible and bool(wanted) and wanted in page
        return ChosenTitle(typed if plausible else "", Source.FILE, 0.7 if borne_out else 0.4)
    if plausible and wanted == found:
        return ChosenTitle(typed if not typed.isupper() else printed, Source.PAGE, 0.99)
    # A typed title that is cut short is no better than the printed one.
    if plausible and wanted in page and len(wanted) >= 0.6 * len(found):
        return ChosenTitle(typed, Source.FILE, 0.9)
    return ChosenTitle(printed, Source.PAGE, 0.85)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))
