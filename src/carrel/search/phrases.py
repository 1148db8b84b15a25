"""Phrases in texts: the very words in their order, whatever their case and diacritics. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from carrel.core.folding import normalise, normalised_with_origins
from carrel.core.terms import FUNCTION_WORDS

_CJK = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+(?:\+\+(?!\w)|#(?!\w))?")
_IS_CJK = re.compile(f"[{_CJK}]")
_CJK_PAIR = re.compile(f"[{_CJK}]{{2}}")
_PROBES = 3  # words by which an index is asked for the texts that may hold a phrase


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase, ready to be looked for. Make it with ``phrase``.

    ``probes`` are words, each a term of the index, that every text which holds it has; none where an index
    knows none of its words.
    """

    words: tuple[str, ...]
    pattern: re.Pattern[str]
    probes: tuple[str, ...]

    def within(self, text: str) -> bool:
        """Whether the phrase stands in a text."""
        normal = normalise(text)
        # The pattern takes long to search; where words stand is found out fast, and most texts lack one.
        if not self.words or not all(word in normal for word in self.words):
            return False
        at = normal.find(self.words[0])
        while at >= 0 and self.pattern.match(normal, at) is None:
            at = normal.find(self.words[0], at + 1)
        return at >= 0

    def places(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where it stands in a text: characters (start, end), in order."""
        normal, origins = normalised_with_origins(text)
        for match in self.pattern.finditer(normal):
            yield origins[match.start()], max(origins[match.end()], origins[match.end() - 1] + 1)

    @property
    def may_be_name(self) -> bool:
        """Whether it may be an author's name."""
        if any(map(_IS_CJK.match, self.words)):
            return 2 <= len(self.words) <= 4
        return 1 < len(self.words) <= 5 and all(word.isalpha() for word in self.words)


@lru_cache(256)
def phrase(text: str) -> Phrase:
    """Return a phrase by its words; Chinese counts by characters. One without a word stands nowhere."""
    normal = normalise(text)
    words = tuple(_WORD.findall(normal))
    pieces = [_bounded(words[0])] if words else [r"(?!)"]
    for before, word in pairwise(words):
        # A line may break within Chinese; what stands between other words is not of them.
        loose = _IS_CJK.match(before) or _IS_CJK.match(word)
        pieces += [r"[\W_]*" if loose else r"[\W_]+", _bounded(word)]
    return Phrase(words, re.compile("".join(pieces)), _probes(normal, words))


def _bounded(word: str) -> str:
    if _IS_CJK.match(word):
        return re.escape(word)
    return rf"(?<![^\W_{_CJK}]){re.escape(word)}(?![^\W_{_CJK}])"


def _probes(normal: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """Return what tells most: the longest words, pairs of Chinese characters, else numbers."""
    telling = {word for word in words if not word.isdecimal() and word not in FUNCTION_WORDS}
    telling = {word for word in telling if not _IS_CJK.match(word)}
    found = [*sorted(telling, key=lambda word: (-len(word), word)), *_CJK_PAIR.findall(normal)]
    if not found and any(word.isdecimal() for word in words) and not any(map(_IS_CJK.match, words)):
        found = [normal]
    return tuple(dict.fromkeys(found))[:_PROBES]
