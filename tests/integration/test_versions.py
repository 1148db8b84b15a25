"""Versions of one paper: in the catalog, and in what a search, a list and a paper's page say."""

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carrel.core.ids import PaperId, new_knowledge_base_id
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.likeness import Likeness, likeness_of, same_work
from carrel.core.metadata import Metadata
from carrel.core.ranking import Filters, Hit, PaperRecord, published_first
from carrel.parsing.pdfium_parser import PdfiumParser
from carrel.storage import knowledge_bases, leftovers, papers, versions
from carrel.storage.database import Catalog, Transaction
from tests.catalogs import CATALOGS, empty_catalog
from tests.contract.test_catalog import paper, parsed, sha
from tests.integration.worlds import World, fake_paper, world_of_fakes, world_with_real_index
from tests.unit.core.test_likeness import likeness
from tests.unit.core.test_sketch import sentence_list

SENTENCES = sentence_list(1, 120)
TITLE = "Sparse Attention for Long Documents"
BY = Metadata(title=TITLE, authors=("Ada Lovelace",))


def window(first: int, last: int, metadata: Metadata = BY) -> Likeness:
    return likeness(" ".join(SENTENCES[first:last]), metadata)


# 1 is a version of 2 and 2 of 3, but 1 and 3 have little in common; 4 is another paper.
CHAIN = {
    1: window(0, 60),
    2: window(25, 85),
    3: window(50, 110),
    4: likeness(" ".join(sentence_list(9)), replace(BY, title="Dense Attention Revisited")),
}


@pytest.fixture(params=CATALOGS)
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Catalog]:
    with CATALOGS[request.param](tmp_path / "home") as opener:
        catalog = opener(60.0)
        yield catalog
        catalog.close()


def shelf(tx: Transaction, name: str = "library") -> KnowledgeBase:
    knowledge_bases.create(tx, KnowledgeBase(made := new_knowledge_base_id(), name))
    return knowledge_bases.by_id(tx, made)


def hold(tx: Transaction, where: KnowledgeBase, n: int, seen: Likeness | None = None) -> None:
    """Publish paper ``n`` as a worker does."""
    papers.register(tx, paper(n), sha(n), 1000)
    papers.publish(tx, where, paper(n), f"{n}.pdf", parsed(Metadata(title=TITLE), 4), [])
    versions.record(tx, paper(n), seen or CHAIN[n])


def drop(tx: Transaction, where: KnowledgeBase, n: int) -> None:
    papers.remove(tx, where, paper(n))
    papers.forget_unreferenced(tx, [paper(n)])


def groups(
    tx: Transaction, *shelves: KnowledgeBase, asked: Sequence[int] = (1, 2, 3, 4)
) -> set[frozenset[int]]:
    """Return the groups of several papers, as their numbers."""
    numbers = {paper(n): n for n in range(1, 40)}
    found = versions.groups(tx, [each.id for each in shelves], [paper(n) for n in asked])
    for member, group in found.items():
        assert member in group
    return {frozenset(numbers[member] for member in group) for group in found.values()}


def rows(tx: Transaction) -> list[tuple[object, ...]]:
    tables = {
        "likenesses": "paper_id, sketch, pieces, title, surnames, identifiers",
        "likeness_keys": "key, (SELECT paper_id FROM likenesses WHERE number = likeness_keys.number)",
        "version_links": "*",
    }
    return [
        (table, *row)
        for table, columns in tables.items()
        for row in tx.rows(f"SELECT {columns} FROM {table} ORDER BY 1, 2")
    ]


# --- In the catalog --------------------------------------------------------------------------------


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3, 4))))
def test_groups_do_not_depend_on_the_order_of_arrival(catalog: Catalog, order: tuple[int, ...]) -> None:
    assert not same_work(CHAIN[1], CHAIN[3])
    with catalog.write() as tx:
        library = shelf(tx)
        for n in order:
            hold(tx, library, n)
        assert groups(tx, library) == {frozenset({1, 2, 3})}
        # Asked for one, the whole group is told; asked for a paper alone, nothing.
        assert groups(tx, library, asked=[3]) == {frozenset({1, 2, 3})}
        assert groups(tx, library, asked=[4]) == set()
        assert groups(tx, library, asked=[]) == set()


def test_what_a_paper_alone_held_together_falls_apart_and_comes_together_again(catalog: Catalog) -> None:
    with catalog.write() as tx:
        library = shelf(tx)
        for n in CHAIN:
            hold(tx, library, n)
        before = rows(tx)
        drop(tx, library, 2)
        assert groups(tx, library) == set()
        hold(tx, library, 2)
        assert groups(tx, library) == {frozenset({1, 2, 3})}
        assert rows(tx) == before


def test_publishing_twice_changes_nothing(catalog: Catalog) -> None:
    with catalog.write() as tx:
        library = shelf(tx)
        for n in CHAIN:
            hold(tx, library, n)
        before = rows(tx)
        for n in CHAIN:
            hold(tx, library, n)
        assert rows(tx) == before


