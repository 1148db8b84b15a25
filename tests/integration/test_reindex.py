"""The next generation of an index: from the cache, interrupted, while papers come and go."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from carrel.core.engine_errors import (
    DimensionsImpossible,
    EmbedderFixed,
    EndpointUnavailable,
    PapersReadOtherwise,
    TextRefused,
    TextsRefused,
    VectorsMissing,
)
from carrel.core.errors import KnowledgeBaseMissing, SpaceMismatch
from carrel.core.ids import PaperId
from carrel.core.ports import IndexQuery
from carrel.core.ranking import Filters, Mode, Signal
from carrel.core.space import Encoder, Space, checked_dimensions
from carrel.storage import queue
from tests.integration.worlds import World, title_of, world_of_fakes, world_with_real_index

MakeWorld = Callable[[Path], AbstractContextManager[World]]
TITLES = ("Glaciers", "Violins", "Compilers", "Comets", "Reefs")
GONE = EndpointUnavailable(endpoint="http://s", detail="gone", setting="CARREL_EMBEDDER_URL")


@pytest.fixture(params=[world_of_fakes, world_with_real_index], ids=["fakes", "real index"])
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


def test_a_rebuild_at_full_width_changes_no_rank_and_asks_no_model(world: World) -> None:
    before = {title: ranking(world, title) for title in TITLES}
    rebuilt = world.reindex()
    shelf = world.shelf()
    assert (shelf.generation, shelf.dimensions, shelf.papers) == (2, 0, 5)
    assert rebuilt.knowledge_base == shelf
    assert (rebuilt.from_cache, rebuilt.embedded) == (shelf.passages + 5, 0)
    assert {title: ranking(world, title) for title in TITLES} == before
    world.check(library=ids(world, *TITLES))
    assert world.services.indexes.stored() == ((shelf.id, 2),)


def test_dimensions_change_without_the_model_and_back_again(world: World) -> None:
    before = ranking(world, "comets and reefs")
    rebuilt = world.reindex(32)
    assert (rebuilt.knowledge_base.dimensions, rebuilt.embedded) == (32, 0)
    for mode in Mode:
        assert title_of(world.search("comets", mode=mode).hits[0]) == "Comets"
    assert ranking(world, "comets and reefs") != before
    world.reindex(0)
    assert world.shelf().generation == 3
    assert ranking(world, "comets and reefs") == before
    world.check(library=ids(world, *TITLES))


def test_papers_that_come_later_are_cut_as_well(world: World) -> None:
    world.reindex(32)
    world.embedder.before = answers
    world.add("Latecomers")
    assert title_of(world.search("latecomers", mode=Mode.DENSE).hits[0]) == "Latecomers"
    world.embedder.before = fails(AssertionError("the model was asked"))
    assert world.reindex(48).embedded == 0
    world.check(library=ids(world, *TITLES, "Latecomers"))


def test_the_same_paper_in_another_knowledge_base_is_not_embedded_again(world: World) -> None:
    world.services.shelves.create("short", dimensions=32)
    world.add("Comets", kb="short")
    assert world.titles("comets", "short") == ["Comets"]
    world.check(library=ids(world, *TITLES), short=ids(world, "Comets"))


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_interrupted_anywhere_the_old_generation_serves_and_the_next_attempt_starts_clean(
    world: World, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carrel.ingest.reindex._PAPERS_A_PAGE", 2)
    before = ranking(world, "violins")
    world.services.own_index("a test", 0)
    rebuilding = world.services.reindex("library", 32)
    for _ in range(steps):
        next(rebuilding)
    rebuilding.close()
    assert (world.shelf().generation, world.shelf().dimensions) == (1, 0)
    assert ranking(world, "violins") == before
    world.check(library=ids(world, *TITLES))
    assert world.services.indexes.stored() == ((world.shelf().id, 1),)
    world.reindex(32)
    world.check(library=ids(world, *TITLES))


def test_a_killed_rebuild_leaves_a_note_and_its_index_goes(world: World) -> None:
    world.services.own_index("a test", 0)
    rebuilding = world.services.reindex("library", 32)
    next(rebuilding)  # what it holds open stays as kill -9 leaves it
    shelf = world.shelf()
    assert world.services.indexes.stored() == ((shelf.id, 1), (shelf.id, 2))
    world.check(library=ids(world, *TITLES))
    assert world.services.indexes.stored() == ((shelf.id, 1),)
    world.reindex()
    world.check(library=ids(world, *TITLES))
    del rebuilding


def test_papers_removed_and_a_failure_at_the_swap(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carrel.ingest.reindex._PAPERS_A_PAGE", 1)
    world.services.own_index("a test", 0)
    rebuilding = world.services.reindex("library", 32)
    shelves = world.services.shelves
    next(rebuilding)
    next(rebuilding)  # the first paper is in the new index now
    for paper in ids(world, "Glaciers", "Reefs"):  # one that is built, one that is not
        shelves.remove(paper, [world.shelf()])
    for _ in rebuilding:
        pass
    assert (world.shelf().papers, world.shelf().dimensions) == (3, 32)
    assert world.titles("glaciers violins reefs") == ["Comets", "Compilers", "Violins"]
    world.check(library=ids(world, "Violins", "Compilers", "Comets"))


def test_a_paper_removed_after_the_last_one_was_built_is_noticed_in_the_transaction(world: World) -> None:
    (doomed,) = ids(world, "Comets")
    services = world.services

    class Interrupting:
        """The indexes; as soon as the new one has been counted, a paper goes."""

        def __getattr__(self, name: str) -> object:
            return getattr(services.indexes, name)

    opened = services.indexes.open

    def open_and_remove(shelf: object, space: object) -> object:
        index = opened(shelf, space)  # type: ignore[arg-type]
        counts = index.counts

        def counts_and_remove() -> tuple[int, int]:
            found = counts()
            if services.shelves.contents([world.shelf()]).papers[-1:] and doomed in ids(world, "Comets"):
                services.shelves.remove(doomed, [world.shelf()])
            return found

        index.counts = counts_and_remove  # type: ignore[method-assign]
        return index

    services.own_index("a test", 0)
    interrupting = Interrupting()
    interrupting.open = open_and_remove  # type: ignore[attr-defined]
    for _ in replace(services, indexes=interrupting).reindex("library", 32):  # type: ignore[arg-type]
        pass
    assert world.shelf().papers == 4
    world.check(library=ids(world, "Glaciers", "Violins", "Compilers", "Reefs"))


def test_a_knowledge_base_that_is_deleted_meanwhile_leaves_nothing(world: World) -> None:
    world.services.own_index("a test", 0)
    rebuilding = world.services.reindex("library", 32)
    next(rebuilding)
    world.services.shelves.delete("library")
    with pytest.raises(KnowledgeBaseMissing):
        for _ in rebuilding:
            pass
    world.check()
    assert world.services.indexes.stored() == ()


def test_rows_without_keys_are_read_from_the_stored_parse_and_get_their_keys(world: World) -> None:
    forget_vectors(world, ids(world, "Violins"))
    world.parser.parsed.clear()
    rebuilt = world.reindex(32)  # the texts are known, and so are their vectors
    assert (rebuilt.embedded, rebuilt.from_cache) == (0, world.shelf().passages + 5)
    assert world.parser.parsed == []
    with world.services.catalog.read() as tx:
        assert tx.rows("SELECT id FROM passages WHERE text_key = ''") == []
        assert tx.rows("SELECT paper_id FROM holdings WHERE about_key = ''") == []
    world.check(library=ids(world, *TITLES))


def test_a_lost_cache_is_filled_again(world: World) -> None:
    before = ranking(world, "violins")
    lose_cache(world)
    world.embedder.before = answers
    world.parser.parsed.clear()
    passages = world.shelf().passages
    rebuilt = world.reindex()
    assert (rebuilt.embedded, rebuilt.from_cache) == (passages + 5, 0)
    assert world.parser.parsed == []
    assert ranking(world, "violins") == before
    world.embedder.before = fails(AssertionError("the model was asked"))
    assert world.reindex(32).from_cache == passages + 5


def test_missing_vectors_and_no_server_change_nothing_and_say_how_many(world: World) -> None:
    lose_cache(world)
    world.embedder.before = fails(GONE)
    total = world.shelf().passages + 5
    with pytest.raises(VectorsMissing, match=f"Of the {total} vectors of 'library', {total} are not"):
        world.reindex(32)
    assert (world.shelf().generation, world.shelf().dimensions) == (1, 0)
    world.check(library=ids(world, *TITLES))


def test_a_refused_text_is_told_with_its_paper_and_place_and_nothing_changes(world: World) -> None:
    lose_cache(world)

    def refuses(text: str) -> None:
        if text.startswith("Comets"):
            raise TextsRefused({0: "too long"}, endpoint="http://s", count=1, detail="too long")

    world.embedder.before = refuses
    with pytest.raises(TextRefused, match=r"Comets.pdf: http://s refuses the text at page 1.* \(too long\)"):
        world.reindex(32)
    assert (world.shelf().generation, world.shelf().dimensions) == (1, 0)
    world.check(library=ids(world, *TITLES))


def test_papers_that_are_read_otherwise_are_queued_and_the_next_attempt_has_them(world: World) -> None:
    (changed,) = ids(world, "Comets")
    lose_cache(world)
    world.embedder.before = answers
    with world.services.catalog.write() as tx:  # as another version of the parser would have cut it
        tx.run(
            "UPDATE passages SET id = :id WHERE paper_id = :paper AND ordinal = 0", id="f" * 32, paper=changed
        )
    with pytest.raises(PapersReadOtherwise, match="carrel add on any file"):
        world.reindex(32)
    assert (world.shelf().generation, world.titles("violins")) == (1, world.titles("violins"))
    with world.services.catalog.read() as tx:
        (job,) = queue.waiting(tx, [world.shelf().id])
    assert job.paper_id == changed
    world.work()
    assert world.reindex(32).knowledge_base.dimensions == 32
    world.check(library=ids(world, *TITLES))


def test_an_index_of_another_space_is_refused_and_a_rebuild_mends_it(world: World) -> None:
    with world.services.catalog.write() as tx:  # by hand, or by a fault
        tx.run("UPDATE knowledge_bases SET dimensions = 32")
    with pytest.raises(SpaceMismatch, match="carrel reindex --kb library"):
        world.index()
    world.reindex()
    assert title_of(world.search("comets", mode=Mode.DENSE).hits[0]) == "Comets"


def test_an_empty_knowledge_base_changes_model_and_dimensions_a_filled_one_does_not(world: World) -> None:
    shelves = world.services.shelves
    shelves.create("empty")
    changed = shelves.configure("empty", None, None, embedder="other", dimensions=32)
    assert (changed.embedder, changed.dimensions, changed.generation) == ("other", 32, 2)
    with pytest.raises(EmbedderFixed, match="carrel kb create NEW --embedder other"):
        shelves.configure("library", None, None, embedder="other")
    assert shelves.configure("library", None, None, dimensions=32).dimensions == 0
    usual = world.shelf().embedder
    assert shelves.configure("library", None, "the same", embedder=usual).description == "the same"


def test_a_knowledge_base_that_was_emptied_takes_other_dimensions(world: World) -> None:
    for paper in ids(world, *TITLES):
        world.services.shelves.remove(paper, [world.shelf()])
    world.services.own_index("a test", 0)
    world.services.shelves.configure("library", None, None, dimensions=32)
    world.embedder.before = answers
    world.add("Anew")
    assert world.index().counts()[0] == 1
    world.check(library=ids(world, "Anew"))
    assert world.services.indexes.stored() == ((world.shelf().id, 2),)


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
