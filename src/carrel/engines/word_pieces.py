"""Counts and numbers a text's word pieces, with the model's own tokenizer.

A BERT tokenizer splits at white space before anything else, so a word's pieces do not depend on its
neighbours: each word is cut once and remembered. That takes a fifth of the time of cutting whole
texts, which passages' overlaps and sizes would have cut again and again.
"""

import re
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import NDArray

_SURROGATES = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"
# Fewer kinds of white space than the tokenizer knows: the rest it finds inside our words.
_WORD = re.compile(r"[^ \t\n\r]+")
# A part of an ASCII word as the tokenizer splits it: letters and digits, or one sign.
_ASCII_PART = re.compile(r"[A-Za-z0-9]+|[^A-Za-z0-9]")
_REMEMBERED_CHARACTERS = 400_000  # of words; some 15 MB
_FEW_WORDS = 64  # too few to read the vocabulary for: a query is quicker without


class _Encoding(Protocol):
    """What the tokenizers library returns for one text."""

    ids: Sequence[int]
    offsets: Sequence[tuple[int, int]]


class _Tokenizer(Protocol):
    """The part of ``tokenizers.Tokenizer`` used here; safe to call from several threads."""

    def encode(self, sequence: str, *, add_special_tokens: bool) -> _Encoding: ...
    def get_vocab(self) -> dict[str, int]: ...
    def token_to_id(self, token: str) -> int | None: ...
    def no_truncation(self) -> None: ...
    def no_padding(self) -> None: ...


class _Pieces(NamedTuple):
    """A word's tokens by number, and where each ends in the word."""

    ids: tuple[int, ...]
    ends: tuple[int, ...]


class WordPieces:
    """The tokenizer of a BERT model; a ``TokenCounter``."""

    def __init__(self, tokenizer: Path) -> None:
        """Read the model's ``tokenizer.json``. Truncation and padding it may ask for are ours to do."""
        from tokenizers import Tokenizer

        self._tokenizer = cast(_Tokenizer, Tokenizer.from_file(str(tokenizer)))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._known: dict[str, _Pieces] = {}
        self._known_characters = 0
        self._vocabulary: dict[str, int] = {}
        self._first, self._last = self._id("[CLS]"), self._id("[SEP]")

    def token_ends(self, text: str) -> NDArray[np.int64]:
        """Return the character offset at which each token ends, in order; no special tokens."""
        words = [(match[0], match.start()) for match in _WORD.finditer(text)]
        known = self._learnt([word for word, _ in words])
        ends: list[int] = []
        for word, begin in words:
            pieces = known[word]
            if len(pieces.ends) == 1:  # four words in five
                ends.append(begin + pieces.ends[0])
            else:
                ends += [begin + end for end in pieces.ends]
        return np.array(ends, np.int64)

    def ids(self, text: str, limit: int) -> list[int]:
        """Return the text's tokens by number, cut to ``limit`` and put between the special tokens."""
        words = _WORD.findall(text)
        known = self._learnt(words)
        ids = [piece for word in words for piece in known[word].ids]
        return [self._first, *ids[:limit], self._last]

    def _learnt(self, words: Sequence[str]) -> dict[str, _Pieces]:
        """Return the pieces of these words, and of others, after cutting those that are new."""
        if self._known_characters > _REMEMBERED_CHARACTERS:
            # Replaced, not emptied: another thread may be reading the old one.
            self._known, self._known_characters = {}, 0
        known = self._known
        new = [word for word in dict.fromkeys(words) if word not in known]
        if new:
            self._known_characters += sum(map(len, new))
            if self._vocabulary or len(new) > _FEW_WORDS:
                known.update(self._whole(new))
                new = [word for word in new if word not in known]
        if new:
            known.update(self._cut(new))
        return known

    def _whole(self, words: Sequence[str]) -> dict[str, _Pieces]:
        """Return the pieces of those ASCII words whose every part stands in the vocabulary as it is."""
        if not self._vocabulary:
            self._vocabulary = self._tokenizer.get_vocab()
        vocabulary = self._vocabulary
        found: dict[str, _Pieces] = {}
        for word in words:
            if word.isascii() and "[" not in word:  # [MASK] and its like are special
                parts = [word] if word.isalnum() else _ASCII_PART.findall(word)
                ids = [vocabulary.get(part.lower()) for part in parts]
                if None not in ids:
                    ends = (len(word),) if len(parts) == 1 else tuple(accumulate(map(len, parts)))
                    found[word] = _Pieces(tuple(n for n in ids if n is not None), ends)
        return found

    def _cut(self, words: Sequence[str]) -> dict[str, _Pieces]:
        """Cut words in one call: a call costs as much as cutting ten of them."""
        encoding = self._encode(" ".join(words))
        tokens = list(zip(encoding.ids, encoding.offsets, strict=True))
        cut: dict[str, _Pieces] = {}
        place = begin = 0
        for word in words:
            past = begin + len(word)
            first = place
            while place < len(tokens) and tokens[place][1][1] <= past:
                place += 1
            own = tokens[first:place]
            cut[word] = _Pieces(tuple(n for n, _ in own), tuple(end - begin for _, (_, end) in own))
            begin = past + 1
        return cut

    def _encode(self, text: str) -> _Encoding:
        # A lone surrogate (half of a character, from a damaged file) cannot leave Python as UTF-8. One
        # character takes its place, so offsets stand; the model's normaliser drops it.
        whole = text if text.isascii() else _SURROGATES.sub(_REPLACEMENT, text)
        return self._tokenizer.encode(whole, add_special_tokens=False)

    def _id(self, token: str) -> int:
        number = self._tokenizer.token_to_id(token)
        if number is None:
            raise ValueError(f"the tokenizer has no {token}")
        return number
