"""What can be told of a paper from Unstructured's elements, which name a title and nothing else."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from carrel.core.metadata import Evidence, Metadata, Source
from carrel.core.paper import BlockKind
from carrel.core.text_language import language_of
from carrel.parsing.authors import authors_from_info
from carrel.parsing.headings import ABSTRACT_NAME, is_named
from carrel.parsing.identifier_forms import trimmed_doi, year_of_arxiv
from carrel.parsing.placed_text import PlacedBlock

_TITLE, _AUTHORS, _REST = 0.6, 0.4, 0.5  # confidences: by type, by place and shape, by pattern
_FROM_IDENTIFIER = 0.8
_FEWEST_LETTERS = 4  # of a title
_MOST_AUTHOR_ELEMENTS = 6
_LONGEST_AUTHORS = 5_000  # characters: no list of names, and not worth a look
_NAMES_SHARE = 0.6  # of an element's letters: below, it is no list of names
_DOI = re.compile(r"(?:doi\.org/|\bdoi:?\s*)(10\.\d{4,9}/[^\s\"<>{}|\\^~\[\]`]+)", re.IGNORECASE)
_ARXIV = re.compile(r"\barxiv:\s*(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})", re.IGNORECASE)
_PUBLISHED = re.compile(r"(?:©|\(c\)|copyright|published)\D{0,30}((?:19|20)\d\d)\b", re.IGNORECASE)
_ABSTRACT_PREFIX = re.compile(rf"(?:{ABSTRACT_NAME.pattern})\s*[.:：—–-]*\s*", re.IGNORECASE)
_LONGEST_ABSTRACT = 6_000
_SAMPLE = 4_000


@dataclass(frozen=True, slots=True)
class Front:
    """The title, the authors below it, and which elements they are, by number."""

    title: str = ""
    authors: tuple[str, ...] = ()
    elements: frozenset[int] = frozenset()


def find_front(elements: Sequence[tuple[str, str, int]]) -> Front:
    """Return the title and authors among elements, each a type, a text and a page.

    The title is the first element of that type on page one; authors are what has the shape of a list
    of names right below it.
    """
    first = (
        i for i, (kind, text, page) in enumerate(elements) if kind == "Title" and page <= 1 and _told(text)
    )
    at = next(first, None)
    if at is None:
        return Front()
    names: list[str] = []
    own = {at}
    for i in range(at + 1, min(at + 1 + _MOST_AUTHOR_ELEMENTS, len(elements))):
        text = elements[i][1]
        if is_named(text) or len(text) > _LONGEST_AUTHORS:
            break
        found = authors_from_info(text)
        letters = sum(map(str.isalpha, text))
        if not found or sum(map(str.isalpha, "".join(found))) < _NAMES_SHARE * letters:
            if names:
                break
            continue
        names += found
        own.add(i)
    return Front(elements[at][1], tuple(dict.fromkeys(names)), frozenset(own))


def read_metadata(front: Front, texts: Iterable[tuple[int, str]], blocks: Sequence[PlacedBlock]) -> Metadata:
    """Return the metadata: of the front matter, of page one's text, of the abstract's block.

    ``texts`` are the pages and texts of all elements, furniture included.
    """
    page_one = "\n".join(text for page, text in texts if page <= 1)
    running = " ".join(_text(block) for block in blocks if block.kind is BlockKind.PARAGRAPH)
    arxiv = _ARXIV.search(page_one)
    doi = _DOI.search(page_one)
    arxiv_id = arxiv.group(1) if arxiv else ""
    found: dict[str, tuple[object, Evidence]] = {
        "title": (front.title, Evidence(Source.SERVICE, _TITLE)),
        "authors": (front.authors, Evidence(Source.SERVICE, _AUTHORS)),
        "abstract": (_abstract(blocks), Evidence(Source.SERVICE, _REST)),
        "year": _year(page_one, arxiv_id),
        "doi": (trimmed_doi(doi.group(1)) if doi else "", Evidence(Source.PAGE, _REST)),
        "arxiv_id": (arxiv_id, Evidence(Source.PAGE, _REST)),
        "language": (language_of(running[:_SAMPLE]), Evidence(Source.TEXT, _REST)),
    }
    values = {name: value for name, (value, _) in found.items()}
    evidence = {name: each for name, (value, each) in found.items() if value}
    return Metadata(evidence=evidence, **values)  # type: ignore[arg-type]  # by name


def _told(text: str) -> bool:
    return sum(map(str.isalpha, text)) >= _FEWEST_LETTERS and not is_named(text)


def _text(block: PlacedBlock) -> str:
    return " ".join(piece.text for piece in block.pieces)


def _year(page_one: str, arxiv_id: str) -> tuple[int | None, Evidence]:
    if match := _PUBLISHED.search(page_one):
        return int(match.group(1)), Evidence(Source.PAGE, _REST)
    if year := year_of_arxiv(arxiv_id):
        return year, Evidence(Source.IDENTIFIER, _FROM_IDENTIFIER)
    return None, Evidence(Source.PAGE, 0.0)


def _abstract(blocks: Sequence[PlacedBlock]) -> str:
    """Return the paragraphs under the heading "Abstract", or one that begins with the word."""
    for i, block in enumerate(blocks):
        match = _ABSTRACT_PREFIX.match(_text(block))
        if match is None:
            continue
        if block.kind is BlockKind.PARAGRAPH:
            return _text(block)[match.end() :][:_LONGEST_ABSTRACT]
        if block.kind is BlockKind.HEADING:
            under = []
            for after in blocks[i + 1 :]:
                if after.kind is not BlockKind.PARAGRAPH:
                    break
                under.append(_text(after))
            return "\n\n".join(under)[:_LONGEST_ABSTRACT]
    return ""
