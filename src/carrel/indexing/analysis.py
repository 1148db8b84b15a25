"""The text analyser that every index shares: text → terms → 32-bit ids with BM25 weights.

Normalisation is Unicode's compatibility case folding (NFKC), with diacritics folded, so that
``naïve`` finds ``naive``. Words are runs of letters and digits. A compound counts as its parts and
as one word (``GPT-4`` is ``gpt``, ``4`` and ``gpt4``, so ``pre-training`` finds ``pretraining``);
Greek letters beside Latin ones are spelt out (``TNF-α``, ``TNFα`` and ``TNF-alpha`` share
``tnfalpha``). Words are stemmed with Snowball's English stemmer; function words are dropped.
Chinese, Japanese and Korean runs become overlapping pairs of characters.

BM25 (Robertson and Zaragoza, 2009, "The Probabilistic Relevance Framework") is split: a document's
weights, made here, hold term frequency and length; the index multiplies by the inverse document
frequency. The average length is a constant of the field, so that no document's weights depend on
another document.
"""

import re
import threading
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Protocol

from carrel.core.terms import PlacedTerm

ANALYSER_VERSION = 1
"""Goes up with every change that gives some text other terms or weights: old indexes do not fit."""

QUERY_TERMS = 256
"""Distinct terms kept of a query. A pasted paper has thousands; the frequent ones are its topic."""

_QUERY_CHARACTERS = 200_000  # read of a query at most, so that a pasted book costs 50 ms, not seconds
_QUERY_COUNT_CAP = 3.0  # how often a word counts that the query repeats
_COMPOUND_PARTS = 3  # longer chains (state-of-the-art) are phrases: their parts only
_CACHED_WORDS = 1 << 16  # about 15 MB; a cleared cache costs some milliseconds
_CACHED_LENGTH = 32

_CJK = (
    "\u3040-\u30ff\u31f0-\u31ff"  # kana
    "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"  # Hangul
)
_CJK_RUN = re.compile(f"[{_CJK}]+")


def _token_pattern(letter: str) -> str:
    number = rf"(?:\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)+)(?!{letter})"  # 1,000 and 0.05
    symbols = r"(?:\+\+(?!\w)|#(?!\w))"  # C++, F#
    return f"{number}|{letter}+(?:[-‐‑/](?:{number}|{letter}+))*{symbols}?"  # GPT-3.5, input/output


_TOKEN = re.compile(_token_pattern(r"[^\W_]"))
_ASCII_TOKEN = re.compile(_token_pattern("[a-z0-9]"), re.ASCII)  # finds the same, a quarter faster
_JOINER = re.compile("[-‐‑/]")
_MARKS = re.compile("[\u0300-\u036f]+")
_SOFT = re.compile("[\u00ad\u200b-\u200d\u2060\ufeff]+")  # soft hyphens and zero-width characters
_LATIN = re.compile("[a-z]")

# Runs whose characters are folded each to one: ASCII, and Han, which stays as it is.
_FOLDED_ALIKE = re.compile("([\x00-\x7f\u4e00-\u9fff]+)|[^\x00-\x7f\u4e00-\u9fff]")

_GREEK_LETTERS = "αβγδεζηθικλμνξοπρστυφχψω"
_GREEK_NAMES = """
alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu
nu xi omicron pi rho sigma tau upsilon phi chi psi omega
"""
_GREEK = str.maketrans(dict(zip(_GREEK_LETTERS, _GREEK_NAMES.split(), strict=True)))

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


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...  # noqa: N802 - PyStemmer's name


@dataclass(frozen=True, slots=True)
class Field:
    """BM25's constants for one kind of text; ``average_terms`` is in terms after analysis."""

    k1: float
    b: float
    average_terms: float


# Lengths below the real ones (SciFact's abstracts have 155 terms, a default passage about 110): nDCG@10
# of SciFact and Cranfield is .6966 and .3724 at 130, .697 and .380 from 50 to 80, worse from 200 up. So
# one constant serves passages of all sizes, longer ones only saturate later.
PASSAGES = Field(k1=1.2, b=0.75, average_terms=100.0)
PAPERS = Field(k1=1.2, b=0.75, average_terms=80.0)


@dataclass(frozen=True, slots=True)
class TermWeights:
    """A sparse vector: ids (32-bit, distinct) and their weights, in step."""

    ids: list[int]
    weights: list[float]


