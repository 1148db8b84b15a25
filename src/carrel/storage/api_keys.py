"""API keys in the catalog, under the hash of their secret."""

import json

from carrel.core.accounts import Scope
from carrel.core.users import ApiKey, User
from carrel.storage import users
from carrel.storage.database import Row, Transaction


def add(tx: Transaction, key: ApiKey, token_hash: str) -> None:
    """Add a key."""
    tx.run(
        """
        INSERT INTO api_keys (id, user_id, name, token_hash, hint, scopes, created_at, expires_at, used_at,
            revoked_at)
        VALUES (:id, :user, :name, :token_hash, :hint, :scopes, :created_at, :expires_at, '', '')
        """,
        id=key.id,
        user=key.user_id,
        name=key.name,
        token_hash=token_hash,
        hint=key.hint,
        scopes=json.dumps(sorted(key.scopes)),
        created_at=key.created_at,
        expires_at=key.expires_at,
    )


def find(tx: Transaction, token_hash: str) -> tuple[ApiKey, User] | None:
    """Return the key with this secret and its user, be it expired or revoked or the user disabled."""
    row = tx.row("SELECT * FROM api_keys WHERE token_hash = :hash", hash=token_hash)
    user = None if row is None else users.by_id(tx, row["user_id"])
    return None if row is None or user is None else (_key(row), user)


def by_id(tx: Transaction, key_id: str) -> ApiKey | None:
    """Return the key with this id."""
    row = tx.row("SELECT * FROM api_keys WHERE id = :id", id=key_id)
    return None if row is None else _key(row)


def of_user(tx: Transaction, user_id: str) -> tuple[ApiKey, ...]:
    """Return a user's keys, the newest first."""
    rows = tx.rows("SELECT * FROM api_keys WHERE user_id = :user ORDER BY created_at DESC, id", user=user_id)
    return tuple(_key(row) for row in rows)


def used(tx: Transaction, key_id: str, moment: str) -> None:
    """Remember when a key was last used."""
    tx.run("UPDATE api_keys SET used_at = :at WHERE id = :id", at=moment, id=key_id)


def revoke(tx: Transaction, key_id: str, moment: str) -> None:
    """End a key for ever; it stays in the list."""
    tx.run("UPDATE api_keys SET revoked_at = :at WHERE id = :id AND revoked_at = ''", at=moment, id=key_id)


def _key(row: Row) -> ApiKey:
    return ApiKey(
        id=row["id"],
        user_id=row["user_id"],
        name=row["name"],
        hint=row["hint"],
        scopes=frozenset(Scope(scope) for scope in json.loads(row["scopes"])),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        used_at=row["used_at"],
        revoked_at=row["revoked_at"],
    )
