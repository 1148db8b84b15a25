"""The whole journey, from a file to an answer: with fakes, and with the real parser and index."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from carrel.bootstrap import open_services
from carrel.core.errors import (
    EmptyQuery,
    KnowledgeBaseMissing,
    ModelUnavailable,
    ParsingServiceUnavailable,
    StorageFull,
)
from carrel.core.ids import PaperId
from carrel.core.jobs import JobState
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import Parser
from carrel.core.ranking import Filters, Mode, Signal
from carrel.core.rebuild import Change
from carrel.ingest.accept import accept
from carrel.ingest.worker import Finished, Postponed, work
from carrel.library.cleaning import work_off_removals
from carrel.library.mending import mend_indexes
from carrel.storage import queue, removals
from carrel.storage.database import Catalog, Transaction
from tests.fakes.parser import FakeParser
from tests.integration.worlds import (
    WORLDS,
    HookedParser,
    World,
    fake_paper,
    nothing_happens,
    settings_in,
    world_of_fakes,
    world_with_real_index,
)

MakeWorld = Callable[[Path], AbstractContextManager[World]]
UNAVAILABLE = ModelUnavailable(model="fake", detail="unplugged", ways="plug it in")


@pytest.fixture(params=[*WORLDS.values()], ids=[*WORLDS])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    make: MakeWorld = request.param
    with make(tmp_path) as world:
        yield world


@pytest.fixture(params=[world_of_fakes, world_with_real_index], ids=["fakes", "real index"])
def scripted(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A world whose parser reads what the test wrote."""
    make: MakeWorld = request.param
    with make(tmp_path) as world:
        yield world


def states(world: World) -> dict[str, JobState]:
    with world.services.catalog.read() as tx:
        return {row["file_name"]: JobState(row["state"]) for row in tx.rows("SELECT * FROM jobs")}


def identity(world: World, title: str) -> PaperId:
    with world.services.catalog.read() as tx:
        row = tx.row("SELECT paper_id FROM jobs WHERE file_name = :name", name=f"{title}.pdf")
    assert row is not None
    return PaperId(row["paper_id"])


def once(action: Callable[[], object], when: Callable[[str], bool] = bool) -> Callable[[str], None]:
    """Return a hook that acts the first time that ``when`` holds."""
    left = [action]

    def hook(seen: str) -> None:
        if left and when(seen):
            left.pop()()

    return hook


def fails(error: Exception) -> Callable[[], None]:
    def action() -> None:
        raise error

    return action


# --- From a file to an answer ----------------------------------------------------------------------


def test_a_paper_that_was_added_is_found_with_its_passage_and_page(world: World) -> None:
    ended = world.add("Glaciers", "Violins", "Compilers")
    assert [event.job.state for event in ended] == [JobState.DONE] * 3
    assert all(event.pages == 2 and event.passages >= 1 for event in ended)
    for mode in Mode:
        best = world.search("violins", mode=mode).hits[0]
        assert best.paper.file_name == "Violins.pdf"
        assert (best.rank, best.paper.pages) == (1, 2)
        passage = best.passages[0].passage
        assert "violins" in passage.text.lower()
        assert passage.page == 1
        assert {box.page for box in passage.boxes} <= set(passage.pages)
        assert passage.boxes
    world.check(library=[identity(world, title) for title in ("Glaciers", "Violins", "Compilers")])


def test_a_paper_in_two_knowledge_bases_is_stored_and_read_once(world: World) -> None:
    first = world.accept("Shared", kb="one")
    world.work()
    second = world.accept("Shared", kb="other")
    world.accept("Alone", kb="other")
    world.work()
    assert first.paper_id == second.paper_id
    assert world.parser.parsed == ["Shared.pdf", "Alone.pdf"]
    assert world.titles("shared", "one") == ["Shared"]
    assert world.titles("shared", "other") == ["Alone", "Shared"]
    assert world.titles("shared") == ["Alone", "Shared"]
    world.services.shelves.remove(first.paper_id, [world.shelf("one")])
    assert world.titles("shared", "one") == []
    assert world.titles("shared", "other") == ["Alone", "Shared"]
    world.check(one=[], other=[first.paper_id, identity(world, "Alone")])
    world.services.shelves.delete("other")
    world.check(one=[])


