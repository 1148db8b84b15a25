"""Finding out who asks: a session's token, an API key, or the server's own token."""

import hmac
from typing import Protocol

from carrel.core.accounts import COMMAND_LINE, Caller

LONGEST_SECRET = 512  # characters; a longer one is nobody's


class SignedIn(Protocol):
    """A session that is still good."""

    @property
    def caller(self) -> Caller:
        """Who signed in."""
        ...

    @property
    def csrf_token(self) -> str:
        """What changes must be sent with, beside the cookie."""
        ...


class SignIn(Protocol):
    """Finds out who somebody is. Safe to call from several threads; each call reads the catalog."""

    def session_caller(self, token: str) -> SignedIn | None:
        """Return the session with this token; None where there is none, or it has ended."""
        ...

    def key_caller(self, secret: str) -> Caller | None:
        """Return whose API key this is; None where it is nobody's, revoked or expired."""
        ...

    def anybody(self) -> bool:
        """Whether there is an account that could sign in."""
        ...


def caller_with(sign_in: SignIn, server_token: str, secret: str) -> Caller | None:
    """Return who has this secret: the command line has the server's token, others have keys."""
    if server_token and same(secret, server_token):
        return COMMAND_LINE
    return sign_in.key_caller(secret) if len(secret) <= LONGEST_SECRET else None


def same(given: str, wanted: str) -> bool:
    """Whether two secrets are one."""
    # In constant time, so that nobody can feel the way.
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode("utf-8"))
