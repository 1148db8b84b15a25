"""The catalog in a PostgreSQL database: schema, who is let in, a server that goes away and comes back."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from carrel.core.catalog_errors import (
    CatalogDiskFull,
    CatalogLoginRefused,
    CatalogNotWritable,
    CatalogTooNew,
    CatalogUnreachable,
    CatalogUnsuitable,
)
from carrel.core.error_base import CarrelError
from carrel.core.errors import InvalidSetting, StorageFull
from carrel.core.ranking import Mode
from carrel.storage import knowledge_bases
from carrel.storage.database import FILE_NAME, HEAD, Catalog, open_database
from tests.contract.test_catalog import base
from tests.disks import small_disk
from tests.integration.worlds import world_with_real_index
from tests.postgres import (
    PASSWORD,
    PostgresServer,
    empty_database,
    fresh_database,
    own_server,
    shared_server,
)

ROOT = Path(__file__).resolve().parents[2]
SECRET = "hunter2secret"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server that may be stopped; each test starts it again."""
    with own_server() as server:
        yield server


@pytest.fixture
def url() -> Iterator[str]:
    with fresh_database() as url:
        yield url


def opened(url: str) -> Catalog:
    return open_database(Path("unused"), url)


def names(catalog: Catalog) -> list[str]:
    with catalog.read() as tx:
        return [shelf.name for shelf in knowledge_bases.all_of_them(tx)]


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until the server has noticed; the test's own time limit is the deadline."""
    while not condition():
        time.sleep(0.02)


def python(code: str, *arguments: str) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], env=environment, stdin=pipe, stdout=pipe, stderr=pipe
    )


# --- Schema ----------------------------------------------------------------------------------------


def test_it_has_the_tables_and_columns_of_sqlite_in_the_same_order(url: str, tmp_path: Path) -> None:
    """Statements insert by position."""
    open_database(tmp_path).close()
    file = sqlite3.connect(tmp_path / FILE_NAME)
    tables = sorted(name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))
    expected = [
        (table, column[1]) for table in tables for column in file.execute(f"PRAGMA table_info({table})")
    ]
    file.close()
    catalog = opened(url)
    with catalog.read() as tx:
        rows = tx.rows(
            """
            SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'
            ORDER BY table_name COLLATE "C", ordinal_position
            """
        )
        assert [tuple(row) for row in rows] == expected
        revision = tx.row("SELECT version_num FROM alembic_version")
    catalog.close()
    assert revision is not None
    assert revision["version_num"] == HEAD
    assert len(expected) > 100


_OPEN = """
import sys
from pathlib import Path
from carrel.library.shelves import Shelves
from carrel.storage.database import open_database
from carrel.storage import postgres
from carrel.storage.migrations import run

print("ready", flush=True)
sys.stdin.readline()
catalog = open_database(Path("unused"), sys.argv[1])
Shelves(catalog).existing_or_new("library")
catalog.close()
print("opened")
"""


def test_an_empty_database_opened_by_four_processes_at_once_is_made_once() -> None:
    with empty_database() as url:
        openers = [python(_OPEN, url) for _ in range(4)]
        for opener in openers:  # all have imported what they need
            assert opener.stdout is not None
            assert opener.stdout.readline() == b"ready\n"
        for opener in openers:
            assert opener.stdin is not None
            opener.stdin.write(b"\n")
            opener.stdin.flush()
        for opener in openers:
            out, err = opener.communicate(timeout=120)
            assert (opener.returncode, out) == (0, b"opened\n"), err.decode()
        catalog = opened(url)
        assert names(catalog) == ["library"]
        catalog.close()


