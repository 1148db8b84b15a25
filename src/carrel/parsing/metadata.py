"""What a library catalogue says of a paper: read from page one first, from the file's information second.

Confidence, of every field, is a judgement on one scale:

- 0.95 to 1: printed where such an entry belongs, and the file's own information agrees (or the form
  leaves no doubt, as a stamped arXiv id or the heading "Abstract").
- 0.8 to 0.95: printed, with nothing that confirms it.
- 0.55 to 0.8: concluded from how it is set or from what stands near it.
- below 0.55: only the file's information says so, or it is a last resort.
"""

from collections.abc import Mapping, Sequence

from carrel.core.metadata import Evidence, Metadata, Source
from carrel.core.paper import Block
from carrel.core.text_language import language_of, samples
from carrel.parsing.abstracts import find_abstract
from carrel.parsing.authors import authors_from_info, authors_on_page
from carrel.parsing.front import Front
from carrel.parsing.identifiers import Found, find_arxiv_id, find_doi
from carrel.parsing.imprint import in_margin, read_imprint
from carrel.parsing.keywords import find_keywords, keywords_of_info
from carrel.parsing.printed import Line, PrintedPage
from carrel.parsing.titles import choose_title, printed_title
from carrel.parsing.typography import is_wide
from carrel.parsing.venues import find_venue
from carrel.parsing.years import find_year

_NOTHING = Evidence(Source.PAGE, 0)
_EASTERN = frozenset(["zh", "ja", "ko"])


def read_metadata(
    info: Mapping[str, str],
    front: Front,
    first_page: PrintedPage,
    running_heads: Sequence[Line],
    text: str,
    blocks: Sequence[Block],
) -> Metadata:
    """Return the metadata of a paper.

    ``info`` is the file's own information dictionary, believed only where it is plausible;
    ``first_page`` is page one, furniture included; ``running_heads`` are those of page two, asked where
    page one names no year or venue.
    """
    page = _letters("".join(line.text for line in first_page.lines if not line.text.isdecimal()))
    imprint = read_imprint(first_page, front)
    evidence: dict[str, Evidence] = {}
    title = choose_title(info.get("Title", ""), printed_title(front, first_page.words), page)
    authors = _authors(info.get("Author", ""), front, page, first_page, evidence)
    language = _language(title.text, text)
    abstract = find_abstract(text, blocks, first_page.lines, language)
    doi = _identified("doi", find_doi(imprint, info), evidence)
    arxiv_id = _identified("arxiv_id", find_arxiv_id(first_page.lines, info), evidence)
    year = find_year(imprint, running_heads, info, arxiv_id)
    venue = find_venue(imprint, info, title.text) or find_venue(in_margin(running_heads), {}, title.text)
    evidence |= {
        "title": Evidence(title.source, title.confidence if title.text else 0),
        "abstract": Evidence(Source.PAGE, abstract.confidence if abstract else 0),
        "year": Evidence(year.source, year.confidence) if year else _NOTHING,
        "venue": Evidence(venue.source, venue.confidence) if venue else _NOTHING,
        "language": Evidence(Source.TEXT, 0.95 if language else 0),
    }
    keywords = _keywords(info, first_page, text, blocks, language, evidence)
    return Metadata(
        title=title.text,
        authors=authors,
        abstract=abstract.text if abstract else "",
        year=year.year if year else None,
        venue=venue.name if venue else "",
        doi=doi,
        arxiv_id=arxiv_id,
        language=language,
        keywords=keywords,
        evidence={field: said for field, said in evidence.items() if said.confidence},
    )


def _language(title: str, text: str) -> str:
    """Return the language of a paper: of its text; an Eastern title tells, whatever stands beside it."""
    found = language_of(samples(text))
    eastern = sum(map(is_wide, title)) > 1 and found not in _EASTERN
    return (language_of(title) or found) if eastern else found


def _letters(text: str) -> str:
    """Return only a text's letters and digits, for comparing what was typed with what was printed."""
    return "".join(filter(str.isalnum, text.lower()))


def _identified(field: str, found: Found | None, evidence: dict[str, Evidence]) -> str:
    """Return an identifier and note where it comes from."""
    if found is None:
        return ""
    source = Source.PAGE if found.printed else Source.FILE
    confidence = 0.5 if not found.printed else 0.99 if found.typed else 0.95 if found.labelled else 0.85
    evidence[field] = Evidence(source, confidence)
    return found.value


def _authors(
    info_author: str, front: Front, page: str, first_page: PrintedPage, evidence: dict[str, Evidence]
) -> tuple[str, ...]:
    """Return the printed authors, or those of the file where page one bears them out and has fewer."""
    printed = authors_on_page(front, first_page)
    typed = authors_from_info(info_author)
    families = [_letters(name.split()[-1]) for name in typed]
    borne_out = bool(typed) and all(family in page for family in families)
    read = [_letters(name.split()[-1]) for name in printed]
    agreed = borne_out and set(families) <= set(read)
    if borne_out and not agreed and len(typed) >= len(printed):
        evidence["authors"] = Evidence(Source.FILE, 0.75)
        return typed
    if printed:
        evidence["authors"] = Evidence(Source.PAGE, 0.98 if agreed and len(typed) == len(printed) else 0.85)
        return printed
    if typed and not page:
        evidence["authors"] = Evidence(Source.FILE, 0.3)
        return typed
    return ()


def _keywords(
    info: Mapping[str, str],
    first_page: PrintedPage,
    text: str,
    blocks: Sequence[Block],
    language: str,
    evidence: dict[str, Evidence],
) -> tuple[str, ...]:
    """Return the printed keywords, else those of the file."""
    if printed := find_keywords(first_page.lines, text, blocks, language):
        evidence["keywords"] = Evidence(Source.PAGE, 0.9)
        return printed
    if typed := keywords_of_info(info):
        evidence["keywords"] = Evidence(Source.FILE, 0.5)
        return typed
    return ()
