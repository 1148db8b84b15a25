"""Measuring, whole: a set goes through the journey of papers, its queries through the search of users."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from carrel.bootstrap import open_services
from carrel.cli.evaluating import Wish, evaluate_base, evaluate_set
from carrel.cli.evaluation_output import Files
from carrel.cli.server_file import announced
from carrel.config import load_settings
from carrel.core.engine_errors import NoRerankerConfigured
from carrel.core.errors import InvalidSetting
from carrel.core.evaluation_errors import NothingJudged
from carrel.core.judgments import Judgment
from carrel.core.ports import Embedder
from carrel.core.ranking import Mode, SearchResult, StageTimings
from carrel.core.text_language import language_of
from carrel.engines.cached_embedder import CachedEmbedder
from carrel.engines.vector_cache import FILE_NAME, SqliteVectorCache
from carrel.evaluation.configuration import DEPTH
from carrel.evaluation.judged_set import Document
from carrel.evaluation.set_papers import hash_of, paper_of, parsed
from carrel.evaluation.taking_in import Coming, take_in
from carrel.search.present import search_document
from carrel.storage import judgments
from tests.fakes.embedder import FakeEmbedder
from tests.fakes.search_server import standing_in

ANIMALS = ["whale", "seal", "otter", "heron", "crane", "stork", "eagle", "raven", "finch", "robin"]
ACTS = ["sings", "dives", "hunts"]
DOCUMENTS = [
    Document(f"{animal}-{act}", f"The {animal} that {act}", "", f"Every {animal} {act} in its own way. " * 12)
    for animal in ANIMALS
    for act in ACTS
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("CARREL_HOME", str(folder))
    return folder


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    folder = tmp_path / "animals"
    (folder / "qrels").mkdir(parents=True)
    rows = [{"_id": each.id, "title": each.title, "text": each.text} for each in DOCUMENTS]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    asked = [each.id.split("-") for each in DOCUMENTS[:12]]
    queries = [
        {"_id": f"q{number}", "text": f"which {animal} {act} best | of all?"}
        for number, (animal, act) in enumerate(asked)
    ]
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)), encoding="utf-8")
    judged = "".join(f"q{n}\t{each.id}\t1\n" for n, each in enumerate(DOCUMENTS[:12]))
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + judged, encoding="utf-8")
    return folder


def loading(fake: FakeEmbedder, folder: Path) -> Callable[[str], Embedder]:
    """Return what makes the model of a data folder, with its cache before it as every engine has."""
    return lambda _: CachedEmbedder(fake, SqliteVectorCache(folder / FILE_NAME))


def wish(*compare: str, home: Path | None = None, files: Files | None = None) -> Wish:
    return Wish(compare, ("nDCG@10", "RR@10"), home, files or Files())


def test_a_set_is_measured_and_measured_again(
    home: Path, animals: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept, fake = tmp_path / "kept", FakeEmbedder()
    files = Files(tmp_path / "out.json", tmp_path / "out.md", tmp_path / "out.html")
    compare = ("mode=lexical", "mode=dense", "dimensions=32")
    assert evaluate_set(animals, "", "", "", wish(*compare, home=kept, files=files), loading(fake, kept)) == 0
    said = capsys.readouterr().out
    assert "30 documents, 12 queries" in said
    found = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert [each["configuration"] for each in found["configurations"]] == [
        "lexical",
        "dense",
        "hybrid, dimensions=32",
    ]
    assert found["configurations"][0]["metrics"]["RR@10"]["mean"] == 1.0
    assert all(len(each["by_query"]["nDCG@10"]) == 12 for each in found["configurations"])
    # Each document once, each question once, however many configurations and indexes there are.
    assert len(fake.embedded) == len(set(fake.embedded))
    assert "| lexical | 1.0000" in (tmp_path / "out.md").read_text(encoding="utf-8")
    assert "</html>" in (tmp_path / "out.html").read_text(encoding="utf-8")
    assert not home.exists() or not list(home.glob("*.db"))  # the user's own library is not touched

    again = FakeEmbedder()
    assert evaluate_set(animals, "", "", "", wish(*compare, home=kept), loading(again, kept)) == 0
    assert all(text.startswith("which") for text in again.embedded)  # questions only
    means = [line.split()[:3] for line in capsys.readouterr().out.splitlines()[3:5]]
    assert means == [line.split()[:3] for line in said.splitlines()[3:5]]


def test_a_changed_set_is_taken_in_anew_where_it_changed(
    home: Path, animals: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept, fake = tmp_path / "kept", FakeEmbedder()
    evaluate_set(animals, "", "", "", wish("mode=lexical", home=kept), loading(fake, kept))
    lines = (animals / "corpus.jsonl").read_text(encoding="utf-8").splitlines()
    changed = json.dumps({"_id": "new", "title": "The newt", "text": "A newt walks. " * 12})
    (animals / "corpus.jsonl").write_text("\n".join([*lines[:-1], changed]), encoding="utf-8")
    again = FakeEmbedder()
    evaluate_set(animals, "", "", "", wish("mode=lexical", home=kept), loading(again, kept))
    assert again.embedded
    assert all("newt" in text for text in again.embedded)
    assert "30 documents" in capsys.readouterr().out


def fill_animals(load: Callable[[str], Embedder]) -> None:
    """Take the documents into a knowledge base of the user's own library, with a few judgments."""
    services = open_services(load_settings(), print, load)
    try:
        services.own_index("a test")
        shelf = services.shelves.create("animals")
        coming = [
            Coming(paper_of(each), hash_of(each), each.id, partial(parsed, each, language_of))
            for each in DOCUMENTS
        ]
        list(take_in(coming, shelf, services.catalog, load(""), services.index_of(shelf)))
        for each in coming:  # as the parser would have left it
            services.parses.put(each.id, services.parser_of(shelf).fingerprint, each.read())
        with services.catalog.write() as tx:
            for query, number, grade in (("whale songs", 0, 2), ("whale songs", 1, 0), ("otters", 8, 0)):
                paper = paper_of(DOCUMENTS[number])
                judgments.put(tx, [Judgment(shelf.id, query, paper, grade, "", "")])
    finally:
        services.close()


