"""Errors of accounts and of what may be seen and done; members of the tree in ``core/errors.py``.

CarrelError
└── UsageError
    ├── RoleTooLow                      it may be seen, but not changed
    └── KnowledgeBaseAmbiguous          several knowledge bases of one name may be seen
"""

from carrel.core.errors import UsageError


class RoleTooLow(UsageError):
    """The caller may see the knowledge base, but not do this with it. Parameters: name, role, needed."""

    template = "With the role of {role} in {name!r} this is not possible; it takes that of {needed}."
    hint_template = "Ask an owner of the knowledge base for the role."


class KnowledgeBaseAmbiguous(UsageError):
    """Several people have a knowledge base of that name. Parameters: name, ids."""

    template = "Several knowledge bases are called {name!r}."
    hint_template = "Use the id of the one you mean: {ids}."
