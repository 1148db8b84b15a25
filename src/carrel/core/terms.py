"""The terms by which an index knows texts, and where they stand: what an analyser yields."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

_FUNCTION_WORDS = """
a about after all also an and any are as at be because been before being between both but by can could
did do does doing done during each either else for from further had has have having he her here hers him
his how however i if in into is it its itself may me might more most must my neither no nor not of off on
once only onto or other our ours out over own per s same shall she should since so some such t than that
the their theirs them then there therefore these they this those through thus to too under until up upon
us very via was we were what when where whereas whether which while who whom whose why will with within
without would yet you your 的 了 和 与 是 在 及 等 对 中 为
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
"""Words that are no terms: an index does not know them."""


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
