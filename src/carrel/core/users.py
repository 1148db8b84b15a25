"""Users, their sessions and their API keys, as the catalog has them: never a password, never a token."""

from dataclasses import dataclass
from typing import Literal

from carrel.core.accounts import Caller, Role, Scope

Fate = Literal["delete", "keep"]
"""What becomes of the knowledge bases that only a deleted user owned."""


@dataclass(frozen=True, slots=True)
class User:
    """An account. Times are UTC as the catalog writes them; "" is never."""

    id: str
    name: str
    administrator: bool = False
    disabled: bool = False
    must_change: bool = False  # the password was set by somebody else
    created_at: str = ""
    signed_in_at: str = ""

    def caller(self, address: str = "") -> Caller:
        """Return the user as one who asks, in a session.

        Without scopes while the password must be changed: then nothing else is possible.
        """
        scopes = frozenset[Scope]() if self.must_change else frozenset(Scope)
        return Caller(self.id, self.name, self.administrator, scopes, address)


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser. The token is in its cookie alone; the catalog has the token's hash."""

    user: User
    csrf_token: str  # what a page must send with everything that changes something
    created_at: str
    seen_at: str
    expires_at: str
    address: str = ""
    agent: str = ""

    @property
    def caller(self) -> Caller:
        """Who asks in this session."""
        return self.user.caller(self.address)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What signing in gives: the token for the cookie, shown nowhere else, and the session."""

    token: str
    session: Session


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key for programs, without the secret itself. ``expires_at`` and ``revoked_at`` are "" for never."""

    id: str
    user_id: str
    name: str
    hint: str  # its first characters, to tell keys apart
    scopes: frozenset[Scope]
    created_at: str
    expires_at: str = ""
    used_at: str = ""
    revoked_at: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody with a role in a knowledge base."""

    user_id: str
    name: str
    role: Role
