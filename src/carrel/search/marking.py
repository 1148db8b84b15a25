"""The words of a text that a query's words find, by the index's own analysis: what is marked."""

from collections.abc import Iterable
from dataclasses import dataclass

from carrel.core.terms import Analyser, PlacedTerm
from carrel.search.excerpts import LONGEST, Excerpt, excerpt, joined
from carrel.search.phrases import Phrase, phrase


@dataclass(frozen=True, slots=True)
class Marker:
    """Marks texts by the words of one query. Make it with ``marker``; safe to use from several threads."""

    wanted: frozenset[str]
    analyse: Analyser
    phrases: tuple[Phrase, ...] = ()

    def marks(self, text: str) -> tuple[tuple[int, int], ...]:
        """Return where the query's words stand in a text: (start, end) in order, none touching another."""
        return joined(self._found(text))

    def excerpt(self, text: str, most: int = LONGEST) -> Excerpt:
        """Return the part of a passage where most of the query's words stand together, marked.

        About ``most`` letters wide at most (a Chinese character is as wide as two); the beginning where none
        of them stands in it.
        """
        return excerpt(text, self._found(text), most)

    def _found(self, text: str) -> list[PlacedTerm]:
        found = list(self.analyse(text, self.wanted)) if self.wanted else []
        for number, each in enumerate(self.phrases):  # as terms of their own: what holds them is shown
            found += [PlacedTerm(start, end, f'"{number}"') for start, end in each.places(text)]
        return found


def marker(query: str, analyse: Analyser, phrases: Iterable[str] = ()) -> Marker:
    """Return what marks texts by a query's words, and by phrases as wholes.

    A number or letter that is only part of a compound is not marked by itself: a question about GPT-4 does
    not mean every 4.
    """
    found = list(analyse(query))
    return Marker(
        frozenset(placed.term for placed in found if not _is_scrap(placed, found)),
        analyse,
        tuple(map(phrase, phrases)),
    )


def _is_scrap(placed: PlacedTerm, others: Iterable[PlacedTerm]) -> bool:
    if len(placed.term) > 1 and not placed.term.isdecimal():
        return False
    return any(
        other.start <= placed.start and placed.end <= other.end and other.end - other.start > len(placed.term)
        for other in others
    )
