"""Where a paper was published, as page one says: a journal with its volume, or a conference."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from carrel.core.metadata import Source
from carrel.parsing.imprint import Imprint
from carrel.parsing.printed import Line

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_VOLUME = (
    r"(?:vol(?:ume|\.)?\s*\d{1,4}|v\.\s*\d{1,3}|\d{1,4}\s*\(\s*\d{1,4}(?:[-–]\d{1,3})?\s*\)"
    r"|\d{1,4}\s*:\s*\d|\d{4}[,;]\s*\d{1,3}[,;:]"
    r"|\d{1,4}\s*,\s*(?:no\.?|issue|art|\d)|no\.\s*\d|issue\s*\d|\(\d{4}\)\s*\d{1,3}\s*:"
    r"|第\s*[\d一二三四五六七八九十]+\s*[卷期])"
)
_PROCEEDINGS = re.compile(
    r"(?P<name>(?:(?!To\b|In\b|The\b|Appear|Publish|Post)(?:[A-Z][\w’'&-]*"
    r"|\d{4})\s+){0,3}(?i:Proc(?:eedings|\.)\s+(?:of|from)\s+).{6,})"
)
_MEETING = re.compile(
    r"(?:^|[.;,:]\s*|\b(?:at|to|by|in|for)\s+(?:the\s+)?|\bthe\s+)"
    r"(?P<name>(?:(?:19|20)\d\d\s+)?(?:[A-Z][\w/&’'()-]*\s+|\d+(?:st|nd|rd|th)\s+|[A-Z]{2,}\S*\s+){0,6}"
    r"(?:Conference|Workshop|Symposium|Congress|Colloquium|Meeting of)\b(?:\s+(?:on|of|for|in)\s+.{4,}"
    r"|[^.;]{0,60}))"
)
_EDITED = re.compile(
    r"\(Eds?\.\)\s*[:,]\s*(?P<name>[^,]{3,80}(?:,\s*(?:LNCS|LNAI|LNBI|LNBIP|CCIS|IFIP AICT|AISC)\s*\d+)?)"
)
_PAPER_AT = re.compile(
    r"(?:published as an?\s+.{0,24}?paper (?:at|in)|accepted (?:at|by|for publication (?:in|by))"
    r"|to appear (?:in|at)|presented at|appear(?:s|ed) in)\s+(?:the\s+)?(?P<name>[A-Z0-9].{3,})",
    re.IGNORECASE,
)
_ACRONYM = re.compile(
    r"(?:^|\s)(?P<name>[A-Z][A-Za-z&/+-]*[A-Z][A-Za-z&/+-]*(?:\s[A-Z&][A-Za-z&/+-]*){0,2}\s?(?:['’`]\d\d"
    r"|\s(?:19|20)\d\d))(?=[,.;:)\s]|$)"
)
_JOURNAL = re.compile(
    r"^(?P<name>[A-Z][\w.&’'/()-]*(?:[,:]?\s+(?:[A-Z&][\w.&’'/()-]*|of|the|and|for|in|on|de|la|für|und|et"
    r"|e|des|der)){0,9})[,.;:|·\s]*\s*"
    rf"\(?(?:(?i:{_MONTH})\s+(?:19|20)?\d\d,?\s*)?(?:(?:19|20)\d\d[,;.]?\s+)?(?:\(?(?:19"
    rf"|20)\d\d\)?\s*[,;:]?\s*)?[|·•]?\s*(?i:{_VOLUME})"
)
# Signs of a journal's issue that need no telling name before them.
_ISSUE = re.compile(
    r"\bvol|\b(?:19|20)\d\d, \d{1,3}, \d|\d+\s*\(\d+\)\s*[:,]\s*\w?\d|^.{3,60}\s\d+ \((?:19"
    r"|20)\d\d\)\s*\w?\d+|\b\d+:\s?e?\d+",
    re.IGNORECASE,
)
_COMPANY = re.compile(
    r"(?:.*\s)?(?:AG|GmbH|IEEE|ACM|Inc|Ltd|LLC|BV|CC BY|CC|USA|UK|ISSN|ISBN|DOI|PMLR|SPRINGER)\b",
    re.IGNORECASE,
)
_KNOWN_FORM = re.compile(
    r"^(?:the\s+)?(?:(?:[A-Z][\w&’'-]*|of|and|in|for|the)\s+){0,6}(?:journal|transactions|proceedings"
    r"|letters|annals|bulletin|magazine|acta|archives|communications)\b(?:\s+(?:of|on|in|for|and|the|&"
    r"|[A-Z][\w&’'-]*)){0,9}$",
    re.IGNORECASE,
)
_PERIODICAL = re.compile(
    r"journal|transactions|letters|annals|bulletin|magazine|acta\b|archives|review|science|nature|plos"
    r"|frontiers|research|physics|^j\.|\bj\.\s|rev\.|lett\.|trans\.",
    re.IGNORECASE,
)
_HAN_JOURNAL = re.compile(
    r"(?<![\u3400-\u9fff])([\u3400-\u9fff]{0,12}(?:学报|杂志|通报|通讯|科学|研究|技术|工程|应用|学刊|评论|进展|世界|论坛|论文集"
    r"|会议))(?:[（(][\u3400-\u9fff]{2,8}[)）])?(?![\u3400-\u9fff])"
)
_HAN_NAME = re.compile(r"(?!第)[\u3400-\u9fff]{3,14}(?<![年月页期卷])")
_SPREAD = re.compile(r"(?<=[\u3400-\u9fff]) +(?=[\u3400-\u9fff])")
_HAN_VOLUME = re.compile(
    r"第\s*[\d一二三四五六七八九十〇]+\s*卷|第\s*[\d一二三四五六七八九十〇]+\s*期|vol\.?\s*\d|\d{4}\s*[,，年]",
    re.IGNORECASE,
)
_CUT = re.compile(
    r"[,.;]?\s*(?:\bACM, New York|\bIFAAMAS\b|\bpp?\.\s*\d|\bpages?\b|©|copyright|\bdoi\b|https?:|\bISBN\b"
    r"|\bISSN\b|\bPMLR\b\s*\d|all rights|permission|\beditors?\b|\bedited by\b"
    r"|\breceived\b|\baccepted\b|\bcorrespond|\bpublished\b|\bpublisher\b|\b[A-Z]\w+ & \w+ \(Eds"
    r"|\(Eds?\.\)|\bThis\b|\bwww\.).*$",
    re.IGNORECASE,
)
_NOT_VENUES = re.compile(
    r"conference (?:paper|committee)|downloaded|authorized licensed|latex class|neural gaze"
    r"|conference acronym|conference[’']17|make sure to enter|see discussions|university|department"
    r"|institute of|grant|supported|email|@|abstract|figure|arxiv|preprint|draft|under review|submitted"
    r"|edited by|received",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[^\W_]{5}[.?!])\s+(?=[A-Z])|(?<=\d\d\d\d\.)\s+(?=[A-Z])|(?<=\)\.)\s+(?=[A-Z])")
_SITE = re.compile(r"\|\s*www\.\S+\s*(?:\d+\s+)?")
_POINT = re.compile(r"[.?!]\s+(?=[A-Z])")
_DATE = re.compile(rf"(?:{_MONTH}|\d+|[\s,.])+", re.IGNORECASE)
_LONGEST = 200
_SHORTEST = 3


@dataclass(frozen=True, slots=True)
class FoundVenue:
    """A venue as printed, where it comes from and how sure it is."""

    name: str
    source: Source
    confidence: float


def find_venue(imprint: Imprint, info: Mapping[str, str], title: str) -> FoundVenue | None:
    """Return the journal, proceedings or conference that page one or the file's information names, or None.

    What is part of the ``title`` is none, though a notice may quote it.
    """
    lines = [*imprint.margin, *imprint.notices, *imprint.front]
    quoted = re.compile(r"\W+".join(map(re.escape, re.findall(r"\w+", title))) or r"(?!)", re.IGNORECASE)
    paragraphs = [quoted.sub("", text) for text in imprint.paragraphs]
    texts = [*paragraphs, *(line.text for line in imprint.front if len(line.text) < _LONGEST)]
    for pattern, confidence in (
        (_PROCEEDINGS, 0.9),
        (_EDITED, 0.85),
        (_PAPER_AT, 0.85),
        (_MEETING, 0.85),
        (_JOURNAL, 0.85),
    ):
        for text in texts:
            if (name := _named(pattern, text)) and _letters(name) not in _letters(title):
                return FoundVenue(name, Source.PAGE, confidence)
    if han := _eastern(lines):
        return FoundVenue(han, Source.PAGE, 0.75)
    subject = " ".join(info.get("Subject", "").split())
    for pattern in (_PROCEEDINGS, _JOURNAL):
        if name := _named(pattern, subject):
            return FoundVenue(name, Source.FILE, 0.6)
    for line in imprint.margin:
        if line.upright and _KNOWN_FORM.fullmatch(line.text.strip()) and len(line.text.split()) >= 2:
            return FoundVenue(_tidy(line.text), Source.PAGE, 0.6)
    for line in (*imprint.notices, *imprint.margin):
        if (
            (match := _ACRONYM.search(line.text))
            and line.upright
            and not _COMPANY.match(match["name"])
            and not _NOT_VENUES.search(line.text)
        ):
            return FoundVenue(_tidy(match["name"]), Source.PAGE, 0.55)
    return None


def _named(pattern: re.Pattern[str], text: str) -> str:
    """Return the name of the venue in a text, or nothing."""
    text = _SITE.sub("|", text)
    starts = [0, *(match.end() for match in _POINT.finditer(text))] if pattern is _JOURNAL else [0]
    for start in starts:
        match = pattern.search(text[start:])
        if match is None or (_NOT_VENUES.search(match["name"]) and pattern is not _PROCEEDINGS):
            continue
        name = match["name"]
        if pattern is not _JOURNAL and (end := _SENTENCE.search(name)):
            name = name[: end.start() + 1]
        elif _PERIODICAL.search(last := _SENTENCE.split(name)[-1]):
            name = last  # what stands before it is a title
        name = _tidy(_CUT.sub("", name))
        telling = pattern is not _JOURNAL or _PERIODICAL.search(name) or _ISSUE.search(text[start:])
        if _DATE.fullmatch(name):
            continue
        if telling and _SHORTEST <= len(name) <= _LONGEST and any(map(str.isupper, name)):
            return name
    return ""


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))


def _tidy(name: str) -> str:
    name = re.sub(r"\s+\d+\s*:\s*\d+.*$", "", name)
    name = re.sub(r"\s*\(?\s*(?:vol(?:ume)?\.?)\s*$", "", " ".join(name.split()), flags=re.IGNORECASE)
    return re.sub(r"^(?:the\b\.?|in)\s+", "", name).strip(" ,.;:|·•-–—(")


def _eastern(lines: Sequence[Line]) -> str:
    """Return the name of a Chinese journal: beside its volume and issue."""
    numbered = [line for line in lines if _HAN_VOLUME.search(line.text)]
    for line in (*numbered, *(each for each in lines if numbered and each not in numbered)):
        rest = _HAN_VOLUME.sub(" ", _SPREAD.sub("", line.text))
        near = any(abs(each.bottom - line.bottom) < 3 * line.size for each in numbered)
        if near and (match := _HAN_JOURNAL.search(rest)) and len(match.group(1)) >= _SHORTEST:
            return match.group()
    for line in lines:  # whatever stands in the row of the volume and is a name
        in_row = any(
            abs(each.bottom - line.bottom) < 0.5 * line.size for each in numbered if each is not line
        )
        if in_row and _HAN_NAME.fullmatch(_SPREAD.sub("", line.text.strip())):
            return _SPREAD.sub("", line.text.strip())
    return ""
