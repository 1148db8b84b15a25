"""A catalog with people in it: a clock that tests turn, and passwords that cost nothing."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from argon2 import PasswordHasher

from carrel.core.accounts import Caller, Role
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.users import User
from carrel.library.accounts import Accounts, accounts_over
from carrel.library.passwords import Passwords
from carrel.library.shelves import Shelves
from carrel.storage.database import Catalog

PASSWORD = "a good password"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass
class Clock:
    """A time that only tests move."""

    moment: datetime = datetime(2026, 11, 30, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **by: float) -> None:
        """Let time pass: ``seconds=…``, ``days=…``."""
        self.moment += timedelta(**by)


@dataclass
class Lab:
    """Accounts over a catalog, with an administrator called ada."""

    catalog: Catalog
    accounts: Accounts
    clock: Clock
    admin: Caller
    known: dict[str, User] = field(default_factory=dict)

    def user(self, name: str, administrator: bool = False) -> Caller:
        """Make a user."""
        made = self.accounts.users.create(self.admin, name, PASSWORD, administrator, must_change=False)
        self.known[name] = made
        return made.caller()

    def base(self, owner: Caller, name: str = "library") -> KnowledgeBase:
        """Make a knowledge base."""
        return Shelves(self.catalog).of(owner).create(name)

    def share(self, owner: Caller, base: KnowledgeBase, user: Caller, role: Role) -> None:
        """Make a user a member."""
        self.accounts.sharing.set_role(owner, base.id, user.name, role)


def accounts_of(catalog: Catalog, clock: Clock) -> Accounts:
    """Return accounts whose passwords cost nothing."""
    return accounts_over(catalog, Passwords(CHEAP), clock)


def lab_over(catalog: Catalog) -> Lab:
    """Return a lab over an empty catalog."""
    clock = Clock()
    accounts = accounts_of(catalog, clock)
    admin = accounts.users.create_first_administrator("ada", PASSWORD)
    return Lab(catalog, accounts, clock, admin.caller("10.0.0.1"))
