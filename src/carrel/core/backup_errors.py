"""Errors of backups and of what is restored from them; members of the tree in ``core/errors.py``.

CarrelError
└── UsageError
    ├── BackupExists · BackupUnreadable     the file is in the way, or cannot be opened
    ├── NotABackup · BackupDamaged · BackupTooNew
    └── FolderNotEmpty · FolderServed       the data folder cannot take it as it is
"""

from carrel.core.errors import UsageError


class BackupExists(UsageError):
    """A backup does not overwrite a file by itself. Parameter: path."""

    template = "{path} is there already."
    hint_template = "Name another file, or let it be replaced with --force."


class BackupUnreadable(UsageError):
    """The system refuses to open the file. Parameters: path, detail."""

    template = "{path} cannot be read ({detail})."
    hint_template = "Check the spelling, and that your user may read the file."


class NotABackup(UsageError):
    """The file is something else. Parameter: path."""

    template = "{path} is no backup of Carrel."
    hint_template = "Name a file that carrel backup has written."


class BackupDamaged(UsageError):
    """The file is not as it was written. Parameters: path, detail."""

    template = "The backup {path} is damaged or incomplete ({detail}); nothing was restored."
    hint_template = "Copy it again from where it came from, or use an older backup."


class BackupTooNew(UsageError):
    """A newer Carrel wrote it. Parameters: path, version."""

    template = "The backup {path} was written by a newer Carrel ({version}); nothing was restored."
    hint_template = "Update Carrel to at least that version, then restore."


class FolderNotEmpty(UsageError):
    """There is something in the data folder. Parameter: folder."""

    template = "The data folder {folder} is not empty; nothing was restored."
    hint_template = (
        "Add what the backup has and the folder lacks with --add, replace everything with --replace, or "
        "restore into another folder with CARREL_HOME."
    )


class FolderServed(UsageError):
    """A server or another command works with the data folder. Parameters: folder, holder."""

    template = "The data folder {folder} is in use by {holder}; nothing was replaced."
    hint_template = "Stop it first, or add what is missing while it runs with --add."
