"""Errors of the dictionary; members of the tree in ``core/errors.py``.

CarrelError
└── ServiceError
    └── DictionaryUnavailable   it is not on this machine and could not be fetched
"""

from carrel.core.errors import ServiceError


class DictionaryUnavailable(ServiceError):
    """A dictionary is not on this machine and could not be fetched. Parameters: name, detail, ways."""

    template = "The dictionary {name} is not on this machine and could not be fetched ({detail})."
    hint_template = "Supply it in one of these ways: {ways}"
