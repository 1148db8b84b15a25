"""A document of a judged set as the parsers would have given it: a paper with title, abstract, text."""

import json
import re
import unicodedata
from collections.abc import Callable, Sequence
from hashlib import sha256

from carrel.core.ids import PaperId, paper_id
from carrel.core.metadata import Evidence, Metadata, Source
from carrel.core.paper import BLOCK_BREAK, NO_WORD_BOXES, Block, BlockKind, ParsedPaper
from carrel.evaluation.judged_set import Document

_LONGEST_ABSTRACT = 6000  # characters: a longer text is a whole document
_PARAGRAPHS = re.compile(r"\n\s*\n")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def hash_of(document: Document) -> str:
    """Return 64 hexadecimal digits that name what the set says of a document, its id included."""
    said = [document.id, document.title, document.abstract, document.text, document.authors, document.year]
    return sha256(json.dumps(said).encode()).hexdigest()


def paper_of(document: Document) -> PaperId:
    """Return the id under which a document is taken in."""
    return paper_id(hash_of(document))


def parsed(document: Document, language_of: Callable[[str], str]) -> ParsedPaper:
    """Return the document as a paper without pages, in the language that its text is found to be in.

    Where the set does not say which part is the abstract, a short text is both. A document that is only a
    title has that as its text.
    """
    abstract, text = _clean(document.abstract), _clean(document.text)
    title = " ".join(_clean(document.title).split())
    body = [part for part in (abstract, text) if part] or [title]
    if not abstract and len(text) <= _LONGEST_ABSTRACT:
        abstract = text
    whole, blocks = _blocks([piece for part in body for piece in _PARAGRAPHS.split(part)])
    metadata = _metadata(title, abstract, document, language_of(f"{title}\n{whole}"))
    return ParsedPaper(metadata, whole, blocks, NO_WORD_BOXES, ())


def _metadata(title: str, abstract: str, document: Document, language: str) -> Metadata:
    said = {
        "title": title,
        "abstract": abstract,
        "authors": document.authors,
        "year": document.year,
        "language": language,
    }
    evidence = {name: Evidence(Source.FILE, 1.0) for name, value in said.items() if value}
    return Metadata(
        title=title,
        authors=document.authors,
        abstract=abstract,
        year=document.year,
        language=language,
        evidence=evidence,
    )


def _blocks(paragraphs: Sequence[str]) -> tuple[str, tuple[Block, ...]]:
    blocks: list[Block] = []
    kept = [paragraph.strip("\n") for paragraph in paragraphs if paragraph.strip()]
    position = 0
    for paragraph in kept:
        blocks.append(Block(BlockKind.PARAGRAPH, position, position + len(paragraph)))
        position += len(paragraph) + len(BLOCK_BREAK)
    return BLOCK_BREAK.join(kept), tuple(blocks)


def _clean(text: str) -> str:
    return _CONTROL.sub(" ", unicodedata.normalize("NFC", text)).strip()
