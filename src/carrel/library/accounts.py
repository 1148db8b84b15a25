"""Accounts as a whole: users, sessions, API keys, sharing and the audit log over one catalog."""

from dataclasses import dataclass

from carrel.library.api_keys import ApiKeys
from carrel.library.auditing import AuditLog
from carrel.library.passwords import Passwords
from carrel.library.sharing import Sharing
from carrel.library.signing_in import Clock, SigningIn, utc_now
from carrel.library.users import Users
from carrel.storage.database import Catalog


@dataclass(frozen=True, slots=True)
class Accounts:
    """Who there is, and how they prove it."""

    users: Users
    signing_in: SigningIn
    api_keys: ApiKeys
    sharing: Sharing
    audit: AuditLog


def accounts_over(catalog: Catalog, passwords: Passwords | None = None, clock: Clock = utc_now) -> Accounts:
    """Return the accounts of a catalog; ``passwords`` and ``clock`` are other ones in tests."""
    passwords = passwords or Passwords()
    return Accounts(
        users=Users(catalog, passwords, clock),
        signing_in=SigningIn(catalog, passwords, clock),
        api_keys=ApiKeys(catalog, clock),
        sharing=Sharing(catalog),
        audit=AuditLog(catalog),
    )
