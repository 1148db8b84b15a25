"""``carrel doctor --fsck``: each kind of damage is found, mended where that is safe, and not found again."""

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from carrel.core.ids import PaperId, text_key
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.space import Space
from carrel.ingest.accept import accept
from carrel.library.fsck import OwnedIndexes, examine
from carrel.library.fsck_report import Examining, Problem
from carrel.storage import holds
from carrel.storage.clock import now
from carrel.storage.database import FILE_NAME
from carrel.storage.sqlite import connect
from tests.integration.worlds import WORLDS, WORLDS_OF_STORES, World, world_with_real_index

TEXT = "Attention is compared with recurrence on long documents, once and for all."
NOBODY = "f" * 32


@pytest.fixture(params=WORLDS_OF_STORES)
def anywhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with WORLDS[request.param](tmp_path) as world:
        yield world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_with_real_index(tmp_path) as world:
        yield world


def fill(world: World) -> list[PaperId]:
    papers = [world.accept(title, TEXT).paper_id for title in ("First", "Second", "Third")]
    world.accept("Third", TEXT, kb="other")
    world.work()
    return papers


def fsck(world: World, mend: bool = True, deep: bool = False, alone: bool = True) -> list[Problem]:
    services = world.services
    if alone:
        services.own_index("a test", 0)
    owned = OwnedIndexes(services.indexes, services.index_of) if alone else None
    found = list(examine(Examining(services.stores(), mend, deep), owned))
    if alone and mend:
        services.own_index("a test", 0)
    return found


def said(problems: list[Problem]) -> list[tuple[str, str, bool]]:
    return sorted({(problem.store, problem.kind, problem.mended) for problem in problems})


def mended(world: World, store: str, *kinds: str, deep: bool = False) -> None:
    """Check that these kinds are found, reported alone first, then mended, and that then all is well."""
    for mend in (False, True):
        problems = said(fsck(world, mend, deep))
        assert {(store, kind, mend) for kind in kinds} <= set(problems), problems
        assert all(each == mend for _, _, each in problems), problems
    assert fsck(world, deep=deep) == []


def run(world: World, sql: str, **parameters: str | int | bytes) -> None:
    """Change the catalog as a fault would: references are not looked at."""
    connection = connect(world.services.settings.home / FILE_NAME)
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute(sql, parameters)
    connection.close()


def test_nothing_is_found_where_all_is_well(anywhere: World) -> None:
    assert fsck(anywhere, deep=True) == []
    papers = fill(anywhere)
    assert fsck(anywhere, deep=True) == []
    assert fsck(anywhere, deep=True, alone=False) == []
    anywhere.accept("Waits", TEXT)
    assert fsck(anywhere, deep=True) == []
    anywhere.work()
    anywhere.services.shelves.delete("other")
    assert fsck(anywhere) == []
    assert len(papers) + 1 == anywhere.shelf().papers


ORPHANS: dict[str, str] = {
    "holding-of-nothing": "INSERT INTO holdings VALUES (:base, :nobody, 'x.pdf', 1, :now, '', '')",
    "generation-of-nothing": (
        "INSERT INTO generations VALUES (:nobody, 1, 'kept', '', 0, 1, 0, 0, '', '', :now, '', '', '', '')"
    ),
    "calibration-of-nothing": "INSERT INTO calibrations VALUES (:nobody, 1, 0.8, 0.8, 0, 0, 0, 0, :now)",
    "built-of-nothing": "INSERT INTO built VALUES (:base, 5, :nobody, 1, '')",
    "job-of-nothing": (
        "INSERT INTO jobs (id, number, knowledge_base_id, paper_id, file_name, state, error_kind, "
        "error_message, updated_at) VALUES (:nobody, 99, :nobody, :nobody, 'x.pdf', 'queued', '', '', :now)"
    ),
    "handover-of-nothing": "INSERT INTO handovers VALUES (:nobody, 0, x'00')",
    "passages-of-nothing": (
        "INSERT INTO passages SELECT knowledge_base_id, generation + 1, id, paper_id, ordinal, first, past, "
        "section, pages, boxes, text, paragraph, text_key FROM passages WHERE knowledge_base_id = :base"
    ),
    "likeness-of-nothing": (
        "INSERT INTO likenesses (paper_id, sketch, pieces, title, surnames, identifiers) "
        "VALUES (:nobody, x'', 0, '', '[]', '[]')"
    ),
    "citations-of-nothing": "INSERT INTO cited_works VALUES (:nobody, x'')",
    "link-of-nothing": "INSERT INTO version_links VALUES (:nobody, :nobody)",
    "member-of-nothing": "INSERT INTO members VALUES (:base, :nobody, 'owner')",
    "session-of-nothing": "INSERT INTO sessions VALUES ('t', :nobody, 'c', :now, :now, :now, '', '')",
    "key-of-nothing": "INSERT INTO api_keys VALUES ('k', :nobody, 'key', 'h', '', '[]', :now, '', '', '')",
    "paper-of-nobody": (
        "INSERT INTO papers SELECT :nobody, :nobody || :nobody, bytes, pages, title, authors, abstract, "
        "year, venue, doi, arxiv_id, language, keywords, evidence, quality FROM papers LIMIT 1"
    ),
}


