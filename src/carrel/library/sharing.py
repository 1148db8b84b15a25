"""Sharing: who else may search a knowledge base, add to it, or own it."""

from carrel.core.account_errors import LastOwner, UserMissing
from carrel.core.accounts import Caller, Role, Scope
from carrel.core.audit import Action
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.users import Member
from carrel.library.access import need, require
from carrel.library.auditing import record
from carrel.library.users import found
from carrel.storage import members, users
from carrel.storage.database import Catalog, Transaction


class Sharing:
    """Members of knowledge bases, over the catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def members(self, caller: Caller, knowledge_base: str) -> tuple[Member, ...]:
        """Return the members of a knowledge base by name; whoever may see it may see them.

        Raises:
            KnowledgeBaseMissing, KnowledgeBaseAmbiguous: as ``access.require``.
        """
        with self._catalog.read() as tx:
            roles = members.of(tx, require(tx, caller, knowledge_base, Role.VIEWER).id)
            names = users.names(tx)
        listed = [Member(user_id, names[user_id], role) for user_id, role in roles.items()]
        return tuple(sorted(listed, key=lambda member: (member.name.casefold(), member.user_id)))

    def set_role(self, caller: Caller, knowledge_base: str, user: str, role: Role) -> Member:
        """Let somebody in, or change what they may do. They are named exactly, by name or id: there is no
        list of users to choose from.

        Raises:
            KnowledgeBaseMissing, KnowledgeBaseAmbiguous, RoleTooLow: as ``access.require``, of an owner.
            UserMissing: there is no such user.
            LastOwner: it would have no owner.
            ScopeTooNarrow: the caller's key is not good for it.
        """
        need(caller, Scope.WRITE)
        with self._catalog.write() as tx:
            shared = require(tx, caller, knowledge_base, Role.OWNER)
            known = found(tx, user)
            if known.disabled:
                raise UserMissing(name=user[:100])
            if role is not Role.OWNER:
                _check_not_last_owner(tx, shared, known.id)
            members.set_role(tx, shared.id, known.id, role)
            detail = {"name": shared.name, "user": known.name, "user_id": known.id, "role": role}
            record(tx, caller, Action.KNOWLEDGE_BASE_SHARE, shared.id, detail)
        return Member(known.id, known.name, role)

    def remove(self, caller: Caller, knowledge_base: str, user: str) -> None:
        """Shut a member out, as an owner, or leave, as anybody.

        Raises:
            KnowledgeBaseMissing, KnowledgeBaseAmbiguous, RoleTooLow: as ``access.require``.
            UserMissing: they are no member.
            LastOwner: it would have no owner.
            ScopeTooNarrow: the caller's key is not good for it.
        """
        need(caller, Scope.WRITE)
        with self._catalog.write() as tx:
            seen = require(tx, caller, knowledge_base, Role.VIEWER)
            leaves = bool(caller.user_id) and found_or_none(tx, user) == caller.user_id
            if not leaves:
                require(tx, caller, seen.id, Role.OWNER)
            known = found(tx, user)
            _check_not_last_owner(tx, seen, known.id)
            if not members.remove(tx, seen.id, known.id):
                raise UserMissing(name=user[:100])
            detail = {"name": seen.name, "user": known.name, "user_id": known.id}
            record(tx, caller, Action.KNOWLEDGE_BASE_UNSHARE, seen.id, detail)


def found_or_none(tx: Transaction, user: str) -> str | None:
    """Return the id of the user with this id or name, None where there is none."""
    try:
        return found(tx, user).id
    except UserMissing:
        return None


def _check_not_last_owner(tx: Transaction, knowledge_base: KnowledgeBase, user_id: str) -> None:
    roles = members.of(tx, knowledge_base.id)
    if [member for member, role in roles.items() if role is Role.OWNER] == [user_id]:
        raise LastOwner(name=knowledge_base.name)
