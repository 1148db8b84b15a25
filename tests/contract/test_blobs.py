"""What every BlobStore does, the fake as well as the real one."""

import hashlib
import io
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from carrel.core.errors import StorageFull
from carrel.core.ports import BlobStore
from carrel.storage.blobs import FolderBlobStore
from tests.disks import small_disk
from tests.fakes.blobs import InMemoryBlobStore

ROOT = Path(__file__).resolve().parents[2]
BYTES = b"%PDF-1.7\n" + bytes(range(256)) * 9000  # more than two pieces of a copy
SHA256 = hashlib.sha256(BYTES).hexdigest()
HOSTILE = (
    "",
    "a",
    "../../etc/passwd",
    "/etc/passwd",
    "a" * 63,
    "a" * 65,
    "A" * 64,
    "g" * 64,
    "../" * 21 + "a",
    "é" * 64,
    "a" * 63 + "\n",
    "a" * 63 + "\0",
    "²" * 64,
    "\uff41" * 64,
)


def _fake(_: Path) -> BlobStore:
    return InMemoryBlobStore()


def _folder(folder: Path) -> BlobStore:
    return FolderBlobStore(folder)


@pytest.fixture(params=[_fake, _folder], ids=["fake", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    make: Callable[[Path], BlobStore] = request.param
    return make(tmp_path / "blobs")


def put(store: BlobStore, content: bytes) -> str:
    with store.staged(io.BytesIO(content)) as copy:
        copy.keep()
    return copy.sha256


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


class BreaksOff(io.RawIOBase):
    """A stream that gives some bytes and then fails, as a disconnected disk does."""

    def __init__(self, error: BaseException) -> None:
        self._pieces = iter([BYTES[:100_000], BYTES[100_000:]])
        self._error = error

    def read(self, size: int = -1) -> bytes:
        piece = next(self._pieces, None)
        if piece is None:
            raise self._error
        return piece


def test_what_was_kept_is_read_back_under_its_sha256(store: BlobStore) -> None:
    assert put(store, BYTES) == SHA256
    assert store.path(SHA256).read_bytes() == BYTES
    assert list(store.list()) == [SHA256]


def test_what_was_only_staged_is_not_stored(store: BlobStore, tmp_path: Path) -> None:
    with store.staged(io.BytesIO(BYTES)) as copy:
        assert copy.sha256 == SHA256
        assert list(store.list()) == []
    with pytest.raises(KeyError):
        store.path(SHA256)
    assert files(tmp_path) == []


def test_the_same_bytes_twice_are_one_file(store: BlobStore, tmp_path: Path) -> None:
    put(store, BYTES)
    where = store.path(SHA256)
    before = where.stat()
    assert put(store, BYTES) == SHA256
    assert list(store.list()) == [SHA256]
    if isinstance(store, FolderBlobStore):
        assert (where.stat().st_ino, where.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
        assert files(tmp_path) == [where]


def test_no_bytes_are_a_blob_too(store: BlobStore) -> None:
    empty = put(store, b"")
    assert empty == hashlib.sha256(b"").hexdigest()
    assert store.path(empty).read_bytes() == b""


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), ValueError("odd"), KeyboardInterrupt()])
def test_a_stream_that_breaks_off_leaves_nothing(
    store: BlobStore, tmp_path: Path, error: BaseException
) -> None:
    with pytest.raises(type(error)), store.staged(BreaksOff(error)) as copy:  # type: ignore[arg-type]
        copy.keep()
    assert list(store.list()) == []
    assert files(tmp_path) == []


def test_an_error_after_staging_leaves_nothing(store: BlobStore, tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), store.staged(io.BytesIO(BYTES)):
        1 // 0  # noqa: B018
    assert list(store.list()) == []
    assert files(tmp_path) == []


def test_an_error_after_keeping_does_not_take_the_file_back(store: BlobStore, tmp_path: Path) -> None:
    def keep_and_fail() -> None:
        with store.staged(io.BytesIO(BYTES)) as copy:
            copy.keep()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        keep_and_fail()
    assert list(store.list()) == [SHA256]
    assert store.path(SHA256).read_bytes() == BYTES


def test_deleting_twice_is_deleting_once(store: BlobStore) -> None:
    put(store, BYTES)
    put(store, b"another")
    store.delete(SHA256)
    store.delete(SHA256)
    assert list(store.list()) == [hashlib.sha256(b"another").hexdigest()]
    with pytest.raises(KeyError):
        store.path(SHA256)