def test_what_a_file_says_is_read_again_by_another_version_of_its_parser(scripted: World) -> None:
    accepted = scripted.accept("Twice")
    scripted.work()
    parses = scripted.services.parses
    older = scripted.parser.fingerprint.split("/")[0] + "/0"
    assert parses.get(accepted.paper_id, older) is None
    parses.put(accepted.paper_id, older, scripted.parser.parse(*_stored(scripted, accepted.paper_id)))
    scripted.parser.parsed.clear()
    scripted.accept("Twice", kb="other")
    scripted.work()
    assert scripted.parser.parsed == ["Twice.pdf"]
    assert parses.get(accepted.paper_id, scripted.parser.fingerprint) is not None


def test_two_knowledge_bases_read_the_same_paper_each_with_its_own_parser(scripted: World) -> None:
    other = HookedParser(FakeParser(fingerprint="other/1"))
    _choose(scripted, "theirs", other)
    accepted = scripted.accept("Shared")
    scripted.accept("Shared", kb="theirs")
    scripted.work()
    assert (scripted.parser.parsed, other.parsed) == (["Shared.pdf"], ["Shared.pdf"])
    parses = scripted.services.parses
    assert parses.get(accepted.paper_id, scripted.parser.fingerprint) is not None
    assert parses.get(accepted.paper_id, "other/1") is not None
    scripted.services.shelves.delete("theirs")
    scripted.check(library=[accepted.paper_id])
    scripted.services.shelves.delete("library")
    scripted.check()
    assert list((scripted.folder / "home" / "parses").glob("??/*")) == []


def test_a_parser_that_cannot_be_used_holds_up_only_its_own_knowledge_base(scripted: World) -> None:
    away = HookedParser(FakeParser(fingerprint="away/1"))
    reason = ParsingServiceUnavailable(service="S", url="http://s", detail="gone", start="s", setting="S")
    away.before = lambda _: fails(reason)()
    _choose(scripted, "served", away)
    for title in ("First", "Second", "Third", "Fourth", "Fifth", "Sixth"):
        scripted.accept(title, kb="served")
    scripted.accept("Own")
    scripted.services.own_index("a test", 0)
    events = list(work(scripted.services.workshop()))
    assert [event.job.file_name for event in events if isinstance(event, Finished)] == ["Own.pdf"]
    postponed = [event for event in events if isinstance(event, Postponed)]
    assert {event.error for event in postponed} == {reason}
    assert all(event.job.state is JobState.QUEUED for event in postponed)
    # It is not asked again and again: only what was in hand when it failed.
    assert len(postponed) < 6
    assert set(states(scripted).values()) == {JobState.DONE, JobState.QUEUED}
    away.before = nothing_happens
    assert len(scripted.work()) == 6
    assert len(scripted.titles("first second third fourth fifth sixth", "served")) == 6


def test_a_paper_removed_while_its_parser_is_away_stays_removed(scripted: World) -> None:
    away = HookedParser(FakeParser(fingerprint="away/1"))
    _choose(scripted, "served", away)
    accepted = scripted.accept("Gone", kb="served")

    def remove(_: str) -> None:
        scripted.services.shelves.remove(accepted.paper_id, [scripted.shelf("served")])
        raise ParsingServiceUnavailable(service="S", url="http://s", detail="gone", start="s", setting="S")

    away.before = remove
    scripted.work()
    assert states(scripted) == {}
    scripted.check(served=[])


def test_another_parser_for_what_is_being_read(scripted: World) -> None:
    services = scripted.services
    accepted = scripted.accept("Waiting", kb="queued")
    services.own_index("a test", 0)

    def change(_: str) -> None:  # nothing is held yet: the settings change at once, and the paper begins anew
        scripted.parser.before = lambda _: None
        services.rebuilds().begin(scripted.shelf("queued"), Change(parser="grobid"))

    scripted.parser.before = change
    assert [event.job.state for event in scripted.work()] == [JobState.DONE]
    assert (scripted.shelf("queued").parser, scripted.shelf("queued").generation) == ("grobid", 2)
    scripted.check(queued=[accepted.paper_id])


