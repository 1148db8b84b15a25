"""GGUF files fetched by name from a hub that speaks real HTTP, breaks off, lies and has too much."""

import hashlib
import json
import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.core.engine_errors import GgufAmbiguous, GgufNotFound, GgufNotHere
from carrel.core.errors import ModelCorrupt, ModelUnavailable, PathMissing, StorageFull
from carrel.engines.gguf_names import (
    GgufName,
    choose,
    gguf_path,
    local_files,
    names_gguf,
    parse_gguf_name,
)
from carrel.engines.gguf_pull import pull_gguf
from tests.unit.engines.small_model import FakeHub, running_hub

REPOSITORY = "Some/Tiny-GGUF"
Q8, F16 = "Tiny-Q8_0.gguf", "Tiny-f16.gguf"
CONTENT = {
    Q8: hashlib.shake_256(b"q8").digest(3_000_000),
    F16: hashlib.shake_256(b"f16").digest(50_000),
}


def _listing(files: dict[str, bytes], **changes: object) -> bytes:
    siblings: list[dict[str, object]] = [{"rfilename": "README.md", "size": 10}]
    for name, content in files.items():
        lfs = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
        siblings.append({"rfilename": name, "size": len(content), "lfs": lfs | changes})
    return json.dumps({"id": REPOSITORY, "sha": "abc", "siblings": siblings}).encode()


def _offer(hub: FakeHub, files: dict[str, bytes], **changes: object) -> None:
    hub.documents[f"/api/models/{REPOSITORY}/revision/main"] = _listing(files, **changes)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with running_hub() as server:
        server.content = dict(CONTENT)
        _offer(server, CONTENT)
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield server


def _pull(name: str, cache: Path, offline: bool = False) -> tuple[Path, list[str], list[tuple[int, int]]]:
    said: list[str] = []
    seen: list[tuple[int, int]] = []
    parsed = parse_gguf_name(name)
    assert parsed is not None
    path = pull_gguf(
        parsed,
        cache,
        announce=said.append,
        progress=lambda here, wanted: seen.append((here, wanted)),
        offline=offline,
    )
    return path, said, seen


@pytest.mark.parametrize(
    "name", [REPOSITORY, f"{REPOSITORY}:Q8_0", f"{REPOSITORY}:q8_0", f"{REPOSITORY}/{Q8}"]
)
def test_announced_downloaded_and_found_by_every_name(name: str, hub: FakeHub, tmp_path: Path) -> None:
    path, said, seen = _pull(name, tmp_path)
    assert path.read_bytes() == CONTENT[Q8]
    assert path.is_relative_to(tmp_path / "models")
    assert said == [f"Downloading {REPOSITORY}/{Q8} (3 MB) from {hub.address}."]
    assert (seen, seen[-1]) == (sorted(seen), (3_000_000, 3_000_000))
    assert {gguf_path(other, tmp_path) for other in (name, REPOSITORY, f"{REPOSITORY}:Q8_0", str(path))} == {
        path
    }
    [file] = local_files(tmp_path)
    assert (str(file.name), file.path, file.size) == (f"{REPOSITORY}/{Q8}", path, 3_000_000)
    assert file.sha256 == hashlib.sha256(CONTENT[Q8]).hexdigest()


def test_what_is_here_is_not_asked_for_again(hub: FakeHub, tmp_path: Path) -> None:
    _pull(REPOSITORY, tmp_path)
    hub.documents.clear()
    hub.requests.clear()
    assert _pull(f"{REPOSITORY}:Q8_0", tmp_path, offline=True)[1:] == ([], [])
    assert hub.requests == []


def test_two_files_of_a_repository_lie_side_by_side(hub: FakeHub, tmp_path: Path) -> None:
    paths = {_pull(f"{REPOSITORY}:{kind}", tmp_path)[0] for kind in ("f16", "Q8_0")}
    assert {path.name for path in paths} == {Q8, F16}
    assert gguf_path(REPOSITORY, tmp_path).name == Q8
    assert gguf_path(f"{REPOSITORY}:F16", tmp_path).name == F16
    assert len(local_files(tmp_path)) == 2


