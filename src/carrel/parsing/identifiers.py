"""A paper's own DOI, arXiv id and year: those printed for it, never those of a paper it cites."""

import re
from collections.abc import Mapping, Sequence

from carrel.parsing.front import left_edge
from carrel.parsing.printed import Line, PrintedPage

_DOI = re.compile(r"\b(10\.\d{4,9}/[^\s\"<>{}|\\^~\[\]`]+)", re.IGNORECASE)
_DOI_LABEL = re.compile(r"(?:doi\b|(?:https?://)?(?:dx\.)?doi\.org)", re.IGNORECASE)
_ARXIV = re.compile(r"arxiv:\s*(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(v\d+)?", re.IGNORECASE)
_YEAR = re.compile(r"(?<![\d./:-])((?:19[5-9]|20[0-9])\d)(?![\d/:]|\.\d)")
_FIRST_YEAR, _LAST_YEAR = 1950, 2099
_PUBLISHED = re.compile(r"(?:published|publication date|online|出版|发表)", re.IGNORECASE)
_COPYRIGHT = re.compile(r"©|\(c\)|copyright", re.IGNORECASE)
_VENUE = re.compile(
    r"proceedings|conference|journal|workshop|symposium|transactions|letters|vol\b|volume|no\.|issue|第.{1,4}[卷期]"
    r"|\b[A-Z][A-Za-z]*[A-Z]{2,}\w*\b",
)
# A line that is nothing but a date: 2026, March 2026, 3 March 2026, 2026年3月.
_DATED = re.compile(
    r"\W*(?:(?:\d{1,2}\s+)?[A-Z][a-z]+\.?\s+(?:\d{1,2},?\s+)?)?\d{4}(?:年(?:\d{1,2}月)?(?:\d{1,2}日)?)?\W*$"
)
_ACCEPTED = re.compile(r"(?:accepted|revised|received|submitted|date|收稿|修回)", re.IGNORECASE)
_MARGIN_SHARE = 0.12


def find_doi(first_page: PrintedPage, front: Sequence[Line], info: Mapping[str, str]) -> str:
    """Return the paper's DOI in lower case, or nothing.

    It is looked for where a publisher prints it: above the text, beside it, in the outer margins; and
    in the information dictionary. Running text and references are not read.
    """
    for line in _publishers_lines(first_page, front):
        if match := _DOI.search(line.text):
            return _trimmed(match.group(1))
    for key in ("doi", "DOI", "WPS-ARTICLEDOI", "Subject", "Title", "Keywords"):
        if match := _DOI.search(info.get(key, "")):
            return _trimmed(match.group(1))
    return ""


def _trimmed(doi: str) -> str:
    doi = doi.rstrip(".,;:'”’")
    while doi.endswith(")") and doi.count("(") < doi.count(")"):
        doi = doi[:-1].rstrip(".,;:")
    return doi.lower()


def _publishers_lines(first_page: PrintedPage, front: Sequence[Line]) -> list[Line]:
    """Return the lines of page one outside the text: front matter, then margins, then labelled lines."""
    inside = {line.number for line in front}
    lines = first_page.lines
    height = first_page.size.height
    low, high = _MARGIN_SHARE * height, (1 - _MARGIN_SHARE) * height
    text_left = left_edge(lines, front)
    own = [line for line in lines if line.number in inside]
    margin = [
        line
        for line in lines
        if line.number not in inside and (line.y1 < low or line.y0 > high or line.x1 < text_left)
    ]
    labelled = [line for line in lines if _DOI_LABEL.match(line.text) and len(line.text) < 80]
    # A labelled line in the text is the paper's own only if it is alone: a list of references has more.
    return [*own, *margin, *(labelled if len(labelled) == 1 else [])]


def find_arxiv_id(first_page: Sequence[Line], info: Mapping[str, str]) -> str:
    """Return the arXiv id that is stamped on page one, without its version, or nothing."""
    for line in first_page:
        match = _ARXIV.match(line.text)
        if match and ("[" in line.text or not line.upright or len(line.text) < 40):
            return match.group(1)
    for key in ("arXivID", "Subject", "Keywords"):
        if match := _ARXIV.search(info.get(key, "")):
            return match.group(1)
    return ""


def find_year(
    first_page: PrintedPage, front: Sequence[Line], info: Mapping[str, str], arxiv_id: str
) -> int | None:
    """Return the year of publication: as printed on page one, else of the arXiv id, else of the file."""
    outside = {line.number for line in _publishers_lines(first_page, front)}
    lines = [line for line in first_page.lines if line.number in outside]
    small = [line for line in first_page.lines if line.number not in outside and _COPYRIGHT.search(line.text)]
    texts = [line.text for line in [*lines, *small]]
    for pattern in (_PUBLISHED, _COPYRIGHT, _DATED, _VENUE, _ACCEPTED):
        found = pattern.match if pattern is _DATED else pattern.search
        years = [year for i, text in enumerate(texts) if found(text) for year in _years(texts, i)]
        if years:
            return max(years)
    if arxiv_id[:4].isdecimal():
        return 2000 + int(arxiv_id[:2])
    years = [year for text in texts for year in _years([text], 0)]
    return max(years) if years else _year_of_file(info)


def _years(texts: Sequence[str], i: int) -> list[int]:
    """Return the years in a line; a label such as "Published" may stand above its date."""
    found = [int(year) for year in _YEAR.findall(texts[i])]
    if not found and len(texts[i]) < 24 and i + 1 < len(texts):
        found = [int(year) for year in _YEAR.findall(texts[i + 1])]
    return found


def _year_of_file(info: Mapping[str, str]) -> int | None:
    match = re.match(r"(?:D:)?(\d{4})", info.get("CreationDate", ""))
    year = int(match.group(1)) if match else 0
    return year if _FIRST_YEAR <= year <= _LAST_YEAR else None