@pytest.mark.parametrize("kind", ORPHANS)
def test_rows_that_refer_to_nothing_go(world: World, kind: str) -> None:
    papers = fill(world)
    names = {"base": world.shelf().id, "nobody": NOBODY, "now": now()}
    used = {name: value for name, value in names.items() if f":{name}" in ORPHANS[kind]}
    run(world, ORPHANS[kind], **used)
    # A paper's row that nobody wants has no file either, which is named until the row is gone.
    first = fsck(world, mend=False)
    assert ("catalog", kind) in {(problem.store, problem.kind) for problem in first}
    found = fsck(world)
    assert ("catalog", kind, True) in said(found)
    assert fsck(world) == []
    world.check(library=papers, other=papers[2:])


def test_rows_are_examined_on_postgres_as_well(anywhere: World) -> None:
    papers = fill(anywhere)
    with anywhere.services.catalog.write() as tx:
        tx.run("INSERT INTO built VALUES ('nobody', 5, :paper, 1, '')", paper=papers[0])
        tx.run("UPDATE holdings SET passages = passages + 1 WHERE paper_id = :paper", paper=papers[1])
    kinds = {problem.kind for problem in fsck(anywhere)}
    assert {"built-of-nothing", "passages-miscounted"} <= kinds
    anywhere.work()
    assert fsck(anywhere) == []
    anywhere.check(library=papers, other=papers[2:])


def test_a_paper_that_lost_passages_is_read_again(world: World) -> None:
    papers = fill(world)
    run(world, "DELETE FROM passages WHERE paper_id = :paper AND ordinal = 0", paper=papers[0])
    problems = fsck(world)
    assert ("catalog", "passages-miscounted", True) in said(problems)
    assert any("First.pdf" in problem.subject for problem in problems)
    assert world.work()
    assert fsck(world) == []
    world.check(library=papers, other=papers[2:])


def test_a_file_that_no_paper_has_goes_and_one_on_its_way_stays(anywhere: World) -> None:
    papers = fill(anywhere)
    blobs = anywhere.services.blobs
    path = anywhere.folder / "stray.pdf"
    path.write_bytes(b"%PDF-1.7 stray")
    with path.open("rb") as stream, blobs.staged(stream) as copy:
        copy.keep()
    mended(anywhere, "files", "file-of-nothing")
    anywhere.check(library=papers, other=papers[2:])

    with path.open("rb") as stream, blobs.staged(stream) as copy:
        copy.keep()
    with anywhere.services.catalog.write() as tx:
        hold = holds.take(tx)
    fsck(anywhere, alone=False)
    assert copy.sha256 in set(blobs.list())  # a backup may be copying; it is noted
    with anywhere.services.catalog.write() as tx:
        holds.end(tx, hold)
    assert fsck(anywhere) == []
    anywhere.check(library=papers, other=papers[2:])