def test_a_broken_download_goes_on_where_it_stopped(hub: FakeHub, tmp_path: Path) -> None:
    hub.breaks = 3
    assert _pull(REPOSITORY, tmp_path)[0].read_bytes() == CONTENT[Q8]
    begins = [asked for _, asked in hub.requests]
    assert begins == [None, "bytes=1500000-", "bytes=2250000-", "bytes=2625000-"]


def test_a_download_that_dies_leaves_nothing_and_the_next_goes_on(hub: FakeHub, tmp_path: Path) -> None:
    hub.silent_after = 1_000_000
    with pytest.raises(ModelUnavailable, match="broke off"):
        _pull(REPOSITORY, tmp_path)
    with pytest.raises(GgufNotHere):
        gguf_path(REPOSITORY, tmp_path)
    assert local_files(tmp_path) == []
    hub.silent_after = 10**9
    hub.requests.clear()
    assert _pull(REPOSITORY, tmp_path)[0].read_bytes() == CONTENT[Q8]
    assert hub.requests == [(Q8, "bytes=1000000-")]


def test_another_file_under_the_same_name_is_refused_and_deleted(hub: FakeHub, tmp_path: Path) -> None:
    hub.content[Q8] = bytes(3_000_000)
    with pytest.raises(ModelCorrupt, match="SHA-256"):
        _pull(REPOSITORY, tmp_path)
    assert list(tmp_path.rglob("*.part")) == []
    assert local_files(tmp_path) == []


def test_a_beginning_of_another_file_is_replaced(hub: FakeHub, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "gguf" / REPOSITORY
    folder.mkdir(parents=True)
    (folder / f"{Q8}.part").write_bytes(bytes(1000))
    assert _pull(REPOSITORY, tmp_path)[0].read_bytes() == CONTENT[Q8]


def test_a_file_of_another_size_is_refused(hub: FakeHub, tmp_path: Path) -> None:
    _offer(hub, CONTENT, size=2_999_999)
    with pytest.raises(ModelUnavailable, match="another size"):
        _pull(REPOSITORY, tmp_path)


@pytest.mark.parametrize("name", ["Some/Other-GGUF", f"{REPOSITORY}:Q4_K_M", f"{REPOSITORY}/none.gguf"])
def test_what_the_hub_does_not_have(name: str, hub: FakeHub, tmp_path: Path) -> None:
    with pytest.raises(GgufNotFound, match="has no GGUF file") as caught:
        _pull(name, tmp_path)
    assert name in caught.value.message
    assert name == "Some/Other-GGUF" or Q8 in caught.value.message


def test_several_files_none_of_which_is_meant(hub: FakeHub, tmp_path: Path) -> None:
    files = {"a-Q4_K_M.gguf": b"4", "a-f16.gguf": b"16", "mmproj-a-Q8_0.gguf": b"m"}
    _offer(hub, files)
    with pytest.raises(GgufAmbiguous) as caught:
        _pull(REPOSITORY, tmp_path)
    assert "a-Q4_K_M.gguf, a-f16.gguf" in caught.value.hint


def test_models_in_pieces_are_not_put_together(hub: FakeHub, tmp_path: Path) -> None:
    _offer(hub, {"a-Q8_0-00001-of-00002.gguf": b"1", "a-Q8_0-00002-of-00002.gguf": b"2"})
    with pytest.raises(GgufNotFound, match="several pieces"):
        _pull(REPOSITORY, tmp_path)


def test_a_repository_without_gguf_files(hub: FakeHub, tmp_path: Path) -> None:
    _offer(hub, {"model.safetensors": b"x"})
    with pytest.raises(GgufNotFound, match="no GGUF files"):
        _pull(REPOSITORY, tmp_path)


@pytest.mark.parametrize(
    "document",
    [
        b"<html>Sign in</html>",
        b"[]",
        b"{}",
        b'{"sha": "abc", "siblings": [{"rfilename": "a.gguf"}]}',
        b"[" * 99_999,
    ],
)
def test_a_hub_that_gives_nonsense(document: bytes, hub: FakeHub, tmp_path: Path) -> None:
    hub.documents[f"/api/models/{REPOSITORY}/revision/main"] = document
    with pytest.raises(ModelUnavailable, match=r"something else than JSON|no list of files"):
        _pull(REPOSITORY, tmp_path)


def test_file_names_that_lead_elsewhere_are_not_followed(hub: FakeHub, tmp_path: Path) -> None:
    for name in ("../../../evil.gguf", "/etc/evil.gguf", ".hidden.gguf", "a\\..\\evil.gguf"):
        _offer(hub, {name: b"x"})
        with pytest.raises(GgufNotFound):
            _pull(REPOSITORY, tmp_path)
        with pytest.raises(GgufNotFound):
            pull_gguf(GgufName(REPOSITORY, name), tmp_path, announce=print, progress=lambda *_: None)
    assert list(tmp_path.rglob("*evil*")) == []


def test_without_a_network_or_not_allowed_it_says_what_to_do(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ModelUnavailable, match="CARREL_OFFLINE"):
        _pull(REPOSITORY, tmp_path, offline=True)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelUnavailable, match="HF_ENDPOINT"):
        _pull(REPOSITORY, tmp_path)


