"""``kb configure --dimensions`` and ``carrel reindex``: the real command with the real model, killed too."""

import hashlib
import random
import signal
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from carrel.engines.models import load_minilm
from carrel.storage import audit
from carrel.storage.database import open_database
from tests.e2e.command import Carrel, check_in_step

KILLS = 3


@pytest.fixture
def filled(five: Carrel) -> Carrel:
    return five


def without_model(carrel: Carrel, tmp_path: Path) -> Carrel:
    """Return the command where there is no model, and none can be fetched."""
    return carrel.with_settings(CARREL_CACHE=str(tmp_path / "no models"))


def found(carrel: Carrel, question: str) -> list[str]:
    results = carrel.json("search", question, "--mode", "dense")["results"]
    return [result["paper"]["title"] for result in results]


def steps(carrel: Carrel) -> list[dict[str, str]]:
    """Return what the audit log says of re-indexing, in order."""
    catalog = open_database(carrel.home)
    with closing(catalog), catalog.read() as tx:
        found = audit.page(tx, 100, None, None, "knowledge-base-reindex")
    return [dict(entry.detail) for entry in reversed(found)]


def test_dimensions_change_without_a_model(filled: Carrel, tmp_path: Path) -> None:
    before = found(filled, "corals")
    offline = without_model(filled, tmp_path)
    document = offline.json("kb", "configure", "library", "--dimensions", "128")
    assert (document["dimensions"], document["generation"], document["papers"]) == (128, 2, 5)
    rebuilt = document["rebuilt"]
    assert set(rebuilt) == {"papers", "passages", "from_cache", "embedded", "seconds"}
    assert (rebuilt["papers"], rebuilt["passages"]) == (5, document["passages"])
    assert (rebuilt["from_cache"], rebuilt["embedded"]) == (5 + document["passages"], 0)
    assert found(filled, "corals")[0] == "On the Nature of Corals"
    assert "all-MiniLM-L6-v2 128 dimensions" in offline.run("kb", "list").out
    again = offline.json("kb", "configure", "library", "--dimensions", "128")
    assert (again["generation"], "rebuilt" in again) == (2, False)
    for text, generation in (("full", 3), ("64", 4), ("0", 5)):
        changed = offline.json("kb", "configure", "library", "--dimensions", text)
        assert (changed["dimensions"] or 0, changed["generation"]) == (
            int(text) if text != "full" else 0,
            generation,
        )
    assert found(filled, "corals") == before
    assert sorted(path.name for path in (filled.home / "index").glob("*/*/")) == ["4", "5"]  # one is kept
    filled.json("reindex", "--kb", "library", "--discard-kept")
    assert [path.name for path in (filled.home / "index").glob("*/*/")] == ["5"]


def test_an_index_is_rebuilt_without_a_model(filled: Carrel, tmp_path: Path) -> None:
    document = without_model(filled, tmp_path).json("reindex", "--kb", "library")
    assert set(document) == {"name", "papers", "passages", "from_cache", "embedded", "seconds"}
    assert (document["papers"], document["embedded"]) == (5, 0)
    answer = filled.run("reindex", "--kb", "library")
    assert (answer.code, answer.err) == (0, "")
    assert "5 papers" in answer.out
    (filled.home / "vectors.db").unlink()
    assert filled.json("reindex", "--kb", "library")["from_cache"] == 0
    assert found(filled, "violins")[0] == "On the Nature of Violins"


def test_a_damaged_cache_costs_a_line_and_the_model(filled: Carrel) -> None:
    (filled.home / "vectors.db").write_bytes(b"no database" * 2000)
    answer = filled.run("kb", "configure", "library", "--dimensions", "64")
    assert answer.code == 0
    assert "set aside" in answer.err
    assert found(filled, "violins")[0] == "On the Nature of Violins"


def test_a_knowledge_base_begins_with_its_dimensions(carrel: Carrel, small_papers: tuple[Path, ...]) -> None:
    created = carrel.json("kb", "create", "short", "--dimensions", "64", "--embedder", "all-MiniLM-L6-v2")
    assert (created["dimensions"], created["embedder"]) == (64, "all-MiniLM-L6-v2")
    carrel.json("add", small_papers[0], "--kb", "short")
    assert found(carrel, "corals") == ["On the Nature of Corals"]
    changed = carrel.json("kb", "configure", "short", "--dimensions", "96", "--rename", "longer")
    assert (changed["name"], changed["dimensions"]) == ("longer", 96)


