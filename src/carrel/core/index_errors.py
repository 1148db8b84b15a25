"""Errors of a second index engine; members of the tree in ``core/errors.py``.

    CarrelError
    ├── UsageError
    │   └── IndexEngineNotInstalled   its package is an optional extra
    └── ServiceError
        ├── IndexServerUnavailable      nothing there, or it went away: trying again later can help
        └── IndexServerRefuses          it answers, and does not do it: trying again cannot help

Addresses in parameters never hold a user name, password or key.
"""

from carrel.core.errors import ServiceError, UsageError


class IndexEngineNotInstalled(UsageError):
    """An index engine whose package is an optional extra. Parameters: engine, extra."""

    template = "The index engine {engine} is not installed."
    hint_template = (
        "Install what it needs with: pip install 'carrel[{extra}]'; or set CARREL_INDEX_ENGINE to qdrant."
    )


class IndexServerUnavailable(ServiceError):
    """The server that keeps the index cannot be reached. Parameters: index, url, detail."""

    template = "The Chroma server at {url}, which keeps the index of {index}, cannot be reached ({detail})."
    hint_template = (
        "Start it (chroma run --path FOLDER --port PORT) or correct CARREL_CHROMA_URL; nothing was lost."
    )


class IndexServerRefuses(ServiceError):
    """The server that keeps the index refuses or fails. Parameters: index, url, detail."""

    template = "The Chroma server at {url} did not do what the index of {index} needs ({detail})."
    hint_template = (
        "Check CARREL_CHROMA_URL and CARREL_CHROMA_TOKEN and the server's log; if its data are gone, the "
        "next carrel add makes the index anew."
    )
    retryable = False