def test_too_large_for_the_disk(hub: FakeHub, tmp_path: Path) -> None:
    _offer(hub, CONTENT, size=10**17)
    with pytest.raises(StorageFull):
        _pull(REPOSITORY, tmp_path)


def _pull_elsewhere(cache: Path) -> None:
    _pull(REPOSITORY, cache)


def test_several_processes_fetch_once(hub: FakeHub, tmp_path: Path) -> None:
    processes = [
        multiprocessing.get_context("spawn").Process(target=_pull_elsewhere, args=(tmp_path,))
        for _ in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert [name for name, _ in hub.requests] == [Q8]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Qwen/Qwen3-Embedding-0.6B-GGUF", GgufName("Qwen/Qwen3-Embedding-0.6B-GGUF")),
        ("a/b:Q4_K_M", GgufName("a/b", quantisation="Q4_K_M")),
        ("a/b/c.gguf", GgufName("a/b", "c.gguf")),
        ("a/b/c/d.gguf", GgufName("a/b", "c/d.gguf")),
        ("a/../c.gguf", None),
        ("../a/b.gguf", None),
        ("/a/b/c.gguf", None),
        ("a/b/c", None),
        ("a", None),
        ("qwen3-embedding:4b", None),
        ("a/b?x:y", None),
        ("", None),
    ],
)
def test_names(text: str, expected: GgufName | None) -> None:
    assert parse_gguf_name(text) == expected
    assert expected is None or str(expected) == text


def test_which_settings_mean_a_gguf_file() -> None:
    meant = (
        "/models/x.gguf",
        "x.GGUF",
        "Qwen/Qwen3-Embedding-0.6B-GGUF",
        "Qwen/Qwen3-Embedding-0.6B-GGUF:Q8_0",
    )
    assert all(map(names_gguf, meant))
    others = ("all-MiniLM-L6-v2", "Qwen/Qwen3-Embedding-4B", "qwen3-embedding:4b", "text-embedding-3-small")
    assert not any(map(names_gguf, others))


def test_quantisations_are_told_apart() -> None:
    files = ["m-Q4_K_M.gguf", "m-Q4_K.gguf", "m-IQ4_K.gguf", "Q8_0/m.Q8_0.gguf"]
    assert choose(GgufName("a/b", quantisation="q4_k"), files) == "m-Q4_K.gguf"
    assert choose(GgufName("a/b"), files) == "Q8_0/m.Q8_0.gguf"
    assert choose(GgufName("a/b"), files[:1]) == files[0]
    assert choose(GgufName("a/b"), []) is None


def test_a_path_is_a_path_and_what_is_none_is_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c.gguf").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    assert gguf_path("a/b/c.gguf", tmp_path / "cache") == tmp_path / "a" / "b" / "c.gguf"
    with pytest.raises(PathMissing):
        gguf_path(str(tmp_path / "d.gguf"), tmp_path / "cache")
    with pytest.raises(GgufNotHere) as caught:
        gguf_path(f"{REPOSITORY}:Q8_0", tmp_path / "cache")
    assert f"carrel models pull {REPOSITORY}:Q8_0" in caught.value.hint