def test_what_cannot_be_is_refused_and_changes_nothing(carrel: Carrel) -> None:
    before = carrel.json("kb", "create", "library")
    for arguments, words in (
        (("kb", "configure", "library", "--dimensions", "9999"), ("9999", "32 to 384")),
        (("kb", "configure", "library", "--dimensions", "31"), ("31", "32 to 384")),
        (("kb", "configure", "library", "--dimensions", "many"), ("many", "a number, or full")),
        (("kb", "configure", "library", "--dimensions", "-5"), ("-5", "a number, or full")),
        (("kb", "configure", "library", "--embedder", "nonesuch"), ("nonesuch",)),
        (("kb", "configure", "nowhere", "--dimensions", "64"), ("nowhere",)),
        (("kb", "create", "new", "--dimensions", "7"), ("7", "32 to 384")),
        (("reindex", "--kb", "nowhere"), ("nowhere",)),
    ):
        carrel.run(*arguments).failed_with(2, *words)
    assert carrel.json("kb", "list")["knowledge_bases"] == [before]


@pytest.mark.long
@pytest.mark.parametrize(("option", "seconds"), [("--dimensions", 0.06), ("--chunk-size", 0.6)])
def test_killed_at_any_moment_the_library_is_there_and_the_next_attempt_succeeds(
    filled: Carrel, small_papers: tuple[Path, ...], option: str, seconds: float
) -> None:
    carrel = filled
    chance = random.Random(4)
    for attempt in range(KILLS):
        (shelf,) = carrel.json("kb", "list")["knowledge_bases"]
        wanted = 64 + attempt
        process = subprocess.Popen(
            carrel._command(("kb", "configure", "library", option, str(wanted))),
            env=carrel.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        folder = carrel.home / "index" / shelf["id"]
        known = {path.name for path in folder.iterdir()}
        while known >= {path.name for path in folder.iterdir()} and process.poll() is None:
            time.sleep(0.001)
        time.sleep(chance.random() * seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert found(carrel, "glaciers")[0] == "On the Nature of Glaciers"
    carrel.json("reindex", "--kb", "library")
    carrel.run("reindex", "--kb", "library", "--discard-kept")  # if one is: the last may have been finished
    wanted_files = {hashlib.sha256(path.read_bytes()).hexdigest() for path in small_papers}
    check_in_step(
        carrel.home,
        {"library": wanted_files},
        lambda _: load_minilm(carrel.cache, announce=print, offline=True),
    )
    assert len(list((carrel.home / "index").glob("*/*/"))) == 1


def test_a_model_that_nobody_has_makes_no_knowledge_base(
    carrel: Carrel, small_papers: tuple[Path, ...]
) -> None:
    wrong = carrel.with_settings(CARREL_EMBEDDER="nonesuch")
    wrong.run("add", small_papers[0]).failed_with(2, "nonesuch")
    assert carrel.json("kb", "list") == {"knowledge_bases": []}
    carrel.json("add", small_papers[0])
    assert wrong.json("add", small_papers[1])["added"] == 1  # this one has its model already


def test_passages_change_and_one_goes_back(filled: Carrel) -> None:
    before = found(filled, "corals")
    estimate = filled.json("reindex", "--kb", "library", "--chunk-size", "64", "--estimate")
    assert {"papers", "passages", "to_embed", "cached_share", "seconds", "disk_bytes"} <= set(estimate)
    assert (estimate["papers"], estimate["exact"]) == (5, False)
    configured = filled.json("kb", "configure", "library", "--chunk-size", "64", "--chunk-overlap", "16")
    assert configured["chunking"] == {"size": 64, "overlap": 16, "references": False}
    status = filled.json("reindex", "--kb", "library", "--status")
    assert (status["state"], status["kept"]["generation"], status["last"]["state"]) == (
        "serving",
        1,
        "serving",
    )
    filled.run("reindex", "--kb", "library", "--cancel").failed_with(2, "not being re-indexed")
    assert filled.json("reindex", "--kb", "library", "--rollback")["papers"] == 5
    assert found(filled, "corals") == before
    assert filled.run("reindex", "--kb", "library", "--cancel", "--rollback").code == 2
    assert steps(filled) == [
        {"step": "begin", "chunk_size": "64", "chunk_overlap": "16"},
        {"step": "rollback"},
    ]


def test_what_is_begun_without_waiting_is_finished_by_the_next(filled: Carrel) -> None:
    begun = filled.json("reindex", "--kb", "library", "--chunk-size", "64", "--no-wait")
    assert (begun["state"], begun["under_way"]["papers"]) == ("building", {"done": 0, "total": 5})
    assert filled.json("reindex", "--kb", "library")["papers"] == 5
    (shelf,) = filled.json("kb", "list")["knowledge_bases"]
    assert shelf["chunking"]["size"] == 64
