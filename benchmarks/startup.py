"""How soon ``carrel serve`` is ready, and what it takes of the memory while nobody asks anything.

Each round starts it on a fresh data folder, asks /healthz and /readyz until they answer 200, waits, and adds
up the proportional set size (PSS) of the whole process tree from ``/proc/*/smaps_rollup``. /readyz
is given up after ``--patience`` seconds: where the model is not on the machine it does not come.
Run: ``python -m benchmarks.startup [--rounds 5] [-- OPTIONS OF carrel serve]``. Linux only.
"""

import argparse
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx2

from benchmarks.machine import describe, heading

_POLL_SECONDS = 0.02
_GOAL_SECONDS = 3.0
_GOAL_MB = 350.0


@dataclass(frozen=True)
class Round:
    """One start: seconds to the two answers (None: it did not come), MB and processes when idle."""

    healthy: float
    ready: float | None
    megabytes: float
    processes: int


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--idle", type=float, default=5.0, help="seconds to wait before memory is read")
    parser.add_argument("--patience", type=float, default=20.0, help="seconds to wait for /readyz")
    parser.add_argument("options", nargs="*", help="options of carrel serve, after --")
    asked = parser.parse_args()
    rounds = []
    for number in range(asked.rounds):
        rounds.append(measure(asked.options, asked.idle, asked.patience))
        print(f"round {number + 1}: {rounds[-1]}", file=sys.stderr)
    print(heading("Start-up and idle memory of carrel serve"))
    print(f"{describe()}\n\ncarrel serve {' '.join(asked.options)}: {asked.rounds} rounds\n")
    print("| what | median | worst | goal |\n|---|---:|---:|---:|")
    _row("/healthz answers", [each.healthy for each in rounds], "s", "")
    ready = [each.ready for each in rounds if each.ready is not None]
    if len(ready) == len(rounds):
        _row("/readyz answers 200", ready, "s", f"{_GOAL_SECONDS:.0f} s")
    else:
        print(f"| /readyz answers 200 | in {len(ready)} of {len(rounds)} rounds | | {_GOAL_SECONDS:.0f} s |")
    _row("idle memory (PSS)", [each.megabytes for each in rounds], "MB", f"{_GOAL_MB:.0f} MB")
    print(f"| processes | {median(each.processes for each in rounds):.0f} | | |")


def _row(what: str, values: Sequence[float], unit: str, goal: str) -> None:
    digits = 2 if unit == "s" else 0
    print(f"| {what} | {median(values):.{digits}f} {unit} | {max(values):.{digits}f} {unit} | {goal} |")


def measure(options: Sequence[str], idle: float, patience: float) -> Round:
    """Start the server once, and stop it again."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="carrel-startup-") as name:
        environment = {
            **os.environ,
            "CARREL_HOME": f"{name}/home",
            "CARREL_GATEWAY_API_KEY": secrets.token_urlsafe(),
        }
        command = [sys.executable, "-m", "carrel", "serve", "--port", str(port), *options]
        with Path(name, "log").open("w+b") as log:
            began = time.perf_counter()
            process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
            try:
                return _watched(process, f"http://127.0.0.1:{port}", began, idle, patience)
            except ProcessLookupError:
                log.seek(0)
                sys.exit(f"carrel serve ended:\n{log.read().decode(errors='replace')[-2000:]}")
            finally:
                process.terminate()
                process.wait(timeout=90)


def _watched(
    process: "subprocess.Popen[bytes]", url: str, began: float, idle: float, patience: float
) -> Round:
    with httpx2.Client(base_url=url, trust_env=False, timeout=patience) as client:
        healthy = _answers(client, "/healthz", process, began, 60.0)
        if healthy is None:
            raise ProcessLookupError
        ready = _answers(client, "/readyz", process, began, patience)
    time.sleep(idle)
    tree = processes(process.pid)
    return Round(healthy, ready, sum(map(pss, tree)), len(tree))


def _answers(
    client: httpx2.Client, path: str, process: "subprocess.Popen[bytes]", began: float, patience: float
) -> float | None:
    while time.perf_counter() - began < patience:
        if process.poll() is not None:
            raise ProcessLookupError
        try:
            if client.get(path).status_code == httpx2.codes.OK:
                return time.perf_counter() - began
        except httpx2.TransportError:
            pass  # it does not listen yet
        time.sleep(_POLL_SECONDS)
    return None


def processes(root: int) -> list[int]:
    """Return a process and all its descendants."""
    found = [root]
    for pid in found:
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            found += [int(child) for child in children.read_text().split()]
    return found


def pss(pid: int) -> float:
    """Return the MB of a process, what it shares with others divided among them."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


if __name__ == "__main__":
    main()
