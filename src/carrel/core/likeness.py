"""Whether two files are versions of one paper: preprint and published paper, or two copies.

The texts decide, by their estimated resemblance (``core.sketch``); how much is asked of them depends on
what else speaks for it: a title alike, an author in common, the same identifier (ADR 0014). Resemblance
measures what is common against all that either of them says; containment, which would make a chapter a
version of its book, is not asked for (Broder, "On the resemblance and containment of documents", 1997).
"""

import hashlib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from carrel.core import titles
from carrel.core.metadata import ARXIV_DOI, Metadata
from carrel.core.paper import BlockKind, ParsedPaper, is_reference_list, sections
from carrel.core.sketch import pieces, resemblance, sketch

_BY_TEXT_ALONE = 0.8
_TITLE_OR_AUTHOR = 0.5
_ALIKE_AND_AUTHOR = {titles.Alike.NEAR: 0.4, titles.Alike.SAME: 0.25}
_IDENTIFIER = 0.25
_LEAST = _IDENTIFIER_AND_TITLE = 0.15

_SHORTEST = 0.4  # of the other's length: a chapter is no version of its book
_FEWEST_PIECES_ALONE = 200  # a third of a page: shorter ones are forms, and text to fill a page with
_LONGEST_TITLE = 400  # characters: comparing titles takes time that grows with the square
_AUTHORS = 8  # whose names lead from one version to another
_TITLE_END = 16  # letters at either end of a title that lead from one version to another
_BANDS, _ROWS = 32, 3
_KEY_OF_WORDS = 1 << 62  # set in keys that are not of the text, so that they never meet those that are


@dataclass(frozen=True, slots=True)
class Likeness:
    """What two versions of a paper have in common. Empty parts are not known."""

    sketch: bytes  # of the running text; empty where there is too little of it
    pieces: int  # of the text that the sketch was made of
    title: str
    surnames: tuple[str, ...]  # folded, in the order of the authors
    identifiers: tuple[str, ...]  # "doi:…", "arxiv:…"


def likeness_of(paper: ParsedPaper) -> Likeness:
    """Return what a paper is recognised by. Takes about a quarter of a millisecond a page.

    The text is that of the paragraphs: front matter, headings, tables, footnotes and references are
    what a publisher changes.
    """
    paragraphs = (
        paper.block_text(block)
        for section in sections(paper)
        if not is_reference_list(section.name)
        for block in section.blocks
        if block.kind is BlockKind.PARAGRAPH
    )
    found = pieces("\n".join(paragraphs))
    metadata = paper.metadata
    return Likeness(
        sketch=sketch(found),
        pieces=len(found),
        title=" ".join(metadata.title.split())[:_LONGEST_TITLE],
        surnames=tuple(dict.fromkeys(filter(None, map(_surname, metadata.authors)))),
        identifiers=tuple(_identifiers(metadata)),
    )


def same_work(one: Likeness, other: Likeness) -> bool:
    """Whether two papers are versions of one. Symmetric; a paper without a sketch is nobody's version."""
    found = resemblance(one.sketch, other.sketch)
    return found >= _LEAST and found >= asked_resemblance(one, other)


def asked_resemblance(one: Likeness, other: Likeness) -> float:
    """Return how much the texts must resemble each other, in (0, 1]; infinite where nothing would do."""
    identified = not set(one.identifiers).isdisjoint(other.identifiers)
    if titles.notice(one.title) != titles.notice(other.title):
        return math.inf  # an erratum repeats the paper that it corrects
    if min(one.pieces, other.pieces) < _SHORTEST * max(one.pieces, other.pieces):
        return math.inf
    if titles.of_a_series(one.title, other.title):
        # Not even an identifier says much: it may be that of the series.
        return _BY_TEXT_ALONE if identified else math.inf
    alike = titles.alike(one.title, other.title)
    author = not set(one.surnames).isdisjoint(other.surnames)
    if identified:
        return _IDENTIFIER_AND_TITLE if alike else _IDENTIFIER
    if alike and author:
        return _ALIKE_AND_AUTHOR[alike]
    return _TITLE_OR_AUTHOR if alike or author else _by_text_alone(one, other)


def _by_text_alone(one: Likeness, other: Likeness) -> float:
    named_alike = bool(one.title) and titles.letters(one.title) == titles.letters(other.title)
    enough = min(one.pieces, other.pieces) >= _FEWEST_PIECES_ALONE
    return _BY_TEXT_ALONE if named_alike or enough else math.inf


def keys(likeness: Likeness) -> tuple[int, ...]:
    """Return numbers below 2^63 under which versions find each other: two versions nearly always share one.

    Those of the text are bands of three places of the sketch (Leskovec, Rajaraman and Ullman, "Mining
    of Massive Datasets", chapter 3): texts of resemblance 0.5 share one with a probability of 0.986,
    0.6 of 0.9996, 0.01 of 0.00003. At lower resemblance title and author, or an identifier, lead from
    one to the other.
    """
    if not likeness.sketch:
        return ()
    rows = np.frombuffer(likeness.sketch, "<u2").astype(np.int64)[: _BANDS * _ROWS].reshape(_BANDS, _ROWS)
    bands = (np.arange(_BANDS) << 48) | (rows[:, 0] << 32) | (rows[:, 1] << 16) | rows[:, 2]
    letters = titles.letters(likeness.title)
    # Titles that are alike begin or end alike; with a name, few papers share such an end.
    ends = (f"begins {letters[:_TITLE_END]}", f"ends {letters[-_TITLE_END:]}")
    names = likeness.surnames[:_AUTHORS] if titles.telling(letters) else ()
    words = [f"{name} {end}" for name in names for end in ends]
    return (*bands.tolist(), *map(_key_of_words, (*words, *likeness.identifiers)))


def _key_of_words(words: str) -> int:
    digest = hashlib.blake2b(words.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 2 | _KEY_OF_WORDS


_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "phd", "md"})
_NAME_WORD = re.compile(r"[^\W\d_]+")


def _surname(name: str) -> str:
    """Return an author's family name, folded: before the comma where there is one, else the last word."""
    before, comma, _ = name.partition(",")
    words = [str(word) for word in _NAME_WORD.findall(titles.folded(before)) if word not in _SUFFIXES]
    if comma and words:
        return words[-1]
    # "LeCun Y" is written so in some bibliographies: an initial is no family name.
    return next((word for word in reversed(words) if len(word) > 1), "")


_ARXIV_VERSION = re.compile(r"v\d+$")


def _identifiers(metadata: Metadata) -> Iterator[str]:
    doi = metadata.doi.casefold().strip()
    deposited = doi.startswith(ARXIV_DOI)
    arxiv = metadata.arxiv_id.casefold().strip() or (doi.removeprefix(ARXIV_DOI) if deposited else "")
    if doi and not deposited:
        yield f"doi:{doi}"
    if arxiv:
        yield f"arxiv:{_ARXIV_VERSION.sub('', arxiv)}"
