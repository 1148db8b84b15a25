"""What administrators set while the server runs, in the catalog."""

from carrel.storage.database import Transaction


def value(tx: Transaction, name: str, default: str = "") -> str:
    """Return the value of a setting."""
    row = tx.row("SELECT value FROM server_settings WHERE name = :name", name=name)
    return default if row is None else str(row["value"])


def put(tx: Transaction, name: str, text: str, secret: bool = False) -> None:
    """Set the value of a setting; ``secret`` says that the caller has encrypted it."""
    tx.run(
        """
        INSERT INTO server_settings (name, value, secret) VALUES (:name, :value, :secret)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value, secret = excluded.secret
        """,
        name=name,
        value=text,
        secret=int(secret),
    )
