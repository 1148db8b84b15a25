"""Who may see and do what with which knowledge base: every decision is made here.

What a caller may not see is for them as if it were not there: the same error, no name, no count.
"""

from collections.abc import Sequence

from carrel.core.account_errors import AdministratorsOnly, KnowledgeBaseAmbiguous, RoleTooLow, ScopeTooNarrow
from carrel.core.accounts import Caller, Role, Scope
from carrel.core.errors import KnowledgeBaseMissing
from carrel.core.knowledge_base import KnowledgeBase
from carrel.storage import knowledge_bases, members
from carrel.storage.database import Transaction


def administrators_only(caller: Caller) -> None:
    """Let administrators pass, and the command line.

    Raises:
        AdministratorsOnly: the caller is none.
        ScopeTooNarrow: their API key is not good for it.
    """
    if not caller.administrator:
        raise AdministratorsOnly()
    need(caller, Scope.ADMIN)


def need(caller: Caller, scope: Scope) -> None:
    """Let a caller pass whose key is good for this; sessions and the command line always are.

    Raises:
        ScopeTooNarrow: the key is not.
    """
    if not caller.may(scope):
        raise ScopeTooNarrow(scope=scope)


def visible(tx: Transaction, caller: Caller) -> dict[str, tuple[KnowledgeBase, Role]]:
    """Return every knowledge base that the caller may see, by id and in order of name, with their role."""
    if caller.administrator:
        return {found.id: (found, Role.OWNER) for found in knowledge_bases.all_of_them(tx)}
    roles = members.roles(tx, caller.user_id)
    return {found.id: (found, roles[found.id]) for found in knowledge_bases.with_ids(tx, sorted(roles))}


def require(tx: Transaction, caller: Caller, key: str, needed: Role) -> KnowledgeBase:
    """Return the knowledge base with this id or name; of several of that name, the one that they made.

    Raises:
        KnowledgeBaseMissing: there is none that the caller may see.
        KnowledgeBaseAmbiguous: several that they may see have the name, and none is theirs.
        RoleTooLow: they may see it, but lack the role.
    """
    return require_with_role(tx, caller, key, needed)[0]


def require_with_role(tx: Transaction, caller: Caller, key: str, needed: Role) -> tuple[KnowledgeBase, Role]:
    """Return the same with the role that the caller has in it; raises as ``require``."""
    seen = _of_id(tx, caller, key) or visible(tx, caller)
    found = _required(seen, caller, key, needed)
    return seen[found.id]


def _of_id(tx: Transaction, caller: Caller, key: str) -> dict[str, tuple[KnowledgeBase, Role]]:
    """Return the knowledge base of this id if the caller may see it; the others need no counting."""
    found = knowledge_bases.with_ids(tx, [key])
    role = Role.OWNER if caller.administrator else members.roles(tx, caller.user_id).get(key)
    return {key: (found[0], role)} if found and role is not None else {}


def require_all(
    tx: Transaction, caller: Caller, keys: Sequence[str], needed: Role
) -> tuple[KnowledgeBase, ...]:
    """Return the knowledge bases with these ids or names, each once; raises as ``require``."""
    seen = visible(tx, caller)
    found = [_required(seen, caller, key, needed) for key in keys]
    return tuple({knowledge_base.id: knowledge_base for knowledge_base in found}.values())


def _required(
    seen: dict[str, tuple[KnowledgeBase, Role]], caller: Caller, key: str, needed: Role
) -> KnowledgeBase:
    named = [key] if key in seen else [known for known, (found, _) in seen.items() if found.name == key]
    if not named:
        raise KnowledgeBaseMissing(name=key)
    if len(named) > 1:  # whatever others share, one's own keeps its name
        named = [known for known in named if seen[known][0].created_by == caller.user_id] or named
    if len(named) > 1:
        raise KnowledgeBaseAmbiguous(name=key, ids=", ".join(named))
    knowledge_base, role = seen[named[0]]
    if not role.includes(needed):
        raise RoleTooLow(name=knowledge_base.name, role=role, needed=needed)
    return knowledge_base
