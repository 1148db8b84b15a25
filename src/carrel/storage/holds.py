"""Holds: while a backup is being written, files that it may still have to copy are not deleted.

A hold is a row with a time until which it is good; whoever holds renews it. That of a killed backup ends by
itself, and what was to be deleted meanwhile goes with the next cleaning: its notes are still there.
"""

import os
from datetime import UTC, datetime, timedelta

from carrel.storage.clock import now
from carrel.storage.database import Transaction

PREFIX = "hold/"
"""How the rows' names in ``server_settings`` begin."""

IMPORTING = "import/"
"""How the names of rows begin that tell which knowledge base is still being added from a backup."""

GOOD_FOR = timedelta(minutes=2)


def take(tx: Transaction) -> str:
    """Begin a hold and return its name."""
    name = PREFIX + os.urandom(8).hex()
    tx.run("INSERT INTO server_settings VALUES (:name, :until, 0)", name=name, until=_until())
    return name


def renew(tx: Transaction, name: str) -> None:
    """Make a hold good for longer."""
    tx.run("UPDATE server_settings SET value = :until WHERE name = :name", name=name, until=_until())


def end(tx: Transaction, name: str) -> None:
    """End a hold, and clear away those that are no longer good."""
    tx.run(
        """
        DELETE FROM server_settings
        WHERE name = :name OR (substr(name, 1, :length) = :prefix AND value < :now)
        """,
        name=name,
        length=len(PREFIX),
        prefix=PREFIX,
        now=now(),
    )


def held(tx: Transaction) -> bool:
    """Whether files must stay for now."""
    row = tx.row(
        "SELECT 1 FROM server_settings WHERE substr(name, 1, :length) = :prefix AND value >= :now",
        length=len(PREFIX),
        prefix=PREFIX,
        now=now(),
    )
    return row is not None


def _until() -> str:
    return (datetime.now(UTC) + GOOD_FOR).isoformat(timespec="milliseconds")
