"""Errors of jobs; members of the tree in ``core/errors.py``.

CarrelError
├── UsageError
│   └── JobMissing                      there is no such job, or none that may be seen
└── PaperError
    └── EndsItsWorker                   a file whose worker dies each time
"""

from carrel.core.errors import PaperError, UsageError


class JobMissing(UsageError):
    """There is no job of that id, or none that the caller may see. Parameters: id."""

    template = "There is no job {id}."
    hint_template = "See what waits with: carrel list"


class EndsItsWorker(PaperError):
    """Each process that worked on the file ended in the middle of it. Parameters: name, count."""

    template = "{name}: the process that worked on it was ended {count} times in a row."
    hint_template = "Give Carrel more memory, or leave this file out; other files are not concerned."
