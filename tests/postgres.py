"""PostgreSQL for tests: a server of our own, and a database of its own for each that asks."""

import atexit
import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.memory import temporary_root

PASSWORD = "pässword/with@signs%"  # a hard one: it must come through a URL
_USER = "carrel"
_QUICK = (
    "listen_addresses=''",
    "fsync=off",
    "full_page_writes=off",
    "shared_buffers=32MB",
    "max_connections=60",
)
_ACCOUNT = "postgres"  # as root, whom the server refuses to run for
_numbers = itertools.count()


class PostgresServer:
    """A server below a temporary folder, reached by a Unix socket there."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        # Short: the path of a socket has 107 bytes at most.
        self.folder = Path(tempfile.mkdtemp(prefix="carrel-pg-", dir=temporary_root()))
        self._data = self.folder / "data"
        self.own(self.folder)
        password = self.folder / "password"
        password.write_text("superuser")
        password.chmod(0o644)
        # A locale that does not sort by code point, as servers have it.
        locale = ["--locale=C.UTF-8", "--encoding=UTF8"]
        if self._version() >= 15:
            locale += ["--locale-provider=icu", "--icu-locale=en-US"]
        access = ("--auth=scram-sha-256", "--username=super", f"--pwfile={password}")
        self._call("initdb", f"--pgdata={self._data}", "--no-sync", *locale, *access)
        self.start()
        self.superuser(f"CREATE ROLE {_USER} LOGIN PASSWORD '{PASSWORD}'")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = " ".join(f"-c {each}" for each in (*_QUICK, f"unix_socket_directories={self.folder}"))
        log = self.folder / "data" / "log"
        self._call("pg_ctl", "start", "-w", "-s", f"--pgdata={self._data}", f"--log={log}", "-o", options)

    def stop(self, mode: str = "fast") -> None:
        """Stop it: its clients lose their connections."""
        self._call("pg_ctl", "stop", "-w", "-s", "-m", mode, f"--pgdata={self._data}")

    def remove(self) -> None:
        """Stop it and delete its folder."""
        self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str, user: str = _USER, password: str = PASSWORD) -> str:
        """Return the URL of a database."""
        return f"postgresql://{user}:{quote(password, safe='')}@/{database}?host={self.folder}"

    def superuser(self, statement: str, database: str = "postgres") -> None:
        """Run a statement with all rights."""
        import psycopg

        with psycopg.connect(self.url(database, "super", "superuser"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def own(self, folder: Path) -> None:
        """Give a folder to the account that the server runs as."""
        if os.geteuid() == 0:
            shutil.chown(folder, _ACCOUNT)

    def _version(self) -> int:
        command = [str(self._programs / "postgres"), "--version"]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
        return int(answer.split()[2].split(".")[0].rstrip("abcdefghijklmnopqrstuvwxyz"))

    def _call(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", _ACCOUNT, "--", *command]
        done = subprocess.run(
            command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=120, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stderr.decode()}"


@contextmanager
def own_server() -> Iterator[PostgresServer]:
    """A server that a test may stop. Skips where PostgreSQL is not installed."""
    server = PostgresServer(_programs())
    try:
        yield server
    finally:
        server.remove()


@contextmanager
def empty_database(
    server: PostgresServer | None = None, owner: str = _USER, tablespace: str = "pg_default"
) -> Iterator[str]:
    """The URL of a database that nobody has used. Skips where PostgreSQL is not installed."""
    with _database(server or shared_server(), "template0", owner, tablespace) as url:
        yield url


@contextmanager
def fresh_database() -> Iterator[str]:
    """The URL of a database with the newest schema, and nothing in it."""
    with _database(shared_server(), _with_schema()) as url:
        yield url


@contextmanager
def _database(
    server: PostgresServer, template: str, owner: str = _USER, tablespace: str = "pg_default"
) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    server.superuser(f"CREATE DATABASE {name} OWNER {owner} TEMPLATE {template} TABLESPACE {tablespace}")
    try:
        yield server.url(name)
    finally:
        server.superuser(f"DROP DATABASE {name} WITH (FORCE)")


@cache
def shared_server() -> PostgresServer:
    """The server of this test process. Skips where PostgreSQL is not installed."""
    server = PostgresServer(_programs())
    atexit.register(server.remove)
    return server


@cache
def _with_schema() -> str:
    from carrel.storage.database import open_database

    server = shared_server()
    server.superuser(f"CREATE DATABASE with_schema OWNER {_USER} TEMPLATE template0")
    open_database(Path("unused"), server.url("with_schema")).close()
    return "with_schema"


def _programs() -> Path:
    """Where Debian puts them, the newest first, or where the path leads; skips where there are none."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: pip install 'carrel[postgres]'")
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    found = sorted(versions, key=lambda path: int(path.parts[4]), reverse=True)
    programs = found[0] if found else shutil.which("initdb")
    if programs is None:
        pytest.skip("PostgreSQL is not installed on this machine")
    if os.geteuid() == 0 and not _account_exists():
        pytest.skip(f"PostgreSQL does not run for root, and there is no user {_ACCOUNT}")
    return Path(programs).parent


def _account_exists() -> bool:
    import pwd

    try:
        pwd.getpwnam(_ACCOUNT)
    except KeyError:
        return False
    return True
