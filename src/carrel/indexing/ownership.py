"""Which process owns the index: a lock that the operating system drops with the process.

Beside the lock lies a note of who holds it, for the message to the others. The note is only a
word to people: it decides nothing, and one left behind by a killed process is not believed.
"""

import json
import os
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from carrel.core.errors import IndexBusy
from carrel.core.language import tr

if TYPE_CHECKING:
    from filelock import BaseFileLock

LOCK_FILE = "owner.lock"
NOTE_FILE = "owner.json"

_RETRY_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Holder:
    """Who owns the index: process, what for, and since when (local time, ISO 8601)."""

    pid: int
    purpose: str
    since: str

    def __str__(self) -> str:
        since = datetime.fromisoformat(self.since)
        today = since.date() == datetime.now().astimezone().date()
        return tr("{purpose} (process {pid}, since {time})").format(
            purpose=self.purpose, pid=self.pid, time=since.strftime("%H:%M" if today else "%Y-%m-%d %H:%M")
        )


class Ownership:
    """The right to open the indexes under a folder; one process has it at a time. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock: BaseFileLock | None = None
        self._trying = threading.Lock()

    @property
    def held(self) -> bool:
        """Whether it was acquired here and not given up."""
        return self._lock is not None

    def acquire(self, purpose: str, wait_seconds: float) -> bool:
        """Become the owner, waiting at most so long. Return False where we already were.

        Raises:
            IndexBusy: another process is; the error says which.
        """
        deadline = time.monotonic() + wait_seconds
        while True:
            with self._trying:
                if self._lock is not None:
                    return False
                if self._try(purpose):
                    return True
            if (left := deadline - time.monotonic()) <= 0:
                raise IndexBusy(folder=self._folder, holder=self._holder())
            time.sleep(min(_RETRY_SECONDS, left))

    def release(self) -> None:
        """Give ownership up; no effect where there is none."""
        with self._trying:
            if self._lock is not None:
                (self._folder / NOTE_FILE).unlink(missing_ok=True)
                self._lock.release()
                self._lock = None

    def _try(self, purpose: str) -> bool:
        # Imported here because it takes 50 ms, which `carrel --help` need not wait for.
        from filelock import FileLock, Timeout

        self._folder.mkdir(parents=True, exist_ok=True)
        # Taken in one thread and given up in another, so not local to the thread.
        lock = FileLock(self._folder / LOCK_FILE, blocking=False, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            return False
        since = datetime.now().astimezone().isoformat(timespec="seconds")
        try:
            self._write_note(Holder(os.getpid(), purpose, since))
        except OSError:  # a full or read-only disk: nobody must wait for an owner that never was
            lock.release()
            raise
        self._lock = lock
        return True

    def _write_note(self, holder: Holder) -> None:
        draft = self._folder / (NOTE_FILE + ".new")
        draft.write_text(json.dumps(asdict(holder)), encoding="utf-8")
        draft.replace(self._folder / NOTE_FILE)

    def _holder(self) -> str:
        """Say who holds the lock; not by name where the note is missing or of a process that is gone.

        A new owner writes its note just after taking the lock: a stale one is given that moment.
        """
        for _ in range(3):
            with suppress(OSError, ValueError, TypeError):
                holder = Holder(**json.loads((self._folder / NOTE_FILE).read_text(encoding="utf-8")))
                if _alive(holder.pid):
                    return str(holder)
            time.sleep(_RETRY_SECONDS / 5)
        return tr("another process")


def _alive(pid: int) -> bool:
    if os.name == "nt":  # there, signal 0 is not a question but Ctrl-C
        return True
    try:
        os.kill(pid, 0)  # asks only
    except ProcessLookupError:
        return False
    except PermissionError:  # it exists and belongs to another user
        return True
    return True
