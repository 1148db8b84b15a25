"""Names of workers, and which of those on this machine are gone."""

import os
import socket
from collections.abc import Iterable


def new_name() -> str:
    """Return a name for a worker in this process that no other one has: machine, process, random digits."""
    return f"{_machine()}:{os.getpid()}:{os.urandom(4).hex()}"


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
    machine, _, rest = name.rpartition(":")[0].rpartition(":")
    if not name:
        return True  # of before there were leases
    return machine == _machine() and rest.isdecimal() and process_is_gone(int(rest))


def _machine() -> str:
    return socket.gethostname()[:60]