def test_an_empty_catalog_takes_no_file_for_an_orphan(world: World) -> None:
    path = world.folder / "only-copy.pdf"
    path.write_bytes(b"%PDF-1.7 somebody's only copy")
    with path.open("rb") as stream, world.services.blobs.staged(stream) as copy:
        copy.keep()
    (problem,) = fsck(world)
    assert (problem.kind, problem.subject, problem.mended) == ("file-of-nothing", copy.sha256, False)
    assert list(world.services.blobs.list()) == [copy.sha256]


def test_a_lost_file_is_named_until_it_is_added_again(anywhere: World) -> None:
    papers = fill(anywhere)
    lost = next(sha256 for sha256 in anywhere.services.blobs.list() if sha256.startswith(papers[0]))
    anywhere.services.blobs.delete(lost)
    for _ in range(2):
        (problem,) = fsck(anywhere)
        assert (problem.store, problem.kind, problem.mended) == ("files", "file-lost", False)
        assert problem.subject.startswith("First.pdf ")
    again = accept(
        anywhere.folder / "First.pdf", anywhere.shelf(), anywhere.services.catalog, anywhere.services.blobs
    )
    assert (again.paper_id, again.job) == (papers[0], None)
    assert fsck(anywhere, deep=True) == []
    anywhere.check(library=papers, other=papers[2:])


def test_a_damaged_file_is_found_by_reading_it_and_set_aside(world: World) -> None:
    papers = fill(world)
    sha256 = next(sha256 for sha256 in world.services.blobs.list() if sha256.startswith(papers[0]))
    path = world.services.blobs.path(sha256)
    path.write_bytes(b"rotten")
    assert fsck(world) == []
    assert said(fsck(world, deep=True)) == [("files", "file-damaged", False)]
    assert path.with_suffix(".damaged").read_bytes() == b"rotten"
    assert said(fsck(world)) == [("files", "file-lost", False)]
    accept(world.folder / "First.pdf", world.shelf(), world.services.catalog, world.services.blobs)
    assert fsck(world, deep=True) == []


def test_parses_of_nothing_and_unreadable_ones_go(anywhere: World) -> None:
    papers = fill(anywhere)
    parses = anywhere.services.parses
    (whole, *_) = parses.files(papers[0])
    parses.copy_in(f"{NOBODY}.pdfium.parse", whole.read_bytes())
    mended(anywhere, "parses", "parse-of-nothing")
    parses.copy_in(f"{papers[0]}.other.parse", whole.read_bytes()[:-7])
    assert fsck(anywhere) == []
    mended(anywhere, "parses", "parse-unreadable", deep=True)
    anywhere.check(library=papers, other=papers[2:])


def test_an_index_of_nothing_goes(anywhere: World) -> None:
    papers = fill(anywhere)
    shelf = anywhere.shelf()
    encoder = anywhere.embedder.encoder

    for stray in (replace(shelf, generation=shelf.generation + 3), KnowledgeBase(NOBODY, "gone")):  # type: ignore[arg-type]
        anywhere.services.indexes.open(stray, Space(encoder, encoder.width))
    mended(anywhere, "index", "index-of-nothing")
    assert len(anywhere.services.indexes.stored()) == 2
    anywhere.check(library=papers, other=papers[2:])


def test_papers_that_the_index_lacks_are_queued(anywhere: World) -> None:
    papers = fill(anywhere)
    anywhere.index().remove(papers[:2])
    problems = fsck(anywhere, mend=False)
    assert said(problems) == [("index", "paper-not-in-index", False)]
    assert sorted(problem.subject for problem in problems) == ["library: First.pdf", "library: Second.pdf"]
    assert len(fsck(anywhere)) == 2
    assert fsck(anywhere) == []  # they are on their way
    asked: list[str] = []
    anywhere.embedder.before = asked.append
    anywhere.work()
    assert asked == []
    assert fsck(anywhere) == []
    anywhere.check(library=papers, other=papers[2:])


