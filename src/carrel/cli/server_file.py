"""The file by which commands find a server that runs on their data folder: its address, and a token.

Only its user can read it. It is a hint, never a promise: one that a killed server left is not believed.
"""

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from carrel.ingest.hands import process_is_gone

FILE_NAME = "server.json"
_EVERYWHERE = {"http://0.0.0.0:": "http://127.0.0.1:", "http://[::]:": "http://[::1]:"}


@dataclass(frozen=True, slots=True)
class Running:
    """A server on this machine; who has its token may do all that the command line may."""

    url: str
    token: str
    pid: int


def new_token() -> str:
    """Return a token that nobody can guess."""
    return secrets.token_urlsafe(32)


@contextmanager
def announced(home: Path, address: str, token: str) -> Iterator[None]:
    """Let commands find this process as the server of a data folder while the block runs."""
    for everywhere, here in _EVERYWHERE.items():
        address = address.replace(everywhere, here)
    path, running = home / FILE_NAME, Running(address, token, os.getpid())
    draft = home / f"{FILE_NAME}.new"
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        json.dump(asdict(running), stream)
    draft.replace(path)
    try:
        yield
    finally:
        if find(home) == running:  # not one that has taken our place
            path.unlink(missing_ok=True)


def find(home: Path) -> Running | None:
    """Return the server that says it runs on a data folder, if its process is there."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        said = json.loads((home / FILE_NAME).read_text(encoding="utf-8"))
        running = Running(str(said["url"]), str(said["token"]), int(said["pid"]))
        return None if process_is_gone(running.pid) else running
    return None
