"""Words that no language spells like this: what comes of a font whose Unicode map is wrong.

No dictionary is asked, only the shapes of words. Set on 80 papers that read well (below 1.5 % odd words
each, mostly below 0.2 %) and on the same papers with their letters exchanged at random (of 100 ways to do
so, 95 give 20 % and more, 50 give 40 % and more).

Suspicious places are found by array operations over the whole text; only the words there are looked at
one by one, so that a page costs less than a tenth of a millisecond.
"""

import re
import sys
from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

_UTF_32 = "utf-32-le" if sys.byteorder == "little" else "utf-32-be"
_LONGEST_SAMPLE = 400_000  # characters, about a hundred pages: a longer text is looked at in places
_SAMPLES = 8

# Sounds that take several letters count as one (Rechtschreibung), and w as a vowel, which it is in Welsh.
_SOUND = "(?>sch|str|spr|[cstpgrk]h|ng|ck|ts|tz|[bcdfghjklmnpqrstvxz])"
_CONSONANTS = "bcdfghjklmnpqrstvxz"
_PAIRS = (
    *(f"q{second}" for second in "bcdfghjklmnpqrstvwxz"),
    *("jq", "vq", "wq", "zq", "jx", "qx", "vx", "zx", "xj", "xk", "xx", "xz"),
    *("vf", "vw", "jw", "bx", "fx", "px", "wx"),
)
_ODD = re.compile(
    "|".join(
        (
            f"{_SOUND}{{5}}",  # no language has runs like these
            r"\b[bcdfghjkmpqtvwxz]{4}\b",  # l, n, r and s may be vowels (Czech: prst)
            *_PAIRS,
            r"([^\W\d_])\1{3}",
            # Latin-1 taken for another encoding, and the other way round: no four marked letters in a row.
            "[\u00a1-\u00ff]{4}|[ãâ][\u0080-\u00bf]|â€",
        )
    )
)
# As printed: formulas are of capitals (CH3CH2OH, NaClBr), names of programs change the case by the word.
_ODD_PRINTED = re.compile(
    "[a-z]{2}[01356789][a-z]{2}"  # 2 and 4 are read "to" and "for": word2vec
    r"|(?<![^\W\d_])[a-z][A-Z][a-z][A-Z]"
)
_LONG_ENOUGH = re.compile(
    "[^\\W\\d_]{4}|[\u0080-\u00ff]{4}"
)  # shorter ones are symbols, units and abbreviations, too
_IDENTIFIER = re.compile(r"[/@_\\=]|\w[.:]\w")  # addresses and names of programs are no words
_GLYPH_CODE = re.compile(r"\(cid:\d+\)|(?<![^\W\d_])/[gGcC]\d{1,5}(?!\d)")
_CODES_A_WORD = 5
_IDEOGRAPHS = re.compile("[\u3400-\u9fff]+")
# Together the characters that are written; one exchanged at random is outside each two times of three.
_WRITTEN = ("gb2312", "big5", "shift_jis")
_IDEOGRAPHS_A_WORD = 2

_Flags: TypeAlias = NDArray[np.bool_]
_REACH = 5  # a place is judged with so many characters behind it; the text is padded for that
_W = 23
_LETTER, _CONSONANT, _LOWER, _UPPER, _DIGIT, _MARKED = (1 << bit for bit in range(6))
_KINDS = np.zeros(0x2000, np.uint8)  # of characters up to the end of the alphabets
_KINDS[0xC0:] = _LETTER
_KINDS[[0xD7, 0xF7]] = 0
_KINDS[0xA1:0x100] |= _MARKED
_FOLDED = np.zeros(0x2000, np.int16)  # a to z as 1 to 26, in either case
for _number, _character in enumerate("abcdefghijklmnopqrstuvwxyz", 1):
    _consonant = _CONSONANT if _character in _CONSONANTS else 0
    _KINDS[ord(_character)] = _LETTER | _LOWER | _consonant
    _KINDS[ord(_character.upper())] = _LETTER | _UPPER | _consonant
    _FOLDED[[ord(_character), ord(_character.upper())]] = _number
_KINDS[[ord(each) for each in "01356789"]] = _DIGIT
_ODD_PAIR = np.zeros(27 * 27, np.bool_)
_ODD_PAIR[[27 * (ord(pair[0]) - 96) + ord(pair[1]) - 96 for pair in _PAIRS]] = True


