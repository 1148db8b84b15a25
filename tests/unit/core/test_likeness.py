"""Which papers are versions of one: the rule, and the keys by which versions find each other."""

import math
from dataclasses import replace

import numpy as np
import pytest

from carrel.core.likeness import Likeness, asked_resemblance, keys, likeness_of, same_work
from carrel.core.metadata import Metadata
from carrel.core.paper import Block, BlockKind, ParsedPaper, WordBoxes
from tests.unit.core.test_sketch import sentence_list, text

NONE = np.zeros(0, np.int32)
NO_WORDS = WordBoxes(NONE, NONE, NONE, NONE, np.zeros((0, 4), np.float32))
TITLE = "Sparse Attention for Long Documents"
METADATA = Metadata(title=TITLE, authors=("Ada Lovelace", "Alan M. Turing"), year=2020)


def paper(metadata: Metadata, *blocks: tuple[BlockKind, str]) -> ParsedPaper:
    whole, ranges = "", []
    for kind, words in blocks:
        ranges.append(Block(kind, len(whole), len(whole) + len(words), 1 if kind is BlockKind.HEADING else 0))
        whole += words + "\n\n"
    return ParsedPaper(metadata, whole, tuple(ranges), NO_WORDS, ())


def likeness(words: str, metadata: Metadata = METADATA) -> Likeness:
    return likeness_of(paper(metadata, (BlockKind.PARAGRAPH, words)))


def half_shared(share: float) -> tuple[str, str]:
    """Two texts of 60 sentences that have this share of them in common."""
    common = sentence_list(1)[: round(60 * share)]
    left = 60 - len(common)
    return (
        " ".join(common + sentence_list(2)[:left]),
        " ".join(common + sentence_list(3)[:left]),
    )


def test_only_the_running_text_counts() -> None:
    bare = likeness(text(1))
    framed = paper(
        METADATA,
        (BlockKind.FRONT, text(9)),
        (BlockKind.HEADING, "1 Introduction"),
        (BlockKind.PARAGRAPH, text(1)),
        (BlockKind.TABLE, text(8)),
        (BlockKind.FOOTNOTE, text(7)),
        (BlockKind.HEADING, "References"),
        (BlockKind.PARAGRAPH, text(6)),
        (BlockKind.REFERENCE, text(5)),
    )
    assert likeness_of(framed) == bare


@pytest.mark.parametrize(
    ("shared", "changed", "expected"),
    [
        # Title and author speak for it: a thorough revision is recognised.
        (0.6, {}, True),
        (0.2, {}, False),
        (0.6, {"title": f"{TITLE}: Extended Version", "authors": ("Turing, A.",)}, True),
        # One of them.
        (0.9, {"title": "On Reading Slowly", "authors": ("A. Lovelace",)}, True),
        (0.6, {"title": "On Reading Slowly"}, False),
        (0.9, {"authors": ("Grace Hopper",)}, True),
        (0.6, {"authors": ()}, False),
        # Nothing: only nearly the same text will do.
        (0.97, {"title": "", "authors": ()}, True),
        (0.75, {"title": "", "authors": ()}, False),
        # The same identifier.
        (0.5, {"title": "", "authors": (), "doi": "10.1000/xyz"}, True),
        (0.1, {"doi": "10.1000/xyz"}, False),
        # What is not a version, however alike.
        (1.0, {"title": f"Correction to: {TITLE}"}, False),
        (1.0, {"title": f"Supplementary material for {TITLE}", "doi": "10.1000/xyz"}, False),
    ],
)
def test_how_much_of_the_text_must_be_shared(
    shared: float, changed: dict[str, object], expected: bool
) -> None:
    one, other = half_shared(shared)
    first = likeness(one, replace(METADATA, doi="10.1000/XYZ"))
    second = likeness(other, replace(METADATA, **changed))  # type: ignore[arg-type]
    assert same_work(first, second) is expected
    assert same_work(second, first) is expected


