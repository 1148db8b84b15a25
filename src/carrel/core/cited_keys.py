"""What a paper cites, as numbers to look up: of each reference its identifiers and its likely titles.

A work has numbers of its own, by its identifiers and its title; whoever has one of them among those of their
references cites it. So it is found out when it is asked, whichever of the two papers came first, and
with the title and identifiers that people have put right.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator

import numpy as np

from carrel.core import titles
from carrel.core.identifiers import arxiv_ids_in, dois_in, identifiers_of
from carrel.core.paper import BlockKind, ParsedPaper
from carrel.core.sketch import is_wide_letter

_LEAST = 20  # letters of a title, a Chinese character counting as three: no author is looked at beside it
_LONGEST = 400
_SENTENCES = 5  # of a reference that may be its title: authors come before it, the journal after it
_QUOTED = re.compile(r"[“\"«《「]([^“”\"«»《》「」]{8,300})[”\"»》」]")
_ENDS = re.compile(r"(?<=[.。．])\s+|\.:\s+|,\s+(?=\(?(?:19|20)\d\d)|\[[A-Z]{1,2}(?:/OL)?\]")
_QUESTION = re.compile(r"[?!？！]\s")


def keys_of_references(parsed: ParsedPaper) -> bytes:
    """Return what a paper cites: 64-bit integers, little-endian, ascending; none without references."""
    references = (parsed.block_text(block) for block in parsed.blocks if block.kind is BlockKind.REFERENCE)
    keys = {key for text in references for key in keys_of_reference(" ".join(text.split()))}
    return np.array(sorted(keys), "<i8").tobytes()


def keys_of_reference(text: str) -> frozenset[int]:
    """Return the numbers of whatever work an entry of a list of references may be to."""
    identifiers = {*dois_in(text), *arxiv_ids_in(text)}
    return frozenset(map(_key, (*identifiers, *_title_letters(_likely_titles(text)))))


def keys_of_work(title: str, doi: str, arxiv_id: str) -> frozenset[int]:
    """Return the numbers by which a paper is cited; none where nothing is known that tells it from others."""
    return frozenset(map(_key, (*identifiers_of(doi, arxiv_id), *_title_letters([title]))))


def _likely_titles(text: str) -> Iterator[str]:
    """Yield what may be the title: what is quoted, and the first sentences."""
    yield from _QUOTED.findall(text)
    sentences = [part for part in _ENDS.split(text) if " " in part.strip() or _is_wide(part)]
    for sentence in sentences[:_SENTENCES]:
        yield sentence
        if (question := _QUESTION.search(sentence)) is not None:
            yield sentence[: question.start()]


def _is_wide(text: str) -> bool:
    return any(map(is_wide_letter, text))


def _title_letters(found: Iterable[str]) -> Iterator[str]:
    for title in found:
        letters = titles.letters(title[:_LONGEST])
        if sum(3 if is_wide_letter(letter) else 1 for letter in letters) >= _LEAST:
            yield f"title:{letters}"


def _key(text: str) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
