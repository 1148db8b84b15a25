"""Errors of asking a server that runs on the same data folder; members of the tree in ``core/errors.py``.

CarrelError
├── ServerRefuses                       it answered with an error: its kind, and its exit code
└── ServiceError
    └── ServerSilent                    it runs, but gives no usable answer
"""

from carrel.core.errors import CarrelError, ServiceError


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
        return next((each.exit_code for each in _descendants(CarrelError) if _kind(each) == self.kind), 1)


class ServerSilent(ServiceError):
    """A server runs on the data folder, but does not answer as it should. Parameters: url, detail."""

    template = "The running server at {url} gives no usable answer: {detail}."
    hint_template = "See whether it is well, or stop it: then commands do their work by themselves."


def _descendants(error: type[CarrelError]) -> list[type[CarrelError]]:
    found = [error]
    for each in error.__subclasses__():
        found.extend(_descendants(each))
    return [each for each in found if each is not ServerRefuses]


def _kind(error: type[CarrelError]) -> str:
    name = error.__name__
    return "".join("-" + c.lower() if c.isupper() else c for c in name).lstrip("-")
