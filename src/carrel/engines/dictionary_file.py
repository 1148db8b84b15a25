"""A dictionary in the form that searches use: one file, mapped into memory, opened in a millisecond.

Words are known by 64-bit hashes in a sorted array, so that every word in a question is found in one step;
of what they mean, what is looked at is read. Two of the 190,000 words share a hash with odds of one to a
thousand million, and some other run of characters has a word's with less: then a gloss is wrong.
"""

import hashlib
import json
import mmap
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from carrel.core.translation import DictionaryWord
from carrel.engines.weights import flush_to_disk, part_of

_MAGIC = b"CARREL DICTIONARY 1\n"
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # odd, its bits well mixed
_LONGEST = 12  # characters of a word: what is longer is a saying or an institution
_BETWEEN = "\x1f"
_ALIGNED = 8
_DIGITS = 12  # of the hash of what it says

Hashes = NDArray[np.uint64]


class DictionaryDamaged(ValueError):
    """A compiled dictionary cannot be read; the text says why."""


class CompiledDictionary:
    """Dictionary port over one file. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Map the file at ``path``.

        Raises:
            DictionaryDamaged: it is no such file, or not whole.
            OSError: it cannot be read.
        """
        with path.open("rb") as stream:
            if stream.read(len(_MAGIC)) != _MAGIC:  # also where it is empty, which cannot be mapped
                raise DictionaryDamaged(f"{path} is no compiled dictionary")
            mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        try:
            head = json.loads(mapped[len(_MAGIC) : mapped.find(b"\n", len(_MAGIC))])
            count, first = int(head["words"]), int(head["first"])
            pairs = int(head["simplified"])
            self._hashes: Hashes = np.frombuffer(mapped, "<u8", count, first)
            spans = np.frombuffer(mapped, "<u4", 2 * count, first + 8 * count)
            scripts = np.frombuffer(mapped, "<u4", 2 * pairs, first + 16 * count).astype(np.uint64)
            names = ("name", "licence", "date", "content")
            self._name, self._licence, self._date, self._content = (str(head[key]) for key in names)
        except (ValueError, KeyError, TypeError) as error:
            raise DictionaryDamaged(f"{path}: {error}") from error
        self._starts, self._ends = spans[:count], spans[count:]
        self._traditional, self._simplified = scripts[:pairs], scripts[pairs:]
        self._records = memoryview(mapped)[first + 16 * count + 8 * pairs :]
        if count and int(self._ends.max()) != len(self._records):
            raise DictionaryDamaged(f"{path} is not whole")

    @property
    def name(self) -> str:
        """Its name, for people."""
        return self._name

    @property
    def licence(self) -> str:
        """Its licence, for people."""
        return self._licence

    @property
    def date(self) -> str:
        """When it was published, such as 2023-11-07."""
        return self._date

    @property
    def content(self) -> str:
        """A short hash of all that it says: words, senses and characters."""
        return self._content

    def words_in(self, text: str) -> Sequence[DictionaryWord]:
        """Return every place in the text at which a word of the dictionary stands; they overlap.

        A word that is written in another mixture of traditional and simplified characters, or with a
        variant of one, is found by its simplified ones.
        """
        codes = _codes(text)
        found = self._at(codes)
        if len(self._traditional):
            places = np.minimum(np.searchsorted(self._traditional, codes), len(self._traditional) - 1)
            written = self._traditional[places] == codes
            if written.any():
                found = self._at(np.where(written, self._simplified[places], codes)) | found
        return [DictionaryWord(start, end, number) for (start, end), number in found.items()]

    def _at(self, codes: Hashes) -> dict[tuple[int, int], int]:
        """Return the number of each word that stands among these characters, by where it begins and ends."""
        lengths, keys = [], []
        hashes = np.zeros(len(codes) + 1, np.uint64)
        for length in range(1, min(_LONGEST, len(codes)) + 1):
            hashes = hashes[:-1] * _MULTIPLIER + codes[length - 1 :]
            lengths.append(np.full(len(hashes), length))
            keys.append(hashes)
        if not keys or not len(self._hashes):
            return {}
        wanted = np.concatenate(keys)
        starts = np.concatenate([np.arange(len(part)) for part in keys])
        ends = starts + np.concatenate(lengths)
        places = np.minimum(np.searchsorted(self._hashes, wanted), len(self._hashes) - 1)
        there = self._hashes[places] == wanted
        spans = zip(starts[there].tolist(), ends[there].tolist(), strict=True)
        return dict(zip(spans, places[there].tolist(), strict=True))

    def senses(self, word: DictionaryWord) -> tuple[str, ...]:
        """Return what a word means in English, as the dictionary orders it."""
        record = self._records[int(self._starts[word.number]) : int(self._ends[word.number])]
        return tuple(str(record, "utf-8").split(_BETWEEN))


def write_dictionary(
    senses: Mapping[str, Sequence[str]],
    target: Path,
    name: str,
    licence: str,
    date: str,
    simplified: Mapping[str, str] | None = None,
) -> None:
    """Write a dictionary to its place, where it appears when it is whole. Raises OSError.

    ``simplified`` are characters, by the traditional ones that are written for them.
    """
    keys, spans, records = _words_laid_out(senses)
    scripts = sorted((ord(one) + 1, ord(other) + 1) for one, other in (simplified or {}).items())
    parts = (
        np.array(keys, "<u8").tobytes(),
        np.array(spans, "<u4").reshape(-1, 2).T.tobytes(),
        np.array(scripts, "<u4").reshape(-1, 2).T.tobytes(),
        records,
    )
    content = hashlib.sha256(b"".join(parts)).hexdigest()[:_DIGITS]
    named = {"name": name, "licence": licence, "date": date, "content": content}
    lead = _lead({**named, "words": len(keys), "simplified": len(scripts)})
    part = part_of(target)
    try:
        with part.open("wb") as stream:
            stream.writelines((lead, *parts))
            flush_to_disk(stream)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _words_laid_out(senses: Mapping[str, Sequence[str]]) -> tuple[list[int], list[tuple[int, int]], bytes]:
    """Return the words' hashes, sorted; where in the records stands what each means; and the records."""
    numbers: dict[int, str] = {}
    for word in senses:
        if 0 < len(word) <= _LONGEST:
            numbers.setdefault(_hash(word), word)
    keys = sorted(numbers)
    places: dict[str, tuple[int, int]] = {}  # a traditional and a simplified word share what they mean
    records = bytearray()
    spans = []
    for key in keys:
        record = _BETWEEN.join(senses[numbers[key]])
        if record not in places:
            start = len(records)
            records += record.encode()
            places[record] = (start, len(records))
        spans.append(places[record])
    return keys, spans, bytes(records)


def _lead(head: Mapping[str, str | int]) -> bytes:
    """Return what stands before the words; ``first`` in it says how long it is, which is aligned."""
    longest = len(_MAGIC) + len(json.dumps({**head, "first": 0})) + 10
    first = -(-longest // _ALIGNED) * _ALIGNED
    return (_MAGIC + json.dumps({**head, "first": first}).encode() + b"\n").ljust(first)


def _codes(text: str) -> Hashes:
    encoded = text.encode("utf-32-le", "surrogatepass")
    return np.frombuffer(encoded, "<u4").astype(np.uint64) + np.uint64(1)


def _hash(word: str) -> int:
    value = 0
    for character in word:
        value = (value * int(_MULTIPLIER) + ord(character) + 1) & 0xFFFF_FFFF_FFFF_FFFF
    return value
