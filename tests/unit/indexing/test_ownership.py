import json
import os
import re
import threading
import time
from pathlib import Path

import pytest

from carrel.core.errors import IndexBusy
from carrel.indexing.ownership import NOTE_FILE, Ownership
from tests.unit.indexing.processes import kill, start_owner


def test_the_message_names_the_other_process(tmp_path: Path) -> None:
    other = start_owner(tmp_path)
    try:
        with pytest.raises(IndexBusy) as busy:
            Ownership(tmp_path).acquire("carrel search", 0)
    finally:
        kill(other)
    assert re.fullmatch(
        rf"carrel add \(process {other.pid}, since [\d:\- ]+\)", busy.value.parameters["holder"]
    )
    assert busy.value.parameters["folder"] == str(tmp_path)


def test_a_killed_owner_is_no_obstacle_and_not_named(tmp_path: Path) -> None:
    kill(start_owner(tmp_path))
    assert (tmp_path / NOTE_FILE).exists()
    ownership = Ownership(tmp_path)
    assert ownership.acquire("carrel search", 0)
    assert json.loads((tmp_path / NOTE_FILE).read_text())["pid"] == os.getpid()
    ownership.release()
    assert not (tmp_path / NOTE_FILE).exists()


@pytest.mark.parametrize(
    "note", ["", "{", "[]", '{"pid": "x"}', None, '{"pid": 0, "purpose": 1, "since": 2}']
)
def test_a_note_that_says_nothing_is_no_obstacle(tmp_path: Path, note: str | None) -> None:
    owner = Ownership(tmp_path)
    owner.acquire("carrel add", 0)
    (tmp_path / NOTE_FILE).unlink()
    if note is not None:
        (tmp_path / NOTE_FILE).write_text(note)
    with pytest.raises(IndexBusy, match="another process"):
        Ownership(tmp_path).acquire("carrel search", 0)
    owner.release()


def test_waiting_ends_when_the_owner_lets_go(tmp_path: Path) -> None:
    owner = Ownership(tmp_path)
    owner.acquire("first", 0)
    timer = threading.Timer(0.3, owner.release)  # from another thread
    timer.start()
    second = Ownership(tmp_path)
    started = time.monotonic()
    assert second.acquire("second", 10)
    assert 0.2 < time.monotonic() - started < 5
    timer.join()
    second.release()


def test_waiting_ends_when_its_time_is_over(tmp_path: Path) -> None:
    owner = Ownership(tmp_path)
    owner.acquire("first", 0)
    started = time.monotonic()
    with pytest.raises(IndexBusy, match="first"):
        Ownership(tmp_path).acquire("second", 0.3)
    assert 0.25 < time.monotonic() - started < 5
    owner.release()


def test_acquiring_again_changes_nothing(tmp_path: Path) -> None:
    owner = Ownership(tmp_path)
    assert owner.acquire("first", 0)
    assert not owner.acquire("again", 0)
    owner.release()
    owner.release()
    assert not owner.held


def test_of_many_threads_one_becomes_the_owner(tmp_path: Path) -> None:
    owner = Ownership(tmp_path)
    became: list[bool] = []
    threads = [threading.Thread(target=lambda: became.append(owner.acquire("all", 5))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(became) == [False] * 7 + [True]
    owner.release()
