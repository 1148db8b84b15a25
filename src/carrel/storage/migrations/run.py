"""Running the migrations: the only code that imports SQLAlchemy and Alembic."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

if TYPE_CHECKING:
    import psycopg

_FOLDER = Path(__file__).parent


def known_revisions() -> frozenset[str]:
    """Return every revision that this version of Carrel knows."""
    scripts = ScriptDirectory.from_config(_config())
    return frozenset(script.revision for script in scripts.walk_revisions())


def head() -> str:
    """Return the newest revision."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def upgrade(path: Path) -> None:
    """Bring the database at ``path`` to the newest revision, in one transaction.

    Where another process migrates at the same time, this one waits and then finds nothing to do.

    Raises:
        sqlite3.DatabaseError: the driver's own errors, for the caller to translate.
    """
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(path)), connect_args={"timeout": 60.0}, poolclass=sa.NullPool
    )

    @sa.event.listens_for(engine, "connect")
    def leave_transactions_to_us(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None

    @sa.event.listens_for(engine, "begin")
    def take_the_lock(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    try:
        with engine.begin() as connection:
            _upgrade(connection)
    except sa.exc.DBAPIError as error:
        if isinstance(error.orig, sqlite3.DatabaseError):
            raise error.orig from error
        raise
    finally:
        engine.dispose()


def upgrade_postgres(connect: Callable[[], "psycopg.Connection"], lock: str) -> None:
    """Bring a database to the newest revision, in one transaction.

    Args:
        connect: opens a connection; this closes it.
        lock: statements that wait for the catalog's lock in it: where another process migrates at the same
            time, this one finds nothing left to do.

    Raises:
        psycopg.Error: the driver's own errors, for the caller to translate.
    """
    engine = sa.create_engine(
        "postgresql+psycopg://", creator=connect, poolclass=sa.NullPool, use_native_hstore=False
    )

    @sa.event.listens_for(engine, "begin")
    def take_the_lock(connection: sa.Connection) -> None:
        connection.exec_driver_sql(lock, execution_options={"no_parameters": True})

    try:
        with engine.begin() as connection:
            _upgrade(connection)
    except sa.exc.DBAPIError as error:
        if error.orig is not None:
            raise error.orig from error
        raise
    finally:
        engine.dispose()


def _upgrade(connection: sa.Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
