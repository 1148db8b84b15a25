"""The next generation of an index: from the cache or by jobs, checked, swapped in, kept, gone back to."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from carrel.core.engine_errors import DimensionsImpossible, EndpointUnavailable, TextsRefused
from carrel.core.errors import (
    InvalidSetting,
    KnowledgeBaseMissing,
    ParserUnknown,
    SpaceMismatch,
    StorageFull,
)
from carrel.core.ids import PaperId
from carrel.core.jobs import JobState
from carrel.core.paper import ParsedPaper
from carrel.core.ports import EmbeddedQuery, IndexQuery
from carrel.core.ranking import Filters, Mode, Signal
from carrel.core.rebuild import Change, GenerationState
from carrel.core.rebuild_errors import NoRebuild, NothingKept, RebuildUnderWay
from carrel.core.space import Encoder, Space, checked_dimensions
from carrel.storage import generations, queue, versions
from tests.fakes.parser import FakeParser
from tests.integration.worlds import (
    WIDE_MODEL,
    World,
    title_of,
    world_of_fakes,
    world_on_postgres,
    world_with_real_index,
)

MakeWorld = Callable[[Path], AbstractContextManager[World]]
SECONDS = 60.0
TITLES = ("Glaciers", "Violins", "Compilers", "Comets", "Reefs")
GONE = EndpointUnavailable(endpoint="http://s", detail="gone", setting="CARREL_EMBEDDER_URL")


@pytest.fixture(
    params=[world_of_fakes, world_with_real_index, world_on_postgres], ids=["fakes", "real index", "postgres"]
)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A library of five papers whose model must not be asked again."""
    make: MakeWorld = request.param
    with make(tmp_path) as world:
        world.add(*TITLES)
        world.embedder.before = fails(AssertionError("the model was asked"))
        yield world


def fails(error: Exception) -> Callable[[str], None]:
    def hook(_: str) -> None:
        raise error

    return hook


def answers(_: str) -> None:
    """What a model that may be asked does before it answers."""


def ids(world: World, *titles: str) -> list[PaperId]:
    found = world.services.shelves.contents([world.shelf()]).papers
    return [record.id for title in titles for record in found if record.file_name == f"{title}.pdf"]


def ranking(world: World, question: str) -> list[tuple[str, float]]:
    vector = world.embedder.embed_query(question).vector
    dimensions = world.shelf().dimensions or len(vector)
    cut = vector[:dimensions] / np.linalg.norm(vector[:dimensions])
    found = world.index().search(IndexQuery(cut, question, Filters(), 20))
    return [(f"{signal} {hit.point_id}", round(hit.score, 5)) for signal in Signal for hit in found[signal]]


def forget_vectors(world: World, papers: list[PaperId]) -> None:
    """Make the rows of these papers as they were before vectors were cached."""
    with world.services.catalog.write() as tx:
        tx.run("UPDATE passages SET text_key = '' WHERE paper_id IN :papers", papers=papers)
        tx.run("UPDATE holdings SET about_key = '' WHERE paper_id IN :papers", papers=papers)


def lose_cache(world: World) -> None:
    vectors = world.services.vectors
    vectors.close()
    if isinstance(kept := getattr(vectors, "kept", None), dict):
        kept.clear()
    for path in (world.folder / "home").glob("vectors.db*"):
        path.unlink()


def stored(world: World) -> list[int]:
    return [generation for _, generation in world.services.indexes.stored()]


def rows(world: World, generation: int) -> int:
    with world.services.catalog.read() as tx:
        found = tx.rows("SELECT 1 FROM passages WHERE generation = :generation", generation=generation)
    return len(found)


def test_a_rebuild_at_full_width_changes_no_rank_and_asks_no_model(world: World) -> None:
    before = {title: ranking(world, title) for title in TITLES}
    status = world.reindex()
    shelf = world.shelf()
    assert (shelf.generation, shelf.dimensions, shelf.papers) == (2, 0, 5)
    assert (status.serving, status.under_way) == (shelf, None)
    assert {title: ranking(world, title) for title in TITLES} == before
    world.check(library=ids(world, *TITLES))
    assert stored(world) == [1, 2]  # the one before is kept


