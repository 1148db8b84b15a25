"""A knowledge base of a domain: how files come in, how questions are asked, and what changing it builds."""

from pathlib import Path

import pytest

from carrel.core.domains import Domain
from carrel.core.file_errors import CodeElsewhere
from carrel.core.paper import Passage
from carrel.core.ranking import Query
from carrel.core.rebuild import Change
from carrel.ingest.accept import find_files
from tests.fakes.parser import fake_pdf
from tests.integration.worlds import World, world_of_fakes

LAW = "第五十四条　损坏图书的，应当赔偿。\n\n第五十五条　丢失图书的，照价赔偿。"


def test_changing_the_domain_builds_another_index_and_going_back_is_possible(tmp_path: Path) -> None:
    with world_of_fakes(tmp_path) as world:
        world.accept_bytes("law.pdf", fake_pdf("图书流通条例", LAW))
        world.work()
        assert [passage.section for passage in passages(world)] == [""]
        estimate = world.services.rebuilds().outlook(world.shelf(), Change(domain=Domain.STATUTES))
        assert (estimate.exact, estimate.to_embed) == (False, 2)

        world.reindex(Change(domain=Domain.STATUTES))

        assert world.shelf().domain is Domain.STATUTES
        assert [passage.section for passage in passages(world)] == ["第五十四条", "第五十五条"]
        hits = world.search("第54条").hits
        assert hits[0].passages[0].passage.section == "第五十四条"

        world.services.rebuilds().rollback(world.shelf())
        world.finish_rebuild()
        assert world.shelf().domain is Domain.PAPERS
        assert len(passages(world)) == 1


def test_papers_that_become_documents_are_copied(tmp_path: Path) -> None:
    with world_of_fakes(tmp_path) as world:
        world.add("Glaciers")

        def asked(_: str) -> None:
            raise AssertionError("the model was asked")

        world.embedder.before = asked
        world.reindex(Change(domain=Domain.DOCUMENTS))
        assert (world.shelf().domain, world.shelf().papers) == (Domain.DOCUMENTS, 1)


def test_questions_are_asked_for_what_is_searched(tmp_path: Path) -> None:
    with world_of_fakes(tmp_path) as world:
        world.services.shelves.create("laws", domain=Domain.STATUTES)
        world.add("Glaciers")
        world.add("Violins", kb="laws")
        for wanted in ("", "own words"):
            world.services.search(Query("what is due", instruction=wanted))
        assert sorted(world.embedder.tasks) == ["", "own words", "statutes"]


def test_programs_come_only_into_knowledge_bases_of_code(tmp_path: Path) -> None:
    for name in ("a/main.py", "a/notes.md", "a/.git/hook.py", "a/node_modules/x.js"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1")
    found = [path.name for path in find_files(tmp_path / "a", recursive=True, domain=Domain.CODE)]
    assert found == ["main.py", "notes.md"]
    assert [path.name for path in find_files(tmp_path / "a", recursive=False)] == ["notes.md"]
    with world_of_fakes(tmp_path) as world:
        world.services.shelves.create("code", domain=Domain.CODE)
        assert world.accept_bytes("main.py", b"x = 1", "code").job is not None
        with pytest.raises(CodeElsewhere):
            world.accept_bytes("main.py", b"x = 2")


def passages(world: World) -> tuple[Passage, ...]:
    shelf = world.shelf()
    (record,) = world.services.shelves.contents([shelf]).papers
    return world.services.shelves.passages(record)