def test_a_database_of_a_newer_version_is_refused_and_nothing_changed(url: str) -> None:
    catalog = opened(url)
    with catalog.write() as tx:
        tx.run("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(CatalogTooNew) as raised:
        opened(url)
    assert raised.value.parameters["revision"] == "9999"
    with catalog.read() as tx:
        assert [row["version_num"] for row in tx.rows("SELECT version_num FROM alembic_version")] == ["9999"]
    catalog.close()


def test_a_database_that_is_not_in_utf8_is_refused() -> None:
    server = shared_server()
    server.superuser(
        """
        CREATE DATABASE latin OWNER carrel TEMPLATE template0
            ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'
        """
    )
    with pytest.raises(CatalogUnsuitable, match="LATIN1"):
        opened(server.url("latin"))


# --- Who is let in ---------------------------------------------------------------------------------


def shown(error: CarrelError) -> str:
    """Return everything of an error that could come into a log."""
    return "".join(traceback.format_exception(error)) + str(error) + repr(error) + repr(error.parameters)


def test_a_wrong_password_is_named_and_shown_nowhere(url: str) -> None:
    database = url.partition("@/")[2].partition("?")[0]
    with pytest.raises(CatalogLoginRefused, match="password authentication failed") as raised:
        opened(shared_server().url(database, password=SECRET))
    assert SECRET not in shown(raised.value)
    assert raised.value.parameters["database"] == database
    assert (raised.value.exit_code, raised.value.retryable) == (2, False)


@pytest.mark.parametrize(
    ("database", "user", "password"), [("nowhere", "carrel", PASSWORD), ("postgres", "nobody", SECRET)]
)
def test_an_unknown_database_or_user_is_named(database: str, user: str, password: str) -> None:
    with pytest.raises(CatalogLoginRefused) as raised:
        opened(shared_server().url(database, user, password))
    assert database in raised.value.message
    assert password not in shown(raised.value)


def test_an_address_where_nothing_answers_is_named() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(CatalogUnreachable) as raised:
        opened(f"postgresql://carrel:{SECRET}@127.0.0.1:1/papers")
    assert raised.value.parameters["host"] == "127.0.0.1"
    assert "papers" in raised.value.message
    assert (raised.value.exit_code, raised.value.retryable) == (3, True)
    assert SECRET not in shown(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://carrel:{SECRET}@db/papers",
        f"user=carrel password={SECRET} host=db",
        f"postgresql://carrel:{SECRET}%zz@db/papers",
        f"postgresql://carrel:x@db:{SECRET}/papers",
        f"postgresql://carrel:x@db/papers?{SECRET}=1",
        f"postgresql://carrel@[{SECRET}/papers",
    ],
)
def test_what_is_no_url_is_refused_without_being_shown(url: str) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises((InvalidSetting, CatalogUnreachable)) as raised:
        opened(url)
    assert SECRET not in shown(raised.value)


def test_a_user_who_may_make_no_tables_is_told_so() -> None:
    server = shared_server()
    with empty_database(owner="super") as url:
        with pytest.raises(CatalogNotWritable, match="permission denied") as raised:
            opened(url)
        assert raised.value.exit_code == 2
        server.superuser("GRANT CREATE ON SCHEMA public TO carrel", url.partition("@/")[2].partition("?")[0])
        opened(url).close()


def test_a_missing_driver_is_named_with_what_to_install(tmp_path: Path) -> None:
    code = """
import sys
sys.modules["psycopg"] = None  # as if it were not installed
from pathlib import Path
from carrel.core.catalog_errors import CatalogDriverMissing
from carrel.storage.database import open_database
try:
    open_database(Path(sys.argv[1]), "postgresql://carrel:hunter2secret@db/papers")
except CatalogDriverMissing as error:
    print(error)
"""
    out, err = python(code, str(tmp_path)).communicate(timeout=60)
    assert b"pip install 'carrel[postgres]'" in out, err.decode()
    assert SECRET.encode() not in out + err


def test_without_a_url_no_driver_is_imported(tmp_path: Path) -> None:
    open_database(tmp_path).close()  # migrated: SQLAlchemy knows PostgreSQL, and a search does not import it
    code = """
import sys
from pathlib import Path
import carrel.bootstrap
from carrel.storage.database import open_database
open_database(Path(sys.argv[1])).close()
print([name for name in sys.modules if "psycopg" in name or "postgres" in name])
"""
    out, err = python(code, str(tmp_path)).communicate(timeout=60)
    assert out == b"[]\n", err.decode()


# --- A server that goes away -----------------------------------------------------------------------


def test_a_server_that_was_restarted_between_two_transactions_is_not_noticed(server: PostgresServer) -> None:
    with empty_database(server) as url:
        catalog = opened(url)
        with catalog.write() as tx, catalog.read() as _, catalog.read() as _:  # three connections wait
            base(tx, "before")
        for mode in ("fast", "immediate"):
            server.stop(mode)
            server.start()
            assert names(catalog) == ["before"]
        server.stop()
        server.start()
        with catalog.write() as tx:
            base(tx, "after")
        assert names(catalog) == ["after", "before"]
        catalog.close()


