"""A question that was also asked in another language: of which words, as what, by which dictionary."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gloss:
    """A word of the question, and what it was asked as: first what counts most."""

    word: str
    senses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Translation:
    """What became of a question in a language that a model does not read, over papers that it does.

    ``text`` is the question as that model read it. Where there is no dictionary, nothing became of it:
    ``text`` and ``dictionary`` are "".
    """

    language: str  # of the question, ISO 639-1
    text: str = ""
    dictionary: str = ""  # its name, for people
    licence: str = ""
    glosses: tuple[Gloss, ...] = ()

    @property
    def made(self) -> bool:
        """Whether the question was asked in the papers' language."""
        return bool(self.text)
