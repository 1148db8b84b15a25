"""The audit log: ``record`` stands in the transaction of what it tells of; neither is without the other."""

from collections.abc import Mapping

from carrel.core.accounts import Caller
from carrel.core.audit import Action, AuditEntry
from carrel.library.access import administrators_only
from carrel.storage import audit
from carrel.storage.clock import now
from carrel.storage.database import Catalog, Transaction

MOST = 500  # entries of one page

_LONGEST = {"name": 100, "subject": 200, "address": 64, "value": 500}


def record(
    tx: Transaction,
    caller: Caller,
    action: Action,
    subject: str = "",
    detail: Mapping[str, object] | None = None,
) -> None:
    """Write down who did what.

    Args:
        tx: the transaction that changes what is told of.
        caller: who did it, with which API key, from where.
        action: what was done.
        subject: the id of what it was done with.
        detail: what else one would want to know, in texts. Never a password, a token or a key.
    """
    texts = {name: str(value)[: _LONGEST["value"]] for name, value in (detail or {}).items()}
    if caller.key_id:
        texts["key"] = caller.key_id
    audit.add(
        tx,
        AuditEntry(
            number=0,
            at=now(),
            user_id=caller.user_id,
            user_name=caller.name[: _LONGEST["name"]],
            action=action,
            subject=subject[: _LONGEST["subject"]],
            detail=texts,
            address=caller.address[: _LONGEST["address"]],
        ),
    )


class AuditLog:
    """Reading the log, which only administrators may."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def page(
        self,
        caller: Caller,
        limit: int = 50,
        before: int | None = None,
        user_id: str | None = None,
        action: str = "",
    ) -> tuple[AuditEntry, ...]:
        """Return entries, newest first: at most ``limit``, with numbers below ``before``.

        Raises:
            AdministratorsOnly, ScopeTooNarrow: the caller may not read it.
        """
        administrators_only(caller)
        with self._catalog.read() as tx:
            return audit.page(tx, max(1, min(limit, MOST)), before, user_id, action)