def test_dimensions_change_without_the_model_and_back_again(world: World) -> None:
    before = ranking(world, "comets and reefs")
    assert world.reindex(Change(dimensions=32)).serving.dimensions == 32
    for mode in Mode:
        assert title_of(world.search("comets", mode=mode).hits[0]) == "Comets"
    assert ranking(world, "comets and reefs") != before
    world.reindex(Change(dimensions=0))
    assert world.shelf().generation == 3
    assert ranking(world, "comets and reefs") == before
    world.check(library=ids(world, *TITLES))
    assert stored(world) == [2, 3]  # two are enough


def test_papers_that_come_later_are_cut_as_well(world: World) -> None:
    world.reindex(Change(dimensions=32))
    world.embedder.before = answers
    world.add("Latecomers")
    assert title_of(world.search("latecomers", mode=Mode.DENSE).hits[0]) == "Latecomers"
    world.embedder.before = fails(AssertionError("the model was asked"))
    assert world.reindex(Change(dimensions=48)).serving.dimensions == 48
    world.check(library=ids(world, *TITLES, "Latecomers"))


def test_the_same_paper_in_another_knowledge_base_is_not_embedded_again(world: World) -> None:
    world.services.shelves.create("short", dimensions=32)
    world.add("Comets", kb="short")
    assert world.titles("comets", "short") == ["Comets"]
    world.check(library=ids(world, *TITLES), short=ids(world, "Comets"))


def test_another_model_embeds_everything_anew_and_serves_alone(world: World) -> None:
    status = world.reindex(Change(embedder=WIDE_MODEL))
    assert (status.serving.embedder, status.serving.generation) == (WIDE_MODEL, 2)
    assert set(TITLES) <= {title_of(hit) for hit in world.search("comets", mode=Mode.DENSE).hits}
    assert title_of(world.search("comets", mode=Mode.DENSE).hits[0]) == "Comets"
    world.check(library=ids(world, *TITLES))


class ErratumForgetting(FakeParser):
    """Another parser: it takes the word before the title for no part of it."""

    def __init__(self) -> None:
        super().__init__(fingerprint="forgetting/1")

    def parse(self, path: Path, name: str) -> ParsedPaper:
        parsed = super().parse(path, name)
        title = parsed.metadata.title.removeprefix("Erratum to: ")
        return replace(parsed, metadata=replace(parsed.metadata, title=title))


def test_versions_are_recognised_by_what_the_new_parser_reads(world: World) -> None:
    world.embedder.before = answers
    usual, other = world.parser, ErratumForgetting()
    world.services = replace(
        world.services, parser_of=lambda base: other if base.parser == "grobid" else usual
    )
    text = " ".join(f"The measurement of reef {number} is told in full." for number in range(60))
    pair = [world.accept(title, text).paper_id for title in ("On Reefs", "Erratum to: On Reefs")]
    world.work()

    def linked() -> set[PaperId]:
        with world.services.catalog.read() as tx:
            return set(versions.groups(tx, [world.shelf().id], pair))

    assert linked() == set()
    assert world.reindex(Change(parser="grobid")).serving.parser == "grobid"
    assert linked() == set(pair)
    world.services.rebuilds().rollback(world.shelf())
    assert world.finish_rebuild().serving.parser == "pdfium"
    assert linked() == set()
    world.check(library=[*ids(world, *TITLES), *pair])


def test_other_passages_and_another_parser(world: World) -> None:
    before = world.shelf().passages
    world.embedder.before = answers
    text = " ".join(f"word{number} of many" for number in range(200))
    world.accept("Long", text)
    world.work()
    status = world.reindex(Change(chunk_size=64, chunk_overlap=16))
    assert status.serving.passages > before + 4
    assert (status.serving.chunking.size, status.serving.chunking.overlap) == (64, 16)
    assert world.reindex(Change(parser="grobid", references=True)).serving.parser == "grobid"
    world.check(library=ids(world, *TITLES, "Long"))
    with pytest.raises(InvalidSetting, match="chunk size"):
        world.reindex(Change(chunk_size=3))
    with pytest.raises(ParserUnknown):
        world.reindex(Change(parser="nonesuch"))
    with pytest.raises(DimensionsImpossible):
        world.reindex(Change(dimensions=9999))
    assert world.shelf().generation == 3


