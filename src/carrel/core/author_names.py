"""Author names as words to filter by: case, diacritics and punctuation do not count.

A filter names an author when each of its words is a word of that one author's name; a single
letter stands for any word that begins with it. So ``muller``, ``J. Müller`` and ``Müller, Jörg``
find "Jörg Müller", and ``Jörg Smith`` does not find a paper by Jörg Müller and Anna Smith.
"""

import re
from collections.abc import Sequence

from carrel.core.folding import normalise

_WORD = re.compile(r"[^\W_]+")
# Letters that Unicode does not decompose into a base letter and a mark.
_BARRED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"})


def name_words(name: str) -> tuple[str, ...]:
    """Return the words of a name, folded, each once, in order; nothing where there is no letter."""
    return tuple(dict.fromkeys(_WORD.findall(normalise(name).translate(_BARRED))))


def wanted_names(authors: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return the words of each name that a filter asks for; nothing where it asks for none.

    A name without a word is nobody's.
    """
    return tuple(name_words(author) for author in authors if author.strip())


def searchable_words(name: str) -> tuple[str, ...]:
    """Return what a filter's words may be to name this author: the words and their initials."""
    words = name_words(name)
    return tuple(dict.fromkeys((*words, *(word[0] for word in words))))
