"""Letters as they are compared: in Unicode's compatibility form, without case and diacritics."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

_MARKS = re.compile("[\u0300-\u036f]+")
_SOFT = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]+")  # soft hyphens and zero-width characters

# Runs whose characters are folded each to one: ASCII, and Han, which stays as it is.
_FOLDED_ALIKE = re.compile("([\x00-\x7f\u4e00-\u9fff]+)|[^\x00-\x7f\u4e00-\u9fff]")


def normalise(text: str) -> str:
    """Return the text in compatibility form, case and diacritics folded. Idempotent."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", _SOFT.sub("", text)).casefold()
    folded = _MARKS.sub("", unicodedata.normalize("NFKD", folded))
    return unicodedata.normalize("NFKC", folded)


def normalised_with_origins(text: str) -> tuple[str, Sequence[int]]:
    """Return the text normalised, and of each of its characters and its end where it was before."""
    if text.isascii():
        return text.lower(), range(len(text) + 1)
    pieces: list[str] = []
    origins: list[int] = []
    for match in _FOLDED_ALIKE.finditer(text):
        if match.lastindex:
            pieces.append(match.group().lower())
            origins.extend(range(*match.span()))
        else:
            pieces.append(_normal_character(match.group()))
            origins.extend([match.start()] * len(pieces[-1]))
    return "".join(pieces), [*origins, len(text)]


@lru_cache(1 << 14)
def _normal_character(character: str) -> str:
    return normalise(character)
