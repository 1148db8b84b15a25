"""Where a record of a search may be written."""

import json
from pathlib import Path

import pytest

from carrel.cli.recording import check_place
from carrel.core.page_errors import FileNotWritable
from carrel.core.record_errors import FileInTheWay
from carrel.core.search_record_format import FORMAT


def test_a_record_makes_no_folders(tmp_path: Path) -> None:
    for path in (tmp_path / "no" / "such" / "r.json", tmp_path, tmp_path / "file" / "r.json"):
        (tmp_path / "file").touch()
        with pytest.raises(FileNotWritable, match="in a folder that exists"):
            check_place(path)
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize("content", [b"my thesis", b"{}", b"[1]", b"\xff\xfe", b'{"format": "another"}'])
def test_a_record_replaces_no_other_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "thesis.md"
    path.write_bytes(content)
    with pytest.raises(FileInTheWay, match="Name another file"):
        check_place(path)
    assert path.read_bytes() == content


def test_a_record_replaces_a_record_or_nothing(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    check_place(path)
    path.touch()
    check_place(path)
    path.write_text(json.dumps({"format": FORMAT, "format_version": 99, "carrel": "9.0"}))
    check_place(path)