def test_what_was_deleted_can_be_stored_again(store: BlobStore) -> None:
    put(store, BYTES)
    store.delete(SHA256)
    assert put(store, BYTES) == SHA256
    assert store.path(SHA256).read_bytes() == BYTES


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_is_no_sha256_names_nothing(store: BlobStore, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "passwd"
    outside.write_bytes(b"not ours")
    put(store, BYTES)
    with pytest.raises(KeyError):
        store.path(name)
    with pytest.raises(KeyError):
        store.delete(name)
    assert list(store.list()) == [SHA256]
    assert outside.read_bytes() == b"not ours"


def test_many_threads_store_the_same_and_different_bytes(store: BlobStore, tmp_path: Path) -> None:
    contents = [f"paper {n % 5}".encode() * 50_000 for n in range(40)]
    with ThreadPoolExecutor(8) as threads:
        names = list(threads.map(lambda content: put(store, content), contents))
    assert sorted(store.list()) == sorted(set(names))
    assert len(set(names)) == 5
    for name, content in zip(names, contents, strict=True):
        assert store.path(name).read_bytes() == content
    if isinstance(store, FolderBlobStore):
        assert len(files(tmp_path)) == 5


def test_sweeping_takes_nothing_that_is_stored_or_being_stored(store: BlobStore) -> None:
    put(store, b"stored")
    with store.staged(io.BytesIO(BYTES)) as copy:
        store.sweep()
        copy.keep()
        store.sweep()
    assert sorted(store.list()) == sorted([SHA256, hashlib.sha256(b"stored").hexdigest()])
    assert store.path(SHA256).read_bytes() == BYTES


def test_a_full_store_says_so_and_keeps_what_it_has() -> None:
    store = InMemoryBlobStore(room=1000)
    kept = put(store, b"fits")
    with pytest.raises(StorageFull):
        put(store, b"too much" * 1000)
    assert list(store.list()) == [kept]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", megabytes=1) as folder:
        yield folder


def test_a_full_disk_says_so_and_keeps_what_it_has(disk: Path) -> None:
    store = FolderBlobStore(disk / "blobs")
    kept = put(store, b"fits" * 1000)
    with pytest.raises(StorageFull) as raised:
        put(store, BYTES)
    assert raised.value.parameters["free_mb"] == "1"  # what was tried has gone again
    assert list(store.list()) == [kept]
    assert [path.suffix for path in files(disk)] == [".pdf"]
    assert put(store, b"fits too") in set(store.list())


def test_a_disk_without_room_for_a_folder_says_so(disk: Path) -> None:
    filler = disk / "filler"
    with pytest.raises(OSError, match="No space"):
        filler.write_bytes(b"x" * 2_000_000)
    store = FolderBlobStore(disk / "blobs")
    with pytest.raises(StorageFull):
        put(store, b"a few bytes")
    filler.unlink()
    put(store, b"a few bytes")


_LIMITED = """
import io, resource, signal, sys
from pathlib import Path
from carrel.core.errors import StorageFull
from carrel.storage.blobs import FolderBlobStore

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
store = FolderBlobStore(Path(sys.argv[1]))
with store.staged(io.BytesIO(b"fits")) as copy:
    copy.keep()
try:
    with store.staged(io.BytesIO(b"x" * 3_000_000)) as copy:
        copy.keep()
except StorageFull:
    print(*store.list())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs resource limits")
def test_a_file_larger_than_the_system_allows_is_refused_whole(tmp_path: Path) -> None:
    folder = tmp_path / "blobs"
    answer = _python(_LIMITED, folder)
    assert answer.stdout.split() == [hashlib.sha256(b"fits").hexdigest()], answer.stderr
    assert [path.read_bytes() for path in files(folder)] == [b"fits"]


_KILLED = """
import os, signal, sys
from pathlib import Path
from carrel.storage.blobs import FolderBlobStore

class Endless:
    def __init__(self):
        self.left = 3
    def read(self, size):
        self.left -= 1
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)
        return b"x" * 10_000

with FolderBlobStore(Path(sys.argv[1])).staged(Endless()):
    pass
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    folder = tmp_path / "blobs"
    assert _python(_KILLED, folder).returncode == -9
    assert [path.suffix for path in files(folder)] == [".part"]
    store = FolderBlobStore(folder)
    assert list(store.list()) == []
    with store.staged(io.BytesIO(BYTES)) as copy:
        store.sweep()
        assert [path.stat().st_size for path in files(folder)] == [len(BYTES)]
        copy.keep()
    assert files(folder) == [store.path(SHA256)]


def _python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
