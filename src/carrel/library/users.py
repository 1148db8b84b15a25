"""Users: the first administrator, and what administrators do with accounts."""

from dataclasses import replace

from carrel.core.account_errors import (
    LastAdministrator,
    OwnsKnowledgeBases,
    SetUpAlready,
    SignUpClosed,
    UserExists,
    UserMissing,
)
from carrel.core.accounts import Caller, Role
from carrel.core.audit import Action
from carrel.core.errors import InvalidSetting
from carrel.core.ids import new_id
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.users import Fate, User
from carrel.library import throttle
from carrel.library.access import administrators_only
from carrel.library.auditing import record
from carrel.library.passwords import Passwords
from carrel.library.signing_in import Clock, utc_now
from carrel.library.user_names import checked_user_name, name_key
from carrel.storage import knowledge_bases, members, server_settings, sessions, users
from carrel.storage.clock import now
from carrel.storage.database import Catalog, Transaction

SIGN_UP = "sign_up"  # the server setting
_OPEN, _CLOSED = "open", "closed"


class Users:
    """Accounts, over the catalog. Safe to use from several threads and processes."""

    def __init__(self, catalog: Catalog, passwords: Passwords, clock: Clock = utc_now) -> None:
        self._catalog = catalog
        self._clock = clock
        self._passwords = passwords

    def is_set_up(self) -> bool:
        """Whether there is a user at all."""
        with self._catalog.read() as tx:
            return users.any_of_them(tx)

    def create_first_administrator(self, name: str, password: str, address: str = "") -> User:
        """Make the first user, who is an administrator; of several that try at once, one does.

        Raises:
            SetUpAlready: there is a user.
            UserNameUnusable, PasswordUnusable: so it cannot be.
        """
        if self.is_set_up():  # before the costly hash
            raise SetUpAlready()
        user, key, password_hash = self._prepared(name, password, administrator=True, must_change=False)
        with self._catalog.write() as tx:
            if users.any_of_them(tx):
                raise SetUpAlready()
            users.add(tx, user, key, password_hash)
            record(tx, user.caller(address), Action.SET_UP, user.id, {"name": user.name})
        return user

    def create(
        self,
        caller: Caller,
        name: str,
        password: str,
        administrator: bool = False,
        must_change: bool = True,
    ) -> User:
        """Make a user. The very first one is an administrator, whatever was asked for.

        Raises:
            AdministratorsOnly, ScopeTooNarrow: the caller may not.
            UserExists, UserNameUnusable, PasswordUnusable: so it cannot be.
        """
        administrators_only(caller)
        user, key, password_hash = self._prepared(name, password, administrator, must_change)
        with self._catalog.write() as tx:
            user = replace(user, administrator=administrator or not users.any_of_them(tx))
            _add(tx, user, key, password_hash)
            detail = {"name": user.name, "administrator": user.administrator}
            record(tx, caller, Action.USER_CREATE, user.id, detail)
        return user

    def sign_up(self, name: str, password: str, address: str = "") -> User:
        """Make an account of one's own, where administrators have opened that.

        Raises:
            SignUpClosed: they have not, or there are none yet.
            SignUpThrottled: too many were asked for from the address.
            UserExists, UserNameUnusable, PasswordUnusable: so it cannot be.
        """
        with self._catalog.write() as tx:  # counted first: of many at once, so many are let in
            _check_open(tx)
            throttle.check_sign_up(tx, address, self._clock())
            throttle.signed_up(tx, address, self._clock())
        user, key, password_hash = self._prepared(name, password, administrator=False, must_change=False)
        with self._catalog.write() as tx:
            _check_open(tx)
            _add(tx, user, key, password_hash)
            record(tx, user.caller(address), Action.USER_CREATE, user.id, {"name": user.name})
        return user

    def sign_up_is_open(self) -> bool:
        """Whether everybody can make an account."""
        with self._catalog.read() as tx:
            return _is_open(tx)

    def set_sign_up(self, caller: Caller, value: str) -> None:
        """Open or close signing up: "open" or "closed".

        Raises:
            AdministratorsOnly, ScopeTooNarrow: the caller may not.
            InvalidSetting: it is neither.
        """
        administrators_only(caller)
        if value not in (_OPEN, _CLOSED):
            raise InvalidSetting(name=SIGN_UP, value=value[:60], expected=f"{_OPEN} / {_CLOSED}")
        with self._catalog.write() as tx:
            server_settings.put(tx, SIGN_UP, value)
            record(tx, caller, Action.SERVER_CONFIGURE, SIGN_UP, {"value": value})

    def all_of_them(self, caller: Caller) -> tuple[User, ...]:
        """Return every user by name. Raises AdministratorsOnly, ScopeTooNarrow."""
        administrators_only(caller)
        with self._catalog.read() as tx:
            return users.all_of_them(tx)

    def find(self, caller: Caller, key: str) -> User:
        """Return the user with this id or name; raises UserMissing, AdministratorsOnly, ScopeTooNarrow."""
        administrators_only(caller)
        with self._catalog.read() as tx:
            return found(tx, key)

    def change(
        self, caller: Caller, key: str, administrator: bool | None = None, disabled: bool | None = None
    ) -> User:
        """Make a user an administrator or not, disable or enable them; None leaves it. Who is disabled is
        signed out everywhere, and their API keys rest.

        Raises:
            AdministratorsOnly, ScopeTooNarrow, UserMissing: the caller may not, or there is no such user.
            LastAdministrator: nobody would be left who could undo it.
        """
        administrators_only(caller)
        wanted = {
            name: value
            for name, value in (("administrator", administrator), ("disabled", disabled))
            if value is not None
        }
        with self._catalog.write() as tx:
            user = found(tx, key)
            if disabled or administrator is False:
                _check_not_last(tx, user)
            users.change(tx, user.id, **wanted)
            if disabled:
                sessions.delete_of(tx, user.id)
            record(tx, caller, Action.USER_CHANGE, user.id, {"name": user.name, **wanted})
            return found(tx, user.id)

    def reset_password(self, caller: Caller, key: str, password: str) -> User:
        """Set the password of a user, who must change it when they next sign in and is signed out everywhere.

        API keys stay: a forgotten password does not stop programs. Where an account is in wrong hands,
        disable it, or revoke its keys as well.

        Raises:
            AdministratorsOnly, ScopeTooNarrow, UserMissing: the caller may not, or there is no such user.
            PasswordUnusable: it cannot be one.
        """
        user = self.find(caller, key)
        password_hash = self._passwords.hashed(password, user.name)
        with self._catalog.write() as tx:
            user = found(tx, user.id)
            users.set_password(tx, user.id, password_hash, must_change=True)
            sessions.delete_of(tx, user.id)
            record(tx, caller, Action.PASSWORD_RESET, user.id, {"name": user.name})
            return found(tx, user.id)

    def delete(self, caller: Caller, key: str, fate: Fate | None = None) -> User:
        """Delete a user with their sessions, API keys, memberships and judgments.

        Knowledge bases that nobody else owns are deleted or kept, as ``fate`` says; kept ones go to the
        administrator who deletes (for the command line: to the oldest account among the administrators).

        Raises:
            AdministratorsOnly, ScopeTooNarrow, UserMissing: the caller may not, or there is no such user.
            LastAdministrator: nobody would be left who could administrate.
            OwnsKnowledgeBases: there are such knowledge bases, and no fate was named.
        """
        administrators_only(caller)
        with self._catalog.write() as tx:
            user = found(tx, key)
            _check_not_last(tx, user)
            orphans = _owned_alone(tx, user)
            if orphans and fate is None:
                names = ", ".join(repr(orphan.name) for orphan in orphans)
                raise OwnsKnowledgeBases(name=user.name, names=names)
            for orphan in orphans:
                if fate == "delete":
                    knowledge_bases.delete(tx, orphan)
                    record(tx, caller, Action.KNOWLEDGE_BASE_DELETE, orphan.id, {"name": orphan.name})
                else:
                    heir = _heir(tx, caller, user)
                    members.set_role(tx, orphan.id, heir.id, Role.OWNER)
                    detail = {"name": orphan.name, "user": heir.name, "role": Role.OWNER}
                    record(tx, caller, Action.KNOWLEDGE_BASE_SHARE, orphan.id, detail)
            users.delete(tx, user.id)
            record(tx, caller, Action.USER_DELETE, user.id, {"name": user.name})
        return user

    def _prepared(
        self, name: str, password: str, administrator: bool, must_change: bool
    ) -> tuple[User, str, str]:
        """Return a new user, the key of the name and the hash of the password."""
        shown, key = checked_user_name(name)
        with self._catalog.read() as tx:
            if users.by_key(tx, key) is not None:  # before the costly hash
                raise UserExists(name=shown)
        password_hash = self._passwords.hashed(password, shown)
        return (
            User(new_id(), shown, administrator, must_change=must_change, created_at=now()),
            key,
            password_hash,
        )


