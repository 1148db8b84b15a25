"""Accounts that need no passwords: who has which key or session is said by the test."""

from dataclasses import dataclass, field

from carrel.core.accounts import Caller


@dataclass(frozen=True, slots=True)
class FakeSession:
    """A session that is still good."""

    caller: Caller
    csrf_token: str = "csrf"


@dataclass
class FakeSignIn:
    """SignIn protocol over two dictionaries."""

    sessions: dict[str, FakeSession] = field(default_factory=dict)
    keys: dict[str, Caller] = field(default_factory=dict)

    def session_caller(self, token: str) -> FakeSession | None:
        return self.sessions.get(token)

    def key_caller(self, secret: str) -> Caller | None:
        return self.keys.get(secret)

    def anybody(self) -> bool:
        return bool(self.sessions or self.keys)
