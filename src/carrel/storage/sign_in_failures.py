"""Failed attempts to sign in, counted under keys that tell neither name nor address."""

from collections.abc import Sequence

from carrel.storage.database import Transaction


def counts(tx: Transaction, keys: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Return (failures, time of the last one) of those of the keys that have any."""
    rows = tx.rows("SELECT * FROM sign_in_failures WHERE key IN :keys", keys=keys)
    return {row["key"]: (row["failures"], row["last_at"]) for row in rows}


def put(tx: Transaction, key: str, failures: int, last_at: str) -> None:
    """Set the count of a key."""
    tx.run(
        """
        INSERT INTO sign_in_failures (key, failures, last_at) VALUES (:key, :failures, :last_at)
        ON CONFLICT (key) DO UPDATE SET failures = excluded.failures, last_at = excluded.last_at
        """,
        key=key,
        failures=failures,
        last_at=last_at,
    )


def forget(tx: Transaction, keys: Sequence[str]) -> None:
    """Forget what is counted under these keys."""
    tx.run("DELETE FROM sign_in_failures WHERE key IN :keys", keys=keys)


def prune(tx: Transaction, before: str) -> None:
    """Forget the counts whose last failure was before this time."""
    tx.run("DELETE FROM sign_in_failures WHERE last_at < :before", before=before)
