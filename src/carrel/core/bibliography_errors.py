"""Errors of correcting and tagging papers; members of the tree in ``core/errors.py``.

CarrelError
└── UsageError
    └── CorrectionUnusable      a field of the metadata cannot be that
"""

from carrel.core.errors import UsageError


class CorrectionUnusable(UsageError):
    """What a field of a paper's metadata cannot be. Parameters: field, value, expected."""

    template = "The field {field} of a paper cannot be {value!r}."
    hint_template = "Expected: {expected}."