def test_one_at_a_time_and_a_cancelled_one_leaves_nothing(world: World) -> None:
    before = ranking(world, "violins")
    services = world.services
    rebuilds = services.rebuilds()
    services.own_index("a test", 0)
    with pytest.raises(NoRebuild):
        rebuilds.cancel(world.shelf())
    rebuilds.begin(world.shelf(), Change(embedder=WIDE_MODEL))
    with pytest.raises(RebuildUnderWay, match="--cancel"):
        rebuilds.begin(world.shelf(), Change(dimensions=32))
    assert rebuilds.step(world.shelf())  # jobs are queued
    rebuilds.cancel(world.shelf())
    assert world.work() == []
    assert world.finish_rebuild().last is not None
    assert (world.shelf().generation, rows(world, 2)) == (1, 0)
    assert ranking(world, "violins") == before
    world.check(library=ids(world, *TITLES))
    assert stored(world) == [1]
    world.reindex(Change(dimensions=32))
    assert world.shelf().generation == 3  # numbers are not used twice
    world.check(library=ids(world, *TITLES))


def test_it_is_gone_back_to_what_served_before_with_what_came_and_went_since(world: World) -> None:
    usual = world.shelf().embedder
    world.reindex(Change(embedder=WIDE_MODEL))
    world.services.shelves.remove(ids(world, "Glaciers")[0], [world.shelf()])
    world.add("Latecomers")
    world.embedder.before = answers  # the latecomer has no vector of the usual model yet
    world.services.rebuilds().rollback(world.shelf())
    status = world.finish_rebuild()
    assert (status.serving.embedder, status.serving.generation) == (usual, 1)
    assert title_of(world.search("latecomers", mode=Mode.DENSE).hits[0]) == "Latecomers"
    assert "Glaciers" not in world.titles("glaciers")
    world.check(library=ids(world, "Violins", "Compilers", "Comets", "Reefs", "Latecomers"))
    world.services.rebuilds().rollback(world.shelf())  # and forth
    assert world.finish_rebuild().serving.embedder == WIDE_MODEL
    world.check(library=ids(world, "Violins", "Compilers", "Comets", "Reefs", "Latecomers"))


def test_a_cancelled_rollback_keeps_what_was_kept(world: World) -> None:
    with pytest.raises(NothingKept):
        world.services.rebuilds().rollback(world.shelf())
    world.reindex(Change(dimensions=32))
    world.services.rebuilds().rollback(world.shelf())
    world.services.rebuilds().cancel(world.shelf())
    assert world.shelf().generation == 2
    world.check(library=ids(world, *TITLES))
    assert stored(world) == [1, 2]
    world.services.rebuilds().rollback(world.shelf())
    assert world.finish_rebuild().serving.generation == 1


def test_what_is_kept_can_be_let_go_and_is_after_some_days(world: World) -> None:
    world.reindex(Change(dimensions=32))
    world.services.rebuilds().discard_kept(world.shelf())
    world.services.own_index("a test", 0)
    assert (stored(world), rows(world, 1)) == ([2], 0)
    world.reindex(Change(dimensions=48))
    with world.services.catalog.write() as tx:
        tx.run("UPDATE generations SET finished_at = '2020-01-01' WHERE state = 'kept'")
    world.services.own_index("a test", 0)
    world.check(library=ids(world, *TITLES))
    assert stored(world) == [3]
    with pytest.raises(NothingKept):
        world.services.rebuilds().discard_kept(world.shelf())


def test_papers_come_and_go_while_it_is_built(world: World) -> None:
    services = world.services
    services.own_index("a test", 0)
    rebuilds = services.rebuilds()
    rebuilds.begin(world.shelf(), Change(embedder=WIDE_MODEL))
    rebuilds.step(world.shelf())
    gone = ids(world, "Glaciers", "Reefs")

    def meanwhile(text: str) -> None:
        world.wide.before = answers
        for paper in gone:
            services.shelves.remove(paper, [world.shelf()])
        world.accept("Latecomers")

    world.wide.before = meanwhile
    world.embedder.before = answers
    assert world.finish_rebuild().serving.embedder == WIDE_MODEL
    world.check(library=ids(world, "Violins", "Compilers", "Comets", "Latecomers"))
    assert world.titles("glaciers violins reefs") == ["Comets", "Compilers", "Latecomers", "Violins"]


def test_a_paper_removed_and_added_again_is_built_again(world: World) -> None:
    services = world.services
    services.own_index("a test", 0)
    rebuilds = services.rebuilds()
    rebuilds.begin(world.shelf(), Change(dimensions=32))
    assert rebuilds.step(world.shelf())  # all are copied, and wait for the check
    services.shelves.remove(ids(world, "Comets")[0], [world.shelf()])
    world.add("Comets")
    assert world.finish_rebuild().serving.dimensions == 32
    world.check(library=ids(world, *TITLES))