def test_parts_of_a_series_are_not_versions_unless_they_are_the_same_deposit() -> None:
    reports = [replace(METADATA, title=f"Annual Report {year}") for year in (2019, 2020)]
    assert not same_work(*(likeness(text(1), report) for report in reports))
    deposits = [replace(r, arxiv_id=f"2001.00001v{n}") for n, r in enumerate(reports, 1)]
    assert same_work(*(likeness(text(1), deposit) for deposit in deposits))


def test_a_title_of_any_length_is_compared_in_no_time() -> None:
    endless = [replace(METADATA, title="a " * 200_000 + end) for end in ("b", "c")]
    one, other = (likeness(text(1), each) for each in endless)
    assert len(one.title) <= 400
    assert same_work(one, other)


def test_an_arxiv_id_and_its_doi_are_one_identifier() -> None:
    assert likeness("", Metadata(arxiv_id="2001.00001v3")).identifiers == ("arxiv:2001.00001",)
    assert likeness("", Metadata(doi="10.48550/arXiv.2001.00001")).identifiers == ("arxiv:2001.00001",)


def test_a_chapter_is_no_version_of_its_book() -> None:
    chapters = [text(n) for n in range(4)]
    book = likeness(" ".join(chapters), replace(METADATA, doi="10.1000/book"))
    for chapter in chapters:
        assert not same_work(book, likeness(chapter, replace(METADATA, doi="10.1000/book")))


def test_two_papers_of_one_author_with_a_text_in_common_are_two() -> None:
    one, other = half_shared(0.3)
    assert not same_work(
        likeness(one), likeness(other, replace(METADATA, title="Dense Attention, Revisited"))
    )


def test_slides_called_introduction_are_not_versions() -> None:
    slides = replace(METADATA, title="Introduction")
    one, other = half_shared(0.5)
    assert not same_work(likeness(one, slides), likeness(other, slides))
    assert same_work(likeness(one, slides), likeness(one, slides))


def test_papers_without_title_and_hardly_any_text_are_not_versions() -> None:
    nameless = Metadata()
    short = " ".join(sentence_list(1)[:8])  # has a sketch
    assert likeness(short, nameless).sketch
    assert not same_work(likeness(short, nameless), likeness(short, nameless))
    assert same_work(likeness(short), likeness(short))
    tiny = "We show that attention can be sparse."
    assert not same_work(likeness(tiny), likeness(tiny))
    assert keys(likeness(tiny)) == ()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Alan M. Turing", "turing"),
        ("Turing, Alan M.", "turing"),
        ("LeCun Y", "lecun"),
        ("Jörg Müller Jr.", "muller"),
        ("Søren Kierkegård", "kierkegard"),
        ("Ludwig van Beethoven", "beethoven"),
        ("李明", "李明"),
        ("", ""),
        ("—", ""),
    ],
)
def test_surnames_are_told_in_either_order(name: str, expected: str) -> None:
    assert likeness("", Metadata(authors=(name,))).surnames == ((expected,) if expected else ())


def test_versions_share_a_key_and_strangers_do_not() -> None:
    one, other = half_shared(0.8)
    assert set(keys(likeness(one, Metadata()))) & set(keys(likeness(other, Metadata())))
    # At low resemblance title and author lead from one to the other.
    far, away = half_shared(0.45)
    extended = replace(METADATA, title=f"{TITLE}: Extended Version", authors=("Turing, A.",))
    assert set(keys(likeness(far))) & set(keys(likeness(away, extended)))
    stranger = replace(METADATA, title="The Analytical Engine Explained")
    assert not set(keys(likeness(text(1)))) & set(keys(likeness(text(2), stranger)))


def test_keys_fit_into_the_catalog_and_are_few() -> None:
    many = replace(METADATA, authors=tuple(f"A. Author{letter}" for letter in "abcdefghijklmnop" * 20))
    found = keys(likeness(text(1), many))
    assert len(found) <= 32 + 16 + 2
    assert all(0 <= key < 1 << 63 for key in found)


def test_what_nothing_would_do_for_is_infinite() -> None:
    correction = replace(METADATA, title=f"Erratum: {TITLE}")
    assert asked_resemblance(likeness(text(1)), likeness(text(1), correction)) == math.inf
