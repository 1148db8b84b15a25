"""Judgments: one of each person for a query and paper, kept by backups, gone with what they are about."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from carrel.core.accounts import Role
from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.judgments import Judgment, JudgmentKey, agreed
from carrel.core.users import User
from carrel.library.backup import back_up
from carrel.library.importing import add_missing
from carrel.library.opened_backup import OpenedBackup
from carrel.storage import judgments, members, users
from carrel.storage.clock import now
from carrel.storage.judgments import Judged
from tests.integration.worlds import World, world_of_fakes, world_on_postgres


@pytest.fixture(params=[world_of_fakes, world_on_postgres], ids=["sqlite", "postgres"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with request.param(tmp_path) as world:
        yield world


def said(world: World, query: str, paper: str, grade: int, by: str = "", kb: str = "library") -> Judgment:
    judgment = Judgment(world.shelf(kb).id, query, PaperId(paper), grade, by, now())
    with world.services.catalog.write() as tx:
        judgments.put(tx, [judgment])
    return judgment


def stored(world: World, kb: str = "library") -> list[tuple[str, str, int, str]]:
    with world.services.catalog.read() as tx:
        found = judgments.of(tx, world.shelf(kb).id)
    return sorted((each.query, each.paper_id, each.grade, each.by) for each in found)


def test_each_persons_last_word_counts_and_a_query_is_one_however_it_is_written(world: World) -> None:
    paper, other = (world.accept(title).paper_id for title in ("A", "B"))
    said(world, "Long  Documents", paper, 0)
    said(world, "long documents ", paper, 2)
    said(world, "ｌｏｎｇ documents", other, 1)
    said(world, "long documents", paper, 1, by="ann")
    spelt = "Long Documents"
    assert stored(world) == sorted([(spelt, paper, 2, ""), (spelt, paper, 1, "ann"), (spelt, other, 1, "")])
    base = world.shelf().id
    with world.services.catalog.write() as tx:
        assert judgments.counts(tx, base) == Judged(queries=1, judgments=3, people=2)
        assert judgments.counts(tx, base, by="ann") == Judged(queries=1, judgments=1, people=1)
        mine = judgments.of_query(tx, [base], "LONG documents", "")
        assert mine == {(base, paper): 2, (base, other): 1}
        assert judgments.take_back(tx, base, JudgmentKey.of("long documents", paper, ""))
        assert not judgments.take_back(tx, base, JudgmentKey.of("long documents", paper, ""))
        assert judgments.of_query(tx, [base], "long documents", "") == {(base, other): 1}


def test_they_are_listed_in_pages(world: World) -> None:
    papers = [world.accept(title).paper_id for title in "ABC"]
    for query in ("one", "two", "a\0b"):
        for paper in papers:
            said(world, query, paper, 1)
            said(world, query, paper, 1, by="ann")
    base, listed, after = world.shelf().id, list[Judgment](), None
    with world.services.catalog.read() as tx:
        while some := judgments.page(tx, base, 4, after):
            listed.extend(some)
            after = JudgmentKey.of(some[-1].query, some[-1].paper_id, some[-1].by)
        assert tuple(listed) == judgments.of(tx, base)
        assert len(judgments.page(tx, base, 100, by="ann")) == 9


def test_those_of_who_may_change_the_knowledge_base_are_told_from_the_others(world: World) -> None:
    paper = world.accept("A").paper_id
    world.accept("A", kb="other")
    base, other = world.shelf().id, world.shelf("other").id
    roles = {"vi": Role.VIEWER, "ed": Role.EDITOR, "ow": Role.OWNER, "gone": Role.OWNER}
    with world.services.catalog.write() as tx:
        for name in (*roles, "admin", "nobody"):
            made = User(name, name, administrator=name == "admin", disabled=name == "gone")
            users.add(tx, made, name, "")
        for name, role in roles.items():
            members.set_role(tx, base, name, role)
        members.set_role(tx, other, "vi", Role.OWNER)
    for by in ("", "vi", "ed", "ow", "gone", "admin", "nobody", "deleted"):
        said(world, f"what does {by} want?", paper, 2, by=by)
    with world.services.catalog.read() as tx:
        assert sorted(each.by for each in judgments.by_keepers(tx, base)) == ["", "admin", "ed", "ow"]
        assert judgments.queries_by_keepers(tx) == {base: 4}


def test_they_go_with_the_paper_and_with_who_said_it(world: World) -> None:
    paper, other = (world.accept(title).paper_id for title in "AB")
    world.accept("A", kb="other")
    world.work()
    for each in (paper, other):
        said(world, "what?", each, 1, by="ann")
        said(world, "what?", each, 2)
    said(world, "what?", paper, 2, kb="other")
    shelves = world.services.shelves
    shelves.remove(paper, shelves.readable(["library"]))
    assert stored(world) == [("what?", other, 1, "ann"), ("what?", other, 2, "")]
    assert stored(world, "other") == [("what?", paper, 2, "")]
    with world.services.catalog.write() as tx:
        users.delete(tx, "ann")
    assert stored(world) == [("what?", other, 2, "")]


def test_they_come_with_a_knowledge_base_out_of_a_backup(tmp_path: Path) -> None:
    for name in ("one", "beside"):
        (tmp_path / name).mkdir()
    with world_of_fakes(tmp_path / "one") as one, world_of_fakes(tmp_path / "beside") as beside:
        paper = one.accept("A").paper_id
        one.work()
        said(one, "what?", paper, 2, by="ann")
        stream = io.BytesIO()
        back_up(one.services.stores(), stream, True, lambda *_: None)
        backup = OpenedBackup(io.BytesIO(stream.getvalue()), "a.backup")
        add_missing(backup, beside.services.stores(), lambda *_: None)
        assert stored(beside) == [("what?", paper, 2, "")]  # ann is nobody there


def test_the_grade_of_several_people_is_their_mean() -> None:
    one = Judgment(KnowledgeBaseId("kb"), "q", PaperId("p"), 0, "", "")
    grades = {(0,): 0, (0, 1): 0, (0, 2): 1, (1, 2): 1, (0, 1, 1): 1, (2, 2, 1): 2, (0, 0, 1): 0}
    for given, mean in grades.items():
        assert agreed(replace(one, grade=grade) for grade in given) == {"q": {"p": mean}}
