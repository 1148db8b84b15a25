"""Signing in and out: sessions, their length, and the password that begins them."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from carrel.core.account_errors import PasswordWrong, SignInRefused
from carrel.core.accounts import Caller
from carrel.core.audit import Action
from carrel.core.errors import CarrelError
from carrel.core.users import Session, SignedIn, User
from carrel.library import throttle
from carrel.library.auditing import record
from carrel.library.passwords import Passwords
from carrel.library.throttle import Attempt
from carrel.library.tokens import digest, new_token
from carrel.library.user_names import name_key
from carrel.storage import sessions, users
from carrel.storage.clock import read, written
from carrel.storage.database import Catalog, Transaction

Clock = Callable[[], datetime]

IDLE = timedelta(days=14)
LONGEST = timedelta(days=60)
NOTED_EVERY = timedelta(minutes=1)  # a session's last use is written no more often

_TRIES = 3  # somebody else's sign-in may renew the hash between the proof and the session
_LONGEST_NAME = 1000  # characters of what somebody types as a name
_LONGEST_AGENT = 200
_LONGEST_ADDRESS = 64


def utc_now() -> datetime:
    """Return the present."""
    return datetime.now(UTC)


class SigningIn:
    """Sessions of users, over the catalog. Safe to use from several threads and processes."""

    def __init__(self, catalog: Catalog, passwords: Passwords, clock: Clock = utc_now) -> None:
        self._catalog = catalog
        self._passwords = passwords
        self._clock = clock

    def sign_in(self, name: str, password: str, address: str = "", agent: str = "") -> SignedIn:
        """Begin a session.

        Raises:
            SignInRefused: name or password is wrong, or the user is disabled; it takes as long in each case.
            SignInThrottled: there were too many failures, or too many try at once.
        """
        for _ in range(_TRIES):
            proof = self._proved(name_key(name[:_LONGEST_NAME]), password, address)
            if proof is None:
                break
            token, moment = new_token(), self._clock()
            session = _new_session(proof.user, moment, address, agent)
            with self._catalog.write() as tx:
                if _holds(tx, proof):
                    sessions.prune(tx, written(moment))
                    sessions.add(tx, digest(token), session)
                    users.signed_in(tx, proof.user.id, written(moment))
                    caller = proof.user.caller(address)
                    record(tx, caller, Action.SIGN_IN, proof.user.id, {"agent": session.agent})
                    return SignedIn(token, session)
        raise SignInRefused()

    def session(self, token: str) -> Session | None:
        """Return the session with this token, None where it has ended; it is good for longer from now on."""
        token_hash, moment = digest(token), self._clock()
        with self._catalog.read() as tx:
            found = sessions.find(tx, token_hash)
        if found is None or found.expires_at <= written(moment) or found.user.disabled:
            return None
        if moment - read(found.seen_at) < NOTED_EVERY:
            return found
        seen = replace(found, seen_at=written(moment), expires_at=_expiry(read(found.created_at), moment))
        # A full disk, a busy catalog: nobody is kept out for that.
        with suppress(CarrelError), self._catalog.write() as tx:
            sessions.touch(tx, token_hash, seen.seen_at, seen.expires_at)
        return seen

    def sign_out(self, token: str, address: str = "") -> None:
        """End a session; no effect where it has ended."""
        with self._catalog.write() as tx:
            found = sessions.find(tx, digest(token))
            if found is not None and sessions.delete(tx, digest(token)):
                record(tx, found.user.caller(address), Action.SIGN_OUT, found.user.id)

    def sign_out_everywhere(self, caller: Caller, but_token: str = "") -> int:
        """End every session of the caller but the one with this token; return how many."""
        with self._catalog.write() as tx:
            count = sessions.delete_of(tx, caller.user_id, digest(but_token) if but_token else "")
            record(tx, caller, Action.SIGN_OUT, caller.user_id, {"sessions": count})
        return count

    def change_password(self, caller: Caller, present: str, new: str, token: str = "") -> None:
        """Change the caller's own password; their other sessions end, API keys stay.

        Args:
            caller: whose password it is.
            present: the password so far.
            new: the next one.
            token: of the session that goes on.

        Raises:
            PasswordWrong: the present one is another.
            PasswordUnusable: the new one cannot be one.
            SignInThrottled: there were too many failures, or too many try at once.
        """
        proof = self._proved(name_key(caller.name), present, caller.address)
        if proof is None or proof.user.id != caller.user_id:
            raise PasswordWrong()
        new_hash = self._passwords.hashed(new, proof.user.name)
        with self._catalog.write() as tx:
            if not _holds(tx, proof):
                raise PasswordWrong()
            users.set_password(tx, caller.user_id, new_hash, must_change=False)
            sessions.delete_of(tx, caller.user_id, digest(token) if token else "")
            record(tx, caller, Action.PASSWORD_CHANGE, caller.user_id)

    def _proved(self, key: str, password: str, address: str) -> "_Proof | None":
        """Return the enabled user with this name whose password it is; count a failure otherwise.

        The throttle is asked once there is a turn, so that attempts at the same time cannot slip through
        together: as many as there are turns at most.
        """
        attempt = Attempt(key, address[:_LONGEST_ADDRESS])
        self._check_throttle(attempt)  # at once, without a place in the queue
        with self._passwords.turn():
            user, stored = self._check_throttle(attempt)
            fits = self._passwords.fits(stored, password)
            if user is not None and fits and not user.disabled:
                return _Proof(attempt, user, stored, self._passwords.renewed(stored, password))
            # Not what was typed as a name: it may be a password.
            who = Caller(user.id if user else "", user.name if user else "", False, address=address)
            with self._catalog.write() as tx:
                throttle.failed(tx, attempt, self._clock())
                record(tx, who, Action.SIGN_IN_FAILED, who.user_id)
        return None

    def _check_throttle(self, attempt: Attempt) -> tuple[User | None, str]:
        """Return the user with the attempt's name and their hash, unless the attempt comes too early."""
        moment = self._clock()
        with self._catalog.read() as tx:
            user = users.by_key(tx, attempt.name_key)
            known = user is not None and _signed_in_from(tx, user, attempt.address, moment)
            throttle.check(tx, attempt, moment, known)
            return user, users.password_hash(tx, user.id) if user else ""


@dataclass(frozen=True, slots=True)
class _Proof:
    """A password that fitted a moment ago."""

    attempt: Attempt
    user: User
    stored: str  # its hash
    renewed: str  # its hash at today's cost, where the stored one is of another


def _holds(tx: Transaction, proof: _Proof) -> bool:
    """Whether what was proved is still so; then failures are forgotten, and the hash is renewed."""
    present = users.by_id(tx, proof.user.id)
    if present is None or present.disabled or users.password_hash(tx, present.id) != proof.stored:
        return False
    throttle.succeeded(tx, proof.attempt)
    if proof.renewed:
        users.replace_hash(tx, present.id, proof.renewed)
    return True


def _signed_in_from(tx: Transaction, user: User, address: str, moment: datetime) -> bool:
    if not address:
        return False
    return any(session.address == address for session in sessions.of_user(tx, user.id, written(moment)))


def _new_session(user: User, moment: datetime, address: str, agent: str) -> Session:
    return Session(
        user=replace(user, signed_in_at=written(moment)),
        csrf_token=new_token(),
        created_at=written(moment),
        seen_at=written(moment),
        expires_at=_expiry(moment, moment),
        address=address[:_LONGEST_ADDRESS],
        agent=agent[:_LONGEST_AGENT],
    )


def _expiry(began: datetime, seen: datetime) -> str:
    return written(min(seen + IDLE, began + LONGEST))