def test_a_knowledge_base_is_measured_by_its_judgments_and_by_itself(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load = loading(FakeEmbedder(), home)
    fill_animals(load)
    assert evaluate_base("animals", 0, 1, wish("mode=lexical", "mode=dense"), load) == 0
    assert "30 documents, 1 queries (1 left out" in capsys.readouterr().out
    compare = wish("mode=hybrid", "dimensions=32")
    assert evaluate_base("animals", 10, 1, compare, load) == 0
    said_of_items = capsys.readouterr().out
    assert "30 documents, 30 queries" in said_of_items
    assert "titles (10)" in said_of_items


def test_what_cannot_be_measured_is_said_before_anything_is_done(home: Path, animals: Path) -> None:
    load = loading(FakeEmbedder(), home)
    with pytest.raises(NoRerankerConfigured):
        evaluate_set(animals, "", "", "", wish("rerank=true"), load)
    with pytest.raises(InvalidSetting, match="data folder"):
        evaluate_set(animals, "", "", "", wish("mode=lexical", home=home), load)
    services = open_services(load_settings(), print, load)
    services.shelves.create("empty")
    services.close()
    with pytest.raises(NothingJudged):
        evaluate_base("empty", 0, 1, wish("mode=lexical"), load)


def test_beside_a_server_known_items_are_asked_without_operators_and_judged_queries_with(home: Path) -> None:
    load = loading(FakeEmbedder(), home)
    fill_animals(load)
    nothing = search_document(SearchResult("", Mode.LEXICAL, StageTimings(), ()), explain=False)
    with standing_in() as server, announced(home, server.address, "secret"):
        server.body = json.dumps(nothing).encode()
        evaluate_base("animals", 0, 1, wish("mode=lexical"), load)
        (judged,) = server.asked
        evaluate_base("animals", 2, 1, wish("mode=lexical"), load)
        items = server.asked[1:]
    assert (judged[0], judged[2]["query"], judged[2]["literal"]) == ("/api/v1/search", "whale songs", False)
    assert len(items) == 6
    assert {(question["literal"], question["mode"], question["limit"]) for _, _, question in items} == {
        (True, "lexical", DEPTH)
    }
