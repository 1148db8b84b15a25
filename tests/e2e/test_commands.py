"""Every command: one JSON document with the fields that are relied upon, logs on standard error only."""

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from carrel import __version__
from tests.contract.services import grobid_stand_in, standing_in
from tests.e2e.command import Carrel, Document, calm
from tests.e2e.conftest import write_paper
from tests.unit.parsing import samples

HEX32 = re.compile(r"[0-9a-f]{32}")
QUESTION = "Why do corals bleach?"
SEQUENCE_MODELS = (
    "transformer-xl-",
    "state-space-",
    "sparse-attention-",
    "linformer-",
    "reformer-",
    "bigbird-",
)


@pytest.fixture(scope="module")
def filled(
    tmp_path_factory: pytest.TempPathFactory, model_cache: Path, sample_papers: Path
) -> tuple[Carrel, Document]:
    """The command on a data folder with two papers, and what adding them answered. Only read from."""
    carrel = Carrel(tmp_path_factory.mktemp("filled") / "home", model_cache)
    names = ("coral-bleaching-marine-heatwaves.pdf", "linformer-low-rank-attention.pdf")
    document = carrel.json("add", *(sample_papers / name for name in names))
    return carrel, document


def test_the_version_is_printed_and_nothing_else(carrel: Carrel) -> None:
    answer = carrel.run("--version")
    assert (answer.code, answer.out, answer.err) == (0, f"carrel {__version__}\n", "")
    assert not carrel.home.exists()


def test_add_answers_with_the_documented_fields(filled: tuple[Carrel, Document]) -> None:
    _, document = filled
    assert set(document) == {"added", "duplicates", "failed", "items"}
    assert (document["added"], document["duplicates"], document["failed"]) == (2, 0, 0)
    for item in document["items"]:
        assert set(item) == {"path", "status", "paper_id", "title", "pages", "passages", "error"}
        assert item["status"] == "ready"
        assert HEX32.fullmatch(item["paper_id"])
        assert item["title"]
        assert item["pages"] >= 1
        assert item["passages"] >= 2
        assert item["error"] is None


def test_a_recorded_search_is_replayed_by_another_process(
    filled: tuple[Carrel, Document], tmp_path: Path
) -> None:
    carrel, _ = filled
    nowhere = tmp_path / "new" / "record.json"
    carrel.run("search", QUESTION, "--record", nowhere).failed_with(2, "in a folder that exists")
    assert not nowhere.parent.exists()
    file = tmp_path / "record.json"
    found = carrel.json("search", QUESTION, "--record", file)
    record = json.loads(file.read_text(encoding="utf-8"))
    assert record["query"]["query"] == QUESTION
    assert [each["paper"]["id"] for each in record["results"]] == [
        each["paper"]["id"] for each in found["results"]
    ]
    document = carrel.json("replay", file)
    assert (document["same"], document["differences"], document["causes"]) == (True, [], [])
    record["knowledge_bases"][0]["id"] = "0" * 32
    file.write_text(json.dumps(record), encoding="utf-8")
    carrel.run("replay", file).failed_with(2, "library")


def test_add_says_what_it_does_on_standard_error_only(carrel: Carrel, small_papers: tuple[Path, ...]) -> None:
    answer = carrel.run("add", *small_papers[:2])
    assert answer.code == 0
    assert answer.out == "2 added, 0 already there, 0 failed.\n"
    lines = answer.err.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        f"[1/2] {small_papers[0].name}",
        f"[2/2] {small_papers[1].name}",
    ]
    assert "\x1b" not in answer.err
    again = carrel.run("add", *small_papers[:2], "--json")
    assert again.err == ""
    assert [item["status"] for item in again.document["items"]] == ["duplicate", "duplicate"]
    assert [item["pages"] for item in again.document["items"]] == [1, 1]