def test_a_server_that_is_away_is_named_and_what_was_committed_is_there_when_it_is_back(
    server: PostgresServer,
) -> None:
    with empty_database(server) as url:
        catalog = opened(url)
        with catalog.write() as tx:
            base(tx, "before")
        server.stop()
        for transaction in (catalog.read, catalog.write, catalog.write):
            with pytest.raises(CatalogUnreachable) as raised, transaction():
                pass
            assert (raised.value.exit_code, raised.value.retryable) == (3, True)
            assert PASSWORD not in shown(raised.value)
        server.start()
        assert names(catalog) == ["before"]
        catalog.close()


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_server_that_goes_away_in_a_transaction_keeps_nothing_of_it(
    server: PostgresServer, mode: str
) -> None:
    with empty_database(server) as url:
        catalog = opened(url)

        def write_while_it_stops() -> None:
            with catalog.write() as tx:
                base(tx, "lost")
                server.stop(mode)
                base(tx, "never")

        def commit_after_it_stopped() -> None:
            with catalog.write() as tx:
                base(tx, "lost")
                server.stop(mode)

        for action in (write_while_it_stops, commit_after_it_stopped):
            with pytest.raises(CatalogUnreachable):
                action()
            server.start()
            assert names(catalog) == []
        with catalog.write() as tx:
            base(tx, "kept")
        assert names(catalog) == ["kept"]
        catalog.close()


_HOLD = """
import sys
from pathlib import Path
from carrel.core.ids import new_knowledge_base_id
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ranking import Mode
from carrel.storage import knowledge_bases
from carrel.storage.database import open_database

with open_database(Path("unused"), sys.argv[1]).write() as tx:
    knowledge_bases.create(tx, KnowledgeBase(new_knowledge_base_id(), "of the killed"))
    print("writing", flush=True)
    sys.stdin.readline()
"""


def test_a_writer_that_is_killed_leaves_nothing_and_keeps_nobody_out(url: str) -> None:
    holder = python(_HOLD, url)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"writing\n"
    holder.send_signal(signal.SIGKILL)
    holder.communicate(timeout=60)
    catalog = opened(url)
    with catalog.write() as tx:
        base(tx, "of the living")
    assert names(catalog) == ["of the living"]
    catalog.close()


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_server_that_goes_away_while_papers_are_taken_in_loses_none(
    server: PostgresServer, tmp_path: Path, mode: str
) -> None:
    titles = ("Glaciers", "Violins", "Compilers")
    with empty_database(server) as url, world_with_real_index(tmp_path, url) as world:
        papers = [world.accept(title).paper_id for title in titles]
        stops = [lambda: server.stop(mode)]

        def stop_once(text: str) -> None:
            if stops and "violins" in text.lower():
                stops.pop()()

        world.embedder.before = stop_once
        with pytest.raises(CatalogUnreachable):
            world.work()
        with pytest.raises(CatalogUnreachable):
            world.search("violins")
        server.start()
        with world.services.catalog.write() as tx:  # as though the worker's process had ended, as it would
            tx.run("UPDATE jobs SET worker = ''")
        world.work()
        assert world.titles("violins", mode=Mode.LEXICAL) == ["Violins"]
        world.check(library=papers)


# --- Connections and disks -------------------------------------------------------------------------


def test_few_connections_are_kept_for_later_and_none_after_closing(url: str) -> None:
    catalog, together = opened(url), Barrier(20)

    def read(_: int) -> None:
        with catalog.read() as tx:
            tx.rows("SELECT 1")
            together.wait(timeout=60)

    with ThreadPoolExecutor(20) as threads:
        list(threads.map(read, range(20)))
    watching = opened(url)

    def others() -> int:
        with watching.read() as tx:
            return len(
                tx.rows(
                    """
                    SELECT pid FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid()
                    """
                )
            )

    wait_for(lambda: others() == 8)
    catalog.close()
    wait_for(lambda: others() == 0)
    watching.close()


def test_an_interrupted_transaction_leaves_its_connection_usable_or_gone(url: str) -> None:
    catalog = opened(url)

    def write_and_raise(error: BaseException) -> None:
        with catalog.write() as tx:
            base(tx)
            raise error

    for error in (KeyboardInterrupt(), ZeroDivisionError()):
        with pytest.raises(type(error)):
            write_and_raise(error)
        assert names(catalog) == []
    catalog.close()


def test_a_full_disk_is_named_and_the_transaction_has_not_happened(
    server: PostgresServer, tmp_path: Path
) -> None:
    with small_disk(server.folder / "small", megabytes=14) as disk:
        server.own(disk)
        server.superuser(f"CREATE TABLESPACE small LOCATION '{disk}'")
        with empty_database(server, tablespace="small") as url:
            catalog = opened(url)
            stored: list[str] = []

            def grow() -> None:
                for n in range(100):
                    with catalog.write() as tx:
                        shelf = base(tx, f"{n:03}")
                        described = (shelf.name, os.urandom(200_000).hex(), shelf.parser, shelf.embedder)
                        knowledge_bases.configure(tx, shelf, *described)
                    stored.append(shelf.name)

            with pytest.raises(StorageFull) as raised:
                grow()
            assert isinstance(raised.value, CatalogDiskFull)
            assert names(catalog) == stored
            assert stored != []
            catalog.close()
        server.superuser("DROP TABLESPACE small")
