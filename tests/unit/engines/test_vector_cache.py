"""The vector cache's file: damaged, full, read-only, in use by others."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from carrel.core.ids import text_key
from carrel.core.space import Encoder, Vectors
from carrel.engines.vector_cache import DAMAGED_SUFFIX, SqliteVectorCache

ENCODER = Encoder("model", "1", "{text}", "mean", 4)
KEYS = [text_key(str(number)) for number in range(300)]
VECTORS: dict[str, Vectors] = dict.fromkeys(KEYS, np.full(4, 0.5, np.float32))
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a cache that holds VECTORS."""
    path = tmp_path / "vectors.db"
    cache = SqliteVectorCache(path)
    cache.put(ENCODER, VECTORS)
    cache.close()
    return path


def test_another_process_sees_what_was_put(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tests.unit.engines.test_vector_cache import *; "
        "print(len(SqliteVectorCache(Path(sys.argv[1])).get(ENCODER, KEYS)))"
    )
    cache = SqliteVectorCache(path)
    assert len(cache.get(ENCODER, KEYS)) == len(KEYS)  # and it has the file open at the same time
    assert subprocess.check_output([sys.executable, "-c", code, path], text=True, cwd=ROOT).strip() == "300"


@pytest.mark.parametrize("damage", ["no database", "overwritten", "empty", "gone"])
def test_a_damaged_file_is_set_aside_and_begun_anew(path: Path, damage: str) -> None:
    whole = path.read_bytes()
    if damage == "no database":
        path.write_bytes(b"this is no database at all" * 1000)
    elif damage == "overwritten":
        path.write_bytes(whole[:100] + b"\x07" * (len(whole) - 100))
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        path.unlink()
    cache = SqliteVectorCache(path)
    assert cache.get(ENCODER, KEYS) == {}
    cache.put(ENCODER, VECTORS)
    cache.put(ENCODER, VECTORS)
    assert cache.get(ENCODER, KEYS).keys() == VECTORS.keys()
    aside = path.with_name(path.name + DAMAGED_SUFFIX)
    assert aside.exists() == (damage in ("no database", "overwritten"))
    cache.close()


def test_a_file_that_breaks_while_it_is_open_is_begun_anew(path: Path) -> None:
    cache = SqliteVectorCache(path)
    assert cache.get(ENCODER, KEYS)
    with path.open("r+b") as stream:
        stream.write(b"\x07" * path.stat().st_size)
    # What SQLite holds in memory may still answer; a new connection does not.
    cache.close()
    assert cache.get(ENCODER, KEYS) == {}
    cache.put(ENCODER, VECTORS)
    assert cache.get(ENCODER, KEYS).keys() == VECTORS.keys()
    cache.close()


def test_a_file_that_is_deleted_while_it_is_open_is_begun_anew(path: Path) -> None:
    cache = SqliteVectorCache(path)
    assert cache.get(ENCODER, KEYS)
    for file in path.parent.glob("vectors.db*"):
        file.unlink()
    assert cache.get(ENCODER, KEYS) == {}
    cache.put(ENCODER, VECTORS)
    assert SqliteVectorCache(path).get(ENCODER, KEYS).keys() == VECTORS.keys()
    cache.close()


def test_vectors_of_another_width_or_without_meaning_are_not_there(path: Path) -> None:
    cache = SqliteVectorCache(path)
    cache.put(ENCODER, {text_key("long"): np.ones(5, np.float32)})
    cache.put(ENCODER, {text_key("nan"): np.full(4, np.nan, np.float32)})
    assert cache.get(ENCODER, [text_key("long"), text_key("nan"), KEYS[0]]).keys() == {KEYS[0]}
    cache.close()


def test_without_a_place_for_it_nothing_is_kept_and_nothing_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = SqliteVectorCache(tmp_path / "file" / "vectors.db")
    cache.put(ENCODER, VECTORS)
    assert cache.get(ENCODER, KEYS) == {}
    cache.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_loses_vectors_and_nothing_else(path: Path, tmp_path: Path) -> None:
    full = tmp_path / "full.db"
    shutil.copy(path, full)
    cache = SqliteVectorCache(full)
    assert cache.get(ENCODER, KEYS).keys() == VECTORS.keys()
    connection = cache._connection()
    connection.execute("PRAGMA max_page_count=1")
    cache._idle.put_nowait(connection)
    more = {text_key(f"more {number}"): np.full(4, 0.5, np.float32) for number in range(20_000)}
    cache.put(ENCODER, more)
    assert cache.get(ENCODER, list(more)) == {}
    assert cache.get(ENCODER, KEYS).keys() == VECTORS.keys()
    cache.close()
