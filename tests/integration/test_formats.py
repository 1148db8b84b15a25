"""The whole journey with formats other than PDF, and with locked PDFs: real parser, real index."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.core.ids import PaperId
from carrel.core.jobs import JobState
from carrel.core.ranking import Mode
from carrel.storage import papers
from tests.integration.worlds import World, world_of_fakes, world_with_real_parser
from tests.unit.parsing import documents, samples

FILES = {
    "paper.md": documents.MARKDOWN,
    "paper.html": documents.HTML,
    "paper.txt": documents.TEXT,
    "paper.docx": documents.word(),
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_with_real_parser(tmp_path) as world:
        yield world


@pytest.mark.parametrize("name", FILES)
def test_a_passage_of_a_file_without_pages_is_found_with_its_section_and_paragraph(
    world: World, name: str
) -> None:
    accepted = world.accept_bytes(name, FILES[name])
    (finished,) = world.work()
    assert (finished.job.state, finished.pages) == (JobState.DONE, 0)
    (hit,) = world.search("four times as fast", mode=Mode.LEXICAL).hits
    assert (hit.paper.id, hit.paper.file_name, hit.paper.pages) == (accepted.paper_id, name, 0)
    assert hit.paper.metadata.title == documents.TITLE
    assert hit.paper.metadata.authors == documents.AUTHORS
    passage = hit.passages[0].passage
    assert (passage.page, passage.pages, passage.boxes) == (None, (), ())
    assert passage.section.endswith("2 Results")
    assert passage.paragraph == 3
    world.check(library=[accepted.paper_id])


def test_a_file_that_cannot_be_read_fails_alone(world: World) -> None:
    world.accept_bytes("cut.docx", documents.word()[:5000])
    good = world.accept_bytes("good.md", documents.MARKDOWN)
    states = {event.job.file_name: event.job for event in world.work()}
    assert states["cut.docx"].error_kind == "damaged-document"
    assert "cut.docx" in states["cut.docx"].error_message
    assert states["good.md"].state is JobState.DONE
    (hit,) = world.search("four times as fast").hits
    assert hit.paper.id == good.paper_id


def sha256(world: World, paper: PaperId) -> str:
    with world.services.catalog.read() as tx:
        return papers.sha256_of(tx, paper)


def lock(world: World, title: str, password: str) -> bytes:
    """Return a locked file that the world's parser and unlocker understand."""
    if b"fake" in world.write("x", "x"):
        head, _, body = world.write(title, "It is said in confidence.").partition(b"\n\n")
        return head + f"\nfail: EncryptedPdf\npassword: {password}\n\n".encode() + body
    return samples.paper(title, password=password)


@pytest.fixture(params=[world_of_fakes, world_with_real_parser], ids=["fakes", "real parser and index"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with request.param(tmp_path) as world:
        yield world


def test_a_locked_paper_is_found_and_its_removal_leaves_nothing(either: World) -> None:
    content = lock(either, "Secrets of Owls", "sesame")
    accepted = either.accept_bytes("owls.pdf", content, password="sesame")
    assert [event.job.state for event in either.work()] == [JobState.DONE]
    assert not sha256(either, accepted.paper_id).startswith(accepted.paper_id)
    assert [hit.paper.id for hit in either.search("owls").hits] == [accepted.paper_id]
    either.check(library=[accepted.paper_id])
    # The same file again is the same paper, with or without the password.
    for password in ("", "sesame", "wrong"):
        again = either.accept_bytes("owls.pdf", content, password=password)
        assert (again.paper_id, again.job) == (accepted.paper_id, None)
    either.services.shelves.remove(accepted.paper_id, [either.shelf()])
    either.check(library=[])


def test_a_paper_that_failed_for_its_lock_is_opened_by_adding_it_again(either: World) -> None:
    content = lock(either, "Secrets of Owls", "sesame")
    first = either.accept_bytes("owls.pdf", content)
    (failed,) = either.work()
    assert failed.job.error_kind == "encrypted-pdf"
    assert "--password" in failed.job.error_message
    second = either.accept_bytes("owls.pdf", content, password="sesame")
    assert second.paper_id == first.paper_id
    assert [event.job.state for event in either.work()] == [JobState.DONE]
    either.check(library=[first.paper_id])  # the locked bytes are gone


def test_an_opened_paper_stays_open_for_another_knowledge_base(either: World) -> None:
    content = lock(either, "Secrets of Owls", "sesame")
    paper = either.accept_bytes("owls.pdf", content, password="sesame").paper_id
    either.work()
    stored = sha256(either, paper)
    for kb, password in (("second", ""), ("third", "sesame")):
        assert either.accept_bytes("owls.pdf", content, kb, password).paper_id == paper
        assert [event.job.state for event in either.work()] == [JobState.DONE]
    assert sha256(either, paper) == stored
    either.check(library=[paper], second=[paper], third=[paper])