def normalise(text: str) -> str:
    """Return the text in compatibility form, case and diacritics folded. Idempotent."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", _SOFT.sub("", text)).casefold()
    folded = _MARKS.sub("", unicodedata.normalize("NFKD", folded))
    return unicodedata.normalize("NFKC", folded)


@lru_cache(1 << 14)
def _normal_character(character: str) -> str:
    return normalise(character)


def tokens(text: str) -> list[str]:
    """Return the words, compounds, numbers and CJK runs of a text, normalised, in order."""
    normal = normalise(text)
    if normal.isascii():
        ascii_only: list[str] = _ASCII_TOKEN.findall(normal)
        return ascii_only
    found: list[str] = _TOKEN.findall(_CJK_RUN.sub(r" \g<0> ", normal))  # no token mixes scripts
    return found


def terms(token: str) -> tuple[str, ...]:
    """Return what one token counts as: stems, pairs of CJK characters, or nothing."""
    if _CJK_RUN.match(token):
        if len(token) == 1:
            return () if token in FUNCTION_WORDS else (token,)
        return tuple(token[i : i + 2] for i in range(len(token) - 1))
    if token.isalpha() and token.isascii():
        return () if token in FUNCTION_WORDS else (_stem(token),)
    parts = [_spell_greek(part) for part in _JOINER.split(token.replace(",", ""))]
    kept = [_stem(part) for part in parts if part not in FUNCTION_WORDS]
    if 1 < len(parts) <= _COMPOUND_PARTS:
        kept.append(_stem("".join(parts)))
    return tuple(kept)


def placed_terms(text: str, wanted: frozenset[str] | None = None) -> Iterator[PlacedTerm]:
    """Yield the terms that a text has in the index, and where each stands in it, as it is written.

    Of a compound its parts come, then the whole; of Chinese, Japanese and Korean pairs that overlap. Only
    those that are ``wanted``, where some are named.
    """
    normal, origins = _normalised_with_origins(text)
    for first, past in _spans_of_scripts(normal):
        for match in _TOKEN.finditer(normal, first, past):
            for start, end, term in _terms_within(match.group()):
                if wanted is not None and term not in wanted:
                    continue
                begins, ends = match.start() + start, match.start() + end
                yield PlacedTerm(origins[begins], max(origins[ends], origins[ends - 1] + 1), term)


def _normalised_with_origins(text: str) -> tuple[str, Sequence[int]]:
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


def _spans_of_scripts(normal: str) -> Iterator[tuple[int, int]]:
    """Yield spans that cover a text, none with characters of two scripts that no token mixes."""
    place = 0
    for run in _CJK_RUN.finditer(normal):
        yield place, run.start()
        yield run.span()
        place = run.end()
    yield place, len(normal)


def _terms_within(token: str) -> Sequence[tuple[int, int, str]]:
    """Return (start, end, term) of what a token counts as, as ``terms`` does."""
    if _CJK_RUN.match(token):
        return [(at, at + min(2, len(token)), term) for at, term in enumerate(terms(token))]
    return _terms_of_word(token)


@lru_cache(1 << 14)
def _terms_of_word(token: str) -> Sequence[tuple[int, int, str]]:
    found = terms(token)
    if len(found) == 1 and not _JOINER.search(token):
        return ((0, len(token), found[0]),)
    ahead = iter(found)
    placed, place = [], 0
    for part in _JOINER.split(token):
        if _spell_greek(part.replace(",", "")) not in FUNCTION_WORDS and (term := next(ahead, None)):
            placed.append((place, place + len(part), term))
        place += len(part) + 1
    return (*placed, *((0, len(token), term) for term in ahead))


def document_terms(text: str, field: Field) -> TermWeights:
    """Return a document's BM25 term weights, inverse document frequency left to the index."""
    counts = Counter(_term_ids(text))
    length = sum(counts.values())
    norm = field.k1 * (1 - field.b + field.b * length / field.average_terms)
    gain = field.k1 + 1
    return TermWeights(list(counts), [n * gain / (n + norm) for n in counts.values()])


def query_terms(text: str, also: Iterable[tuple[str, float]] = ()) -> TermWeights:
    """Return a query's terms, weighted by how often they occur, the most frequent if there are many.

    ``also`` are further texts; each adds its weight to that of each of its terms.
    """
    counts: Counter[int] = Counter(_term_ids(text[:_QUERY_CHARACTERS]))
    weights = dict[int, float](counts.most_common(QUERY_TERMS))  # stable: among equals the first named
    for words, weight in also:
        for term in dict.fromkeys(_term_ids(words)):
            weights[term] = weights.get(term, 0.0) + weight
    kept = sorted(weights.items(), key=lambda each: -each[1])[:QUERY_TERMS]
    return TermWeights([i for i, _ in kept], [min(float(n), _QUERY_COUNT_CAP) for _, n in kept])


def term_id(term: str) -> int:
    """Return a term's id, 0 to 2**32 - 1, the same on every machine (CRC-32 of its UTF-8).

    Measured: 1 collision among 182,781 terms of six corpora, where chance alone gives 3.9.
    """
    return zlib.crc32(term.encode("utf-8", "surrogatepass"))


class _Vocabulary(dict[str, tuple[int, ...]]):
    """Remembers the ids of each token, since most words of a paper were seen before.

    Threads share it: each operation on a dict is atomic, and a lost entry is computed again.
    """

    def __missing__(self, token: str) -> tuple[int, ...]:
        if len(token) > 2 and _CJK_RUN.match(token):  # a run seldom returns, its pairs do
            return tuple([self[token[i : i + 2]][0] for i in range(len(token) - 1)])
        ids = tuple(term_id(term) for term in terms(token))
        if len(token) <= _CACHED_LENGTH:
            if len(self) >= _CACHED_WORDS:
                self.clear()
            self[token] = ids
        return ids


_vocabulary = _Vocabulary()
_local = threading.local()  # PyStemmer's objects may not be shared between threads


def _term_ids(text: str) -> chain[int]:
    return chain.from_iterable(map(_vocabulary.__getitem__, tokens(text)))


def _stem(word: str) -> str:
    stemmer: _Stemmer | None = getattr(_local, "stemmer", None)
    if stemmer is None:
        import Stemmer

        stemmer = Stemmer.Stemmer("english", 0)
        _local.stemmer = stemmer
    return stemmer.stemWord(word)


def _spell_greek(word: str) -> str:
    """Spell Greek letters out where they are symbols: alone, or beside Latin letters."""
    if not word.isascii() and (len(word) == 1 or _LATIN.search(word)):
        return word.translate(_GREEK)
    return word