def odd_words(text: str) -> tuple[int, int]:
    """Return how many words no language spells like this, and how many were looked at.

    A word is four letters and more, or two ideographs. Addresses and names of programs are not odd.
    """
    sample = _sample(text)
    odd, looked_at = _odd_ideographs(sample)
    if sample.count("/") + sample.count("(cid:") > len(sample) / 100:
        codes = len(_GLYPH_CODE.findall(sample)) // _CODES_A_WORD
        odd, looked_at = odd + codes, looked_at + codes
    padded = f" {sample}{' ' * _REACH}"
    points = np.frombuffer(padded.encode(_UTF_32, "surrogatepass"), np.uint32)
    low = np.where(points < len(_KINDS), points, 0)
    kinds = _KINDS[low]
    letter = (kinds & _LETTER) != 0
    looked_at += int(np.count_nonzero(_run(letter, 4)[1:] & ~letter[: len(letter) - _REACH - 1]))
    places = np.flatnonzero(_suspicious(points, _FOLDED[low], kinds, letter))
    odd += sum(map(_is_odd, _words_at(padded, points, places)))
    return odd, max(odd, looked_at)


def _suspicious(
    points: NDArray[np.uint32], folded: NDArray[np.int16], kinds: NDArray[np.uint8], letter: _Flags
) -> _Flags:
    """Return for each place but the last ``_REACH`` whether an odd word may have its oddity there."""
    places = len(points) - _REACH
    here, after = slice(places), slice(1, places + 1)
    consonant = (kinds & _CONSONANT) != 0
    found = _run(consonant, 5)
    four = _run(consonant | (folded == _W), 4)  # and no letter on either side
    found[1:] |= four[1:] & ~letter[: places - 1] & ~letter[5 : places + 4]
    found |= _ODD_PAIR[27 * folded[here] + folded[after]]
    found |= letter[here] & _run(np.append(points[1:] == points[:-1], False), 3)
    found |= ((kinds & _LOWER) != 0)[here] & ((kinds & _UPPER) != 0)[after]
    digit = ((kinds & _DIGIT) != 0)[2 : places + 2]
    found |= digit & letter[here] & letter[after] & letter[3 : places + 3]
    marked = (kinds & _MARKED) != 0
    if marked.any():
        misread = (points[here] == ord("Ã")) | (points[here] == ord("â"))
        found |= _run(marked, 4) | (misread & (points[after] >= 0x80))
    return found


def _run(flags: _Flags, length: int) -> _Flags:
    """Return for each place but the last ``_REACH`` whether so many flags in a row are set from there on."""
    places = len(flags) - _REACH
    run = flags[:places].copy()
    for offset in range(1, length):
        run &= flags[offset : places + offset]
    return run


def _words_at(text: str, points: NDArray[np.uint32], places: NDArray[np.int64]) -> Iterable[str]:
    """Yield the words, as parted by white space, at these places; each once a place in the text."""
    if not len(places):
        return
    blanks = np.flatnonzero(points <= 0x20)
    behind = np.unique(np.searchsorted(blanks, places))
    for start, end in zip(blanks[behind - 1].tolist(), blanks[behind].tolist(), strict=True):
        yield text[start + 1 : end]


def _is_odd(word: str) -> bool:
    if _LONG_ENOUGH.search(word) is None or _IDENTIFIER.search(word):
        return False
    return _ODD.search(word.lower()) is not None or _ODD_PRINTED.search(word) is not None


def _odd_ideographs(text: str) -> tuple[int, int]:
    """Return like ``odd_words`` for ideographs: odd are those that are hardly ever written."""
    if text.isascii():
        return 0, 0
    ideographs = "".join(_IDEOGRAPHS.findall(text))
    if not ideographs:
        return 0, 0
    written = max(len(ideographs.encode(code, "ignore")) // 2 for code in _WRITTEN)
    return (len(ideographs) - written) // _IDEOGRAPHS_A_WORD, len(ideographs) // _IDEOGRAPHS_A_WORD


def _sample(text: str) -> str:
    """Return the text, or pieces from all over a long one."""
    if len(text) <= _LONGEST_SAMPLE:
        return text
    length, step = _LONGEST_SAMPLE // _SAMPLES, len(text) // _SAMPLES
    return " ".join(text[start : start + length] for start in range(0, step * _SAMPLES, step))