def _choose(world: World, kb: str, parser: HookedParser) -> None:
    """Make a knowledge base that is read by another parser than the rest."""
    world.services.shelves.create(kb, parser="another")
    usual = world.services.parser_of

    def parser_of(knowledge_base: KnowledgeBase) -> Parser:
        return parser if knowledge_base.parser == "another" else usual(knowledge_base)

    world.services = replace(world.services, parser_of=parser_of)


def _stored(world: World, paper: PaperId) -> tuple[Path, str]:
    (sha256,) = (name for name in world.services.blobs.list() if name.startswith(paper))
    return world.services.blobs.path(sha256), "stored"


def test_a_damaged_parse_is_read_anew(scripted: World) -> None:
    accepted = scripted.accept("Damaged")
    scripted.work()
    for stored in (scripted.folder / "home" / "parses").glob("??/*.parse"):
        stored.write_bytes(stored.read_bytes()[:-7])
    scripted.accept("Damaged", kb="other")
    scripted.work()
    assert scripted.parser.parsed == ["Damaged.pdf"] * 2
    scripted.check(library=[accepted.paper_id], other=[accepted.paper_id])


def test_the_same_paper_again_is_a_duplicate_and_costs_nothing(world: World) -> None:
    world.add("Once")
    embedded = len(world.embedder.embedded)
    assert world.accept("Once").job is None
    assert world.work() == []
    assert len(world.embedder.embedded) == embedded


def test_a_file_that_cannot_be_read_fails_alone_and_is_tried_again(scripted: World) -> None:
    scripted.accept("Good")
    bad = scripted.accept_bytes("Bad.pdf", fake_paper("Bad", "text", fail="EncryptedPdf"))
    scripted.accept("Better")
    ended = {event.job.file_name: event.job for event in scripted.work()}
    assert [ended[name].state for name in ("Good.pdf", "Bad.pdf", "Better.pdf")] == [
        JobState.DONE,
        JobState.FAILED,
        JobState.DONE,
    ]
    assert ended["Bad.pdf"].error_kind == "encrypted-pdf"
    (failure,) = scripted.services.shelves.contents([scripted.shelf()]).failures
    assert (failure.id, failure.error_message) == (ended["Bad.pdf"].id, ended["Bad.pdf"].error_message)
    assert scripted.titles("good better bad") == ["Better", "Good"]
    again = scripted.accept_bytes("Bad.pdf", fake_paper("Bad", "text", fail="EncryptedPdf"))
    assert again.job is not None
    assert bad.job is not None
    assert again.job.id == bad.job.id
    assert [event.job.state for event in scripted.work()] == [JobState.FAILED]


# --- Removed in the middle -------------------------------------------------------------------------


def test_a_paper_that_is_removed_while_it_is_embedded_leaves_nothing(world: World) -> None:
    doomed = world.accept("Doomed")
    world.accept("Spared")
    spared = identity(world, "Spared")
    shelves = world.services.shelves
    world.embedder.before = once(lambda: shelves.remove(doomed.paper_id, shelves.readable()))
    assert len(world.work()) == 2
    assert world.index().paper_ids() == {spared}
    assert world.titles("doomed spared") == ["Spared"]
    world.check(library=[spared])


def test_a_knowledge_base_that_is_deleted_while_its_papers_are_embedded_leaves_nothing(world: World) -> None:
    world.accept("Shared", kb="doomed")
    world.accept("Shared", kb="spared")
    world.accept("Alone", kb="doomed")
    shared = identity(world, "Shared")
    world.embedder.before = once(lambda: world.services.shelves.delete("doomed"))
    world.work()
    assert world.titles("shared alone") == ["Shared"]
    world.check(spared=[shared])
    assert [name for name, _ in world.services.indexes.stored()] == [world.shelf("spared").id]


def test_a_paper_that_is_removed_and_added_again_while_it_is_embedded_is_there_once(world: World) -> None:
    accepted = world.accept("Returning")
    shelves = world.services.shelves

    def remove_and_add() -> None:
        shelves.remove(accepted.paper_id, shelves.readable())
        world.accept("Returning")

    world.embedder.before = once(remove_and_add)
    world.work()
    assert world.titles("returning") == ["Returning"]
    world.check(library=[accepted.paper_id])


