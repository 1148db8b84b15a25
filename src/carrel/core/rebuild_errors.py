"""Errors of re-indexing; members of the tree in ``core/errors.py``.

CarrelError
├── UsageError
│   ├── RebuildUnderWay                 one at a time in a knowledge base
│   ├── NoRebuild                       there is none to cancel, to watch or to accept failures of
│   └── NothingKept                     there is no generation to go back to
├── RebuildEnded                        it was cancelled, or did not pass its check, while one waited for it
├── RebuildHeldUp                       some papers cannot be read or embedded in the new way
└── ServiceError
    ├── SelfCheckFailed                 the new index does not find what is in it: the old one serves
    └── GenerationOutdated              what was made was made for a generation that serves no more
"""

from carrel.core.errors import CarrelError, ServiceError, UsageError


class RebuildUnderWay(UsageError):
    """A second re-index of one knowledge base. Parameter: name."""

    template = "{name!r} is being re-indexed already."
    hint_template = (
        "Wait until that has ended, or end it with: carrel reindex --kb {name} --cancel. Nothing was changed."
    )


class NoRebuild(UsageError):
    """Nothing under way. Parameter: name."""

    template = "{name!r} is not being re-indexed."
    hint_template = "See how it stands with: carrel reindex --kb {name} --status."


class NothingKept(UsageError):
    """No earlier generation. Parameter: name."""

    template = "No earlier index of {name!r} is kept."
    hint_template = "Re-index it with the settings that you want back: carrel reindex --kb {name} --help."


class RebuildEnded(CarrelError):
    """It ended without serving, while somebody waited for it. Parameters: name, reason."""

    template = "{name!r} was not re-indexed ({reason})."
    hint_template = "Everything is as it was. See: carrel reindex --kb {name} --status."


class RebuildHeldUp(CarrelError):
    """Papers that cannot come along hold a re-index up. Parameters: name, count, example, reason."""

    template = "{count} papers of {name!r} cannot be re-indexed, such as {example} ({reason})."
    hint_template = (
        "The old index serves on. carrel reindex --kb {name} with --retry tries them again, with "
        "--accept-failures goes on without them, with --cancel leaves everything as it was."
    )


class SelfCheckFailed(ServiceError):
    """The index that was built does not answer as it should. Parameters: name, detail."""

    template = "The new index of {name!r} did not pass its check ({detail})."
    hint_template = "The old one serves on. Run the same command again; if that does not help, report it."
    retryable = False


class GenerationOutdated(ServiceError):
    """Another generation serves than a paper was made ready for. Parameter: name."""

    template = "{name!r} has another index now than this paper was made ready for."
    hint_template = "It is made ready anew."
