"""Names of workers, and which of those on this machine are gone."""

import hashlib
import os
import socket
from collections.abc import Iterable
from pathlib import Path

_PROC = Path("/proc")
_PARTS = 3  # of a name after the machine's
_START_TIME = 19  # of the fields after the command's name in /proc/PID/stat: proc(5)


def new_name() -> str:
    """Return a name for a worker in this process that no other one has, in at most 100 characters.

    Machine, process, a mark of when the process began, random digits: a container that starts again has its
    old host name and gives its old numbers to other processes.
    """
    return f"{_machine()}:{os.getpid()}:{_begun(os.getpid())}:{os.urandom(4).hex()}"


def gone(names: Iterable[str]) -> list[str]:
    """Return those of the workers that cannot be alive, as far as can be told on this machine."""
    return [name for name in names if _is_gone(name)]


def process_is_gone(pid: int) -> bool:
    """Whether there is no such process on this machine."""
    if os.name == "nt":  # there, signal 0 is not a question but Ctrl-C
        return False
    try:
        os.kill(pid, 0)  # asks only
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):  # it exists and belongs to another user, or is no number of one
        return False
    return False


def _is_gone(name: str) -> bool:
    if not name:
        return True  # of before there were leases
    machine, *parts = name.rsplit(":", 3)
    if machine != _machine() or len(parts) != _PARTS or not parts[0].isdecimal():
        return False
    pid, begun = int(parts[0]), parts[1]
    if process_is_gone(pid):
        return True
    present = _begun(pid)
    return bool(begun and present) and present != begun  # its number is another process's by now


def _machine() -> str:
    return socket.gethostname()[:60]


def _begun(pid: int) -> str:
    """Return a mark of when a process began, eight digits; "" where that cannot be told."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_bytes()
        fields = (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return ""
    if len(fields) <= _START_TIME:
        return ""
    return hashlib.blake2b(boot + fields[_START_TIME], digest_size=4).hexdigest()
