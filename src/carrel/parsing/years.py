"""The year a paper was published in: as printed on page one, never that of a work it cites."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from carrel.core.metadata import Source
from carrel.parsing.identifier_forms import year_of_arxiv
from carrel.parsing.imprint import Imprint
from carrel.parsing.printed import Line

_YEAR = re.compile(
    r"(?<![\d./:–—-])((?:19[5-9]|20[0-4])\d)(?![\d/:]|\.\d|\s*[–—-]\s*\d)|(?<=[/.-])((?:19|20)\d\d)(?=$"
    r"|[\s,;)])|(?<![\d./:–—])((?:19[5-9]|20[0-4])\d)(?=[-/.]\d{1,2}(?:[-/.]\d{1,2})?(?!\d))"
)
_SHORT = re.compile(r"\b[A-Z][A-Za-z&/ ]{1,24}\s?['’`](\d\d)\b")
_FIRST_YEAR, _LAST_YEAR = 1950, 2049
_FIRST_PDF = 1993  # a file that says it is older was written by a machine without a clock
_PAGES = re.compile(
    r"(?:pages?|pp?\.)\s*\d+\s*[–—-]+\s*\d+|\d+\s*[–—]+\s*\d+|:\s*\d+\s*-\s*\d+",
    re.IGNORECASE,
)
_PUBLISHED = re.compile(
    r"(?:published|publication date|available online|online|出版|发表|刊出)", re.IGNORECASE
)
_COPYRIGHT = re.compile(r"©|\(c\)|copyright|(?:^|\s)c (?=(?:19|20)\d\d\b)", re.IGNORECASE)
_VENUE = re.compile(
    r"proceedings|conference|journal|workshop|symposium|transactions|letters|vol\b|volume|no\.|issue"
    r"|第.{1,4}[卷期]"
    r"|published as|to appear|\b[A-Z][A-Za-z]*[A-Z]{2,}\w*\b|\b\d{1,4}\s*\((?:19|20)\d\d\)|\(\d{1,3}\)"
    r"|\b(?:19|20)\d\d,\s*\d{1,3},"
)
# A line that is nothing but a date: 2026, March 2026, 3 March 2026, 2026年3月, 二〇二六年三月.
_DATED = re.compile(
    r"\W*(?:date\s*:?\s*)?(?:(?:\d{1,2}(?:st|nd|rd|th)?\s+)?[^\W\d_]+\.?,?\s+(?:\d{1,2}(?:st|nd|rd"
    r"|th)?,?\s+)?)?\d{4}"
    r"(?:\s*年\s*(?:\d{1,2}\s*月)?\s*(?:\d{1,2}\s*日)?)?\W*$|\W*(?:(?:19"
    r"|20)\d\d)[-/.]\d{1,2}(?:[-/.]\d{1,2})?\W*$",
    re.IGNORECASE,
)
_ACCEPTED = re.compile(r"(?:accepted|录用)", re.IGNORECASE)
_RECEIVED = re.compile(r"(?:revised|received|submitted|manuscript|date|compiled|收稿|修回)", re.IGNORECASE)
# What a year stands beside, the surest first.
_SIGNS = (
    (_PUBLISHED, 0.95),
    (_COPYRIGHT, 0.9),
    (_DATED, 0.85),
    (_VENUE, 0.9),
    (_ACCEPTED, 0.8),
    (_RECEIVED, 0.7),
)
_HAN_YEAR = re.compile(r"[二一][〇○零O0九][〇○零O0一二三四五六七八九]{2}年")
_HAN_DIGITS = str.maketrans("〇○零O一二三四五六七八九", "0000123456789")
_OF_RUNNING_HEAD = 0.7
_LABEL_LENGTH = 24  # characters; a label such as "Published" may stand above its date


@dataclass(frozen=True, slots=True)
class FoundYear:
    """A year, where it comes from and how sure it is."""

    year: int
    source: Source
    confidence: float


def find_year(
    imprint: Imprint, running_heads: Sequence[Line], info: Mapping[str, str], arxiv_id: str
) -> FoundYear | None:
    """Return the year of publication: as page one says, the running heads, the arXiv id, or the file.

    The first of these that says one counts; a year that stands alone on page one counts after the arXiv id.
    """
    texts = _texts(imprint.outside)
    latest = _year_of_file(info)
    if found := _beside_signs(texts, latest):
        return found
    # A template's head is often last year's: a file made the year after it tells more.
    if (found := _beside_signs(_texts(running_heads), latest)) and latest != found.year + 1:
        return replace(found, confidence=_OF_RUNNING_HEAD)
    if arxiv_id and (year := year_of_arxiv(arxiv_id)):
        return FoundYear(year, Source.IDENTIFIER, 0.8)
    years = _plausible([year for text in texts for year in _years([text], 0)], latest)
    short = _plausible([_long(int(year)) for text in texts for year in _SHORT.findall(text)], latest)
    if years or short:
        return FoundYear(max(years or short), Source.PAGE, 0.6)
    return FoundYear(latest, Source.FILE, 0.3) if latest else None


def _texts(lines: Sequence[Line]) -> list[str]:
    return [_PAGES.sub(" ", _spelt(line)) for line in lines]


def _beside_signs(texts: Sequence[str], latest: int | None) -> FoundYear | None:
    """Return the year that stands beside the surest sign of a publication."""
    for pattern, confidence in _SIGNS:
        found = pattern.match if pattern is _DATED else pattern.search
        years = [year for i, text in enumerate(texts) if found(text) for year in _years(texts, i)]
        years = _plausible(years, latest)
        if years:
            same = latest is not None and max(years) in (latest, latest - 1)
            return FoundYear(max(years), Source.PAGE, min(0.98, confidence + 0.05 * same))
    return None


def _spelt(line: Line) -> str:
    """Return a line's text with a year in Chinese numerals as digits."""
    if "年" not in line.text:
        return line.text
    return _HAN_YEAR.sub(lambda match: match.group().translate(_HAN_DIGITS), line.text.replace(" ", ""))


def _plausible(years: Sequence[int], latest: int | None) -> list[int]:
    """Return the years that are not later than the file by more than two, if any: others may be pages.

    Where all are later, the clock of the machine that wrote the file was wrong.
    """
    before = [year for year in years if latest is not None and year <= latest + 2]
    return before or list(years)


def _years(texts: Sequence[str], i: int) -> list[int]:
    """Return the years in a line; a label such as "Published" may stand above its date."""
    found = _all_years(texts[i])
    if not found and len(texts[i]) < _LABEL_LENGTH and i + 1 < len(texts):
        found = _all_years(texts[i + 1])
    return found


def _all_years(text: str) -> list[int]:
    return [int(year) for groups in _YEAR.findall(text) for year in groups if year]


def _long(year: int) -> int:
    return 1900 + year if year >= _FIRST_YEAR % 100 else 2000 + year


def _year_of_file(info: Mapping[str, str]) -> int | None:
    match = re.match(r"(?:D:)?(\d{4})", info.get("CreationDate", ""))
    year = int(match.group(1)) if match else 0
    return year if _FIRST_PDF <= year <= _LAST_YEAR else None
