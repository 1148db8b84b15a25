"""Passwords: what they may be, and Argon2id over them, a few at a time."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from carrel.core.account_errors import PasswordUnusable, SignInThrottled
from carrel.core.language import tr

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST = 10
LONGEST = 1000  # characters

_AT_ONCE = 2  # hashes; each takes 64 MiB and several processors
_WAIT_SECONDS = 30.0


class Passwords:
    """Hashes and checks passwords. Safe to use from several threads."""

    def __init__(self, hasher: "PasswordHasher | None" = None, at_once: int = _AT_ONCE) -> None:
        """Take the hasher, that of RFC 9106 for little memory by default, and how many run at once."""
        if hasher is None:
            from argon2 import PasswordHasher, profiles

            hasher = PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)
        self._hasher = hasher
        self._places = BoundedSemaphore(at_once)
        self._nobody = ""

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until there is room for another hash.

        Raises:
            SignInThrottled: too many wait.
        """
        if not self._places.acquire(timeout=_WAIT_SECONDS):
            raise SignInThrottled(seconds=int(_WAIT_SECONDS))
        try:
            yield
        finally:
            self._places.release()

    def hashed(self, password: str, name: str) -> str:
        """Return the hash of a new password of the user with this name.

        Raises:
            PasswordUnusable: it is too short, too long, or the name.
            SignInThrottled: too many wait.
        """
        checked = _checked(password, name)
        with self.turn():
            return self._hasher.hash(checked)

    def fits(self, stored: str, password: str) -> bool:
        """Whether the password has this hash; for a stored "" it takes as long and is False.

        The caller holds a ``turn``.
        """
        from argon2.exceptions import InvalidHashError, VerificationError

        if not stored and not self._nobody:
            self._nobody = self._hasher.hash(b"the password of nobody")
        try:
            fits = self._hasher.verify(stored or self._nobody, _bytes(password[:LONGEST]))
        except (VerificationError, InvalidHashError):
            return False
        return fits and bool(stored) and len(password) <= LONGEST

    def renewed(self, stored: str, password: str) -> str:
        """Return a hash at today's cost of a password that fits; "" where it has that. As ``fits``."""
        return self._hasher.hash(_bytes(password)) if self._hasher.check_needs_rehash(stored) else ""


def _checked(password: str, name: str) -> bytes:
    normal = unicodedata.normalize("NFKC", password)
    if len(normal) < SHORTEST or len(password) > LONGEST:
        expected = tr("{least} to {most} characters").format(least=SHORTEST, most=LONGEST)
        raise PasswordUnusable(expected=expected)
    if normal.casefold() == unicodedata.normalize("NFKC", name).casefold() or len(set(normal)) < 3:
        raise PasswordUnusable(expected=tr("something that is not easily guessed"))
    return _bytes(password)


def _bytes(password: str) -> bytes:
    # Half a pair of surrogates, which JSON can name, has no UTF-8 of its own.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
