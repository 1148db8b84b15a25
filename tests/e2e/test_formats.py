"""Files other than PDFs, and locked PDFs, through the real command."""

from pathlib import Path

import pytest

from tests.e2e.command import Carrel
from tests.unit.parsing import documents, samples

FILES = {
    "paper.docx": documents.word(),
    "paper.html": documents.HTML,
    "paper.md": documents.MARKDOWN,
    "paper.txt": documents.TEXT,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    (folder / "junk.txt").write_bytes(b"\x7fELF\0\0\0")
    (folder / "data.csv").write_bytes(b"not, read\n")
    return folder


def test_a_folder_of_many_formats(carrel: Carrel, folder: Path) -> None:
    answer = carrel.run("add", folder, "--json")
    assert answer.code == 1
    items = {Path(item["path"]).name: item for item in answer.document["items"]}
    assert set(items) == {*FILES, "junk.txt"}
    assert items["junk.txt"]["error"]["kind"] == "not-text"
    for name in FILES:
        assert items[name]["status"] == "ready"
        assert items[name]["title"] == documents.TITLE
        assert items[name]["pages"] == 0
        assert items[name]["passages"] >= 3
    assert "paper.md: " in carrel.run("add", folder / "paper.md", "--kb", "again").err
    found = carrel.json("search", "how fast does the sparse model read?", "--kb", "library")
    assert {hit["paper"]["file"] for hit in found["results"]} == set(FILES)
    for hit in found["results"]:
        passage = hit["passages"][0]
        assert (passage["page"], passage["pages"], passage["boxes"]) == (None, [], [])
        assert passage["section"].endswith("2 Results")
        assert passage["paragraph"] == 3
    shown = carrel.run("show", items["paper.docx"]["paper_id"])
    assert shown.code == 0
    assert "2 Results · paragraph 3" in shown.out
    assert "Pages" not in shown.out


def test_a_locked_paper_needs_its_password_once(carrel: Carrel, tmp_path: Path) -> None:
    path = tmp_path / "locked.pdf"
    path.write_bytes(samples.paper(password="sesame"))
    without = carrel.run("add", path, "--json")
    assert without.document["items"][0]["error"]["kind"] == "encrypted-pdf"
    assert "--password" in without.document["items"][0]["error"]["message"]
    wrong = carrel.run("add", path, "--json", "--password", "simsalabim")
    assert wrong.document["items"][0]["error"]["kind"] == "wrong-password"
    right = Carrel(carrel.home, carrel.cache, {"CARREL_PDF_PASSWORD": "sesame"}).json("add", path)
    assert right["items"][0]["status"] == "ready"
    assert carrel.json("add", path)["items"][0]["status"] == "duplicate"
    assert carrel.json("search", "sparse attention")["results"][0]["paper"]["file"] == "locked.pdf"
    stored = b"".join(each.read_bytes() for each in carrel.home.rglob("*") if each.is_file())
    assert b"sesame" not in stored
    carrel.run("remove", right["items"][0]["paper_id"])
    assert not list((carrel.home / "blobs").rglob("*.pdf"))
    assert not list((carrel.home / "parses").rglob("*.parse"))
