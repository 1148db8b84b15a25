"""Who asks, and what they may do: callers, roles on knowledge bases, scopes of API keys."""

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What somebody may do with a knowledge base; each includes the one before it."""

    VIEWER = "viewer"  # search and read, judge answers
    EDITOR = "editor"  # add and remove papers, work with their jobs; calibration goes by what they judge
    OWNER = "owner"  # settings, sharing, re-indexing, deletion, importing judgments

    def includes(self, other: "Role") -> bool:
        """Whether this role may do what ``other`` may."""
        return _ORDER[self] >= _ORDER[other]


_ORDER = {Role.VIEWER: 0, Role.EDITOR: 1, Role.OWNER: 2}


class Scope(StrEnum):
    """What an API key is good for, within what its user may do."""

    READ = "read"  # search, and read what knowledge bases hold
    WRITE = "write"  # add, change and delete; includes READ
    MODELS = "models"  # /v1/embeddings and /v1/rerank
    ADMIN = "admin"  # what only administrators may


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks for something: a signed-in user, a key's user, or the command line.

    An administrator has the role of owner on every knowledge base: whoever runs the server could read its
    data folder anyhow, and what they do is in the audit log.
    """

    user_id: str  # "" is the command line on the server's own machine
    name: str
    administrator: bool
    scopes: frozenset[Scope] = field(default_factory=lambda: frozenset(Scope))
    address: str = ""  # of the client, for the audit log
    key_id: str = ""  # of the API key; "" is a session or the command line

    def may(self, scope: Scope) -> bool:
        """Whether the caller's key, or session, is good for this."""
        return scope in self.scopes or (scope is Scope.READ and Scope.WRITE in self.scopes)


COMMAND_LINE = Caller("", "command line", administrator=True)
SERVER = Caller("", "server", administrator=False)  # does something by itself
