"""The real papers, where they are: floors for what is read from them, and that no file ends the parser."""

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import TypedDict

import numpy as np
import pytest

from carrel.core.errors import PaperError, ParserCrashed
from carrel.core.paper import BlockKind, ParsedPaper
from carrel.parsing.pdfium_parser import PdfiumParser

_SHORTEST_ABSTRACT = 100


class Truth(TypedDict, total=False):
    title: str
    authors: list[str]
    year: int
    doi: str
    abstract: str


@dataclass(frozen=True)
class Judged:
    """A real paper as it was parsed, and what is known of it."""

    collection: str
    paper: ParsedPaper
    truth: Truth


@pytest.fixture(scope="module")
def parser() -> Iterator[PdfiumParser]:
    parser = PdfiumParser(workers=2, seconds=60, memory_mb=1024, max_pages=2000)
    yield parser
    parser.close()


@pytest.fixture(scope="module")
def judged(real_papers: Path, parser: PdfiumParser) -> list[Judged]:
    found = []
    for line in (real_papers / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        path = real_papers.parent / entry["file"]
        if entry.get("truth"):
            found.append(Judged(path.parent.name, parser.parse(path, path.name), entry["truth"]))
    assert len(found) == 80
    return found


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", unescape(text)).lower()))


def _surname(name: str) -> str:
    name = unescape(name)
    return _plain(name.split(",")[0] if "," in name else name.split()[-1])


def _share(hits: list[bool]) -> float:
    return sum(hits) / len(hits)


def test_titles_years_and_authors(judged: list[Judged]) -> None:
    def right(key: str, get: str) -> list[bool]:
        return [getattr(each.paper.metadata, get) == each.truth.get(key) for each in judged]

    titles = [_plain(each.paper.metadata.title) == _plain(each.truth["title"]) for each in judged]
    assert _share(titles) >= 0.98
    assert _share(right("year", "year")) >= 0.95
    authors = [
        {_surname(name) for name in each.paper.metadata.authors} == set(map(_surname, each.truth["authors"]))
        for each in judged
        if each.truth.get("authors")
    ]
    assert _share(authors) >= 0.95


def test_a_cited_doi_never_wins(judged: list[Judged]) -> None:
    for each in judged:
        assert each.paper.metadata.doi in ("", each.truth.get("doi", "").lower())
    printed = [bool(each.paper.metadata.doi) for each in judged if each.collection in ("jose", "rescience")]
    assert all(printed)


def test_abstracts_that_are_printed_as_such(judged: list[Judged]) -> None:
    for each in judged:
        if each.collection == "pmlr":
            wanted, found = each.truth["abstract"].split(), each.paper.metadata.abstract.split()
            assert len(set(wanted) & set(found)) >= 0.8 * len(set(wanted))


def test_structure_is_consistent(judged: list[Judged]) -> None:
    for each in judged:
        paper, words = each.paper, each.paper.words
        assert np.all(np.diff(words.start) >= 0)
        assert np.all(np.diff(words.end) >= 0)
        assert np.all(words.start < words.end)
        sizes = np.array([(size.width, size.height) for size in paper.pages], np.float32)[words.page - 1]
        assert np.all(words.box >= 0)
        assert np.all(words.box[:, 2:] <= sizes + 0.02)
        kinds = {block.kind for block in paper.blocks}
        assert {BlockKind.FRONT, BlockKind.PARAGRAPH} <= kinds
        assert paper.metadata.language == "en"
        assert not re.search("[\x00-\x08\x0b-\x1f\ufffe\ufffd\ud800-\udfff]", paper.text)


def test_nearly_every_paper_has_sections_and_references(judged: list[Judged]) -> None:
    headings = [
        [each.paper.block_text(block) for block in each.paper.blocks if block.kind is BlockKind.HEADING]
        for each in judged
    ]
    assert _share([len(found) >= 3 for found in headings]) >= 0.95
    assert (
        _share([any("eferences" in name or "REFERENCES" in name for name in found) for found in headings])
        >= 0.9
    )


def test_every_letter_of_the_text_belongs_to_a_word(judged: list[Judged]) -> None:
    for each in judged:
        letters = sum(map(str.isalnum, each.paper.text))
        in_words = sum(
            sum(map(str.isalnum, each.paper.text[start:end]))
            for start, end in zip(each.paper.words.start, each.paper.words.end, strict=True)
        )
        assert in_words == letters


def test_hyphens_at_line_ends_are_mended(judged: list[Judged]) -> None:
    texts = " ".join(each.paper.text for each in judged)
    assert len(re.findall(r"[a-z]- [a-z]", texts)) < 0.0002 * len(texts.split())


def test_every_odd_file_is_read_or_named(real_papers: Path, parser: PdfiumParser) -> None:
    files = sorted((real_papers / "weird").glob("*.pdf"))
    assert len(files) == 83
    read = 0
    for path in files:
        try:
            paper = parser.parse(path, path.name)
        except ParserCrashed:
            raise
        except PaperError:
            continue
        read += 1
        assert paper.text
    assert read >= 36
