"""Papers by what a field of theirs says: what the database leaves out is what reading every value would."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.core.author_names import wanted_names
from carrel.core.corrections import Correction
from carrel.core.identifiers import identifier_of
from carrel.core.ids import KnowledgeBaseId, PaperId, new_knowledge_base_id
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.metadata import Metadata
from carrel.search.fields import (
    with_authors,
    with_identifiers,
    with_phrase_in_name,
    with_titles,
    with_word_in_name,
)
from carrel.search.phrases import phrase
from carrel.storage import corrections, knowledge_bases, papers
from carrel.storage.database import Catalog, Transaction
from carrel.storage.field_values import Held, in_years, newest_first, values_with
from tests.catalogs import CATALOGS
from tests.contract.test_catalog import paper, parsed, sha

PAPERS = [
    Metadata(title="Sparse ATTENTION, at 100%", authors=("Ada Smith",), year=2019, doi="10.1145/A_b"),
    Metadata(title="Naïve sparse attention", authors=("José Núñez", "Wei Wang"), year=2020),
    Metadata(
        title="ＳＰＡＲＳＥ ａｔｔｅｎｔｉｏｎ", authors=("Søren Ærø",), doi="https://doi.org/10.1145/Axb"
    ),
    Metadata(title="稀疏注意力 in C++", authors=("王伟",), year=2021, arxiv_id="1706.03762"),
    Metadata(title="Inattention; sparse", authors=('O\'Neil "Bo" Smithson',), doi="10.1000%2F182"),
    Metadata(title="Misread", authors=("Nobody",), year=1066, doi="10.48550/arXiv.2001.00001v2"),
]
RIGHT = {"title": "Dense attention", "authors": ["Ada Lovelace"], "year": 2022, "doi": "10.1000/7"}


@pytest.fixture(params=CATALOGS)
def tx(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Transaction]:
    """Six papers in one knowledge base; the last is corrected there, and in another it is not."""
    with CATALOGS[request.param](tmp_path / "home") as opener:
        catalog: Catalog = opener(60.0)
        with catalog.write() as tx:
            for name in ("one", "another"):
                knowledge_bases.create(tx, KnowledgeBase(KnowledgeBaseId(new_knowledge_base_id()), name))
            one, another = (knowledge_bases.by_id(tx, each) for each in shelves(tx))
            for number, metadata in enumerate(PAPERS):
                papers.register(tx, paper(number), sha(number), 1000)
                papers.publish(tx, one, paper(number), "a.pdf", parsed(metadata, 1), [])
            papers.publish(tx, another, paper(5), "a.pdf", parsed(PAPERS[5], 1), [])
            made = [
                Correction(field, tuple(value) if isinstance(value, list) else value, "", "", "2026")  # type: ignore[arg-type]
                for field, value in RIGHT.items()
            ]
            corrections.put(tx, one.id, paper(5), made)
            yield tx
        catalog.close()


def shelves(tx: Transaction) -> list[KnowledgeBaseId]:
    rows = tx.rows("SELECT id FROM knowledge_bases ORDER BY name DESC")
    return [KnowledgeBaseId(row["id"]) for row in rows]


def numbers(tx: Transaction, found: set[Held]) -> set[str]:
    """Return papers as their numbers, those of the other knowledge base with a prime."""
    names: dict[PaperId, int] = {paper(number): number for number in range(len(PAPERS))}
    return {f"{names[held]}{'' if base == shelves(tx)[0] else chr(39)}" for base, held in found}


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("attention", "0 1 2 5"),
        ("sparse attention", "0 1 2"),
        ("naive", "1"),
        ("naïve", "1"),
        ("100", "0"),
        ("100%", "0"),
        ("注意力", "3"),
        ("c++", "3"),
        ("misread", "5'"),
        ("dense attention", "5"),
        ("%", ""),
    ],
)
def test_titles(tx: Transaction, title: str, expected: str) -> None:
    found = with_titles(tx, shelves(tx), [phrase(title)])
    assert numbers(tx, found) == set(expected.split())


@pytest.mark.parametrize(
    ("name", "of_author", "of_word", "of_phrase"),
    [
        ("smith", "0", "0", "0"),
        ("A Smith", "0", "", ""),
        ("ada smith", "0", "0", "0"),
        ("Núñez", "1", "1", "1"),
        ("nunez", "1", "1", "1"),
        ("soren", "2", "2", ""),
        ("王伟", "3", "3", "3"),
        ("bo", "4", "4", "4"),
        ("nobody", "5'", "5'", "5'"),
        ("lovelace", "5", "5", "5"),
    ],
)
def test_authors(tx: Transaction, name: str, of_author: str, of_word: str, of_phrase: str) -> None:
    ids = shelves(tx)
    assert numbers(tx, with_authors(tx, ids, wanted_names([name]))) == set(of_author.split())
    assert numbers(tx, with_word_in_name(tx, ids, name)) == set(of_word.split())
    assert numbers(tx, with_phrase_in_name(tx, ids, phrase(name))) == set(of_phrase.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.1145/a_B", "0"),
        ("10.1145/axb", "2"),
        ("arXiv:1706.03762v3", "3"),
        ("10.1000/182", "4"),
        ("2001.00001", "5'"),
        ("10.1000/7", "5"),
        ("10.1145/a", ""),
        ("nothing", ""),
    ],
)
def test_identifiers(tx: Transaction, text: str, expected: str) -> None:
    found = with_identifiers(tx, shelves(tx), [identifier_of(text)])
    assert numbers(tx, found) == set(expected.split())


def test_years_and_the_order_of_a_list(tx: Transaction) -> None:
    ids = shelves(tx)
    assert numbers(tx, in_years(tx, ids, [(2020, None), (None, 1100)])) == {"1", "3", "5", "5'"}
    assert in_years(tx, ids, []) == set()
    newest = [paper(5), paper(3), paper(1), paper(0)]
    assert [held[1] for held in newest_first(tx, ids[:1])][:4] == newest
    assert [held[1] for held in newest_first(tx, ids[:1], newest)] == newest
    assert newest_first(tx, ids, []) == ()


def test_what_cannot_hold_the_pieces_is_not_read(tx: Transaction) -> None:
    found = values_with(tx, shelves(tx)[:1], "title", [("sparse", "100")])
    assert {"Inattention; sparse", "Misread"}.isdisjoint(found.values())
    assert values_with(tx, shelves(tx), "title", [()]) == {}
