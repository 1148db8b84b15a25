"""Errors of asking a server that runs on the same data folder; members of the tree in ``core/errors.py``.

CarrelError
├── ServerRefuses                       it answered with an error: its kind, and its exit code
└── ServiceError
    └── ServerSilent                    it runs, but gives no usable answer
"""

from carrel.core.error_base import kind_of
from carrel.core.errors import CarrelError, ServiceError
from carrel.core.language import tr


class ServerRefuses(CarrelError):
    """The server answered with an error of its own. Parameters: kind, message."""

    template = "The running server answers: {message} ({kind})"
    hint_template = "It does this work as long as it runs; without it the command does it by itself."

    @property
    def kind(self) -> str:
        """The kind of the server's error."""
        return self.parameters["kind"]

    @property
    def exit_code(self) -> int:  # type: ignore[override]  # of a class elsewhere, here of what was answered
        """The exit code that the command would have had without a server."""
        error = _class_of(self.kind)
        return 1 if error is None else error.exit_code


class ServerSilent(ServiceError):
    """A server runs on the data folder, but does not answer as it should. Parameters: url, detail."""

    template = "The running server at {url} gives no usable answer: {detail}."
    hint_template = "See whether it is well, or stop it: then commands do their work by themselves."


def hint_without_server(kind: str) -> str:
    """Return what a command says to do about an error of a kind; "" where that takes more than its kind."""
    error = _class_of(kind)
    return "" if error is None or "{" in error.hint_template else tr(error.hint_template)


def _class_of(kind: str) -> type[CarrelError] | None:
    return next((each for each in _descendants(CarrelError) if kind_of(each) == kind), None)


def _descendants(error: type[CarrelError]) -> list[type[CarrelError]]:
    found = [error]
    for each in error.__subclasses__():
        found.extend(_descendants(each))
    return [each for each in found if each is not ServerRefuses]
