"""Disks that are small or read-only: real ones, so that the errors are the system's own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount a disk of so many megabytes at ``folder``; skips where this user may not mount."""
    with _mounted(folder, "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs"):
        yield folder


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Make a folder read-only: by a mount for root, whom permissions do not stop, otherwise by those."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        with _mounted(folder, "--bind", str(folder)):
            _mount("-o", "remount,bind,ro", str(folder))
            yield
        return
    changed = [folder, *folder.rglob("*")]
    modes = {path: path.stat().st_mode for path in changed}
    try:
        for path in reversed(changed):
            path.chmod(0o555 if path.is_dir() else 0o444)
        yield
    finally:
        for path in changed:
            path.chmod(modes[path])


@contextmanager
def _mounted(folder: Path, *what: str) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    _mount(*what, str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _mount(*arguments: str) -> None:
    if sys.platform != "linux":
        pytest.skip("mounting a small disk is known on Linux only")
    answer = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if answer.returncode:
        pytest.skip(f"this user may not mount a disk ({answer.stderr.strip()})")
