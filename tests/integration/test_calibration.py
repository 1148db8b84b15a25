"""Calibration where it is used: by the server's owner, by commands, in searches, records and pages."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from carrel.bootstrap.calibrating import Calibrating, due, forget_outlived, found_out, set_back
from carrel.cli.calibrating import calibrate_knowledge_base, calibrate_where_due
from carrel.core.accounts import COMMAND_LINE
from carrel.core.audit import Action
from carrel.core.calibration import FEWEST_PAPERS, Calibration, is_due, is_outlived
from carrel.core.engine_errors import EndpointUnavailable
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.metadata import Metadata
from carrel.core.ranking import Query
from carrel.core.search_record import compared
from carrel.engines.cached_embedder import CachedEmbedder
from carrel.engines.vector_cache import FILE_NAME, SqliteVectorCache
from carrel.storage import audit, calibrations
from carrel.storage.clock import now
from tests.integration.worlds import World, world_of_fakes, world_with_real_index
from tests.unit.evaluation.libraries import library

PATIENCE = 60.0


def filled(world: World, with_sentences: int = 0) -> KnowledgeBase:
    """Let a knowledge base hold as many papers as are calibrated without being asked for."""
    papers = [
        Metadata(
            title=f"Paper {number}",
            abstract=f"We studied nomen{number} here at length. What nomen{number} is we knew not. It is odd."
            if number < with_sentences
            else "",
        )
        for number in range(FEWEST_PAPERS)
    ]
    return library(world.services.catalog, world.services.vectors, world.embedder, papers)


class Clock:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_owner_calibrates_what_is_due_and_nothing_twice(tmp_path: Path) -> None:
    with world_of_fakes(tmp_path) as world:
        base, clock = filled(world), Clock()

        tried: list[str] = []

        def embedder_of(shelf: KnowledgeBase) -> CachedEmbedder:
            tried.append(shelf.name)
            if world.embedder.gone:
                raise world.embedder.gone
            return CachedEmbedder(world.embedder, world.services.vectors)

        duty = Calibrating(replace(world.services, embedder_of=embedder_of), clock)

        def go_on(seconds: float, until_asked: int) -> None:
            """Let time pass, and see through what begins then."""
            clock.now += seconds
            deadline = time.monotonic() + PATIENCE
            duty.advance()
            while duty.under_way and time.monotonic() < deadline:
                duty.advance()
            assert len(tried) == until_asked

        go_on(1, 0)  # a server that has just begun
        world.embedder.gone = EndpointUnavailable(endpoint="x", detail="gone", setting="X")
        go_on(60, 1)
        world.embedder.gone = None
        go_on(60, 1)  # not at once again
        go_on(3600, 2)
        assert world.shelf().calibration is not None
        go_on(3600, 2)
        assert due(world.services) == ()
        world.accept("One more")  # is on its way
        with world.services.catalog.write() as tx:
            calibrations.forget(tx, base.id, base.generation)
        go_on(3600, 2)
        world.work()
        go_on(3600, 3)


def test_when_it_is_due() -> None:
    found = Calibration(0.7, 0.8, 200, 0, 1000, 20, "")
    assert is_due(None, FEWEST_PAPERS, 0)
    assert not is_due(None, FEWEST_PAPERS - 1, 100)
    assert [is_due(found, papers, 20) for papers in (501, 1499)] == [False, False]
    assert [is_due(found, papers, 20) for papers in (500, 1500)] == [True, True]
    assert [is_due(found, 1000, queries) for queries in (39, 40)] == [False, True]
    assert not is_due(replace(found, queries=0), 1000, 29)


def test_when_it_is_forgotten() -> None:
    found = Calibration(0.7, 0.8, 200, 0, 1000, 20, "")
    assert [is_outlived(found, papers) for papers in (0, 199, 200)] == [True, True, False]
    asked_for = replace(found, papers=150)
    assert [is_outlived(asked_for, papers) for papers in (75, 76, 199)] == [True, False, False]
    assert not is_outlived(replace(found, sentences=0), 199)
    assert not is_outlived(None, 199)


def audited(world: World) -> list[tuple[str, str, str]]:
    """Return what the log has of calibrations, the newest first: who, the share before, and that since."""
    with world.services.catalog.read() as tx:
        found = audit.page(tx, 10, action=Action.KNOWLEDGE_BASE_CALIBRATE)
    return [(each.user_name, each.detail["before"], each.detail["meaning_share"]) for each in found]


def test_what_changes_by_itself_is_in_the_audit_log(tmp_path: Path) -> None:
    with world_of_fakes(tmp_path) as world:
        base = library(world.services.catalog, world.services.vectors, world.embedder, [Metadata("A")])
        with world.services.catalog.write() as tx:
            calibrations.put(tx, base, Calibration(0.4, 0.8, 200, 0, 1000, 0, now()))
        forget_outlived(world.services)
        forget_outlived(world.services)
        kept = world.shelf().calibration
        assert kept is not None
        assert (kept.share, kept.measured, kept.papers) == (0.8, False, 1)
        found_out(world.services, world.shelf())  # tells nothing, and changes nothing
        assert audited(world) == [("server", "0.40", "0.80")]


def test_what_is_set_back_meanwhile_stays(tmp_path: Path) -> None:
    with world_of_fakes(tmp_path) as world:
        base = filled(world, with_sentences=60)
        for present in (None, Calibration(0.4, 0.8, 200, 0, 1000, 0, now())):
            with world.services.catalog.write() as tx:
                calibrations.forget(tx, base.id, base.generation)
                if present is not None:
                    calibrations.put(tx, base, present)
            base, set_to = world.shelf(), list[Calibration]()

            def somebody_goes_back(_: str, to: list[Calibration] = set_to) -> None:
                if not to:
                    to.append(set_back(world.services, world.shelf(), COMMAND_LINE))

            world.embedder.before = somebody_goes_back
            found_out(world.services, base)
            assert [world.shelf().calibration] == set_to
            before = "0.80" if present is None else "0.40"
            assert audited(world)[0] == ("command line", before, "0.80")
        assert len(audited(world)) == 2
        found_out(world.services, world.shelf(), COMMAND_LINE, is_asked=True)
        assert world.shelf().calibration not in (None, *set_to)


def test_a_command_says_what_it_found_and_goes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with world_with_real_index(tmp_path) as world:
        base = filled(world, with_sentences=60)
        calibrate_where_due(world.services, base)
        calibrate_where_due(world.services, base)  # nothing more to do
    assert capsys.readouterr().err.count("\n") == 1
    monkeypatch.setenv("CARREL_HOME", str(tmp_path / "home"))

    def load(_: str) -> CachedEmbedder:
        return CachedEmbedder(world.embedder, SqliteVectorCache(tmp_path / "home" / FILE_NAME))

    assert calibrate_knowledge_base("library", forget=False, as_json=True, load=load) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["sentences"], found["default"]) == (60, 0.8)
    assert found["share"] in [point["share"] for point in found["curve"]]
    assert calibrate_knowledge_base("library", forget=False, as_json=False, load=load) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(found["curve"]) + 1
    assert next(line for line in lines if "default" in line).startswith("  0.80  nDCG@10 ")
    assert calibrate_knowledge_base("library", forget=True, as_json=False) == 0
    assert capsys.readouterr().out == "Meaning counts 0.80, words 0.20. That is the default.\n"
    with world_with_real_index(tmp_path) as world:
        kept = world.shelf().calibration
        assert kept is not None
        assert not kept.measured
        assert due(world.services) == ()
        with world.services.catalog.read() as tx:
            assert [each.action for each in audit.page(tx, 3)] == [Action.KNOWLEDGE_BASE_CALIBRATE] * 3


def test_a_search_counts_by_it_and_a_replay_says_that_it_has_changed(tmp_path: Path) -> None:
    with world_of_fakes(tmp_path) as world:
        world.add("Whales", "Seals")
        query = Query("whales", ("library",))
        before = world.services.record(query, world.services.search(query))
        base = world.shelf()
        with world.services.catalog.write() as tx:
            calibrations.put(tx, base, Calibration(0.4, 0.8, 200, 0, 2, 0, ""))
        result = world.services.search(query)
        assert result.weights[base.id]["dense"] == 0.4
        paper = result.weights[base.id]["paper"]
        after = world.services.record(query, result)
        assert [(each.what, each.before, each.now) for each in compared(before, after).causes] == [
            ("weights", f"dense 0.8, paper {paper:.6g}", f"dense 0.4, paper {paper:.6g}")
        ]
        set_back(world.services, base, COMMAND_LINE)
        assert not compared(before, world.services.record(query, world.services.search(query))).causes
