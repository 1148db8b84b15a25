"""A question that is also asked in another language: the dictionary for it, and what it was asked as."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class DictionaryWord:
    """A word that stands in a text: where, and its number in the dictionary."""

    start: int
    end: int
    number: int


class Dictionary(Protocol):
    """Chinese words, traditional and simplified, and what they mean in English. Thread-safe, never slow."""

    @property
    def name(self) -> str:
        """Its name, for people."""
        ...

    @property
    def licence(self) -> str:
        """Its licence, for people."""
        ...

    @property
    def date(self) -> str:
        """When it was published, such as 2023-11-07."""
        ...

    @property
    def content(self) -> str:
        """A short hash of all that it says, Carrel's own terms included: 12 hexadecimal digits."""
        ...

    def words_in(self, text: str) -> Sequence[DictionaryWord]:
        """Return every place in the text at which a word of the dictionary stands; they overlap."""
        ...

    def senses(self, word: DictionaryWord) -> tuple[str, ...]:
        """Return what a word that was found means in English, as the dictionary orders it; never nothing."""
        ...


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
    date: str = ""  # of the dictionary, as it has it
    content: str = ""  # a short hash of what the dictionary says

    @property
    def made(self) -> bool:
        """Whether the question was asked in the papers' language."""
        return bool(self.text)
