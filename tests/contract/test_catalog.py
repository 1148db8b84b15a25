"""What the catalog does on every database: transactions, the queue, notes of what is to be removed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from carrel.core.calibration import Calibration
from carrel.core.domains import Domain
from carrel.core.errors import (
    AmbiguousPaperId,
    CatalogBusy,
    EncryptedPdf,
    KnowledgeBaseExists,
    KnowledgeBaseMissing,
    PaperIdTooShort,
    PaperMissing,
)
from carrel.core.ids import KnowledgeBaseId, PaperId, new_job_id, new_knowledge_base_id, paper_id, passage_id
from carrel.core.jobs import Job, JobState
from carrel.core.knowledge_base import ChunkSettings, KnowledgeBase
from carrel.core.metadata import Metadata
from carrel.core.paper import Box, PageSize, ParsedPaper, Passage, WordBoxes
from carrel.library.cleaning import work_off_leftovers
from carrel.library.shelves import Shelves
from carrel.storage import (
    calibrations,
    citing,
    generations,
    knowledge_bases,
    leftovers,
    paper_pages,
    papers,
    passages,
    queue,
    readings,
    removals,
)
from carrel.storage.database import Catalog, Row, Transaction
from carrel.storage.descriptions import descriptions
from carrel.storage.paper_pages import Wanted
from carrel.storage.removals import Removal, What
from tests.catalogs import CATALOGS, OpenCatalog


@pytest.fixture(params=CATALOGS)
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenCatalog]:
    """Opens one and the same catalog, as several processes do."""
    with CATALOGS[request.param](tmp_path / "home") as opener:
        yield opener


@pytest.fixture
def catalog(opener: OpenCatalog) -> Iterator[Catalog]:
    catalog = opener(60.0)
    yield catalog
    catalog.close()


def parsed(metadata: Metadata, pages: int) -> ParsedPaper:
    none = np.zeros(0, np.int32)
    words = WordBoxes(none, none, none, none, np.zeros((0, 4), np.float32))
    return ParsedPaper(metadata, "", (), words, (PageSize(612, 792),) * pages)


def sha(n: int) -> str:
    return f"{n:064x}"[::-1]  # the ids differ from their first digit on


def paper(n: int) -> PaperId:
    return paper_id(sha(n))


def base(tx: Transaction, name: str = "library") -> KnowledgeBase:
    knowledge_bases.create(tx, KnowledgeBase(made := new_knowledge_base_id(), name))
    return knowledge_bases.by_id(tx, made)


def some_passages(identifier: PaperId, count: int = 3) -> list[Passage]:
    return [
        Passage(
            id=passage_id(identifier, n, n + 1, "text"),
            paper_id=identifier,
            ordinal=n,
            start=n,
            end=n + 1,
            text=f"Passage {n}, with “quotes” and 中文.",
            section="1 Introduction",
            pages=(n + 1, n + 2),
            boxes=(Box(n + 1, 1.5, 2.25, 3.0, 4.125),),
        )
        for n in range(count)
    ]


def ready(tx: Transaction, shelf: KnowledgeBase, n: int) -> None:
    """Bring paper ``n`` into a knowledge base as a worker does."""
    papers.register(tx, paper(n), sha(n), 1000 + n)
    job = queue.enqueue(tx, shelf, paper(n), f"{n}.pdf")
    claimed = queue.claim(tx)
    assert claimed is not None
    assert claimed.id == job.id
    found = some_passages(paper(n))
    papers.publish(tx, shelf, paper(n), f"{n}.pdf", parsed(Metadata(title=f"Paper {n}", year=2000), 4), found)
    queue.finish(tx, claimed)


# --- Transactions ----------------------------------------------------------------------------------


def test_a_transaction_that_raises_leaves_no_trace(catalog: Catalog) -> None:
    with catalog.write() as tx:
        shelf = base(tx)
        ready(tx, shelf, 1)

    def change_much_and_fail(tx: Transaction) -> None:
        ready(tx, shelf, 2)
        papers.remove(tx, shelf, paper(1))
        papers.forget_unreferenced(tx, [paper(1)])
        base(tx, "another")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), catalog.write() as tx:
        change_much_and_fail(tx)
    with catalog.read() as tx:
        (after,) = knowledge_bases.all_of_them(tx)
        assert (after.papers, after.passages) == (1, 3)
        assert papers.sha256_of(tx, paper(1)) == sha(1)
        assert removals.pending(tx) == ()
        with pytest.raises(PaperMissing):
            papers.sha256_of(tx, paper(2))


@pytest.mark.parametrize("words", ["Über", "über", "ÜBER", "ÜBERGANG", "übergang von a", "ÉTUDE", "étude"])
def test_words_of_a_listing_in_any_case(catalog: Catalog, words: str) -> None:
    with catalog.write() as tx:
        shelf = base(tx)
        for n, title in enumerate(
            ("Über den Übergang von A nach B", "Étude", "Another", "THE ÜBERGANG VON A")
        ):
            papers.register(tx, paper(n), sha(n), 1000)
            queue.enqueue(tx, shelf, paper(n), f"{title}.pdf")
    with catalog.read() as tx:
        found = paper_pages.page(tx, shelf, Wanted(words=words), 10)
    assert found
    assert {words.lower() in seen.record.file_name.lower() for seen in found} == {True}


def test_a_reader_sees_one_state_while_a_writer_changes_it(catalog: Catalog) -> None:
    with catalog.write() as tx:
        shelf = base(tx)
        ready(tx, shelf, 1)
    with catalog.read() as reading:
        assert len(papers.records(reading, [shelf.id])) == 1
        with catalog.write() as writing:
            ready(writing, shelf, 2)
            assert len(papers.records(reading, [shelf.id])) == 1
        assert len(papers.records(reading, [shelf.id])) == 1
    with catalog.read() as reading:
        assert len(papers.records(reading, [shelf.id])) == 2


def test_what_a_writer_has_read_stays_true_until_it_ends(opener: OpenCatalog) -> None:
    """Four connections count up one number, and none of the steps is lost."""
    catalogs = [opener(60.0) for _ in range(4)]
    with catalogs[0].write() as tx:
        shelf = base(tx)
        tx.run("UPDATE knowledge_bases SET dimensions = 0")

    def count_up(catalog: Catalog) -> None:
        for _ in range(25):
            with catalog.write() as tx:
                count = knowledge_bases.by_id(tx, shelf.id).dimensions
                tx.run("UPDATE knowledge_bases SET dimensions = :count", count=count + 1)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(count_up, catalogs))
    with catalogs[0].read() as tx:
        assert knowledge_bases.by_id(tx, shelf.id).dimensions == 100
    for catalog in catalogs:
        catalog.close()


def test_a_catalog_that_stays_locked_is_named_and_readers_go_on(
    catalog: Catalog, opener: OpenCatalog
) -> None:
    hasty = opener(0.1)
    with catalog.write() as tx:
        base(tx)
        with pytest.raises(CatalogBusy) as raised, hasty.write():
            pass
        with hasty.read() as reading:
            assert knowledge_bases.all_of_them(reading) == ()
    assert raised.value.exit_code == 3
    with hasty.write() as tx:
        assert [shelf.name for shelf in knowledge_bases.all_of_them(tx)] == ["library"]
    hasty.close()


def test_a_calibration_comes_with_the_generation_that_it_is_of(catalog: Catalog) -> None:
    found = Calibration(0.7, 0.8, 200, 3, 400, 5, "2026-11-30T12:00:00.000+00:00")
    with catalog.write() as tx:
        shelf, other = base(tx), base(tx, "other")
        ready(tx, shelf, 1)
        calibrations.put(tx, shelf, replace(found, share=0.9))
        calibrations.put(tx, shelf, found)
    with catalog.read() as tx:
        assert knowledge_bases.by_id(tx, shelf.id).calibration == found
        assert [each.calibration for each in knowledge_bases.all_of_them(tx)] == [found, None]
        assert [each.knowledge_base.name for each in calibrations.at_rest(tx)] == ["library", "other"]
    with catalog.write() as tx:
        papers.register(tx, paper(2), sha(2), 1)
        queue.enqueue(tx, shelf, paper(2), "2.pdf")
        assert [each.knowledge_base.id for each in calibrations.at_rest(tx)] == [other.id]
        generations.begin(tx, shelf, "")
        generations.begin(tx, other, "")  # without papers: it serves at once
        assert knowledge_bases.by_id(tx, shelf.id).calibration == found
        calibrations.put(tx, other, found)  # of the generation before
        assert knowledge_bases.by_id(tx, other.id).calibration is None
        knowledge_bases.delete(tx, shelf)
        calibrations.put(tx, shelf, found)  # it was gone before this was found out
        assert tx.rows("SELECT * FROM calibrations") == []


def test_a_calibration_takes_the_place_of_the_one_that_was_known(catalog: Catalog) -> None:
    first = Calibration(0.7, 0.8, 200, 3, 400, 5, "2026-11-30T12:00:00.000+00:00")
    second = replace(first, share=0.8, at="2026-11-30T12:00:01.000+00:00")
    with catalog.write() as tx:
        shelf = base(tx)
        assert calibrations.put(tx, shelf, first, unless_changed=True)
        known = knowledge_bases.by_id(tx, shelf.id)
        assert not calibrations.put(tx, shelf, second, unless_changed=True)  # there was none then
        assert calibrations.put(tx, known, second, unless_changed=True)
        assert not calibrations.put(tx, known, first, unless_changed=True)
        assert knowledge_bases.by_id(tx, shelf.id).calibration == second
        assert calibrations.put(tx, known, first)
        assert knowledge_bases.by_id(tx, shelf.id).calibration == first


def test_a_passage_comes_back_as_it_went_in(catalog: Catalog) -> None:
    with catalog.write() as tx:
        shelf = base(tx)
        ready(tx, shelf, 1)
    with catalog.read() as tx:
        shelf = knowledge_bases.by_id(tx, shelf.id)
        assert list(passages.of_paper(tx, shelf, paper(1))) == some_passages(paper(1))
        by_id = passages.by_id(tx, [shelf], [each.id for each in some_passages(paper(1))] + ["unknown"])
        assert sorted(by_id) == sorted(each.id for each in some_passages(paper(1)))
        assert passages.openings(tx, [shelf], [paper(1), paper(2)]) == {paper(1): some_passages(paper(1))[0]}


def test_values_never_become_part_of_a_statement(catalog: Catalog) -> None:
    hostile = "x'); DROP TABLE papers; --"
    with catalog.write() as tx:
        shelf = base(tx, hostile)
        papers.register(tx, paper(1), sha(1), 1)
        queue.enqueue(tx, shelf, paper(1), hostile)
    with catalog.read() as tx:
        assert knowledge_bases.by_id(tx, shelf.id).name == hostile
        assert papers.beginning(tx, [shelf.id], hostile) == {}
        assert papers.beginning(tx, [shelf.id], "%") == {}
        assert list(papers.beginning(tx, [shelf.id], paper(1)[:6]).values()) == [hostile]
        assert papers.sha256_of(tx, paper(1)) == sha(1)


# --- Statements and values -------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=[]), max_size=20)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(keys=st.lists(TEXTS, unique=True, max_size=8))
def test_any_text_comes_back_and_sorts_by_code_point(catalog: Catalog, keys: list[str]) -> None:
    """NUL and lone surrogates as U+FFFD, everything else as it was."""
    kept = {key.translate(dict.fromkeys([0, *range(0xD800, 0xE000)], "\ufffd")) for key in keys}
    with catalog.write() as tx:
        tx.run("DELETE FROM removals")
        tx.run_many(
            "INSERT INTO removals VALUES ('file', :key) ON CONFLICT DO NOTHING",
            [{"key": key} for key in keys],
        )
    with catalog.read() as tx:
        assert [row["key"] for row in tx.rows("SELECT key FROM removals ORDER BY key")] == sorted(kept)
        assert {
            row["key"] for row in tx.rows("SELECT key FROM removals WHERE key IN :keys", keys=keys)
        } == kept
        assert tx.rows("SELECT key FROM removals WHERE key NOT IN :keys", keys=keys) == []
        for key in keys:
            assert tx.row("SELECT 1 FROM removals WHERE key = :key", key=key) is not None


def test_a_list_may_be_longer_than_a_statement_has_names(catalog: Catalog) -> None:
    odd = ["", "0", "1e3", 'a "quoted" \\u0041', "中文 🙂", "null", "a\0b", "half \ud800", "[1]"]
    many = [f"paper {n}" for n in range(40_000)]
    with catalog.write() as tx:
        shelf = base(tx)
        for n, key in enumerate(odd):
            tx.run("INSERT INTO removals VALUES (:what, :key)", what=What.FILE, key=key)
            papers.register(tx, paper(n), sha(n), n * 2**29)
        found = tx.rows("SELECT key FROM removals WHERE key IN :keys", keys=many + odd)
        assert len(found) == len(odd)
        assert tx.rows("SELECT key FROM removals WHERE key NOT IN :keys", keys=tuple(many + odd)) == []
        assert len(tx.rows("SELECT key FROM removals WHERE key NOT IN :keys", keys=many)) == len(odd)
        sizes = [*range(300), 3 * 2**29, 2**31 - 1]
        rows = tx.rows("SELECT id FROM papers WHERE bytes IN :sizes ORDER BY bytes", sizes=sizes)
        assert [row["id"] for row in rows] == [paper(0), paper(3)]
        assert len(descriptions(tx, [shelf.id], [PaperId(each) for each in many])) == 0
        assert tx.run("DELETE FROM removals WHERE key IN :keys", keys=many + odd) == len(odd)


def test_an_empty_list_holds_nothing(catalog: Catalog) -> None:
    with catalog.write() as tx:
        shelf = base(tx)
        assert tx.rows("SELECT id FROM knowledge_bases WHERE id IN :ids", ids=[]) == []
        assert tx.rows("SELECT id FROM knowledge_bases WHERE chunk_size IN :sizes", sizes=()) == []
        (row,) = tx.rows("SELECT id FROM knowledge_bases WHERE id NOT IN :ids", ids=())
        assert row["id"] == shelf.id
        assert tx.run("DELETE FROM knowledge_bases WHERE id IN :ids", ids=[]) == 0
        tx.run_many("DELETE FROM knowledge_bases WHERE id = :id", [])
        assert knowledge_bases.all_of_them(tx) != ()


def test_signs_that_a_driver_might_take_for_its_own_stay_as_they_are(catalog: Catalog) -> None:
    with catalog.read() as tx:
        row = tx.row(
            "SELECT '100 % :sure %(x)s ''::text' AS said, :x AS x, 7 % 4 AS rest -- :no %", x="%s :y"
        )
        assert row is not None
        assert (row["said"], row["x"], row["rest"]) == ("100 % :sure %(x)s '::text", "%s :y", 3)
        assert list(row) == ["100 % :sure %(x)s '::text", "%s :y", 3]
        assert row.keys() == ["said", "x", "rest"]
        assert row[1] == "%s :y"


def test_numbers_bytes_and_nothing_come_back_as_they_went_in(catalog: Catalog) -> None:
    with catalog.write() as tx:
        shelf = base(tx)
        for n, size in enumerate((0, 1, 2**31, 2**62)):
            papers.register(tx, paper(n), sha(n), size)
        sizes = tx.rows("SELECT bytes, year FROM papers ORDER BY bytes")
        assert [(row["bytes"], row["year"]) for row in sizes] == [
            (0, None),
            (1, None),
            (2**31, None),
            (2**62, None),
        ]
        row = tx.row(
            "SELECT sum(bytes) AS bytes, count(*) AS count FROM papers WHERE bytes < :most", most=2**61
        )
        assert row is not None
        assert (row["bytes"], row["count"]) == (2**31 + 1, 4 - 1)
        assert type(row["bytes"]) is int
        tx.run("UPDATE knowledge_bases SET chunk_references = :yes WHERE id = :id", yes=True, id=shelf.id)
        assert knowledge_bases.by_id(tx, shelf.id).chunking.references
        tx.run(
            """
            INSERT INTO likenesses (paper_id, sketch, pieces, title, surnames, identifiers)
            VALUES (:id, :sketch, 1, '', '[]', '[]')
            """,
            id=paper(1),
            sketch=bytes(range(256)),
        )
        row = tx.row("SELECT sketch FROM likenesses")
        assert row is not None
        assert row["sketch"] == bytes(range(256))


def test_citations_are_counted_among_papers_that_may_be_read(catalog: Catalog) -> None:
    with catalog.write() as tx:
        shelf, other = base(tx, "a"), base(tx, "b")
        for n, holder, keys in ((1, shelf, [-5, 7]), (2, shelf, [7, 2**62]), (3, other, [7]), (4, shelf, [])):
            papers.register(tx, paper(n), sha(n), 1000)
            papers.publish(tx, holder, paper(n), f"{n}.pdf", parsed(Metadata(), 1), [])
            citing.record(tx, paper(n), np.array(keys, "<i8").tobytes())
    works = {paper(1): frozenset({7}), paper(3): frozenset({-5, 2**62, 1}), paper(4): frozenset[int]()}
    with catalog.read() as tx:
        assert citing.counts(tx, [shelf.id], works) == {paper(1): 1, paper(3): 2, paper(4): 0}
        assert citing.counts(tx, [shelf.id, other.id], works)[paper(1)] == 2
        assert citing.counts(tx, [other.id], {paper(3): frozenset({7})}) == {paper(3): 0}  # itself
    with catalog.write() as tx:
        papers.remove(tx, shelf, paper(2))
        papers.forget_unreferenced(tx, [paper(2)])
        assert citing.counts(tx, [shelf.id], works)[paper(1)] == 0
        assert tx.rows("SELECT 1 FROM cited_works WHERE paper_id = :paper", paper=paper(2)) == []


def test_what_another_domain_reads_changes_nothing_of_a_paper_that_is_held(catalog: Catalog) -> None:
    def publish(tx: Transaction, holder: KnowledgeBase, title: str) -> bool:
        reading = parsed(Metadata(title=title, year=len(title), authors=(title,)), 1)
        papers.register(tx, paper(1), sha(1), 1000)
        return papers.publish(tx, holder, paper(1), "1.pdf", reading, [])

    def shown(tx: Transaction, *holders: KnowledgeBase) -> set[str]:
        return {each.metadata.title for each in papers.records(tx, [holder.id for holder in holders])}

    with catalog.write() as tx:
        mine, prose, theirs = (base(tx, name) for name in ("mine", "prose", "theirs"))
        prose, theirs = replace(prose, domain=Domain.DOCUMENTS), replace(theirs, domain=Domain.PATENTS)
        for each in (prose, theirs):
            knowledge_bases.delete(tx, each)
            knowledge_bases.create(tx, each)
        assert publish(tx, mine, "first")
        assert publish(tx, mine, "a newer parser's")
        assert publish(tx, prose, "of the same domain")
        assert not publish(tx, theirs, "patent")
        assert not publish(tx, theirs, "patent, once more")
        assert shown(tx, mine, prose, theirs) == {"of the same domain"}
        found = Metadata(title="patent")
        assert readings.standing(tx, theirs, paper(1), found).authors == ("of the same domain",)
        papers.remove(tx, mine, paper(1))
        assert not publish(tx, theirs, "patent")
        papers.remove(tx, prose, paper(1))
        assert readings.standing(tx, theirs, paper(1), found) == found
        assert publish(tx, theirs, "patent")
        assert not publish(tx, mine, "paper")
        assert shown(tx, mine, theirs) == {"patent"}


# --- Knowledge bases and removal -------------------------------------------------------------------


def noted(tx: Transaction) -> set[Removal]:
    """Return what is noted, of indexes without the time at which they were."""
    found = removals.pending(tx)
    return {
        Removal(each.what, "/".join(each.key.split("/")[:2])) if each.what is What.INDEX else each
        for each in found
    }


def test_deleting_a_knowledge_base_keeps_the_papers_that_another_one_holds(catalog: Catalog) -> None:
    shelves = Shelves(catalog)
    with catalog.write() as tx:
        one, other = base(tx, "one"), base(tx, "other")
        for n in (1, 2):
            ready(tx, one, n)
        for n in (2, 3):
            ready(tx, other, n)
    shelves.delete("one")
    assert not work_off_leftovers(catalog)
    with catalog.read() as tx:
        assert {record.id for record in papers.records(tx, [one.id, other.id])} == {paper(2), paper(3)}
        assert {row["id"] for row in tx.rows("SELECT id FROM papers")} == {paper(2), paper(3)}
        assert {row["knowledge_base_id"] for row in tx.rows("SELECT * FROM passages")} == {other.id}
        assert noted(tx) == {Removal(What.FILE, sha(1)), Removal(What.INDEX, f"{one.id}/1")}
        with pytest.raises(KnowledgeBaseMissing):
            knowledge_bases.by_id(tx, one.id)
    with pytest.raises(KnowledgeBaseMissing):
        shelves.delete("one")


def test_a_large_knowledge_base_is_gone_at_once_and_its_rows_follow_in_batches(
    catalog: Catalog, opener: OpenCatalog
) -> None:
    with catalog.write() as tx:
        one, other = base(tx, "one"), base(tx, "other")
        found = some_passages(paper(1), 2 * leftovers.PASSAGES_A_BATCH + 1)  # a paper of several batches
        papers.register(tx, paper(1), sha(1), 1)
        papers.publish(tx, one, paper(1), "1.pdf", parsed(Metadata(), 1), found)
        for n in (2, 3):
            ready(tx, one, n)
        ready(tx, other, 3)

    def left() -> int:
        with catalog.read() as tx:
            rows = tx.rows("SELECT count(*) FROM passages WHERE knowledge_base_id = :id", id=one.id)
            assert len(papers.records(tx, [other.id])) == 1
            return int(rows[0][0])

    before = left()
    Shelves(catalog).delete("one")
    with catalog.read() as tx:
        assert knowledge_bases.with_ids(tx, [one.id]) == ()
        assert papers.records(tx, [one.id]) == ()
    assert left() == before

    def killed_in_a_batch() -> None:
        with catalog.write() as tx:
            leftovers.delete_some(tx)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        killed_in_a_batch()
    assert left() == before
    with catalog.write() as tx:
        leftovers.delete_some(tx)
    assert left() == before - leftovers.PASSAGES_A_BATCH

    # Whoever takes the last other copy of a paper out meanwhile does not trip over what is still there.
    Shelves(catalog).remove(paper(3), [other])
    with catalog.write() as tx:
        ready(tx, other, 3)

    later = opener(60.0)  # killed between two batches: the next owner goes on
    try:
        assert not work_off_leftovers(later)
    finally:
        later.close()
    assert left() == 0
    with catalog.read() as tx:
        assert {row["id"] for row in tx.rows("SELECT id FROM papers")} == {paper(3)}
        files = {note.key for note in removals.pending(tx) if note.what is What.FILE}
        assert files == {sha(1), sha(2)}
        assert not leftovers.any_left(tx)


def test_a_deleted_name_can_be_taken_again_by_an_empty_knowledge_base(catalog: Catalog) -> None:
    shelves = Shelves(catalog)
    first = shelves.create("name", chunking=ChunkSettings(200, 20))
    with catalog.write() as tx:
        ready(tx, first, 1)
    shelves.delete("name")
    second = shelves.create("name")
    assert second.id != first.id
    assert (second.papers, second.chunking) == (0, ChunkSettings())
    with pytest.raises(KnowledgeBaseExists):
        shelves.create("name")


def test_deleting_a_knowledge_base_makes_notes_about_its_points_moot(catalog: Catalog) -> None:
    shelves = Shelves(catalog)
    with catalog.write() as tx:
        one, other = base(tx, "one"), base(tx, "other")
        ready(tx, one, 1)
        ready(tx, other, 1)
    shelves.remove(paper(1), [one, other])
    shelves.delete("one")
    with catalog.read() as tx:
        assert noted(tx) == {
            Removal(What.FILE, sha(1)),
            Removal(What.INDEX, f"{one.id}/1"),
            Removal(What.POINTS, f"{other.id}/1/{paper(1)}"),
        }


def test_removing_a_paper_from_one_knowledge_base_leaves_it_in_the_other(catalog: Catalog) -> None:
    shelves = Shelves(catalog)
    with catalog.write() as tx:
        one, other = base(tx, "one"), base(tx, "other")
        ready(tx, one, 1)
        ready(tx, other, 1)
    assert shelves.remove(paper(1)[:8], [one]) == (paper(1), "1.pdf")
    with catalog.read() as tx:
        assert not papers.holds(tx, one, paper(1))
        assert papers.holds(tx, other, paper(1))
        assert papers.sha256_of(tx, paper(1)) == sha(1)
        assert removals.pending(tx) == (Removal(What.POINTS, f"{one.id}/1/{paper(1)}"),)
    shelves.remove(paper(1), [one, other])
    with catalog.read() as tx:
        assert Removal(What.FILE, sha(1)) in removals.pending(tx)
        with pytest.raises(PaperMissing):
            papers.sha256_of(tx, paper(1))


def test_a_paper_that_comes_back_crosses_out_the_note_about_its_points(catalog: Catalog) -> None:
    shelves = Shelves(catalog)
    with catalog.write() as tx:
        shelf = base(tx)
        ready(tx, shelf, 1)
    shelves.remove(paper(1), [shelf])
    with catalog.write() as tx:
        ready(tx, shelf, 1)
        assert removals.pending(tx) == (Removal(What.FILE, sha(1)),)


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING, JobState.FAILED])
def test_a_paper_that_is_not_ready_can_be_removed(catalog: Catalog, state: JobState) -> None:
    shelves = Shelves(catalog)
    with catalog.write() as tx:
        shelf = base(tx)
        papers.register(tx, paper(1), sha(1), 1)
        queue.enqueue(tx, shelf, paper(1), "1.pdf")
        if state is not JobState.QUEUED:
            job = queue.claim(tx)
            assert job is not None
            if state is JobState.FAILED:
                queue.fail(tx, job, EncryptedPdf(name="1.pdf"))
    assert shelves.remove(paper(1)[:6], [shelf]) == (paper(1), "1.pdf")
    with catalog.read() as tx:
        assert tx.rows("SELECT * FROM jobs") == []
        assert Removal(What.FILE, sha(1)) in removals.pending(tx)


def test_an_id_that_fits_none_or_several_is_refused(catalog: Catalog) -> None:
    shelves = Shelves(catalog)
    with catalog.write() as tx:
        shelf = base(tx)
        twins = ["abcd1" + sha(0x1A)[5:], "abcd2" + sha(0x2A)[5:]]
        for number, sha256 in enumerate(twins):
            papers.register(tx, paper_id(sha256), sha256, 1)
            queue.enqueue(tx, shelf, paper_id(sha256), f"{number}.pdf")
    for prefix in ("bcde", "zzzz", paper_id(twins[0]) + "0"):
        with pytest.raises(PaperMissing):
            shelves.remove(prefix, [shelf])
    for prefix in ("", "a", "abc"):
        with pytest.raises(PaperIdTooShort):
            shelves.remove(prefix, [shelf])
    with pytest.raises(AmbiguousPaperId):
        shelves.remove("ABCD", [shelf])
    assert shelves.remove("ABCD1", [shelf])[1] == "0.pdf"


def test_a_job_that_is_queued_again_keeps_its_id_and_goes_to_the_end(catalog: Catalog) -> None:
    with catalog.write() as tx:
        shelf = base(tx)
        for n in (1, 2):
            papers.register(tx, paper(n), sha(n), 1)
        first = queue.enqueue(tx, shelf, paper(1), "1.pdf")
        queue.enqueue(tx, shelf, paper(2), "2.pdf")
        claimed = queue.claim(tx)
        assert claimed is not None
        queue.fail(tx, claimed, EncryptedPdf(name="1.pdf"))
        again = queue.enqueue(tx, shelf, paper(1), "renamed.pdf")
        assert (again.id, again.state, again.error_kind) == (first.id, JobState.QUEUED, "")
        order = [queue.claim(tx), queue.claim(tx), queue.claim(tx)]
        assert [job and job.file_name for job in order] == ["2.pdf", "renamed.pdf", None]


@pytest.mark.parametrize("state", [JobState.DONE, JobState.FAILED, JobState.CANCELLED])
def test_a_step_that_is_not_legal_is_refused(catalog: Catalog, state: JobState) -> None:
    job = Job(new_job_id(), KnowledgeBaseId("kb"), paper(1), "1.pdf", state)
    with catalog.write() as tx, pytest.raises(ValueError, match="cannot go from"):
        queue.finish(tx, job)


# --- The queue against a model ---------------------------------------------------------------------


@dataclass
class _Expected:
    """What the queue should hold: the model is two lists and a dictionary."""

    waiting: list[tuple[str, int]] = field(default_factory=list)  # (knowledge base, paper), in order
    running: dict[tuple[str, int], Job] = field(default_factory=dict)
    ended: dict[tuple[str, int], JobState] = field(default_factory=dict)


class QueueMachine(RuleBasedStateMachine):
    """Random work on the queue by several hands, against a model in memory."""

    opener: OpenCatalog

    @initialize()
    def begin(self) -> None:
        self.catalog = self.opener(60.0)
        with self.catalog.write() as tx:
            for table in ("removals", "jobs", "passages", "holdings", "papers", "knowledge_bases"):
                tx.run(f"DELETE FROM {table}")
            self.shelves = {name: base(tx, name) for name in ("one", "other")}
        self.expected = _Expected()
        self.stored: set[int] = set()

    def teardown(self) -> None:
        if hasattr(self, "catalog"):
            self.catalog.close()

    @rule(name=st.sampled_from(["one", "other"]), n=st.integers(1, 4))
    def enqueue(self, name: str, n: int) -> None:
        key = (name, n)
        with self.catalog.write() as tx:
            papers.register(tx, paper(n), sha(n), n)
            removals.cross_out(tx, Removal(What.FILE, sha(n)))
            job = queue.enqueue(tx, self.shelves[name], paper(n), f"{n}.pdf")
        self.stored.add(n)
        if key in self.expected.running:
            assert job.id == self.expected.running[key].id
        elif key not in self.expected.waiting:
            self.expected.ended.pop(key, None)
            self.expected.waiting.append(key)

    @rule()
    def claim(self) -> None:
        with self.catalog.write() as tx:
            rows = tx.rows("SELECT * FROM jobs WHERE state = 'queued' ORDER BY turn, number")
            job = queue.claim(tx, early=True)
        if not self.expected.waiting:
            assert job is None
            return
        assert job is not None
        key = self._key(job)
        assert key == self._key_of(rows[0])  # whose turn it is: tests/contract/test_queue.py
        self.expected.waiting.remove(key)
        self.expected.running[key] = job

    @precondition(lambda self: self.expected.running)
    @rule(data=st.data(), outcome=st.sampled_from(["finish", "fail"]))
    def end(self, data: st.DataObject, outcome: str) -> None:
        key = data.draw(st.sampled_from(sorted(self.expected.running)))
        job = self.expected.running.pop(key)
        with self.catalog.write() as tx:
            assert queue.still_wanted(tx, job)
            if outcome == "finish":
                shelf = self.shelves[key[0]]
                found = some_passages(job.paper_id)
                papers.publish(tx, shelf, job.paper_id, job.file_name, parsed(Metadata(), 1), found)
                queue.finish(tx, job)
                self.expected.ended[key] = JobState.DONE
            else:
                queue.fail(tx, job, EncryptedPdf(name=job.file_name))
                self.expected.ended[key] = JobState.FAILED

    @rule()
    def crash(self) -> None:
        with self.catalog.write() as tx:
            assert queue.recover(tx) == len(self.expected.running)
            keys = list(self.expected.running)
            self.expected.running.clear()
            self._wait_again(tx, keys)

    @rule(name=st.sampled_from(["one", "other"]), n=st.integers(1, 4))
    def remove(self, name: str, n: int) -> None:
        key = (name, n)
        with self.catalog.write() as tx:
            papers.remove(tx, self.shelves[name], paper(n))
            papers.forget_unreferenced(tx, [paper(n)])
            if key in self.expected.running:
                assert not queue.still_wanted(tx, self.expected.running[key])
        self.expected.waiting = [other for other in self.expected.waiting if other != key]
        self.expected.running.pop(key, None)
        self.expected.ended.pop(key, None)

    @rule(name=st.sampled_from(["one", "other"]))
    def delete_knowledge_base(self, name: str) -> None:
        Shelves(self.catalog).delete(name)
        with self.catalog.write() as tx:
            self.shelves[name] = base(tx, name)
        expected = self.expected
        expected.waiting = [key for key in expected.waiting if key[0] != name]
        expected.running = {key: job for key, job in expected.running.items() if key[0] != name}
        expected.ended = {key: state for key, state in expected.ended.items() if key[0] != name}

    @rule()
    def delete_what_is_left(self) -> None:
        with self.catalog.write() as tx:
            leftovers.delete_some(tx)

    @invariant()
    def no_job_is_lost_or_doubled(self) -> None:
        if not hasattr(self, "catalog"):
            return
        with self.catalog.read() as tx:
            rows = tx.rows("SELECT * FROM jobs")
            referenced = {row["id"] for row in tx.rows("SELECT id FROM papers")}
            leaving = {row["key"] for row in tx.rows("SELECT key FROM removals WHERE what = 'paper'")}
            noted = {note.key for note in removals.pending(tx) if note.what is What.FILE}
            found = {self._key_of(row): JobState(row["state"]) for row in rows}
            unfinished = queue.any_unfinished(tx)
        assert len(found) == len(rows)
        assert found == {
            **dict.fromkeys(self.expected.waiting, JobState.QUEUED),
            **dict.fromkeys(self.expected.running, JobState.RUNNING),
            **self.expected.ended,
        }
        assert unfinished == bool(self.expected.waiting or self.expected.running)
        wanted = {paper(n) for _, n in found}
        assert wanted <= referenced <= wanted | leaving
        # A file that was ever stored is referred to, or noted for removal.
        assert noted == {sha(n) for n in self.stored if paper(n) not in referenced}

    def _wait_again(self, tx: Transaction, keys: list[tuple[str, int]]) -> None:
        """Put keys where their jobs' numbers say: a job that was put back keeps its place."""
        numbers = {self._key_of(row): row["number"] for row in tx.rows("SELECT * FROM jobs")}
        self.expected.waiting = sorted([*self.expected.waiting, *keys], key=lambda key: numbers[key])

    def _key(self, job: Job) -> tuple[str, int]:
        return self._name(job.knowledge_base_id), int(job.file_name.removesuffix(".pdf"))

    def _key_of(self, row: Row) -> tuple[str, int]:
        return self._name(row["knowledge_base_id"]), int(row["file_name"].removesuffix(".pdf"))

    def _name(self, identifier: str) -> str:
        (name,) = (name for name, shelf in self.shelves.items() if shelf.id == identifier)
        return name


def test_no_sequence_of_work_loses_or_doubles_a_job(opener: OpenCatalog) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    machine = type("QueueMachineHere", (QueueMachine,), {"opener": staticmethod(opener)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
