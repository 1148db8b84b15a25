"""What a query was understood to ask: by meaning, by exact words, and by what a paper must be."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Asked(StrEnum):
    """What sort of query it is."""

    QUESTION = "question"
    KEYWORDS = "keywords"
    PASTED = "pasted"  # an abstract, a page: no operators are read in it
    CONDITIONS = "conditions"  # nothing but these: what meets them is listed


class Part(StrEnum):
    """What a condition is about."""

    PHRASE = "phrase"
    WORD = "word"  # only where it is excluded
    TITLE = "title"
    AUTHOR = "author"
    YEAR = "year"
    VENUE = "venue"
    DOI = "doi"
    TAG = "tag"
    LANGUAGE = "language"


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition, written in characters ``start`` to ``end`` of the query's source."""

    part: Part
    value: str
    excluded: bool  # a paper must not meet it
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Understood:
    """A query as it was read. ``source`` is what was typed, normalised; ``text`` what is asked by meaning.

    The words of phrases are in the text, other conditions are not. It is empty where there are only these.
    """

    source: str
    text: str
    asked: Asked = Asked.KEYWORDS
    language: str = ""  # ISO 639-1 of the text; nothing where it cannot be told
    conditions: tuple[Condition, ...] = ()
    identifier: str = ""  # "doi:…" or "arxiv:…" where the text is nothing else

    def values(self, part: Part, excluded: bool = False) -> tuple[str, ...]:
        """Return what a part must be, or must not be, each once."""
        return tuple(
            dict.fromkeys(
                each.value for each in self.conditions if each.part is part and each.excluded is excluded
            )
        )

    def without(self, condition: Condition) -> str:
        """Return the source without one of its conditions."""
        return " ".join((self.source[: condition.start] + " " + self.source[condition.end :]).split())

    @property
    def of_words(self) -> bool:
        """Whether there are conditions that only the papers' texts can tell: phrases, excluded words."""
        return any(each.part in (Part.PHRASE, Part.WORD) for each in self.conditions)


def with_rest(understood: Understood) -> Iterator[tuple[Condition, str]]:
    """Yield each condition with the query that is left without it."""
    for condition in understood.conditions:
        yield condition, understood.without(condition)
