"""The header of GROBID's TEI → what a library catalogue says of a paper."""

import re

from lxml import etree

from carrel.core.metadata import Evidence, Metadata, Source
from carrel.core.text_language import language_of
from carrel.parsing.identifier_forms import trimmed_doi
from carrel.parsing.placed_text import readable

TEI = "{http://www.tei-c.org/ns/1.0}"

_CONFIDENCE = 0.8  # TEI tells none; about the share of headers that GROBID's own evaluation finds right
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_ARXIV = re.compile(r"(?:arxiv:)?\s*(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d")
_LONGEST_ABSTRACT = 6_000
_SAMPLE = 4_000


def read_header(root: etree._Element) -> Metadata:
    """Return the metadata that a TEI document's header gives."""
    header = root.find(f"{TEI}teiHeader")
    if header is None:
        return Metadata()
    title = header.find(f".//{TEI}titleStmt/{TEI}title")
    source = header.find(f".//{TEI}sourceDesc/{TEI}biblStruct")
    found: dict[str, object] = {
        "title": "" if title is None else content(title),
        "authors": tuple(dict.fromkeys(name for _, name in authors_of(root))),
        "abstract": _abstract(header),
        "year": _year(header),
        "venue": "" if source is None else _venue(source),
        "doi": "" if source is None else _doi(source),
        "arxiv_id": "" if source is None else _arxiv_id(source),
        "keywords": _keywords(header),
    }
    evidence = {name: Evidence(Source.SERVICE, _CONFIDENCE) for name, value in found.items() if value}
    language = _language(root)
    if language:
        evidence["language"] = Evidence(Source.TEXT, _CONFIDENCE)
    return Metadata(language=language, evidence=evidence, **found)  # type: ignore[arg-type]  # by name


def content(element: etree._Element) -> str:
    """Return all text in an element as one readable line."""
    return readable(" ".join("".join(map(str, element.itertext())).split()))


def authors_of(root: etree._Element) -> list[tuple[etree._Element, str]]:
    """Return the authors' elements and names in the order printed, given names first."""
    place = f"{TEI}teiHeader//{TEI}sourceDesc/{TEI}biblStruct/{TEI}analytic/{TEI}author/{TEI}persName"
    named = [(person, _name(person)) for person in root.iterfind(place)]
    return [(person, name) for person, name in named if name]


def _name(person: etree._Element) -> str:
    parts = [content(part) for part in person if part.tag in (f"{TEI}forename", f"{TEI}surname")]
    # GROBID takes the point from an initial.
    return " ".join(f"{part}." if len(part) == 1 and part.isupper() else part for part in parts if part)


def _abstract(header: etree._Element) -> str:
    abstract = header.find(f".//{TEI}profileDesc/{TEI}abstract")
    if abstract is None:
        return ""
    paragraphs = [_sentences(each) for each in abstract.iter(f"{TEI}p")] or [content(abstract)]
    return "\n\n".join(filter(None, paragraphs))[:_LONGEST_ABSTRACT]


def _sentences(paragraph: etree._Element) -> str:
    """Return a paragraph's text; between GROBID's sentences there is no space."""
    sentences = [content(sentence) for sentence in paragraph.iter(f"{TEI}s")]
    return " ".join(filter(None, sentences)) or content(paragraph)


def _year(header: etree._Element) -> int | None:
    for place in (f".//{TEI}publicationStmt/{TEI}date", f".//{TEI}sourceDesc//{TEI}imprint/{TEI}date"):
        for date in header.iterfind(place):
            match = _YEAR.match(date.get("when", "")) or _YEAR.search(content(date))
            if match:
                return int(match.group())
    return None


def _venue(source: etree._Element) -> str:
    for level in ("j", "m"):
        title = source.find(f"{TEI}monogr/{TEI}title[@level='{level}']")
        if title is not None and (text := content(title)):
            return text
    meeting = source.find(f"{TEI}monogr/{TEI}meeting")
    return "" if meeting is None else readable(meeting.text or "")


def _doi(source: etree._Element) -> str:
    for number in source.iterfind(f"{TEI}idno[@type='DOI']"):
        if match := _DOI.search(content(number)):
            return trimmed_doi(match.group())
    return ""


def _arxiv_id(source: etree._Element) -> str:
    for number in source.iterfind(f"{TEI}idno[@type='arXiv']"):
        if match := _ARXIV.match(content(number)):
            return match.group(1)
    return ""


def _keywords(header: etree._Element) -> tuple[str, ...]:
    keywords = header.find(f".//{TEI}textClass/{TEI}keywords")
    if keywords is None:
        return ()
    terms = [content(term) for term in keywords.iter(f"{TEI}term")]
    return tuple(dict.fromkeys(filter(None, terms or re.split(r"\s*[,;·•]\s*", content(keywords)))))


def _language(root: etree._Element) -> str:
    """Return the language of the text: told from its words, as for every parser."""
    text = root.find(f"{TEI}text")
    words = "" if text is None else content(text)
    return language_of(words[len(words) // 4 :][:_SAMPLE])
