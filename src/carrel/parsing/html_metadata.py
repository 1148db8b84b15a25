"""What an HTML page says of itself: Highwire's ``citation_`` tags, Dublin Core, author and title."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields

from lxml import etree

from carrel.core.metadata import Evidence, Metadata, Source
from carrel.parsing.identifier_forms import trimmed_doi
from carrel.parsing.pageless_metadata import names_in, turned

# In each field's order of trust. Highwire's tags are what publishers write for Google Scholar.
_NAMES: Mapping[str, Sequence[str]] = {
    "title": ("citation_title", "dc.title", "dcterms.title", "og:title"),
    "authors": ("citation_author", "citation_authors", "dc.creator", "dcterms.creator", "author"),
    "abstract": ("citation_abstract", "dcterms.abstract"),
    "year": (
        "citation_publication_date",
        "citation_date",
        "citation_online_date",
        "citation_year",
        "dcterms.issued",
        "dc.date",
        "dcterms.date",
        "article:published_time",
        "date",
    ),
    "venue": (
        "citation_journal_title",
        "citation_conference_title",
        "citation_inbook_title",
        "prism.publicationname",
    ),
    "doi": ("citation_doi", "dc.identifier", "dcterms.identifier", "prism.doi"),
    "arxiv_id": ("citation_arxiv_id",),
    "language": ("citation_language", "dc.language", "dcterms.language"),
    "keywords": ("citation_keywords", "dc.subject", "keywords"),
}
_CONFIDENCE = {"citation": 0.97, "dc": 0.9, "dcterms": 0.9, "prism": 0.9}
_OTHER_CONFIDENCE = 0.6
_HEADING_CONFIDENCE = 0.7  # of the page's only outermost heading, wherever it stands
_TITLE_CONFIDENCE = 0.5  # of <title>, which often names the site, too
_SITE = re.compile(r"\s+(?:[|—–·»:]|::|-)\s+[^|—–·»]{2,60}$")
_PATTERNS = {  # of fields of which a tag says more than is wanted
    "year": re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)"),
    "doi": re.compile(r"10\.\d{4,9}/\S+"),
    "arxiv_id": re.compile(r"\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7}"),
    "language": re.compile(r"^[A-Za-z]{2}(?=$|[-_])"),
}
_FORMS: Mapping[str, Callable[[str], object]] = {"year": int, "doi": trimmed_doi, "language": str.lower}
_SEPARATOR = re.compile(r"\s*[;；]\s*")
_LONGEST = 20_000  # characters of one entry


def said_on_page(root: etree._Element) -> Metadata:
    """Return what the page's head says."""
    entries = _entries(root)
    values: dict[str, object] = {}
    evidence: dict[str, Evidence] = {}
    for field in (each.name for each in fields(Metadata)):
        for name in _NAMES.get(field, ()):
            value = _value(field, entries.get(name, []))
            if value:
                family = re.split(r"[_.:]", name)[0]
                values[field] = value
                evidence[field] = Evidence(Source.FILE, _CONFIDENCE.get(family, _OTHER_CONFIDENCE))
                break
    if "authors" not in values and (names := tuple(_persons(root))):
        values["authors"], evidence["authors"] = names, Evidence(Source.PAGE, _HEADING_CONFIDENCE)
    headings = ["".join(each.itertext()) for each in root.iter("h1")]
    if "title" not in values and len(headings) == 1 and (heading := " ".join(headings[0].split())):
        values["title"], evidence["title"] = heading, Evidence(Source.PAGE, _HEADING_CONFIDENCE)
    if "title" not in values and (title := _title(root)):
        values["title"], evidence["title"] = title, Evidence(Source.FILE, _TITLE_CONFIDENCE)
    if "language" not in values and (language := _value("language", [(root.get("lang") or "").strip()])):
        values["language"], evidence["language"] = language, Evidence(Source.FILE, _TITLE_CONFIDENCE)
    return Metadata(**values, evidence=evidence)  # type: ignore[arg-type]  # _value knows each field's type


def _persons(root: etree._Element) -> Iterator[str]:
    """Yield the names that LaTeXML, which makes arXiv's pages, has marked as such."""
    for element in root.iter("span"):
        if "ltx_personname" in (element.get("class") or "").split():
            text = "\n".join(part for part in element.itertext() if part.strip())
            yield from (name for line in re.split(r"\n|&|\\\\", text) for name in names_in(line))


def _entries(root: etree._Element) -> dict[str, list[str]]:
    """Return the page's meta tags by name, in lower case."""
    entries: dict[str, list[str]] = {}
    for tag in root.iter("meta"):
        name = (tag.get("name") or tag.get("property") or "").strip().lower()
        content = " ".join((tag.get("content") or "")[:_LONGEST].split())
        if name and content:
            entries.setdefault(name, []).append(content)
    return entries


def _value(field: str, contents: Sequence[str]) -> object:
    """Return what the tags of one name say, as the field wants it; nothing where they do not say it."""
    if not contents:
        return None
    if field == "authors":
        return tuple(dict.fromkeys(turned(name) for each in contents for name in _people(each)))
    if field == "keywords":
        return tuple(dict.fromkeys(_words(contents)))
    if (pattern := _PATTERNS.get(field)) is None:
        return contents[0]
    found = next((match for each in contents if (match := pattern.search(each))), None)
    if found is None:
        return None
    return _FORMS.get(field, str)(found[0])


def _people(content: str) -> list[str]:
    """Return the names in one tag: one as a rule, several with semicolons or commas in old pages."""
    names = [name for name in _SEPARATOR.split(content) if name]
    if len(names) == 1 and content.count(",") > 1:
        names = [name.strip() for name in content.split(",") if name.strip()]
    return names


def _words(contents: Sequence[str]) -> Iterator[str]:
    for content in contents:
        marks = r"[;；]" if _SEPARATOR.search(content) else r"[,，、]"
        yield from (word.strip() for word in re.split(marks, content) if word.strip())


def _title(root: etree._Element) -> str:
    for tag in root.iter("title"):
        text = " ".join("".join(tag.itertext())[:_LONGEST].split())
        return _SITE.sub("", text)
    return ""