def test_a_paper_that_is_read_otherwise_is_linked_anew(catalog: Catalog) -> None:
    with catalog.write() as tx:
        library = shelf(tx)
        for n in (1, 2):
            hold(tx, library, n)
        hold(tx, library, 2, CHAIN[4])
        assert groups(tx, library) == set()
        hold(tx, library, 2)
        assert groups(tx, library) == {frozenset({1, 2})}


def test_nothing_is_left_of_papers_that_are_gone(catalog: Catalog) -> None:
    with catalog.write() as tx:
        library, other = shelf(tx), shelf(tx, "other")
        for n in CHAIN:
            hold(tx, library, n)
        hold(tx, other, 2)
        for n in CHAIN:
            drop(tx, library, n)
        # One is held by another knowledge base, and is known still.
        assert {row[1] for row in rows(tx) if row[0] == "likenesses"} == {paper(2)}
        knowledge_bases.delete(tx, other)
        while leftovers.delete_some(tx):
            pass
        assert rows(tx) == []


def test_a_crash_before_the_commit_leaves_nothing(catalog: Catalog) -> None:
    with catalog.write() as tx:
        library = shelf(tx)
        hold(tx, library, 1)
        before = rows(tx)

    def crash() -> None:
        with catalog.write() as tx:
            hold(tx, library, 2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crash()
    with catalog.read() as tx:
        assert rows(tx) == before


def test_only_what_may_be_read_counts_and_leads_on(catalog: Catalog) -> None:
    with catalog.write() as tx:
        library, secret = shelf(tx), shelf(tx, "secret")
        hold(tx, library, 1)
        hold(tx, secret, 2)
        hold(tx, library, 3)
        # That 1 and 3 belong together would betray that there is a 2.
        assert groups(tx, library) == set()
        assert groups(tx, secret) == set()
        assert groups(tx, library, secret) == {frozenset({1, 2, 3})}
        hold(tx, library, 2)
        assert groups(tx, library) == {frozenset({1, 2, 3})}


def test_papers_of_an_earlier_version_are_alone_until_they_are_read_again(catalog: Catalog) -> None:
    with catalog.write() as tx:
        library = shelf(tx)
        hold(tx, library, 1)
        papers.register(tx, paper(2), sha(2), 1000)
        papers.publish(tx, library, paper(2), "2.pdf", parsed(Metadata(title=TITLE), 4), [])
        assert groups(tx, library) == set()
        hold(tx, library, 2)
        assert groups(tx, library) == {frozenset({1, 2})}


def test_many_copies_of_one_text_are_one_group(catalog: Catalog) -> None:
    with catalog.write() as tx:
        library = shelf(tx)
        numbers = range(1, 38)
        for n in numbers:
            hold(tx, library, n, CHAIN[1])
        assert groups(tx, library, asked=numbers) == {frozenset(numbers)}


STEPS = st.lists(st.tuples(st.sampled_from(["hold", "drop"]), st.integers(1, 4)), max_size=14)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_after_any_steps_the_catalog_is_as_if_only_the_rest_had_come(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    found = []
    there = {n: do == "hold" for do, n in steps}  # the last step decides
    for each in (steps, [("hold", n) for n in sorted(there) if there[n]]):
        catalog = empty_catalog(tmp_path_factory.mktemp("catalog"))
        with catalog.write() as tx:
            library = shelf(tx)
            for do, n in each:
                (hold if do == "hold" else drop)(tx, library, n)
            found.append(rows(tx))
        catalog.close()
    assert found[0] == found[1]


def test_the_published_version_comes_first_then_the_newer() -> None:
    def record(n: int, **metadata: object) -> PaperRecord:
        return PaperRecord(paper(n), new_knowledge_base_id(), Metadata(**metadata), f"{n}.pdf", 1)  # type: ignore[arg-type]

    records = [
        record(1, year=2024, arxiv_id="2001.00001"),
        record(2, year=2021, doi="10.1000/xyz"),
        record(3, year=2022, venue="Journal of Things"),
        record(4, year=2023, doi="10.48550/arXiv.2001.00001"),
        record(5),
        record(6, year=2025, venue="arXiv preprint"),
    ]
    assert [each.file_name[0] for each in published_first(records)] == ["3", "2", "6", "1", "4", "5"]


def test_no_two_of_the_real_papers_are_versions(real_papers: Path) -> None:
    parser = PdfiumParser(workers=1, seconds=60, memory_mb=1024, max_pages=2000)
    entries = map(json.loads, (real_papers / "manifest.jsonl").read_text(encoding="utf-8").splitlines())
    paths = [real_papers.parent / entry["file"] for entry in entries if entry.get("truth")]
    seen = {path.name: likeness_of(parser.parse(path, path.name)) for path in paths}
    parser.close()
    assert len(seen) == 80
    assert all(each.sketch for each in seen.values())
    pairs = itertools.combinations(seen, 2)
    assert [(one, other) for one, other in pairs if same_work(seen[one], seen[other])] == []


# --- In answers ------------------------------------------------------------------------------------

MakeWorld = Callable[[Path], AbstractContextManager[World]]


@pytest.fixture(params=[world_of_fakes, world_with_real_index], ids=["fakes", "real index"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    make: MakeWorld = request.param
    with make(tmp_path) as world:
        yield world


def write(world: World, name: str, first: int, last: int, kb: str = "library", **header: str) -> PaperId:
    """Add a paper of the title and author that all versions have."""
    header = {"authors": "Ada Lovelace", **header}
    content = fake_paper(TITLE, " ".join(SENTENCES[first:last]), **header)
    accepted = world.accept_bytes(f"{name}.pdf", content, kb)
    world.work()
    return accepted.paper_id


def names(hits: Sequence[Hit]) -> list[tuple[str, list[str]]]:
    return [
        (hit.paper.file_name.removesuffix(".pdf"), [v.file_name.removesuffix(".pdf") for v in hit.versions])
        for hit in hits
    ]


def test_a_work_is_one_result_with_its_versions(world: World) -> None:
    write(world, "preprint", 0, 60, year="2019")
    write(world, "published", 10, 70, year="2020", doi="10.1000/xyz")
    write(world, "copy", 0, 60, year="2019", abstract="Scanned by the library.")
    world.add("Glaciers", "Violins")
    (best, *others) = world.search(SENTENCES[5]).hits
    assert best.paper.file_name in ("preprint.pdf", "copy.pdf")
    ((_, versions_of_it),) = names([best])
    assert versions_of_it[0] == "published"  # the one to cite first
    assert sorted([best.paper.file_name[:-4], *versions_of_it]) == ["copy", "preprint", "published"]
    assert sorted(hit.paper.file_name for hit in others) == ["Glaciers.pdf", "Violins.pdf"]
    assert [hit.rank for hit in (best, *others)] == [1, 2, 3]
    assert all(hit.versions == () for hit in others)
    # The passages are those of the version that stands for the work.
    assert {found.passage.paper_id for found in best.passages} == {best.paper.id}
    # What only the published one says brings the published one.
    assert world.search(SENTENCES[68]).hits[0].paper.file_name == "published.pdf"


def test_a_limit_counts_works(world: World) -> None:
    for n in range(4):
        write(world, f"version {n}", n, 60 + n)
    world.add("Glaciers", "Violins")
    hits = world.search(SENTENCES[30], limit=2).hits
    assert len(hits) == 2
    assert len(hits[0].versions) == 3
    assert world.search(SENTENCES[30], limit=1).hits[0].versions == hits[0].versions


def test_a_knowledge_base_that_is_not_asked_is_not_named(world: World) -> None:
    write(world, "mine", 0, 60)
    write(world, "theirs", 5, 65, kb="secret")
    assert names(world.search(SENTENCES[20], "library").hits) == [("mine", [])]
    assert names(world.search(SENTENCES[20], "secret").hits) == [("theirs", [])]
    (both,) = world.search(SENTENCES[20]).hits
    assert {both.paper.file_name, both.versions[0].file_name} == {"mine.pdf", "theirs.pdf"}
    (shown,) = world.services.shelves.contents([world.shelf("library")]).papers
    assert world.services.shelves.other_versions(shown, [world.shelf("library")]) == ()
    assert world.services.shelves.contents([world.shelf("library")]).versions == {}


def test_a_paper_in_two_knowledge_bases_is_no_version_of_itself(world: World) -> None:
    write(world, "same", 0, 60)
    write(world, "same", 0, 60, kb="other")
    write(world, "version", 5, 65, kb="other")
    shelves = world.services.shelves.readable()
    (hit,) = world.search(SENTENCES[2]).hits
    assert names([hit]) == [("same", ["version"])]
    contents = world.services.shelves.contents(shelves)
    assert len(contents.papers) == 3
    assert {len(group) for group in contents.versions.values()} == {2}
    assert [v.file_name for v in world.services.shelves.other_versions(hit.paper, shelves)] == ["version.pdf"]


def test_filters_hold_for_the_versions_too(world: World) -> None:
    write(world, "early", 0, 60, year="2019")
    write(world, "late", 5, 65, year="2021")
    found = world.search(SENTENCES[20], filters=Filters(year_from=2021)).hits
    assert names(found) == [("late", [])]
    assert len(world.search(SENTENCES[20], filters=Filters(authors=("lovelace",))).hits[0].versions) == 1


def test_a_version_that_was_removed_is_not_named(world: World) -> None:
    kept = write(world, "kept", 0, 60)
    gone = write(world, "gone", 5, 65)
    world.services.shelves.remove(gone, [world.shelf()])
    assert names(world.search(SENTENCES[62]).hits) == [("kept", [])]
    world.check(library=[kept])
