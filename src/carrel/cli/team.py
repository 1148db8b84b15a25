"""The worker processes of a server: started with it, started again when they die, ended with it."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

_log = logging.getLogger(__name__)

WORKER = (sys.executable, "-P", "-m", "carrel", "worker", "--until-input-ends")
_LOOK_SECONDS = 0.3
_FIRST_DELAY = 0.5
_LONGEST_DELAY = 60.0
_WELL_AFTER_SECONDS = 60.0  # who lived so long did not die of how it was started
_END_SECONDS = 5.0


@dataclass(slots=True)
class _Place:
    """One worker, or its absence until it is started again."""

    process: "subprocess.Popen[bytes] | None" = None
    began: float = 0.0
    delay: float = _FIRST_DELAY
    due: float = 0.0


class Team:
    """So many processes of one command; each ends when its standard input does, as when we are killed."""

    def __init__(self, count: int, command: Sequence[str] = WORKER) -> None:
        self._command = list(command)
        self._places = [_Place() for _ in range(count)]
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True, name="team")

    def start(self) -> None:
        """Start the workers, and see that they stay."""
        if self._places:
            self._look()
            self._thread.start()

    def stop(self) -> None:
        """Ask the workers to give their jobs back and end; kill those that do not within seconds."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        processes = [place.process for place in self._places if place.process is not None]
        for process in processes:
            assert process.stdin is not None
            process.stdin.close()
            process.terminate()
        deadline = time.monotonic() + _END_SECONDS
        for process in processes:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @property
    def pids(self) -> list[int]:
        """Return the processes that are there."""
        return [place.process.pid for place in self._places if place.process is not None]

    def _watch(self) -> None:
        while not self._stopped.wait(_LOOK_SECONDS):
            self._look()

    def _look(self) -> None:
        now = time.monotonic()
        for place in self._places:
            if place.process is not None and (code := place.process.poll()) is not None:
                if now - place.began > _WELL_AFTER_SECONDS:
                    place.delay = _FIRST_DELAY
                _log.warning("A worker ended (%d); another one starts in %.1f s.", code, place.delay)
                assert place.process.stdin is not None
                place.process.stdin.close()
                place.process, place.due = None, now + place.delay
                place.delay = min(2 * place.delay, _LONGEST_DELAY)
            if place.process is None and now >= place.due:
                self._start(place, now)

    def _start(self, place: _Place, now: float) -> None:
        try:
            place.process = subprocess.Popen(  # noqa: S603  # ourselves
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,  # what the server prints there is one document
                start_new_session=True,  # Ctrl-C in the terminal is for the server, who ends them
            )
            place.began = now
        except OSError as error:  # out of memory, or of processes: it may pass
            _log.warning("No worker could be started: %s", error)
            place.due = now + place.delay
            place.delay = min(2 * place.delay, _LONGEST_DELAY)
