"""The audit log in the catalog: rows are only added."""

import json
from collections.abc import Mapping

from carrel.core.audit import AuditEntry
from carrel.storage.database import Row, Transaction


def add(tx: Transaction, entry: AuditEntry) -> None:
    """Add an entry under the next number; the entry's own number is not looked at."""
    tx.run(
        """
        INSERT INTO audit (number, at, user_id, user_name, action, subject, detail, address)
        SELECT coalesce(max(number), 0) + 1, :at, :user_id, :user_name, :action, :subject, :detail, :address
        FROM audit
        """,
        at=entry.at,
        user_id=entry.user_id,
        user_name=entry.user_name,
        action=entry.action,
        subject=entry.subject,
        detail=json.dumps(dict(entry.detail), ensure_ascii=False),
        address=entry.address,
    )


def page(
    tx: Transaction, limit: int, before: int | None = None, user_id: str | None = None, action: str = ""
) -> tuple[AuditEntry, ...]:
    """Return at most so many entries with numbers below ``before``, newest first; of one user or kind."""
    conditions = ["1 = 1"]
    values: dict[str, str | int] = {"limit": limit}
    for condition, name, value in (
        ("number < :before", "before", before),
        ("user_id = :user", "user", user_id),
        ("action = :action", "action", action or None),
    ):
        if value is not None:
            conditions.append(condition)
            values[name] = value
    rows = tx.rows(
        f"SELECT * FROM audit WHERE {' AND '.join(conditions)} ORDER BY number DESC LIMIT :limit",  # noqa: S608 - texts of ours
        **values,
    )
    return tuple(_entry(row) for row in rows)


def _entry(row: Row) -> AuditEntry:
    detail: Mapping[str, str] = json.loads(row["detail"])
    return AuditEntry(
        number=row["number"],
        at=row["at"],
        user_id=row["user_id"],
        user_name=row["user_name"],
        action=row["action"],
        subject=row["subject"],
        detail=detail,
        address=row["address"],
    )
