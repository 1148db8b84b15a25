"""API keys: secrets for programs, each good for some things and for some time."""

from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta

from carrel.core.account_errors import ApiKeyMissing, ApiKeyRefused, ApiKeyUnusable
from carrel.core.accounts import Caller, Scope
from carrel.core.audit import Action
from carrel.core.errors import CarrelError
from carrel.core.ids import new_id
from carrel.core.language import tr
from carrel.core.users import ApiKey, User
from carrel.library.access import administrators_only, need
from carrel.library.auditing import record
from carrel.library.signing_in import NOTED_EVERY, Clock, utc_now
from carrel.library.tokens import KEY_PREFIX, digest, new_api_key
from carrel.library.users import found
from carrel.storage import api_keys
from carrel.storage.clock import read, written
from carrel.storage.database import Catalog, Transaction

LONGEST_DAYS = 3660

_LONGEST_NAME = 100
_HINT = 12  # characters: the prefix and five more
_MOST = 100  # keys of one user that are good


class ApiKeys:
    """API keys of users, over the catalog. Safe to use from several threads and processes.

    Keys are made and revoked in a session, from the command line, or with a key that has the scope
    ``admin``: one that can only read must not be able to make itself a better one.
    """

    def __init__(self, catalog: Catalog, clock: Clock = utc_now) -> None:
        self._catalog = catalog
        self._clock = clock

    def create(
        self,
        caller: Caller,
        name: str,
        scopes: Collection[Scope],
        days: int | None = None,
        user: str = "",
    ) -> tuple[ApiKey, str]:
        """Make a key; return it with its secret, which is shown once and kept nowhere.

        Args:
            caller: who makes it.
            name: what it is for.
            scopes: what it is good for, at least one.
            days: for how long; None is for ever.
            user: id or name of whose it is, which only administrators say; "" is the caller.

        Raises:
            ApiKeyUnusable: name, scopes or days make no sense, or there are too many keys.
            AdministratorsOnly, ScopeTooNarrow, UserMissing: the caller may not, or there is no such user.
        """
        wanted = frozenset(scopes)
        for scope in (Scope.ADMIN, *sorted(wanted)):
            need(caller, scope)
        label = _checked(name, wanted, days)
        secret, moment = new_api_key(), self._clock()
        with self._catalog.write() as tx:
            owner = _owner(tx, caller, user)
            if Scope.ADMIN in wanted and not owner.administrator:
                raise ApiKeyUnusable(expected=tr("the scope admin only for administrators"))
            self._check_number(tx, owner)
            key = ApiKey(
                id=new_id(),
                user_id=owner.id,
                name=label,
                hint=secret[:_HINT],
                scopes=wanted,
                created_at=written(moment),
                expires_at="" if days is None else written(moment + timedelta(days=days)),
            )
            api_keys.add(tx, key, digest(secret))
            record(tx, caller, Action.API_KEY_CREATE, key.id, _detail(key, owner))
        return key, secret

    def of_user(self, caller: Caller, user: str = "") -> tuple[ApiKey, ...]:
        """Return the keys of the caller, or of a user that an administrator names; the newest first.

        Raises:
            AdministratorsOnly, ScopeTooNarrow, UserMissing: the caller may not, or there is no such user.
        """
        need(caller, Scope.ADMIN)
        with self._catalog.read() as tx:
            return api_keys.of_user(tx, _owner(tx, caller, user).id)

    def revoke(self, caller: Caller, key_id: str) -> ApiKey:
        """End a key for ever: one's own, or anybody's for administrators.

        Raises:
            ApiKeyMissing: there is none that the caller may end.
            ScopeTooNarrow: the caller's own key is not good for it.
        """
        need(caller, Scope.ADMIN)
        with self._catalog.write() as tx:
            key = api_keys.by_id(tx, key_id)
            if key is None or (key.user_id != caller.user_id and not caller.administrator):
                raise ApiKeyMissing(id=key_id[:60])
            api_keys.revoke(tx, key_id, written(self._clock()))
            record(tx, caller, Action.API_KEY_REVOKE, key_id, {"name": key.name})
            return api_keys.by_id(tx, key_id) or key

    def key_caller(self, secret: str, address: str = "") -> Caller:
        """Return who asks with this secret.

        Raises:
            ApiKeyRefused: it is unknown, expired or revoked, or its user is disabled.
        """
        if not secret.startswith(KEY_PREFIX):
            raise ApiKeyRefused()
        with self._catalog.read() as tx:
            key_and_user = api_keys.find(tx, digest(secret))
        if key_and_user is None:
            raise ApiKeyRefused()
        key, user = key_and_user
        if self._has_ended(key) or user.disabled:
            raise ApiKeyRefused()
        self._note_use(key)
        return Caller(user.id, user.name, user.administrator, key.scopes, address, key.id)

    def _note_use(self, key: ApiKey) -> None:
        moment = self._clock()
        if not key.used_at or moment - read(key.used_at) >= NOTED_EVERY:
            # A full disk, a busy catalog: nobody is kept out for that.
            with suppress(CarrelError), self._catalog.write() as tx:
                api_keys.used(tx, key.id, written(moment))

    def _check_number(self, tx: Transaction, owner: User) -> None:
        if sum(not self._has_ended(key) for key in api_keys.of_user(tx, owner.id)) >= _MOST:
            raise ApiKeyUnusable(expected=tr("at most {most} keys").format(most=_MOST))

    def _has_ended(self, key: ApiKey) -> bool:
        expired = bool(key.expires_at) and key.expires_at <= written(self._clock())
        return expired or bool(key.revoked_at)


def _owner(tx: Transaction, caller: Caller, user: str) -> User:
    if user and user != caller.user_id:
        administrators_only(caller)
    return found(tx, user or caller.user_id)


def _detail(key: ApiKey, owner: User) -> dict[str, str]:
    """Return what the audit log says of a new key."""
    return {
        "name": key.name,
        "user": owner.name,
        "scopes": " ".join(sorted(key.scopes)),
        "expires": key.expires_at,
    }


def _checked(name: str, scopes: Collection[Scope], days: int | None) -> str:
    label = name.strip()
    if not label or len(label) > _LONGEST_NAME or not label.isprintable():
        expected = tr("a name of 1 to {most} printable characters").format(most=_LONGEST_NAME)
        raise ApiKeyUnusable(expected=expected)
    if not scopes:
        raise ApiKeyUnusable(expected=tr("at least one scope: {scopes}").format(scopes=", ".join(Scope)))
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise ApiKeyUnusable(expected=tr("1 to {most} days").format(most=LONGEST_DAYS))
    return label