def test_without_waiting_a_paper_is_queued_and_the_next_add_reads_it(
    carrel: Carrel, small_papers: tuple[Path, ...]
) -> None:
    queued = carrel.json("add", "--no-wait", *small_papers[:2])
    assert (queued["added"], queued["failed"]) == (0, 0)
    for item in queued["items"]:
        assert item["status"] == "queued"
        assert HEX32.fullmatch(item["paper_id"])
        assert (item["title"], item["pages"], item["error"]) == (None, 0, None)
    listed = carrel.json("list")
    assert (listed["papers"], len(listed["waiting"])) == ([], 2)
    # One that waits can be taken back.
    removed = carrel.json("remove", queued["items"][0]["paper_id"][:12])
    assert removed == {"removed": queued["items"][0]["paper_id"], "file": small_papers[0].name}
    assert carrel.json("add", small_papers[2])["added"] == 1
    assert {paper["file"] for paper in carrel.json("list")["papers"]} == {
        small_papers[1].name,
        small_papers[2].name,
    }


def test_folders_are_looked_into_and_their_subfolders_when_asked(carrel: Carrel, tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    write_paper(folder / "top.PDF", "tops")
    write_paper(folder / "sub" / "below.pdf", "depths")
    (folder / "notes.csv").write_text("not, a paper")
    (folder / "folder.pdf").mkdir()
    assert [Path(item["path"]).name for item in carrel.json("add", folder)["items"]] == ["top.PDF"]
    both = carrel.json("add", "--recursive", "--workers", "1", folder)["items"]
    assert [(Path(item["path"]).name, item["status"]) for item in both] == [
        ("below.pdf", "ready"),
        ("top.PDF", "duplicate"),
    ]


def test_search_answers_with_the_documented_fields(filled: tuple[Carrel, Document]) -> None:
    carrel, added = filled
    answer = carrel.run("search", QUESTION, "--json")
    assert (answer.code, answer.err) == (0, "")
    document = answer.document
    assert set(document) == {"query", "mode", "took_ms", "results", "understood"}
    assert (document["query"], document["mode"]) == (QUESTION, "hybrid")
    assert set(document["took_ms"]) == {"embed", "retrieve", "fuse", "rerank", "total"}
    took = document["took_ms"]
    assert took["total"] >= took["embed"] + took["retrieve"] + took["fuse"] - 0.01
    assert [result["rank"] for result in document["results"]] == [1, 2]
    best = document["results"][0]
    assert set(best) == {"rank", "score", "paper", "passages"}
    assert set(best["paper"]) >= {"id", "title", "authors", "year", "venue", "doi", "file"}
    assert best["paper"]["id"] == added["items"][0]["paper_id"]
    assert isinstance(best["paper"]["authors"], list)
    assert best["passages"]
    for passage in best["passages"]:
        assert set(passage) == {"id", "text", "page", "pages", "paragraph", "section", "score", "boxes"}
        assert passage["page"] in passage["pages"]
        assert passage["pages"] == sorted(passage["pages"])
        assert passage["boxes"]
        for box in passage["boxes"]:
            assert set(box) == {"page", "x0", "y0", "x1", "y1"}
            assert box["page"] in passage["pages"]
            assert 0 <= box["x0"] < box["x1"] <= 620
            assert 0 <= box["y0"] < box["y1"] <= 850


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
def test_search_explains_each_stage_and_each_rank(filled: tuple[Carrel, Document], mode: str) -> None:
    carrel, _ = filled
    document = carrel.json("search", QUESTION, "--explain", "--mode", mode, "--limit", "1", "--no-rerank")
    assert document["mode"] == mode
    candidates = document["explain"]["candidates"]
    assert sorted(candidates) == sorted(
        f"{kind}_{what}"
        for kind in ("dense", "lexical")
        if mode in ("hybrid", kind)
        for what in ("papers", "passages")
    )
    (result,) = document["results"]
    assert {part["signal"] for part in result["why"]} <= set(candidates)
    for part in result["why"]:
        assert set(part) == {"signal", "rank", "score", "share"}
        assert 1 <= part["rank"] <= len(candidates[part["signal"]])
        named = candidates[part["signal"]][part["rank"] - 1]
        assert (named["paper_id"], named["score"]) == (result["paper"]["id"], part["score"])
    assert sum(part["share"] for part in result["why"]) + result["quotation"] == pytest.approx(
        result["score"], abs=1e-5
    )


def test_search_filters_by_year_author_and_knowledge_base(filled: tuple[Carrel, Document]) -> None:
    carrel, _ = filled
    year = carrel.json("list")["papers"][0]["year"]
    assert len(carrel.json("search", QUESTION, "--year", f"{year}..")["results"]) == 2
    assert carrel.json("search", QUESTION, "--year", f"..{year - 1}")["results"] == []
    assert len(carrel.json("search", QUESTION, "--author", "carrel")["results"]) == 2
    assert carrel.json("search", QUESTION, "--author", "nobody at all")["results"] == []
    assert len(carrel.json("search", QUESTION, "--kb", "library", "--kb", "library")["results"]) == 2


def test_search_for_a_person_names_title_section_and_page(filled: tuple[Carrel, Document]) -> None:
    carrel, added = filled
    answer = carrel.run("search", QUESTION, "--explain")
    assert (answer.code, answer.err) == (0, "")
    title = added["items"][0]["title"]
    first = answer.out.splitlines()[0]
    assert first.strip().startswith("1.")
    assert title.split()[0] in first
    assert re.search(r" · page \d", answer.out)
    assert re.search(r"dense_passages: #1, ", answer.out)
    assert re.search(r"2 papers in \d+ ms", answer.out)
    assert "\x1b" not in answer.out


def test_export_prints_papers_for_bibliographies(filled: tuple[Carrel, Document]) -> None:
    carrel, added = filled
    whole = carrel.run("export")
    assert whole.code == 0
    assert len(re.findall(r"^@\w+\{\w+,$", whole.out, re.MULTILINE)) == 2
    item = added["items"][0]
    (csl,) = json.loads(carrel.run("export", item["paper_id"][:8], "--format", "csl-json").out)
    assert csl["title"] == item["title"]
    document = carrel.json("export", "--kb", "library", "--format", "ris")
    assert (document["format"], document["papers"], document["content"].count("ER  -")) == ("ris", 2, 2)
    carrel.run("export", "0000000").failed_with(2, "0000000")
    assert carrel.run("export", "--format", "docx").code == 2


def test_list_and_show_answer_with_what_is_known(filled: tuple[Carrel, Document]) -> None:
    carrel, added = filled
    listed = carrel.json("list", "--kb", "library")
    assert set(listed) == {"papers", "waiting", "failed"}
    ids = {paper["id"] for paper in listed["papers"]}
    assert ids == {item["paper_id"] for item in added["items"]}
    for paper in listed["papers"]:
        assert set(paper) >= {"id", "title", "authors", "year", "venue", "doi", "file", "pages"}
        assert paper["knowledge_base"] == "library"
    item = added["items"][0]
    shown = carrel.json("show", item["paper_id"][:10].upper())
    assert shown["id"] == item["paper_id"]
    assert len(shown["passages"]) == item["passages"]
    assert shown["sections"]
    for passage in shown["passages"]:
        assert set(passage) == {"id", "section", "page", "pages", "paragraph", "text"}
    for_a_person = carrel.run("show", item["paper_id"][:10])
    assert (for_a_person.code, for_a_person.err) == (0, "")
    assert item["paper_id"] in for_a_person.out
    assert len(carrel.run("list").out.splitlines()) == 2


def test_a_paper_is_removed_from_one_knowledge_base_or_from_all(
    carrel: Carrel, small_papers: tuple[Path, ...]
) -> None:
    paper = small_papers[0]
    for name in ("one", "other"):
        carrel.json("add", paper, "--kb", name)
    identifier = carrel.json("list", "--kb", "one")["papers"][0]["id"]
    assert carrel.json("remove", identifier, "--kb", "one") == {"removed": identifier, "file": paper.name}
    assert carrel.json("list", "--kb", "one")["papers"] == []
    assert len(carrel.json("search", "corals")["results"]) == 1
    assert carrel.run("remove", identifier[:8]).out == f"Removed: {paper.name}\n"
    assert carrel.json("search", "corals")["results"] == []
    assert [path for path in (carrel.home / "blobs").rglob("*") if path.is_file()] == []
    assert [path for path in (carrel.home / "parses").rglob("*") if path.is_file()] == []


def test_knowledge_bases_are_created_listed_configured_and_deleted(
    carrel: Carrel, small_papers: tuple[Path, ...]
) -> None:
    fields = {
        *("id", "name", "description", "domain", "embedder", "chunking", "parser", "generation"),
        *("papers", "passages", "dimensions", "meaning_share", "calibration"),
    }
    created = carrel.json(
        *("kb", "create", "Reading", "--description", "To read", "--chunk-size", "200"),
        "--chunk-overlap",
        "40",
    )
    assert set(created) == fields
    assert created["chunking"] == {"size": 200, "overlap": 40, "references": False}
    carrel.json("add", small_papers[0], "--kb", "Reading")
    changed = carrel.json("kb", "configure", "Reading", "--rename", "已读 ✓", "--description", "Done")
    assert (changed["id"], changed["name"], changed["description"]) == (created["id"], "已读 ✓", "Done")
    (listed,) = carrel.json("kb", "list")["knowledge_bases"]
    assert set(listed) == fields
    assert listed["papers"] == 1
    assert "已读 ✓  (1 paper," in carrel.run("kb", "list").out
    deleted = carrel.json("kb", "delete", "已读 ✓")
    assert deleted["id"] == created["id"]
    assert carrel.json("kb", "list") == {"knowledge_bases": []}
    assert not (carrel.home / "index" / created["id"]).exists()


def test_a_knowledge_base_has_a_parser_of_its_own(carrel: Carrel, small_papers: tuple[Path, ...]) -> None:
    pytest.importorskip("pymupdf", reason="the extra carrel[pymupdf] is not installed")
    pytest.importorskip("lxml", reason="the extra carrel[grobid] is not installed")
    carrel.run("kb", "create", "odd", "--parser", "acrobat").failed_with(2, "acrobat", "pdfium, pymupdf")
    assert carrel.json("kb", "create", "read by mupdf", "--parser", "pymupdf")["parser"] == "pymupdf"
    assert carrel.json("add", small_papers[0], "--kb", "read by mupdf")["added"] == 1
    for parser in ("pdfium", "pymupdf"):  # its papers are read anew
        assert carrel.run("kb", "configure", "read by mupdf", "--parser", parser).code == 0
        (base,) = carrel.json("kb", "list")["knowledge_bases"]
        assert (base["parser"], base["papers"]) == (parser, 1)
    # Nobody is at that address: the paper waits, and other knowledge bases' papers do not.
    away = carrel.with_settings(CARREL_GROBID_URL="http://127.0.0.1:9")
    assert away.json("kb", "create", "served", "--parser", "grobid")["parser"] == "grobid"
    refused = away.run("add", small_papers[0], "--kb", "served")
    refused.failed_with(3, "GROBID", "http://127.0.0.1:9", "docker run", "CARREL_GROBID_URL")
    added = away.run("add", small_papers[1], "--kb", "read by mupdf")
    assert (added.code, "1 added" in added.out, "GROBID cannot be used" in added.err) == (0, True, True)
    assert "passages, all-MiniLM-L6-v2, pymupdf)" in carrel.run("kb", "list").out
    (waiting,) = carrel.json("list", "--kb", "served")["waiting"]
    assert waiting["file"] == small_papers[0].name
    assert carrel.json("kb", "configure", "served", "--parser", "pdfium")["parser"] == "pdfium"
    assert carrel.json("add", small_papers[1], "--kb", "served")["added"] == 1
    listed = carrel.json("list", "--kb", "served")
    assert (len(listed["papers"]), listed["waiting"]) == (2, [])


def test_a_service_that_comes_back_reads_what_waited_for_it(carrel: Carrel, tmp_path: Path) -> None:
    pytest.importorskip("lxml", reason="the extra carrel[grobid] is not installed")
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(samples.paper())
    carrel.json("kb", "create", "served", "--parser", "grobid")
    away = carrel.with_settings(CARREL_GROBID_URL="http://127.0.0.1:9")
    assert away.run("add", paper, "--kb", "served").code == 3
    with standing_in(grobid_stand_in(paper.read_bytes(), samples.scanned())) as service:
        here = carrel.with_settings(CARREL_GROBID_URL=service.url)
        (item,) = here.json("add", paper, "--kb", "served")["items"]
    assert (item["status"], item["title"], item["pages"]) == (
        "ready",
        "Sparse Attention for Long Documents",
        2,
    )
    (result,) = carrel.json("search", "fast sparse model", "--kb", "served")["results"]
    (passage,) = (found for found in result["passages"] if "four times as fast" in found["text"])
    assert (passage["section"], passage["page"]) == ("2 Results", 2)
    assert passage["boxes"] == [{"page": 2, "x0": 72.0, "y0": 82.44, "x1": 407.14, "y1": 94.12}]


def test_models_are_listed_and_their_folder_is_named(carrel: Carrel, model_cache: Path) -> None:
    (model,) = carrel.json("models", "list")["models"]
    assert set(model) == {"name", "bytes", "licence", "source", "path", "present"}
    assert (model["name"], model["present"]) == ("all-MiniLM-L6-v2", True)
    path = carrel.json("models", "path")
    assert path == {"name": model["name"], "path": model["path"], "present": True}
    assert Path(path["path"]).is_relative_to(model_cache)
    assert carrel.run("models", "path").out == f"{model['path']}\n"
    pulled = carrel.run("models", "pull", "--json")  # offline: it is here already
    assert (pulled.code, pulled.err) == (0, "")
    assert pulled.document == {"name": model["name"], "path": model["path"]}


def test_doctor_reports_every_check(filled: tuple[Carrel, Document]) -> None:
    carrel, _ = filled
    document = carrel.json("doctor")
    assert document["ok"] is True
    names = [check["name"] for check in document["checks"]]
    parts = ["python", "disk", "data folder", "model", "embedder", "reranker", "index", "pdf reader", "ocr"]
    assert sorted(names) == sorted(parts)
    for check in document["checks"]:
        assert set(check) == {"name", "status", "message"}
        assert check["status"] == "pass"
        assert check["message"]
    assert len(carrel.run("doctor").out.splitlines()) == len(names)


@pytest.mark.usefixtures("dictionary_cache")
def test_the_demo_answers_its_questions_and_can_be_run_again(carrel: Carrel, sample_papers: Path) -> None:
    answer = carrel.run("demo", "--no-serve", "--json")
    assert answer.code == 0, answer
    assert answer.document["papers"] == len(list(sample_papers.glob("*.pdf")))
    assert len(answer.document["answers"]) == 4
    for found in answer.document["answers"]:
        assert set(found) - {"translation"} == {"query", "mode", "took_ms", "results", "understood"}
        assert len(found["results"]) == 3
    chinese = answer.document["answers"][3]
    assert chinese["translation"]["dictionary"] == "CC-CEDICT"
    english = [hit for hit in chinese["results"] if hit["paper"]["file"].startswith(SEQUENCE_MODELS)]
    assert len(english) >= 2
    corals = answer.document["answers"][2]["results"][0]["paper"]
    assert corals["file"] == "coral-bleaching-marine-heatwaves.pdf"
    again = carrel.run("demo", "--no-serve")
    assert again.code == 0
    assert again.out.count("▸ ") == 4
    assert "Transformer long sequence modelling" in again.out
    assert "carrel kb delete samples" in again.out


def test_a_second_data_folder_downloads_nothing(filled: tuple[Carrel, Document], tmp_path: Path) -> None:
    carrel, _ = filled
    before = {path: path.stat().st_mtime_ns for path in carrel.cache.rglob("*") if path.is_file()}
    second = Carrel(tmp_path / "second", carrel.cache)  # CARREL_OFFLINE=1, as everywhere here
    answer = second.run("add", write_paper(tmp_path / "paper.pdf", "offline work"))
    assert answer.code == 0
    assert "Downloading" not in answer.err
    assert len(second.json("search", "offline work")["results"]) == 1
    after = {path: path.stat().st_mtime_ns for path in carrel.cache.rglob("*") if path.is_file()}
    assert {path for path in after if path.name != ".lock"} == {p for p in before if p.name != ".lock"}
    assert all(
        after[path] == before[path] for path in after if path.suffix != ".lock" and path.name != ".lock"
    )


COMMANDS = (
    (),
    *((name,) for name in ("add", "search", "list", "show", "remove", "kb", "models", "doctor", "demo")),
    ("kb", "create"),
    ("models", "pull"),
)


def test_help_is_there_for_every_command_in_english_and_in_chinese(carrel: Carrel) -> None:
    chinese = carrel.with_settings(LC_ALL="zh_CN.UTF-8")
    for command in COMMANDS[:4]:
        english = carrel.run(*command, "--help")
        assert (english.code, english.err) == (0, "")
        assert english.out.isascii() or not re.search("[\u4e00-\u9fff]", english.out)
        assert "Usage:" in english.out
        translated = chinese.run(*command, "--help")
        assert (translated.code, translated.err) == (0, "")
        assert len(re.findall("[\u4e00-\u9fff]", translated.out)) >= 10, translated.out
    for command in COMMANDS[4:]:
        assert carrel.run(*command, "-h").code == 0


def test_errors_and_results_are_in_chinese_when_asked(filled: tuple[Carrel, Document]) -> None:
    carrel, _ = filled
    chinese = carrel.with_settings(CARREL_LANGUAGE="zh")
    empty = chinese.run("search", " ")
    assert empty.code == 2
    assert re.search("[\u4e00-\u9fff]", empty.err)
    # What programs read does not change with the language.
    assert set(chinese.json("search", QUESTION)) == set(carrel.json("search", QUESTION))
    as_json = chinese.run("search", " ", "--json")
    assert as_json.document["error"]["kind"] == "empty-query"


def test_the_language_may_stand_in_the_settings_file(carrel: Carrel) -> None:
    carrel.home.mkdir()
    (carrel.home / "carrel.toml").write_text('language = "zh"\n')
    assert re.search("[\u4e00-\u9fff]", carrel.run("search", " ").err)
    english = carrel.with_settings(CARREL_LANGUAGE="en")
    assert "The query is empty" in english.run("search", " ").err


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_shows_a_bar_and_a_pipe_shows_quiet_lines(
    carrel: Carrel, small_papers: tuple[Path, ...], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\nnothing more")
    code, out, seen = on_terminal(carrel, "add", *small_papers[:2], broken, "--json")
    assert code == 1
    assert json.loads(out)["added"] == 2
    assert "\x1b[" in seen
    assert re.search(r"\d/3", seen)
    assert "pages/s" in seen
    assert "broken.pdf" in seen
    calm(seen)
    quiet = carrel.run("add", small_papers[2])
    assert "\x1b" not in quiet.err
    assert quiet.err.startswith("[1/1] ")


def on_terminal(carrel: Carrel, *arguments: str | Path) -> tuple[int, str, str]:
    """Run a command whose standard error is a terminal; return code, output and what the terminal got."""
    ours, theirs = pty.openpty()
    environment = carrel.environment() | {"TERM": "xterm-256color"}
    process = subprocess.Popen(
        [sys.executable, "-m", "carrel", *map(str, arguments)],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    seen = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other end has closed
                break
            seen += piece
    out, _ = process.communicate(timeout=60)
    os.close(ours)
    return process.returncode, out.decode(), seen.decode("utf-8", "replace")