def test_a_paper_that_is_removed_before_it_is_read_is_skipped_and_the_others_go_on(scripted: World) -> None:
    workshop = replace(scripted.services.workshop(), parsers=1)  # one is read, one waits for the parser
    for title in ("First", "Second", "Third"):
        scripted.accept(title)
    second = identity(scripted, "Second")
    shelves = scripted.services.shelves

    def remove_once_claimed() -> None:
        deadline = time.monotonic() + 30
        while states(scripted)["Second.pdf"] is JobState.QUEUED and time.monotonic() < deadline:
            time.sleep(0.01)
        shelves.remove(second, shelves.readable())

    scripted.parser.before = once(remove_once_claimed)
    scripted.services.own_index("a test", 0)
    ended = [event for event in work(workshop) if isinstance(event, Finished)]
    assert {event.job.file_name: event.job.state for event in ended} == {
        "First.pdf": JobState.DONE,
        "Second.pdf": JobState.CANCELLED,
        "Third.pdf": JobState.DONE,
    }
    assert scripted.titles("first second third") == ["First", "Third"]
    scripted.check(library=[identity(scripted, "First"), identity(scripted, "Third")])


def test_search_never_shows_a_paper_that_has_left_the_catalog(world: World) -> None:
    world.add("Leaving", "Staying")
    leaving = identity(world, "Leaving")
    index = world.index()
    world.services.shelves.remove(leaving, [world.shelf()])
    assert leaving in index.paper_ids()  # the note has not been worked off
    for mode in Mode:
        assert "Leaving" not in world.titles("leaving", mode=mode)
    world.services.own_index("a test", 0)
    assert leaving not in index.paper_ids()


def test_a_limit_is_filled_although_the_best_papers_have_left_the_catalog(world: World) -> None:
    titles = [f"Comets {n}" for n in range(6)]
    world.add(*titles)
    world.index()
    for title in titles[:3]:
        world.services.shelves.remove(identity(world, title), [world.shelf()])
    assert len(world.search("comets", limit=3).hits) == 3


# --- Errors in the middle --------------------------------------------------------------------------


def test_an_error_that_is_nobodys_files_fault_puts_the_jobs_back(world: World) -> None:
    for title in ("Early", "Middle", "Late"):
        world.accept(title)
    world.embedder.before = once(fails(UNAVAILABLE), when=lambda text: "middle" in text.lower())
    with pytest.raises(ModelUnavailable):
        world.work()
    assert states(world) == {
        "Early.pdf": JobState.DONE,
        "Middle.pdf": JobState.QUEUED,
        "Late.pdf": JobState.QUEUED,
    }
    assert world.titles("early middle late") == ["Early"]
    assert len(world.work()) == 2
    world.check(library=[identity(world, title) for title in ("Early", "Middle", "Late")])


def test_a_fault_of_ours_that_one_paper_brings_out_does_not_stop_the_others(world: World) -> None:
    for title in ("Early", "Middle", "Late"):
        world.accept(title)
    world.embedder.before = once(fails(ValueError("unforeseen")), when=lambda text: "middle" in text.lower())
    failed = [found.job for found in world.work() if found.job.state is JobState.FAILED]
    assert [(job.file_name, job.error_kind) for job in failed] == [("Middle.pdf", "unforeseen-fault")]
    assert "ValueError: unforeseen" in failed[0].error_message
    assert sorted(world.titles("early middle late")) == ["Early", "Late"]
    world.accept("Middle")
    assert len(world.work()) == 1
    world.check(library=[identity(world, title) for title in ("Early", "Middle", "Late")])


def test_a_worker_that_is_stopped_puts_its_jobs_back(world: World) -> None:
    for title in ("Early", "Late", "Later"):
        world.accept(title)
    world.services.own_index("a test", 0)
    events = work(world.services.workshop())
    for event in events:
        if isinstance(event, Finished):
            break
    assert JobState.RUNNING in states(world).values()
    events.close()
    assert sorted(states(world).values()) == [JobState.DONE, JobState.QUEUED, JobState.QUEUED]
    assert len(world.work()) == 2


