"""Errors of correcting, tagging and choosing papers; members of the tree in ``core/errors.py``.

CarrelError
└── UsageError
    ├── CorrectionUnusable      a field of the metadata cannot be that
    ├── TagUnusable             a label cannot be one, or there are too many
    └── NothingChosen · NothingSearchable       papers of a table are meant: none is ticked, none was read
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


class NothingChosen(UsageError):
    """Something is to be done with papers of a table, and none of them is ticked."""

    template = "No paper is chosen."
    hint_template = "Go back and tick the papers that are meant."


class NothingSearchable(UsageError):
    """Papers are to be cited, and none of them has been read yet."""

    template = "None of the papers that are chosen has been read, so there is nothing to cite."
    hint_template = "Choose papers that are ready; those that failed can be tried again."
