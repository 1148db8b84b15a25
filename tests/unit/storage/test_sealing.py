"""Secrets in the catalog: they open with the key they were sealed with, and as what they are."""

import base64
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carrel.core.account_errors import SecretKeyUnusable, SecretKeyWrong
from carrel.storage.sealing import FILE_NAME, OLDER_NAME, Sealer, key_kept

KEY = base64.b64encode(bytes(range(32))).decode()


@given(st.text(), st.text())
def test_what_is_sealed_opens_as_what_it_is(text: str, about: str) -> None:
    sealer = Sealer(Path("/nonexistent"), KEY)
    try:
        sealed = sealer.seal(text, about)
    except UnicodeEncodeError:
        return  # half of a surrogate pair: no key of a server has one
    assert sealer.opened(sealed, about) == text
    assert sealed != sealer.seal(text, about)
    with pytest.raises(SecretKeyWrong):
        sealer.opened(sealed, about + "x")


def test_the_key_is_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    sealed = Sealer(tmp_path).seal("sk-secret", "x")
    assert "secret" not in sealed
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600
    assert Sealer(tmp_path).opened(sealed, "x") == "sk-secret"
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_of_several_that_make_the_key_at_once_all_have_the_same(tmp_path: Path) -> None:
    sealers = [Sealer(tmp_path) for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        sealed = list(pool.map(lambda sealer: sealer.seal("sk-secret", "x"), sealers))
    assert {Sealer(tmp_path).opened(text, "x") for text in sealed} == {"sk-secret"}


def test_another_key_says_what_to_do(tmp_path: Path) -> None:
    sealed = Sealer(tmp_path).seal("sk-secret", "x")
    with pytest.raises(SecretKeyWrong) as refused:
        Sealer(tmp_path, KEY).opened(sealed, "x")
    assert "CARREL_SECRET_KEY" in refused.value.hint
    assert "sk-secret" not in str(refused.value)


@pytest.mark.parametrize("sealed", ["", "v1:", "v1:%%%", "v1:AAAA", "sk-clear"])
def test_what_was_not_sealed_does_not_open(sealed: str) -> None:
    with pytest.raises(SecretKeyWrong):
        Sealer(Path("/nonexistent"), KEY).opened(sealed, "x")


@pytest.mark.parametrize("key", ["short", KEY[:-8], KEY * 2, "ключ", "*" * 44])
def test_what_is_no_key(key: str, tmp_path: Path) -> None:
    with pytest.raises(SecretKeyUnusable):
        Sealer(tmp_path, key).seal("sk-secret", "x")
    (tmp_path / FILE_NAME).write_text(key, encoding="utf-8")
    with pytest.raises(SecretKeyUnusable):
        Sealer(tmp_path).seal("sk-secret", "x")


def test_both_ways_of_writing_base64_are_taken() -> None:
    key = bytes([251, 255] * 16)
    sealed = Sealer(Path("/nonexistent"), base64.b64encode(key).decode()).seal("text", "x")
    urlsafe = base64.urlsafe_b64encode(key).decode().rstrip("=")
    assert Sealer(Path("/nonexistent"), urlsafe).opened(sealed, "x") == "text"


def test_a_key_that_is_replaced_in_vain_is_there_again(tmp_path: Path) -> None:
    sealed = Sealer(tmp_path).seal("sk-secret", "x")
    in_vain = key_kept(tmp_path)
    in_vain.__enter__()
    (tmp_path / FILE_NAME).write_text(KEY)
    assert not in_vain.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert Sealer(tmp_path).opened(sealed, "x") == "sk-secret"
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]
    with key_kept(tmp_path):
        (tmp_path / FILE_NAME).write_text(KEY)
    with pytest.raises(SecretKeyWrong):
        Sealer(tmp_path).opened(sealed, "x")
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_killed_while_a_key_is_replaced_what_either_sealed_opens(tmp_path: Path) -> None:
    sealed = [Sealer(tmp_path).seal("first", "x")]
    killed = [key_kept(tmp_path), key_kept(tmp_path)]
    for number, each in enumerate(killed):  # never left: a power cut
        each.__enter__()
        (tmp_path / FILE_NAME).write_text(base64.b64encode(bytes([number] * 32)).decode())
        sealed.append(Sealer(tmp_path).seal(f"after {number}", "x"))
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / OLDER_NAME).stat().st_mode) == 0o600
    assert [Sealer(tmp_path).opened(text, "x") for text in sealed] == ["first", "after 0", "after 1"]
    with pytest.raises(KeyboardInterrupt), key_kept(tmp_path):
        raise KeyboardInterrupt
    assert Sealer(tmp_path).opened(sealed[0], "x") == "first"
