"""Errors of search records; members of the tree in ``core/errors.py``.

CarrelError
└── UsageError
    ├── NotARecord · RecordTooNew       the file is something else, or of a newer Carrel
    ├── FileInTheWay                    a record is to be written over something else
    └── RecordForeign                   it is of knowledge bases that are not here
"""

from carrel.core.errors import UsageError


class NotARecord(UsageError):
    """The file is something else, or damaged. Parameters: path, detail."""

    template = "{path} is no record of a search ({detail})."
    hint_template = "Name a file that carrel search --record has written."


class RecordTooNew(UsageError):
    """A newer Carrel wrote it. Parameters: path, version."""

    template = "The record {path} was written by a newer Carrel ({version})."
    hint_template = "Update Carrel to at least that version, then ask again."


class FileInTheWay(UsageError):
    """A record is to be written where something else is. Parameter: path."""

    template = "{path} is there already, and is no record of a search."
    hint_template = "Name another file, or move this one away: only records are replaced."


class RecordForeign(UsageError):
    """It is of another library, or of one that lost knowledge bases. Parameters: path, names."""

    template = "The record {path} is of knowledge bases that are not here: {names}."
    hint_template = "Replay it on the data folder that it was made on, or on a backup of it (CARREL_HOME)."
