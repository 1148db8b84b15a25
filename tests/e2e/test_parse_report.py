"""``carrel doctor --parse`` and ``carrel show``: how well files were read, before and after adding."""

import os
from pathlib import Path

import pytest
from PIL import Image

from tests.e2e.command import Carrel, Document
from tests.e2e.conftest import write_paper
from tests.unit.parsing import samples

ROW = {"path", "pages", "title", "authors", "year", "doi", "language", "quality", "missing", "error"}
MEASURES = {"unreadable", "odd_words", "interleaved", "outside", "without_text", "recognised"}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory, model_cache: Path) -> tuple[Carrel, str]:
    """The command on a data folder with one paper of two pages, and its id. Only read from."""
    folder = tmp_path_factory.mktemp("shown")
    carrel = Carrel(folder / "home", model_cache)
    (folder / "sparse.pdf").write_bytes(samples.paper())
    return carrel, carrel.json("add", folder / "sparse.pdf")["items"][0]["paper_id"]


def test_a_folder_is_reported_on_and_nothing_is_added(carrel: Carrel, sample_papers: Path) -> None:
    document = carrel.json("doctor", "--parse", sample_papers)
    assert set(document) == {"files", "summary"}
    files: list[Document] = document["files"]
    assert len(files) == len(list(sample_papers.glob("*.pdf")))
    assert [file["path"] for file in files] == sorted(file["path"] for file in files)
    for file in files:
        assert set(file) == ROW
        assert set(file["quality"]) == {"score", "verdict"} | MEASURES
        assert file["quality"]["verdict"] == "good"
        assert file["title"]
        assert file["pages"] > 0
        assert file["error"] is None
        assert set(file["missing"]) <= {"abstract"}
    summary = document["summary"]
    assert (summary["files"], summary["good"], summary["failed"]) == (len(files), len(files), 0)
    assert not carrel.home.exists()


def test_a_report_for_a_person_is_a_table_with_a_summary(carrel: Carrel, tmp_path: Path) -> None:
    write_paper(tmp_path / "sub" / "glaciers.pdf", "glaciers")
    (tmp_path / "empty.pdf").write_bytes(b"")
    (tmp_path / "scan.pdf").write_bytes(samples.scanned())
    answer = carrel.run("doctor", "--parse", tmp_path, "--recursive")
    assert answer.code == 1
    lines = answer.out.splitlines()
    assert lines[0].startswith("empty.pdf     failed: empty.pdf is empty")
    assert lines[1].startswith("scan.pdf      failed: scan.pdf has no text layer")
    assert lines[2].startswith("glaciers.pdf  good (1.00)")
    assert "On the Nature of Glaciers" in lines[2]
    assert "no abstract; no references" in lines[3]
    assert lines[-1] == "3 files: 1 good, 0 fair, 0 poor, 2 failed (empty-file 1, no-text-layer 1)"
    progress = answer.err.splitlines()
    assert [line.split(":")[0] for line in progress] == [
        "[1/3] empty.pdf",
        "[2/3] scan.pdf",
        "[3/3] glaciers.pdf",
    ]
    assert not carrel.home.exists()


def test_bad_input_to_a_report_is_named(carrel: Carrel, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    os.mkfifo(tmp_path / "pipe.pdf")
    hostile = tmp_path / "hostile"
    hostile.mkdir()
    write_paper(tmp_path / "x.pdf", "names").rename(hostile / os.fsdecode(b"\x1b[31m\xff\n.pdf"))
    for path, kind in (
        (tmp_path / "missing", "path-missing"),
        (tmp_path / "nothing", "no-papers-in-folder"),
        (tmp_path / "pipe.pdf", "file-unreadable"),
    ):
        answer = carrel.run("doctor", "--parse", path, "--json")
        assert answer.code == 1
        (file,) = answer.document["files"]
        assert (file["path"], file["error"]["kind"], file["quality"]) == (str(path), kind, None)
        assert answer.document["summary"]["reasons"] == {kind: 1}
    answer = carrel.run("doctor", "--parse", hostile)
    assert answer.code == 0
    assert "\x1b" not in answer.out + answer.err
    assert len(answer.out.splitlines()) == 4
    assert carrel.run("doctor", "--recursive").code == 2


def test_a_file_whose_fonts_lie_is_refused_and_says_what_it_needs(carrel: Carrel, tmp_path: Path) -> None:
    path = tmp_path / "lies.pdf"
    path.write_bytes(samples.with_lying_font(0xE100))
    for arguments, rows in ((("add", path), "items"), (("doctor", "--parse", path), "files")):
        answer = carrel.run(*arguments, "--json")
        assert answer.code == 1
        (item,) = answer.document[rows]
        assert item["error"]["kind"] == "unreadable-text"
        assert "tesseract-ocr" in item["error"]["message"]


def test_show_says_where_things_come_from_and_how_well_they_were_read(shown: tuple[Carrel, str]) -> None:
    carrel, paper = shown
    document = carrel.json("show", paper)
    assert document["quality"]["verdict"] == "good"
    assert set(document["quality"]) == {"score", "verdict"} | MEASURES
    assert isinstance(document["keywords"], list)
    for name, found in document["evidence"].items():
        assert document[name]
        assert set(found) == {"source", "confidence"}
        assert 0 <= found["confidence"] <= 1
    assert "Quality   good (1.00)" in carrel.run("show", paper).out


def test_an_overlay_is_drawn_for_every_page(shown: tuple[Carrel, str], tmp_path: Path) -> None:
    carrel, paper = shown
    document = carrel.json("show", paper, "--overlay", tmp_path / "out.png")
    assert document["overlay"] == [str(tmp_path / "out-1.png"), str(tmp_path / "out-2.png")]
    for path in document["overlay"]:
        with Image.open(path) as picture:
            assert picture.size == (1190, 1683)  # A4 at 144 dpi
            colours = picture.getcolors(1 << 20) or []
    assert any(colour == (0, 90, 200) for _, colour in colours)  # the edge of a paragraph
    answer = carrel.run("show", paper, "--overlay", tmp_path / "one.png", "--page", "2")
    assert (answer.code, answer.out) == (0, f"Drawn: {tmp_path / 'one.png'}\n")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "out-2.png").read_bytes()


def test_an_overlay_that_cannot_be_drawn_says_why(shown: tuple[Carrel, str], tmp_path: Path) -> None:
    carrel, paper = shown
    out = tmp_path / "out.png"
    carrel.run("show", paper, "--overlay", out, "--page", "3").failed_with(2, "no page 3", "is 2")
    carrel.run("show", paper, "--overlay", tmp_path).failed_with(2, "cannot be written", "folder")
    mistaken = tmp_path / "paper.pdf"
    mistaken.write_bytes(b"%PDF-1.7")
    carrel.run("show", paper, "--overlay", mistaken).failed_with(2, "cannot be written", ".png")
    assert mistaken.read_bytes() == b"%PDF-1.7"
    carrel.run("show", paper, "--overlay", tmp_path / "no" / "out.png").failed_with(2, "cannot be written")
    assert carrel.run("show", paper, "--page", "1").code == 2
    assert carrel.run("show", paper, "--overlay", out, "--page", "0").code == 2
    assert list(tmp_path.iterdir()) == [mistaken]
