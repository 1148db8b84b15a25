"""Sessions in the catalog, under the hash of their token."""

from carrel.core.users import Session
from carrel.storage import users
from carrel.storage.database import Row, Transaction

# The names that both tables have are the session's.
_SELECT = """
    SELECT users.id, users.name, users.administrator, users.disabled, users.must_change,
        users.created_at, users.signed_in_at, sessions.csrf_token, sessions.created_at AS began_at,
        sessions.seen_at, sessions.expires_at, sessions.address, sessions.agent
    FROM sessions JOIN users ON users.id = sessions.user_id
"""


def add(tx: Transaction, token_hash: str, session: Session) -> None:
    """Add a session."""
    tx.run(
        """
        INSERT INTO sessions (token_hash, user_id, csrf_token, created_at, seen_at, expires_at, address,
            agent)
        VALUES (:token_hash, :user, :csrf_token, :created_at, :seen_at, :expires_at, :address, :agent)
        """,
        token_hash=token_hash,
        user=session.user.id,
        csrf_token=session.csrf_token,
        created_at=session.created_at,
        seen_at=session.seen_at,
        expires_at=session.expires_at,
        address=session.address,
        agent=session.agent,
    )


def find(tx: Transaction, token_hash: str) -> Session | None:
    """Return the session with this token, be it expired or its user disabled."""
    row = tx.row(f"{_SELECT} WHERE sessions.token_hash = :hash", hash=token_hash)
    return None if row is None else _session(row)


def of_user(tx: Transaction, user_id: str, after: str) -> tuple[Session, ...]:
    """Return a user's sessions that expire after this time, the last seen first."""
    rows = tx.rows(
        f"{_SELECT} WHERE sessions.user_id = :user AND sessions.expires_at > :after "
        "ORDER BY sessions.seen_at DESC, sessions.token_hash",
        user=user_id,
        after=after,
    )
    return tuple(_session(row) for row in rows)


def touch(tx: Transaction, token_hash: str, seen_at: str, expires_at: str) -> None:
    """Remember when a session was last seen, and until when it is good."""
    tx.run(
        "UPDATE sessions SET seen_at = :seen, expires_at = :expires WHERE token_hash = :hash",
        seen=seen_at,
        expires=expires_at,
        hash=token_hash,
    )


def delete(tx: Transaction, token_hash: str) -> bool:
    """End a session; whether there was one."""
    return tx.run("DELETE FROM sessions WHERE token_hash = :hash", hash=token_hash) > 0


def delete_of(tx: Transaction, user_id: str, but: str = "") -> int:
    """End every session of a user but the one with this token hash; return how many."""
    return tx.run("DELETE FROM sessions WHERE user_id = :user AND token_hash <> :but", user=user_id, but=but)


def prune(tx: Transaction, before: str) -> None:
    """Delete the sessions that expired before this time."""
    tx.run("DELETE FROM sessions WHERE expires_at <= :before", before=before)


def _session(row: Row) -> Session:
    return Session(
        user=users.user_of(row),
        csrf_token=row["csrf_token"],
        created_at=row["began_at"],
        seen_at=row["seen_at"],
        expires_at=row["expires_at"],
        address=row["address"],
        agent=row["agent"],
    )
