"""A paper's own DOI and arXiv id: those printed for it, never those of a template or of a work it cites."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from carrel.parsing.identifier_forms import trimmed_doi
from carrel.parsing.imprint import Imprint
from carrel.parsing.printed import Line

_DOI = re.compile(r"(?<![\d.])(10\.\d{4,9}/[^\s\"<>{}|\\^~\[\]`，；。（）]+)", re.IGNORECASE)
_DOI_LABEL = re.compile(r"doi\b|doi\.org", re.IGNORECASE)
_BROKEN = re.compile(r"(?:10\.\d{4,9}/?|10\.\d{4,9}/\S*[/.\-_(])$")
_CONTINUED = re.compile(r"[\w.\-/();:]{2,}")
# What the DOI beside it belongs to: data, software, a supplement, a funder, another version, a work cited.
_OTHERS = re.compile(
    r"\bcode\b|software|\bdata(?:set)?s?\b|\bdata availab|availab|archive|repositor|supplement|github"
    r"|zenodo\s*:|figshare|dryad|reproduc"
    r"|source code|comment on|erratum|correction to|corrected|commentary|retract|original (?:article"
    r"|paper)|related|funder|preregist"
    r"|replicat|artifact|appendix|数据|代码|软件|补充材料",
    re.IGNORECASE,
)
_TEMPLATE = re.compile(
    r"10\.\d+/(?:[nx]{3,}[.\-/\w]*|1122445\.\d+|\d*x{3,}.*|0+(?:\.0+)*|\D*|[a-z]+\.\d{4}\.(?:doi|0+)"
    r"|12345678?9?0?(?:\.12345678?9?0?)?)$"
    r"|10\.5555/1234567\S*|10\.1000/1\S*",
    re.IGNORECASE,
)
_OF_BOOK = re.compile(r"10\.\d+/(?:isbn[.:]?)?97[89](?:-?\d){10}$", re.IGNORECASE)
_OF_JOURNAL = re.compile(r"10\.\d+/\(?(?:issn[.:)-]*)?\(?\d{4}-\d{3}[\dx]\)?$", re.IGNORECASE)
_OF_FUNDER = re.compile(r"10\.13039/", re.IGNORECASE)
_ARXIV = re.compile(r"arxiv:\s*(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(v\d+)?", re.IGNORECASE)
_OLD_STYLE = re.compile(
    r"(?:astro-ph|cond-mat|gr-qc|hep-(?:ex|lat|ph|th)|math-ph|nlin|nucl-(?:ex|th)|physics|quant-ph|math|cs"
    r"|q-bio|stat)(?:\.[A-Z]{2})?/\d{7}\b"
)
_INFO_KEYS = ("doi", "DOI", "WPS-ARTICLEDOI", "Subject", "Title", "Keywords")
_SENTENCE = re.compile(r"(?<=[.。;；])\s+")


@dataclass(frozen=True, slots=True)
class Found:
    """An identifier; ``printed`` and ``typed`` say whether page one and the file's information have it."""

    value: str
    printed: bool
    typed: bool
    labelled: bool = False


def find_doi(imprint: Imprint, info: Mapping[str, str]) -> Found | None:
    """Return the paper's DOI in lower case, or None.

    It is looked for where a publisher prints it: above the text, beside it, in the outer margins, in
    notices; and in the information dictionary. Running text and references are not read.
    """
    typed = next((doi for key in _INFO_KEYS for doi in _dois(info.get(key, ""))), "")
    best, most = "", -1
    for group in (imprint.front, imprint.notices, imprint.margin):
        for i, line in enumerate(group):
            for doi in _dois(_with_rest(group, i)):
                score = _score(doi, line, group[i - 1] if i else None, typed)
                if score > most:
                    best, most = doi, score
    if not best:
        alone = {doi for line in imprint.labelled for doi in _dois(line.text)}
        # A labelled line in the text is the paper's own only if it is alone: a list of references has more.
        best = alone.pop() if len(alone) == 1 else ""
        most = 0
    if best and most >= 0:
        return Found(best, printed=True, typed=best == typed, labelled=most >= 2)
    return Found(typed, printed=False, typed=True) if typed else None


def _dois(text: str) -> list[str]:
    if "10." not in text:
        return []
    found = [trimmed_doi(match.group(1)) for match in _DOI.finditer(text)]
    return [doi for doi in found if _may_be_own(doi)]


def _may_be_own(doi: str) -> bool:
    others = (_TEMPLATE, _OF_BOOK, _OF_JOURNAL)
    return not any(pattern.fullmatch(doi) for pattern in others) and _OF_FUNDER.match(doi) is None


def _with_rest(lines: Sequence[Line], i: int) -> str:
    """Return a line's text, and the next line's first word where a DOI is broken at the line's end."""
    text = lines[i].text
    if "10." not in text or i + 1 >= len(lines) or not _BROKEN.search(text):
        return text
    after = lines[i + 1]
    below = 0 < after.bottom - lines[i].bottom < 2 * lines[i].size and after.x0 < lines[i].x1
    rest = _CONTINUED.match(after.text)
    return text + rest.group() if below and rest else text


def _score(doi: str, line: Line, before: Line | None, typed: str) -> int:
    """Return how likely a DOI is the paper's own; below 0 it is not."""
    score = 2 if _DOI_LABEL.search(line.text) else 1
    # The words of the same sentence before it say what it belongs to.
    context = line.text[: max(0, line.text.lower().find(doi[:12]))]
    if _SENTENCE.search(context) is None and before is not None and not _DOI_LABEL.match(line.text):
        near_by = 0 < line.bottom - before.bottom < 1.8 * line.size and abs(before.size - line.size) < 0.3
        context = f"{before.text} {context}" if near_by and "10." not in before.text else context
    if _OTHERS.search(_SENTENCE.split(context)[-1]):
        score -= 4
    return score + (6 if doi == typed else 0)


def find_arxiv_id(first_page: Sequence[Line], info: Mapping[str, str]) -> Found | None:
    """Return the arXiv id that is stamped on page one, without its version, or None."""
    typed = next(
        (
            m.group(1)
            for key in ("arXivID", "Subject", "Keywords", "Title")
            if (m := _ARXIV.search(info.get(key, "")))
        ),
        "",
    )
    for line in first_page:
        match = _ARXIV.match(line.text)
        if match and ("[" in line.text or not line.upright or len(line.text) < 40):
            return Found(match.group(1), printed=True, typed=match.group(1) == typed, labelled=True)
        if len(line.text) < 40 and (old := _OLD_STYLE.match(line.text)):
            return Found(old.group(), printed=True, typed=old.group() == typed)
    return Found(typed, printed=False, typed=True) if typed else None
