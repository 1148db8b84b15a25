"""What every error of Carrel's tree has: a message, a hint, a kind; the tree itself is in ``errors.py``."""

from typing import ClassVar

from carrel.core.language import tr


class CarrelError(Exception):
    """Base of the tree. Subclasses give the templates; instances give the parameters."""

    template: ClassVar[str] = ""
    hint_template: ClassVar[str] = ""
    retryable: ClassVar[bool] = False
    exit_code: ClassVar[int] = 1

    def __init__(self, **parameters: object) -> None:
        self.parameters = {name: str(value) for name, value in parameters.items()}
        super().__init__(self.template.format(**self.parameters))

    def __reduce__(self) -> tuple[object, ...]:
        """Errors cross process boundaries: rebuild from the class and its parameters."""
        return (_rebuild, (type(self), self.parameters))

    @property
    def kind(self) -> str:
        """The class's name in kebab-case, for programs: ``EncryptedPdf`` is ``encrypted-pdf``."""
        return kind_of(type(self))

    @property
    def message(self) -> str:
        """What happened, in the reader's language, one line."""
        return tr(self.template).format(**self.parameters)

    @property
    def hint(self) -> str:
        """What to do next, in the reader's language, one line."""
        return tr(self.hint_template).format(**self.parameters)

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


def kind_of(error: type[CarrelError]) -> str:
    """Return the kind of the errors of a class."""
    return "".join("-" + c.lower() if c.isupper() else c for c in error.__name__).lstrip("-")


def _rebuild(error: type[CarrelError], parameters: dict[str, str]) -> CarrelError:
    return error(**parameters)
