"""``carrel judgments``: what is exported can be imported, and what cannot be is said."""

import json
from pathlib import Path

import pytest

from carrel.cli.judgments import export_judgments, import_judgments, list_judgments
from carrel.core.accounts import COMMAND_LINE
from carrel.core.errors import PathMissing
from carrel.library.judging import Judging
from tests.integration.worlds import world_with_real_index


def test_judgments_go_out_and_come_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with world_with_real_index(tmp_path) as world:
        papers = [world.accept(title).paper_id for title in ("Whales", "Seals")]
        world.work()
        judging = Judging(world.services.catalog, COMMAND_LINE, "library")
        for paper, grade in zip(papers, (2, 0), strict=True):
            judging.judge("谁 sings?", paper, grade)
    monkeypatch.setenv("CARREL_HOME", str(tmp_path / "home"))
    out = tmp_path / "set"
    capsys.readouterr()
    assert export_judgments(out, "library", as_json=True) == 0
    assert json.loads(capsys.readouterr().out) == {"folder": str(out), "queries": 1, "judgments": 2}
    qrels = out / "qrels" / "test.tsv"
    qrels.write_text(qrels.read_text().replace("\t2\n", "\t1\n").replace(papers[1], "0" * 32))
    assert import_judgments(out, "library", as_json=True) == 1  # one paper is not there
    assert json.loads(capsys.readouterr().out) == {"judgments": 1, "queries": 1, "unknown_papers": 1}
    assert list_judgments("library", as_json=True) == 0
    listed = json.loads(capsys.readouterr().out)["judgments"]
    assert {(each["title"], each["grade"], each["by"]) for each in listed} == {
        ("Whales", 1, "command line"),
        ("Seals", 0, "command line"),
    }
    with pytest.raises(PathMissing):
        import_judgments(tmp_path, "library", as_json=False)
