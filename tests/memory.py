"""Where the tests' folders are kept: in memory, if there is plenty, so that nobody waits for a disk."""

import os
import sys
from pathlib import Path

import psutil

_FOLDER = Path("/dev/shm")  # of every user, as /tmp is
_ENOUGH = 8 << 30  # bytes; a run holds less than two at a time
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_PYTESTS = "PYTEST_DEBUG_TEMPROOT"  # what pytest itself heeds


def temporary_root() -> str:
    """Return the folder below which the tests' folders are, and tell pytest where it is in memory."""
    if _PYTESTS not in os.environ and _is_fit():
        os.environ[_PYTESTS] = str(_FOLDER)
    return os.environ.get(_PYTESTS, "/tmp")


def _is_fit() -> bool:
    """Whether it has room, memory behind it, and lets the programs run that tests write."""
    if sys.platform != "linux" or not _FOLDER.is_dir():
        return False
    found = os.statvfs(_FOLDER)
    limits = [Path(limit).read_text().strip() for limit in _LIMITS if Path(limit).is_file()]
    room = (
        found.f_bavail * found.f_frsize,
        psutil.virtual_memory().available,
        *(int(limit) for limit in limits if limit.isdigit()),
    )
    return not found.f_flag & os.ST_NOEXEC and min(room) >= _ENOUGH