class InterruptedAtTheClaim(Catalog):
    """A catalog at which Ctrl-C arrives in the moment after a job was claimed."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._interrupted = False

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        with self._catalog.write() as tx:
            yield tx
        with self._catalog.read() as tx:
            claimed = bool(queue.workers(tx))
        if claimed and not self._interrupted:
            self._interrupted = True
            raise KeyboardInterrupt

    def read(self) -> AbstractContextManager[Transaction]:
        return self._catalog.read()

    def close(self) -> None:
        self._catalog.close()


def test_a_job_goes_back_although_ctrl_c_came_in_the_very_moment_it_was_claimed(world: World) -> None:
    world.accept("Coral")
    world.services.own_index("a test", 0)
    workshop = world.services.workshop()
    interrupted = InterruptedAtTheClaim(workshop.tools.catalog)
    with pytest.raises(KeyboardInterrupt):
        list(work(replace(workshop, tools=replace(workshop.tools, catalog=interrupted))))
    assert states(world) == {"Coral.pdf": JobState.QUEUED}
    assert [event.job.attempts for event in world.work()] == [1]


def test_jobs_of_a_worker_that_died_are_done_by_the_next_one(world: World) -> None:
    world.accept("Interrupted")
    with world.services.catalog.write() as tx:
        assert queue.claim(tx) is not None
    assert [event.job.state for event in world.work()] == [JobState.DONE]


def test_a_full_disk_stops_the_work_and_keeps_the_jobs(world: World) -> None:
    world.accept("Waiting")
    world.services.own_index("a test", 0)
    with pytest.raises(StorageFull) as raised:
        list(work(replace(world.services.workshop(), keep_free_mb=10**9)))
    assert raised.value.retryable
    assert states(world) == {"Waiting.pdf": JobState.QUEUED}
    assert [event.job.state for event in world.work()] == [JobState.DONE]
    # With nothing to do, a full disk is no reason to fail.
    assert list(work(replace(world.services.workshop(), keep_free_mb=10**9))) == []


def test_a_crash_between_index_and_catalog_is_made_good_by_doing_it_again(world: World) -> None:
    accepted = world.accept("Torn")
    world.accept("Whole")
    with world.services.catalog.write() as tx:  # as if a worker had died just before its transaction
        assert queue.claim(tx) is not None
    world.work()
    with world.services.catalog.write() as tx:
        tx.run("DELETE FROM passages WHERE paper_id = :id", id=accepted.paper_id)
        tx.run("DELETE FROM holdings WHERE paper_id = :id", id=accepted.paper_id)
        tx.run("UPDATE jobs SET state = 'running' WHERE paper_id = :id", id=accepted.paper_id)
    assert world.titles("torn") == ["Whole"] or world.titles("torn") == []
    world.work()
    world.check(library=[accepted.paper_id, identity(world, "Whole")])


# --- Notes of what is to be removed ----------------------------------------------------------------


class Interleaved(Catalog):
    """A catalog in which something happens just before each of a few writing transactions."""

    def __init__(self, catalog: Catalog, before: list[Callable[[], object]]) -> None:
        self.catalog = catalog
        self.before = before

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        if self.before:
            self.before.pop(0)()
        with self.catalog.write() as tx:
            yield tx

    def read(self) -> AbstractContextManager[Transaction]:
        return self.catalog.read()

    def close(self) -> None:
        """The world closes what is inside."""


def test_cleaning_between_any_two_steps_of_accepting_leaves_no_file_without_a_note(world: World) -> None:
    """The bytes are never stored without a note or a paper, whatever the owner cleans when."""
    services = world.services
    services.indexes.acquire("a test", 0)

    def clean() -> None:
        work_off_removals(
            services.catalog, services.blobs, services.parses, services.indexes, services.index_of
        )
        with services.catalog.read() as tx:
            known = {row["sha256"] for row in tx.rows("SELECT sha256 FROM papers")}
            noted = {note.key for note in removals.pending(tx)}
        assert set(services.blobs.list()) <= known | noted

    catalog = Interleaved(services.catalog, [clean, clean, clean, clean])
    path = world.folder / "contended.pdf"
    path.write_bytes(world.write("Contended", "Everyone wants this one."))
    shelf = services.shelves.existing_or_new("library")
    accepted = accept(path, shelf, catalog, services.blobs)
    assert catalog.before == []
    assert accepted.job is not None
    clean()
    world.work()
    world.check(library=[accepted.paper_id])


def test_a_note_about_a_file_that_became_a_paper_again_deletes_nothing(world: World) -> None:
    world.add("Kept")
    kept = identity(world, "Kept")
    (sha256,) = world.services.blobs.list()
    with world.services.catalog.write() as tx:
        removals.note_file(tx, sha256)
        removals.note_points(tx, world.shelf(), kept)
    world.check(library=[kept])


# --- An index out of step --------------------------------------------------------------------------


def mend(world: World) -> int:
    world.services.own_index("a test", 0)
    return mend_indexes(world.services.catalog, world.services.index_of)


def test_an_index_in_step_needs_no_mending(world: World) -> None:
    world.add("One", "Two")
    assert mend(world) == 0
    assert world.work() == []


def test_papers_that_an_index_lost_are_queued_and_what_it_should_not_hold_goes(scripted: World) -> None:
    scripted.add("One", "Two", "Three")
    scripted.index().remove([identity(scripted, "Two")])
    assert mend(scripted) == 1
    assert [event.job.file_name for event in scripted.work()] == ["Two.pdf"]
    scripted.services.shelves.remove(identity(scripted, "Three"), [scripted.shelf()])
    with scripted.services.catalog.write() as tx:
        for note in removals.pending(tx):
            removals.cross_out(tx, note)  # as if the note had been lost
    assert mend(scripted) == 0
    assert scripted.index().paper_ids() == {identity(scripted, "One"), identity(scripted, "Two")}
    assert len(scripted.parser.parsed) == 3  # nothing was read again


def test_a_deleted_index_folder_is_rebuilt_without_reading_a_file_again(tmp_path: Path) -> None:
    with world_with_real_index(tmp_path) as world:
        world.add("One", "Two", "Three")
        papers = [identity(world, title) for title in ("One", "Two", "Three")]
    shutil.rmtree(tmp_path / "home" / "index")
    with world_with_real_index(tmp_path) as world:
        assert world.titles("one two three") == []
        assert mend(world) == 3
        assert len(world.work()) == 3
        assert world.parser.parsed == []
        assert world.titles("one two three") == ["One", "Three", "Two"]
        world.check(library=papers)


# --- Queries ---------------------------------------------------------------------------------------


@pytest.fixture
def shelf_of_years(scripted: World) -> World:
    header = {
        "Early": {"year": "2017", "authors": "Ada Lovelace; Wei Zhang"},
        "Middle": {"year": "2019", "authors": "Ada Byron; Augusta Lovelace"},
        "Late": {"year": "2021", "authors": "José Núñez"},
        "Undated": {"authors": "Ada Lovelace"},
    }
    for title, fields in header.items():
        scripted.accept_bytes(f"{title}.pdf", fake_paper(title, "A paper about stars.", **fields))
    scripted.work()
    return scripted


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), ["Early", "Late", "Middle", "Undated"]),
        (Filters(2019, 2021), ["Late", "Middle"]),
        (Filters(None, 2019), ["Early", "Middle"]),
        (Filters(2020), ["Late"]),
        (Filters(2030), []),
        (Filters(authors=("lovelace",)), ["Early", "Middle", "Undated"]),
        (Filters(authors=("Ada Lovelace",)), ["Early", "Undated"]),
        (Filters(authors=("nunez",)), ["Late"]),
        (Filters(2018, None, ("lovelace",)), ["Middle"]),
        (Filters(authors=("nobody",)), []),
    ],
    ids=str,
)
def test_filters_keep_what_meets_them(
    shelf_of_years: World, mode: Mode, filters: Filters, expected: list[str]
) -> None:
    hits = shelf_of_years.search("a paper about stars", mode=mode, filters=filters).hits
    assert sorted(hit.paper.metadata.title for hit in hits) == expected


@pytest.fixture
def shelf_of_venues(scripted: World) -> World:
    for title, kb, fields in (
        ("Meeting", "library", {"venue": "Nature"}),
        ("Letters", "library", {"venue": "Nature Communications", "language": "de"}),
        ("Pairs", "other", {"venue": "计算机学报", "language": "zh"}),
        ("Zoo", "other", {"venue": "NATURE", "year": "2020"}),
        ("Nowhere", "other", {"language": "zh"}),
    ):
        scripted.accept_bytes(f"{title}.pdf", fake_paper(title, "A paper about stars.", **fields), kb)
    scripted.work()
    return scripted


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(venues=("nature",)), ["Meeting", "Zoo"]),
        (Filters(venues=("communications",)), ["Letters"]),
        (Filters(venues=("学报",)), ["Pairs"]),
        (Filters(venues=("学报", "Nature Communications")), ["Letters", "Pairs"]),
        (Filters(venues=("Science",)), []),
        (Filters(venues=("?",)), []),
        (Filters(languages=("zh", "de")), ["Letters", "Nowhere", "Pairs"]),
        (Filters(languages=("zh",), venues=("学报",)), ["Pairs"]),
        (Filters(2019, None, venues=("nature",), languages=("en",)), ["Zoo"]),
        (Filters(languages=("fr",)), []),
    ],
    ids=str,
)
def test_filters_by_what_only_the_catalog_knows(
    shelf_of_venues: World, mode: Mode, filters: Filters, expected: list[str]
) -> None:
    result = shelf_of_venues.search("a paper about stars", mode=mode, filters=filters)
    assert sorted(hit.paper.metadata.title for hit in result.hits) == expected


def test_a_filter_goes_by_what_the_catalog_says_now_and_not_by_the_index(shelf_of_venues: World) -> None:
    with shelf_of_venues.services.catalog.write() as tx:
        tx.run("UPDATE papers SET venue = 'Science' WHERE title = 'Meeting'")
    hits = shelf_of_venues.search("stars", filters=Filters(venues=("science",))).hits
    assert [hit.paper.metadata.title for hit in hits] == ["Meeting"]


@pytest.mark.parametrize("mode", Mode)
def test_an_answer_says_which_signals_found_each_paper(world: World, mode: Mode) -> None:
    world.add("Glaciers", "Violins", "Compilers")
    result = world.search("violins", mode=mode)
    counted = {signal: len(found) for signal, found in result.candidates}
    for signal in Signal:
        assert (signal in counted) == (mode is Mode.HYBRID or signal.dense == (mode is Mode.DENSE))
    best = result.hits[0]
    assert {part.signal for part in best.contributions} <= {s for s, count in counted.items() if count}
    assert any(part.rank == 1 for part in best.contributions)
    for hit in result.hits:
        assert hit.contributions
        for part in hit.contributions:
            assert part.rank is None or 1 <= part.rank <= counted[part.signal]
            assert 0 <= part.share <= 1
        shares = sum(part.share for part in hit.contributions)
        assert hit.score == pytest.approx(shares + hit.quotation)
    assert [hit.rank for hit in result.hits] == list(range(1, len(result.hits) + 1))
    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)


def test_nothing_is_asked_of_a_knowledge_base_that_is_not_named(world: World) -> None:
    world.add("Public", kb="open")
    world.add("Secret", kb="closed")
    assert world.titles("public secret", "open") == ["Public"]
    assert world.titles("public secret", "closed") == ["Secret"]
    with pytest.raises(KnowledgeBaseMissing):
        world.search("public", "open", "nowhere")


def test_an_empty_library_answers_with_nothing(world: World) -> None:
    assert world.search("anything").hits == ()
    world.services.shelves.create("empty")
    assert world.search("anything", "empty").hits == ()
    with pytest.raises(EmptyQuery):
        world.search("  ?! ")


def test_two_processes_on_one_folder_see_the_same_papers(tmp_path: Path) -> None:
    with world_with_real_index(tmp_path) as world:
        world.add("Seen")
        other = open_services(settings_in(tmp_path), print, load_embedder=lambda _: world.embedder)
        try:
            (record,) = other.shelves.contents(other.shelves.readable()).papers
            assert record.file_name == "Seen.pdf"
        finally:
            other.close()
