"""What is particular to the embedded index: crashes, leftovers and a full disk."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from carrel.core.errors import IndexDamaged, SpaceMismatch, StorageFull
from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import IndexedPaper, IndexQuery
from carrel.core.ranking import Filters, Signal
from carrel.indexing.marker import MARKER_FILE
from carrel.indexing.shards import QdrantIndexes
from tests.contract.test_index import BASE, SPACE, identity, paper, vector
from tests.unit.indexing.processes import kill, start_owner


@pytest.fixture
def indexes(tmp_path: Path) -> Iterator[QdrantIndexes]:
    indexes = QdrantIndexes(tmp_path)
    yield indexes
    indexes.release()


def test_killed_after_add_returned_nothing_is_lost(indexes: QdrantIndexes, tmp_path: Path) -> None:
    kill(start_owner(tmp_path, papers=40))
    indexes.acquire("a test", 0)
    index = indexes.open(BASE, SPACE)
    assert index.counts() == (40, 200)
    assert index.paper_ids() == {identity(f"paper {n}") for n in range(40)}
    query = IndexQuery(vector("paper 7"), "passage 3", Filters(), 1)
    assert index.search(query)[Signal.DENSE_PAPERS][0].point_id == identity("paper 7")
    index.add([paper("one more", ["passage"])])
    assert index.counts() == (41, 201)


def test_a_half_made_index_is_made_anew(indexes: QdrantIndexes, tmp_path: Path) -> None:
    indexes.acquire("a test", 0)
    indexes.open(BASE, SPACE).add([paper("lost with its marker")])
    indexes.release()
    (tmp_path / BASE.id / "1" / MARKER_FILE).unlink()
    assert indexes.stored() == ()
    indexes.acquire("a test", 0)
    assert indexes.open(BASE, SPACE).counts() == (0, 0)
    assert indexes.stored() == ((BASE.id, 1),)


def test_leftovers_are_swept(indexes: QdrantIndexes, tmp_path: Path) -> None:
    (tmp_path / ".discarded-1" / "shard").mkdir(parents=True)
    (tmp_path / BASE.id / "3" / "shard").mkdir(parents=True)
    (tmp_path / "notes").mkdir()
    indexes.acquire("a test", 0)
    assert not (tmp_path / ".discarded-1").exists()
    assert not (tmp_path / BASE.id).exists()
    assert (tmp_path / "notes").exists()


def test_a_dropped_index_leaves_no_folder(indexes: QdrantIndexes, tmp_path: Path) -> None:
    indexes.acquire("a test", 0)
    indexes.open(BASE, SPACE)
    indexes.drop(BASE.id, 1)
    assert indexes.stored() == ()
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


@pytest.mark.parametrize("change", [{"analyser": 0}, {"layout": 0}, {"unknown": 1}, "text"])
def test_an_index_of_another_make_is_refused(
    indexes: QdrantIndexes, tmp_path: Path, change: dict[str, int] | str
) -> None:
    indexes.acquire("a test", 0)
    indexes.open(BASE, SPACE)
    indexes.release()
    marker = tmp_path / BASE.id / "1" / MARKER_FILE
    changed = json.loads(marker.read_text()) | change if isinstance(change, dict) else change
    marker.write_text(json.dumps(changed))
    indexes.acquire("a test", 0)
    with pytest.raises(SpaceMismatch, match="a-model, 8 dimensions"):
        indexes.open(BASE, SPACE)


def test_a_full_disk_is_an_error_before_the_engine_meets_it(indexes: QdrantIndexes, tmp_path: Path) -> None:
    indexes.acquire("a test", 0)
    indexes.open(BASE, SPACE)
    indexes.release()
    too_much = shutil.disk_usage(tmp_path).total * 2
    full = QdrantIndexes(tmp_path, keep_free_bytes=too_much)
    full.acquire("a test", 0)
    index = full.open(BASE, SPACE)
    with pytest.raises(StorageFull):
        index.add([paper("A")])
    assert index.counts() == (0, 0)
    with pytest.raises(StorageFull):
        full.open(KnowledgeBase(KnowledgeBaseId("c" * 32), "new"), SPACE)
    assert full.stored() == ((BASE.id, 1),)
    full.release()


@pytest.mark.parametrize("name", ["", "..", "a/b", "a" * 65, ".hidden", "a\x00"])
def test_an_id_that_is_no_folder_name_is_refused(indexes: QdrantIndexes, name: str) -> None:
    indexes.acquire("a test", 0)
    with pytest.raises(ValueError, match="no name for an index"):
        indexes.drop(name, 1)


def test_adding_many_papers_flushes_now_and_then(indexes: QdrantIndexes) -> None:
    indexes.acquire("a test", 0)
    index = indexes.open(KnowledgeBase(BASE.id, "library"), SPACE)
    for n in range(6):
        index.add([paper(f"long {n}", [f"{n} {m}" for m in range(1000)])])
    assert index.counts() == (6, 6000)


def test_other_number_formats_are_refused_rather_than_guessed(indexes: QdrantIndexes) -> None:
    indexes.acquire("a test", 0)
    index = indexes.open(BASE, SPACE)
    flat = IndexedPaper(PaperId("a" * 32), np.ones((1, 8), np.float32), "x", ())
    with pytest.raises(ValueError, match="shape"):
        index.add([flat])


def test_an_index_the_engine_cannot_open_says_how_to_make_it_anew(
    indexes: QdrantIndexes, tmp_path: Path
) -> None:
    indexes.acquire("a test", 0)
    indexes.open(BASE, SPACE)
    indexes.release()
    for file in (tmp_path / BASE.id / "1" / "shard").rglob("*"):
        if file.is_file():
            file.write_bytes(b"not what the engine wrote")
    indexes.acquire("a test", 0)
    with pytest.raises(IndexDamaged, match="carrel add"):
        indexes.open(BASE, SPACE)
