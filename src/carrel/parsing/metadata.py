"""A first reading of what a library catalogue says of a paper, from its first page."""

import re
from collections.abc import Mapping, Sequence

from carrel.core.metadata import Metadata
from carrel.core.paper import Block, BlockKind
from carrel.parsing.authors import authors_from_info, authors_on_page
from carrel.parsing.front import Front
from carrel.parsing.headings import ABSTRACT_NAME
from carrel.parsing.identifiers import find_arxiv_id, find_doi, find_year
from carrel.parsing.languages import language_of
from carrel.parsing.printed import PrintedPage

_LANGUAGE_SAMPLE = 1_200  # characters, at three places
_ABSTRACT_PREFIX = re.compile(
    r"(?:abstract|summary|摘\s*要|要旨|概要|résumé|zusammenfassung|resumen)\s*[.:：—–-]*\s*", re.IGNORECASE
)
_SUMMARY = re.compile(r"(?:\d+\.?\s+)?summary\b", re.IGNORECASE)
_LONGEST_ABSTRACT = 6_000
_TEMPLATE_TITLE = re.compile(
    r"untitled|no title|title|microsoft (?:word|powerpoint)|powerpoint presentation|slide \d|document\d*$"
    r"|.{0,80}\.(?:dvi|docx?|rtf|tex|pdf|ps|eps|qxd|indd|odt|pmd|fm|wpd|txt|html?)$|(?:print|proof|layout|manuscript)\b.{0,12}$"
    r"|paper\d*$|article\d*$|main$|full paper|\W*$|[\w-]+$|template|instructions for|preparation of papers",
    re.IGNORECASE,
)


def read_metadata(
    info: Mapping[str, str], front: Front, first_page: PrintedPage, text: str, blocks: Sequence[Block]
) -> Metadata:
    """Return the metadata of a paper.

    ``info`` is the file's own information dictionary, believed only where it is plausible;
    ``first_page`` is page one, furniture included.
    """
    printed_title = _printed_title(front)
    page = _letters("".join(line.text for line in first_page.lines if not line.text.isdecimal()))
    title = _title(info.get("Title", ""), printed_title, page)
    authors = _authors(info.get("Author", ""), front, page, first_page)
    arxiv_id = find_arxiv_id(first_page.lines, info)
    return Metadata(
        title=title,
        authors=authors,
        abstract=_abstract(text, blocks),
        year=find_year(first_page, front.telling, info, arxiv_id),
        doi=find_doi(first_page, front.telling, info),
        arxiv_id=arxiv_id,
        language=language_of(_samples(text)),
    )


def _samples(text: str) -> str:
    """Return pieces of a text: names, addresses or references may fill any one place."""
    places = (len(text) // 4, len(text) // 2, len(text) * 3 // 4)
    return "\n".join(text[place : place + _LANGUAGE_SAMPLE] for place in places)


def _letters(text: str) -> str:
    """Return only a text's letters and digits, for comparing what was typed with what was printed."""
    return "".join(filter(str.isalnum, text.lower()))


def _printed_title(front: Front) -> str:
    title = ""
    for line in front.title:
        if title.endswith("-") and line.text[:1].islower():
            title = title[:-1] + line.text
        else:
            title = f"{title} {line.text}"
    return re.sub(r"\s*[*†‡]+$", "", " ".join(title.split()))


def _title(info_title: str, printed: str, page: str) -> str:
    """Return the information dictionary's title where page one bears it out, else the printed one.

    ``page`` is all letters and digits of page one.
    """
    typed = " ".join(info_title.split())
    plausible = len(typed) >= 8 and not _TEMPLATE_TITLE.match(typed)
    if not printed:
        return typed if plausible else ""
    if not plausible or "\ufffd" in typed:
        return printed
    wanted = _letters(typed)
    # A typed title that is cut short is no better than the printed one.
    return typed if wanted in page and len(wanted) >= 0.6 * len(_letters(printed)) else printed


def _authors(info_author: str, front: Front, page: str, first_page: PrintedPage) -> tuple[str, ...]:
    """Return the longer list of the printed one and that of the file, if page one bears the latter out."""
    printed = authors_on_page(front, first_page)
    typed = authors_from_info(info_author)
    surnames = [_letters(name.split()[-1]) for name in typed]
    if typed and all(surname in page for surname in surnames) and len(typed) >= len(printed):
        return typed
    return printed or ()


def _abstract(text: str, blocks: Sequence[Block]) -> str:
    """Return the abstract: under its heading, or in a paragraph that begins with the word."""
    for i, block in enumerate(blocks[:40]):
        content = text[block.start : block.end]
        if block.kind is BlockKind.HEADING and (ABSTRACT_NAME.match(content) or _SUMMARY.match(content)):
            parts = []
            for after in blocks[i + 1 :]:
                if after.kind is not BlockKind.PARAGRAPH:
                    break
                parts.append(text[after.start : after.end])
            if parts:
                return "\n\n".join(parts)[:_LONGEST_ABSTRACT]
        if block.kind is BlockKind.PARAGRAPH and ABSTRACT_NAME.match(content):
            rest = content[prefix.end() :] if (prefix := _ABSTRACT_PREFIX.match(content)) else content
            if len(rest) > 100:
                return rest[:_LONGEST_ABSTRACT]
    return ""