def test_points_that_no_paper_has_go(anywhere: World) -> None:
    papers = fill(anywhere)
    shelf = anywhere.shelf()
    with anywhere.services.catalog.write() as tx:
        for table in ("passages", "holdings", "jobs"):
            tx.run(
                f"DELETE FROM {table} WHERE knowledge_base_id = :base AND paper_id = :paper",
                base=shelf.id,
                paper=papers[2],
            )
    mended(anywhere, "index", "points-of-nothing")
    anywhere.check(library=papers[:2], other=papers[2:])


def test_vectors_of_nothing_go_once_no_paper_is_on_its_way(anywhere: World) -> None:
    papers = fill(anywhere)
    (vector,) = anywhere.embedder.embed_documents(["never published"])
    cache = anywhere.services.vectors
    cache.put(anywhere.embedder.encoder, {text_key("never published"): vector})
    anywhere.accept("Waits", TEXT)
    assert fsck(anywhere) == []
    anywhere.work()
    cache.mark_examined(cache.unexamined(1000)[-1][0], ())  # as if it had been of use then
    mended(anywhere, "vectors", "vector-of-nothing")
    assert len(papers) + 1 == anywhere.shelf().papers


def test_jobs_that_nobody_works_at_wait_again(anywhere: World) -> None:
    accepted = anywhere.accept("Once", TEXT)
    with anywhere.services.catalog.write() as tx:
        tx.run("UPDATE jobs SET state = 'running'")
    assert fsck(anywhere, alone=False) == []  # somebody may work at it
    mended(anywhere, "catalog", "job-abandoned")
    anywhere.work()
    anywhere.check(library=[accepted.paper_id])


def test_a_job_whose_worker_is_heard_of_is_left_alone(anywhere: World) -> None:
    anywhere.accept("Once", TEXT)
    with anywhere.services.catalog.write() as tx:
        tx.run("UPDATE jobs SET state = 'running', lease_until = '9999', worker = 'w'")
    assert fsck(anywhere) == []


def test_half_written_files_go_once_they_are_old(world: World) -> None:
    fill(world)
    home = world.services.settings.home
    for folder in ("", "blobs/tmp", "parses/tmp"):
        (home / folder).mkdir(exist_ok=True)
        path = home / folder / "left.part"
        path.write_bytes(b"half")
        world.services.blobs.list()
    assert fsck(world, mend=False, alone=False) == []
    path = home / "left.part"
    long_ago = time.time() - 3600
    os.utime(path, (long_ago, long_ago))
    assert said(fsck(world, mend=False)) == [("files", "half-written", False)]
    assert said(fsck(world)) == [("files", "half-written", True)]
    assert not path.exists()
    assert fsck(world) == []


def test_a_catalog_that_is_damaged_is_said_to_be(tmp_path: Path) -> None:
    with world_with_real_index(tmp_path) as world:
        for number in range(12):
            world.accept(f"Paper {number}", TEXT * 20)
        world.work()
        path = world.services.settings.home / FILE_NAME
        connection = connect(path)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        root = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'passages_by_text'"
        ).fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        connection.close()
        with path.open("r+b") as stream:
            stream.seek(root * size - size // 4)  # where a page has its rows
            stream.write(os.urandom(size // 4))
        world.services.catalog.close()
        found = fsck(world, mend=False, deep=True, alone=False)
        assert said(found) == [("catalog", "damaged", False)]


def test_nothing_that_is_added_meanwhile_is_taken_for_lost(anywhere: World) -> None:
    """Between any two steps somebody adds a paper; nothing of it is ever found or touched."""
    fill(anywhere)
    services = anywhere.services
    services.own_index("a test", 0)
    added: list[PaperId] = []
    stores = services.stores()
    blobs = services.blobs

    class Adding:
        def __getattr__(self, name: str) -> object:
            return getattr(blobs, name)

        def list(self) -> Iterator[str]:
            for number in range(3):
                added.append(anywhere.accept(f"Added {number}", TEXT).paper_id)
                yield from blobs.list()

    examining = Examining(replace(stores, blobs=Adding()), mend=True, deep=True)  # type: ignore[arg-type]
    assert list(examine(examining, OwnedIndexes(services.indexes, services.index_of))) == []
    anywhere.work()
    assert set(added) < set(anywhere.index().paper_ids())
    assert fsck(anywhere, deep=True) == []