def found(tx: Transaction, key: str) -> User:
    """Return the user with this id, or this name in any case. Raises UserMissing."""
    user = users.by_id(tx, key) or users.by_key(tx, name_key(key[:1000]))
    if user is None:
        raise UserMissing(name=key[:100])
    return user


def _add(tx: Transaction, user: User, key: str, password_hash: str) -> None:
    if users.by_key(tx, key) is not None:
        raise UserExists(name=user.name)
    users.add(tx, user, key, password_hash)


def _is_open(tx: Transaction) -> bool:
    return server_settings.value(tx, SIGN_UP, _CLOSED) == _OPEN and users.any_of_them(tx)


def _check_open(tx: Transaction) -> None:
    if not _is_open(tx):
        raise SignUpClosed()


def _check_not_last(tx: Transaction, user: User) -> None:
    if [other.id for other in users.administrators(tx)] == [user.id]:
        raise LastAdministrator(name=user.name)


def _owned_alone(tx: Transaction, user: User) -> list[KnowledgeBase]:
    """Return the knowledge bases that would have no owner without the user."""
    alone = []
    for knowledge_base_id, role in members.roles(tx, user.id).items():
        owners = [
            other for other, theirs in members.of(tx, knowledge_base_id).items() if theirs is Role.OWNER
        ]
        if role is Role.OWNER and owners == [user.id]:
            alone.append(knowledge_bases.by_id(tx, knowledge_base_id))
    return alone


def _heir(tx: Transaction, caller: Caller, leaving: User) -> User:
    """Return the administrator who gets what the leaving user owned."""
    others = [user for user in users.administrators(tx) if user.id != leaving.id]
    return next((user for user in others if user.id == caller.user_id), others[0])