def test_a_knowledge_base_that_is_deleted_meanwhile_leaves_nothing(world: World) -> None:
    world.reindex()
    world.services.rebuilds().begin(world.shelf(), Change(embedder=WIDE_MODEL))
    shelf = world.shelf()
    world.services.rebuilds().step(shelf)
    world.services.shelves.delete("library")
    with pytest.raises(KnowledgeBaseMissing):
        world.services.rebuilds().step(shelf)
    assert not world.services.rebuilds().advance()
    assert world.work() == []
    world.check()
    assert stored(world) == []


def test_rows_without_keys_are_read_from_the_stored_parse_and_get_their_keys(world: World) -> None:
    forget_vectors(world, ids(world, "Violins"))
    world.parser.parsed.clear()
    world.reindex(Change(dimensions=32))  # the texts are known, and so are their vectors
    assert world.parser.parsed == []
    with world.services.catalog.read() as tx:
        assert tx.rows("SELECT id FROM passages WHERE text_key = '' AND generation = 2") == []
        assert tx.rows("SELECT paper_id FROM holdings WHERE about_key = ''") == []
    world.check(library=ids(world, *TITLES))


def test_a_lost_cache_is_filled_again(world: World) -> None:
    before = ranking(world, "violins")
    lose_cache(world)
    world.embedder.before = answers
    world.parser.parsed.clear()
    world.reindex()
    assert world.parser.parsed == []
    assert ranking(world, "violins") == before
    world.embedder.before = fails(AssertionError("the model was asked"))
    world.reindex(Change(dimensions=32))
    world.check(library=ids(world, *TITLES))


def test_a_model_that_does_not_answer_is_said_before_anything_is_done(world: World) -> None:
    world.wide.gone = GONE
    with pytest.raises(EndpointUnavailable):
        world.reindex(Change(embedder=WIDE_MODEL))
    status = world.services.rebuilds().status(world.shelf())
    assert (status.under_way, status.last) == (None, None)
    lose_cache(world)
    world.embedder.gone = GONE
    with pytest.raises(EndpointUnavailable):
        world.reindex(Change(dimensions=32))
    world.check(library=ids(world, *TITLES))


def test_a_disk_without_room_is_said_before_anything_is_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carrel.ingest.rebuild_estimate._ROW_BYTES", 1 << 60)
    with pytest.raises(StorageFull):
        world.reindex(Change(dimensions=32))
    assert world.services.rebuilds().status(world.shelf()).under_way is None


def test_a_server_that_dies_halfway_holds_it_up_and_it_goes_on_when_it_is_back(world: World) -> None:
    impatient = replace(world.services.settings, embedder_patience_seconds=0.0)
    world.services = replace(world.services, settings=impatient)
    asked: list[str] = []

    def dies(text: str) -> None:
        asked.append(text)
        if len(asked) > 4:
            world.wide.gone = GONE
            raise GONE

    world.wide.before = dies
    with pytest.raises(EndpointUnavailable):
        world.reindex(Change(embedder=WIDE_MODEL))
    status = world.services.rebuilds().status(world.shelf())
    assert status.under_way is not None
    assert title_of(world.search("comets", mode=Mode.DENSE).hits[0]) == "Comets"
    world.wide.before, world.wide.gone = answers, None
    assert world.finish_rebuild().serving.embedder == WIDE_MODEL
    assert len(asked) <= 6
    world.check(library=ids(world, *TITLES))


def test_the_check_waits_for_a_model_that_is_away_and_says_so(world: World) -> None:
    services = world.services
    services.own_index("a test", 0)
    rebuilds = services.rebuilds()
    rebuilds.begin(world.shelf(), Change(embedder=WIDE_MODEL))
    rebuilds.step(world.shelf())
    world.work()
    world.wide.gone = GONE
    while rebuilds.advance():
        pass
    status = rebuilds.status(world.shelf())
    assert status.under_way is not None
    assert (status.under_way.state, status.under_way.error_kind) == ("checking", "endpoint-unavailable")
    world.wide.gone = None
    assert world.finish_rebuild().serving.embedder == WIDE_MODEL


