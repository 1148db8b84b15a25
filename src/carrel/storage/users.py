"""Users in the catalog. Names are unique by ``name_key``: names that read the same are one."""

from collections.abc import Mapping

from carrel.core.users import User
from carrel.storage.clock import now
from carrel.storage.database import Row, Transaction, Value

# What can be changed by ``change``: a column's name never comes from outside.
_FLAGS = ("administrator", "disabled", "must_change")


def add(tx: Transaction, user: User, name_key: str, password_hash: str) -> None:
    """Add a user; the caller has looked that the name is free."""
    tx.run(
        """
        INSERT INTO users (id, name, name_key, password_hash, administrator, disabled, must_change,
            created_at, signed_in_at)
        VALUES (:id, :name, :name_key, :password_hash, :administrator, :disabled, :must_change,
            :created_at, '')
        """,
        id=user.id,
        name=user.name,
        name_key=name_key,
        password_hash=password_hash,
        administrator=int(user.administrator),
        disabled=int(user.disabled),
        must_change=int(user.must_change),
        created_at=user.created_at or now(),
    )


def by_id(tx: Transaction, user_id: str) -> User | None:
    """Return the user with this id."""
    row = tx.row("SELECT * FROM users WHERE id = :id", id=user_id)
    return None if row is None else user_of(row)


def by_key(tx: Transaction, name_key: str) -> User | None:
    """Return the user whose name folds to this."""
    row = tx.row("SELECT * FROM users WHERE name_key = :key", key=name_key)
    return None if row is None else user_of(row)


def password_hash(tx: Transaction, user_id: str) -> str:
    """Return the hash of a user's password; "" where there is no such user."""
    row = tx.row("SELECT password_hash FROM users WHERE id = :id", id=user_id)
    return "" if row is None else str(row["password_hash"])


def all_of_them(tx: Transaction) -> tuple[User, ...]:
    """Return every user by name."""
    return tuple(user_of(row) for row in tx.rows("SELECT * FROM users ORDER BY name_key"))


def names(tx: Transaction) -> Mapping[str, str]:
    """Return every user's name by id."""
    return {row["id"]: row["name"] for row in tx.rows("SELECT id, name FROM users")}


def any_of_them(tx: Transaction) -> bool:
    """Whether there is a user at all."""
    return tx.row("SELECT 1 FROM users LIMIT 1") is not None


def administrators(tx: Transaction) -> tuple[User, ...]:
    """Return the administrators who can sign in, oldest first."""
    rows = tx.rows("SELECT * FROM users WHERE administrator = 1 AND disabled = 0 ORDER BY created_at, id")
    return tuple(user_of(row) for row in rows)


def set_password(tx: Transaction, user_id: str, new_hash: str, must_change: bool) -> None:
    """Replace the hash of a user's password."""
    tx.run(
        "UPDATE users SET password_hash = :hash, must_change = :must WHERE id = :id",
        hash=new_hash,
        must=int(must_change),
        id=user_id,
    )


def replace_hash(tx: Transaction, user_id: str, new_hash: str) -> None:
    """Replace the hash by a costlier one of the same password."""
    tx.run("UPDATE users SET password_hash = :new WHERE id = :id", new=new_hash, id=user_id)


def change(tx: Transaction, user_id: str, **flags: bool) -> None:
    """Set flags of a user: administrator, disabled, must_change."""
    values: dict[str, Value] = {}
    for name, flag in flags.items():
        assert name in _FLAGS, name
        values[name] = int(flag)
    if values:
        assignments = ", ".join(f"{name} = :{name}" for name in values)
        tx.run(f"UPDATE users SET {assignments} WHERE id = :id", id=user_id, **values)  # noqa: S608 - checked


def signed_in(tx: Transaction, user_id: str, moment: str) -> None:
    """Remember when a user last signed in."""
    tx.run("UPDATE users SET signed_in_at = :at WHERE id = :id", at=moment, id=user_id)


def delete(tx: Transaction, user_id: str) -> None:
    """Delete a user with their sessions, API keys, memberships and judgments."""
    for table in ("sessions", "api_keys", "members", "judgments"):
        tx.run(f"DELETE FROM {table} WHERE user_id = :id", id=user_id)  # noqa: S608 - names of ours
    tx.run("DELETE FROM users WHERE id = :id", id=user_id)


def user_of(row: Row) -> User:
    """Return the user in a row of ``users``."""
    return User(
        id=row["id"],
        name=row["name"],
        administrator=bool(row["administrator"]),
        disabled=bool(row["disabled"]),
        must_change=bool(row["must_change"]),
        created_at=row["created_at"],
        signed_in_at=row["signed_in_at"],
    )
