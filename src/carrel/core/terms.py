"""The terms by which an index knows texts, and where they stand: what an analyser yields."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PlacedTerm:
    """A term that the index knows a text by, and where it stands: characters ``start`` to ``end``."""

    start: int
    end: int
    term: str


class Analyser(Protocol):
    """Cuts texts into the terms that the index counts."""

    def __call__(self, text: str, wanted: frozenset[str] | None = None, /) -> Iterator[PlacedTerm]:
        """Yield the terms of a text: of a compound the whole and its parts, of Chinese pairs that overlap.

        Only those that are ``wanted``, where some are named.
        """
        ...
