"""Errors of correcting and tagging papers; members of the tree in ``core/errors.py``.

CarrelError
└── UsageError
    ├── CorrectionUnusable      a field of the metadata cannot be that
    └── TagUnusable             a label cannot be one, or there are too many
"""

from carrel.core.errors import UsageError


class CorrectionUnusable(UsageError):
    """What a field of a paper's metadata cannot be. Parameters: field, value, expected."""

    template = "The field {field} of a paper cannot be {value!r}."
    hint_template = "Expected: {expected}."


class TagUnusable(UsageError):
    """A label that a paper cannot have. Parameters: tag, longest."""

    template = "The paper cannot have the tag {tag!r}."
    hint_template = "A tag has 1 to {longest} characters, a paper at most fifty tags."