def test_the_owner_does_not_wait_for_a_model_that_hangs_in_the_check(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carrel.ingest.rebuild._CHECK_SECONDS", 0.01)
    services, answers = world.services, threading.Event()
    services.own_index("a test", 0)
    rebuilds = services.rebuilds()
    rebuilds.begin(world.shelf(), Change(embedder=WIDE_MODEL))
    rebuilds.step(world.shelf())
    world.work()
    wide = services.embedder_of(replace(world.shelf(), embedder=WIDE_MODEL))

    class Hanging:
        def __getattr__(self, name: str) -> object:
            return getattr(wide, name)

        def embed_query(self, text: str, instruction: str = "") -> EmbeddedQuery:
            answers.wait(SECONDS)
            return world.wide.embed_query(text, instruction)

    rebuilds = replace(services, embedder_of=lambda _: Hanging()).rebuilds()  # type: ignore[arg-type,return-value]
    while rebuilds.advance():
        pass
    assert not rebuilds.advance()
    under_way = rebuilds.status(world.shelf()).under_way
    assert under_way is not None
    assert under_way.state is GenerationState.CHECKING
    assert not answers.is_set()
    answers.set()
    deadline = time.monotonic() + SECONDS
    while rebuilds.status(world.shelf()).under_way is not None:
        assert time.monotonic() < deadline
        rebuilds.advance()
    assert world.shelf().embedder == WIDE_MODEL


def refuse_comets(world: World) -> None:
    def refuses(text: str) -> None:
        if text.startswith("Comets"):
            raise TextsRefused({0: "too long"}, endpoint="http://s", count=1, detail="too long")

    world.wide.before = refuses


def test_a_paper_that_cannot_come_along_holds_it_up_until_somebody_decides(world: World) -> None:
    refuse_comets(world)
    status = world.reindex(Change(embedder=WIDE_MODEL))
    assert status.under_way is not None
    (failure,) = status.progress.failures
    assert (failure.file_name, failure.kind) == ("Comets.pdf", "text-refused")
    assert (status.progress.done, status.progress.total) == (4, 5)
    assert title_of(world.search("comets", mode=Mode.DENSE).hits[0]) == "Comets"
    world.wide.before = answers
    assert world.services.rebuilds().retry_failures(world.shelf()) == 1
    assert world.finish_rebuild().serving.embedder == WIDE_MODEL
    world.check(library=ids(world, *TITLES))


def test_going_on_without_a_paper_makes_it_a_failed_file_and_going_back_a_paper_again(world: World) -> None:
    refuse_comets(world)
    comets = ids(world, "Comets")
    world.reindex(Change(embedder=WIDE_MODEL))
    assert world.services.rebuilds().accept_failures(world.shelf()) == 1
    assert world.finish_rebuild().serving.papers == 4
    contents = world.services.shelves.contents([world.shelf()])
    assert [(job.file_name, job.error_kind) for job in contents.failures] == [("Comets.pdf", "text-refused")]
    assert "Comets" not in world.titles("comets")
    world.services.rebuilds().rollback(world.shelf())
    assert world.finish_rebuild().serving.papers == 5
    assert title_of(world.search("comets", mode=Mode.DENSE).hits[0]) == "Comets"
    assert ids(world, "Comets") == comets


def test_a_job_that_somebody_cancels_loses_no_paper(world: World) -> None:
    services = world.services
    services.own_index("a test", 0)
    services.rebuilds().begin(world.shelf(), Change(embedder=WIDE_MODEL))
    services.rebuilds().step(world.shelf())
    with services.catalog.write() as tx:
        for paper in ids(world, *TITLES):
            job = queue.of_paper(tx, world.shelf(), paper, 2)
            assert job is not None
            assert job.state is JobState.QUEUED
            queue.cancel(tx, job)
    assert world.finish_rebuild().serving.embedder == WIDE_MODEL
    world.check(library=ids(world, *TITLES))


def test_points_that_a_killed_process_lost_are_built_again(world: World) -> None:
    services = world.services
    services.own_index("a test", 0)
    rebuilds = services.rebuilds()
    rebuilds.begin(world.shelf(), Change(dimensions=32))
    rebuilds.step(world.shelf())
    with services.catalog.read() as tx:
        target = generations.target(tx, world.shelf().id, 2)
    services.index_of(target).remove(ids(world, "Comets"))
    assert world.finish_rebuild().serving.dimensions == 32
    world.check(library=ids(world, *TITLES))


def test_an_index_that_does_not_find_its_own_passages_never_serves(world: World) -> None:
    before = ranking(world, "violins")
    rotate = dict(zip(TITLES, TITLES[1:] + TITLES[:1], strict=True))

    def mixed_up(texts: list[str]) -> list[str]:  # a server that gives each text the vector of another one
        return ["entirely " + rotate.get(text.split()[0], text) for text in texts]

    status = world.services.rebuilds().status(world.shelf())
    services = world.services
    services.own_index("a test", 0)
    rebuilds = services.rebuilds()
    rebuilds.begin(world.shelf(), Change(embedder=WIDE_MODEL))
    rebuilds.step(world.shelf())
    world.wide.garble = mixed_up
    world.work()
    world.wide.garble = None
    while rebuilds.step(world.shelf()):
        pass
    status = rebuilds.status(world.shelf())
    assert status.under_way is None
    assert status.last is not None
    assert (status.last.state, status.last.error_kind) == (GenerationState.FAILED, "self-check-failed")
    assert ranking(world, "violins") == before
    world.check(library=ids(world, *TITLES))
    assert stored(world) == [1]


def test_an_index_of_another_space_is_refused_and_a_rebuild_mends_it(world: World) -> None:
    with world.services.catalog.write() as tx:  # by hand, or by a fault
        tx.run("UPDATE knowledge_bases SET dimensions = 32")
    with pytest.raises(SpaceMismatch, match="carrel reindex --kb library"):
        world.index()
    world.reindex()
    assert title_of(world.search("comets", mode=Mode.DENSE).hits[0]) == "Comets"


def test_an_empty_knowledge_base_has_its_settings_at_once(world: World) -> None:
    world.services.shelves.create("empty")
    rebuilds = world.services.rebuilds()
    rebuilds.begin(world.shelf("empty"), Change(embedder=WIDE_MODEL, dimensions=32))
    changed = world.shelf("empty")
    assert (changed.embedder, changed.dimensions, changed.generation) == (WIDE_MODEL, 32, 2)
    for paper in ids(world, *TITLES):
        world.services.shelves.remove(paper, [world.shelf()])
    world.services.own_index("a test", 0)
    rebuilds.begin(world.shelf(), Change(dimensions=32))
    world.embedder.before = answers
    world.add("Anew")
    assert world.index().counts()[0] == 1
    world.check(library=ids(world, "Anew"), empty=[])
    assert (world.shelf().id, 2) in world.services.indexes.stored()
    assert (world.shelf().id, 1) not in world.services.indexes.stored()


def test_an_estimate_counts_what_is_cached_and_changes_nothing(world: World) -> None:
    rebuilds = world.services.rebuilds()
    vectors = world.shelf().passages + 5
    same = rebuilds.estimate(world.shelf(), Change(dimensions=32))
    assert (same.papers, same.passages, same.to_embed, same.exact) == (5, vectors - 5, 0, True)
    assert (same.seconds, same.cached_share, same.warnings) == (0.0, 1.0, ())
    other = rebuilds.estimate(world.shelf(), Change(embedder=WIDE_MODEL))
    assert (other.to_embed, other.exact) == (vectors, False)
    assert other.texts_a_second is not None
    assert other.seconds is not None
    assert other.disk_bytes > same.disk_bytes
    finer = rebuilds.estimate(world.shelf(), Change(embedder=WIDE_MODEL, chunk_size=64))
    assert finer.passages > other.passages
    assert finer.warnings
    assert rebuilds.status(world.shelf()).under_way is None


@pytest.mark.parametrize(
    ("wanted", "mrl_range", "kept"),
    [
        (0, None, 0),
        (384, None, 0),
        (32, None, 32),
        (383, None, 383),
        (384, (64, 256), 0),
        (64, (64, 256), 64),
    ],
)
def test_dimensions_that_are_possible(wanted: int, mrl_range: tuple[int, int] | None, kept: int) -> None:
    assert checked_dimensions(Encoder("m", "1", "{text}", "mean", 384), wanted, mrl_range) == kept


@pytest.mark.parametrize(
    ("wanted", "mrl_range"),
    [(1, None), (31, None), (385, None), (63, (64, 256)), (257, (64, 256)), (-1, None)],
)
def test_dimensions_that_are_not(wanted: int, mrl_range: tuple[int, int] | None) -> None:
    with pytest.raises(DimensionsImpossible, match=r"to \d+, or 384"):
        checked_dimensions(Encoder("m", "1", "{text}", "mean", 384), wanted, mrl_range)


def test_spaces_of_one_encoder_cut_differently_are_apart() -> None:
    encoder = Encoder("m", "1", "{text}", "mean", 384)
    assert len({Space(encoder, dimensions).id for dimensions in (32, 64, 384)}) == 3
