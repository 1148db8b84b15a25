"""What a PDF's characters need before they are text.

Nearly every page passes through untouched; what is rare is found by one regular expression and
mended, and the mended text remembers which character of the page each of its characters was.
"""

import re
import sys
import unicodedata
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LINE_HYPHEN = "\ufffe"
"""How pdfium writes a hyphen at the end of a line: it stands for the line break, too."""

_ORDER = "le" if sys.byteorder == "little" else "be"
_UTF_16, _UTF_32 = f"utf-16-{_ORDER}", f"utf-32-{_ORDER}"

_SPACING_TO_COMBINING = {
    "´": "\u0301",
    "`": "\u0300",
    "¨": "\u0308",
    "ˆ": "\u0302",
    "˜": "\u0303",
    "ˇ": "\u030c",
    "˘": "\u0306",
    "˚": "\u030a",
    "˙": "\u0307",
    "˝": "\u030b",
    "\u00b8": "\u0327",
}
# TeX's old fonts print an accent as a character of its own, before its letter; a space may creep in.
_CEDILLA_FIRST = r"(?<![A-Za-z])\u00b8[A-Za-z]"
_ACCENT = r"[´¨ˆ˜ˇ˘˚˙˝][A-Za-zıȷ]|(?<=[A-Za-z])[´¨ˆ˜ˇ˘˚˙˝] [a-zıȷ]|(?<=[A-Za-z])`[aeiou](?=[a-z])"
_COMBINING = r"[A-Za-z]\u00b8|[A-Za-z][\u0300-\u030c\u0327\u0328]+"
_LIGATURE = r"[\ufb00-\ufb06]"
_INVISIBLE = r"[\u00ad\u200b-\u200f\u2060\ufeff]"
_RARE = re.compile(f"{_ACCENT}|{_CEDILLA_FIRST}|{_COMBINING}|{_LIGATURE}|{_INVISIBLE}")

# Codes of glyphs without a Unicode value (controls, private use, the replacement character) say
# nothing to a reader: they become spaces. So do the many widths of space.
_LOW = 0x10000
_BLANKED = np.arange(_LOW, dtype=np.uint16)
for _first, _behind in (
    (0x00, 0x21),
    (0x7F, 0xA1),
    (0x2000, 0x200B),
    (0x2028, 0x202A),
    (0x202F, 0x2030),
    (0x205F, 0x2060),
    (0x3000, 0x3001),
    (0xE000, 0xF900),
    (0xFFFD, 0xFFFE),
    (0xFFFF, 0x10000),
):
    _BLANKED[_first:_behind] = 0x20
_BLANKED[[0x0A, 0x0D]] = 0x0A, 0x0D
# The round corners of a listing's frame, which TeX draws with the signs of a font.
_BLANKED[[ord(each) for each in "✝✞✆☎"]] = 0x20

# OT1 and T1, the encodings of TeX's fonts, where they differ from ASCII and may be met as bare codes.
_RETURN, _NEW_LINE = 0x0D, 0x0A
_TEX = np.arange(0x100, dtype=np.uint16)
_TEX[0x0B:0x10] = _TEX[0x1B:0x20] = range(0xFB00, 0xFB05)
_TEX[[ord("{"), ord("|"), ord("\\"), ord('"')]] = [ord(each) for each in "–—“”"]
_TEX_CODES = np.zeros(0x100, np.bool_)
_TEX_CODES[0x0B:0x10] = _TEX_CODES[0x1B:0x20] = True

_SURROGATE = 0xD800 >> 11
_UNKNOWN = 0xFFFD

# The characters that a match of _RARE cannot do without.
_TELLING = np.zeros(_LOW, np.bool_)
_TELLING[[ord(each) for each in [*_SPACING_TO_COMBINING, "\u00ad", "\u2060", "\ufeff"]]] = True
_TELLING[0x0300:0x0329] = True
_TELLING[0x200B:0x2010] = True
_TELLING[0xFB00:0xFB07] = True


@dataclass(frozen=True, slots=True, eq=False)
class CleanText:
    """Readable text, its code points [characters], and which character of the page each one was.

    ``origin`` is None where every character is where it was.
    """

    text: str
    points: NDArray[np.uint16] | NDArray[np.uint32]
    origin: NDArray[np.int64] | None = None


def clean(characters: NDArray[np.uint16] | NDArray[np.uint32]) -> CleanText:
    """Make readable text of a page's characters: UTF-16 units or code points [characters].

    Accents join their letters, ligatures fall apart, invisible characters go, codes without a
    meaning become spaces. Line breaks and ``LINE_HYPHEN`` stay.
    """
    points: NDArray[np.uint16] | NDArray[np.uint32]
    points, origin = _without_surrogates(_with_tex_codes(characters))
    low = points.astype(np.uint16)
    if points.dtype == np.uint16:
        points = _BLANKED[low]
        text = points.tobytes().decode(_UTF_16)
    else:
        points = np.where(points < _LOW, _BLANKED[low].astype(np.uint32), points)
        text = points.tobytes().decode(_UTF_32)
    if not _TELLING[low].any() or _RARE.search(text) is None:
        return CleanText(text, points, origin)
    mended, places = _with_mended(text)
    points = np.frombuffer(mended.encode(_UTF_32), np.uint32)
    return CleanText(mended, points, places if origin is None else origin[places])


def _with_tex_codes(
    characters: NDArray[np.uint16] | NDArray[np.uint32],
) -> NDArray[np.uint16] | NDArray[np.uint32]:
    """Read what TeX's own font encodings put where others have controls, and the dashes and quotes beside.

    Fonts without a table of their characters, as of old papers, show their codes as they are: 0x0C is fi
    in OT1, 0x1C in T1. Such a code next to a letter is the evidence that a page is encoded so.
    """
    controls = _TEX_CODES[np.minimum(characters, 0xFF)] & (characters != _RETURN)
    if not controls.any():
        return characters
    folded = characters | 0x20
    letter = (folded >= ord("a")) & (folded <= ord("z"))
    beside = np.zeros(len(characters), np.bool_)
    beside[1:] = letter[:-1]
    beside[:-1] |= letter[1:]
    if not (controls & beside).any():
        return characters
    codes = np.where(characters < 0x100, _TEX[np.minimum(characters, 0xFF)], characters)
    line_end = np.zeros(len(characters), np.bool_)
    line_end[:-1] = (characters[:-1] == _RETURN) & (characters[1:] == _NEW_LINE)
    codes = np.where(line_end, characters, codes)
    return codes.astype(np.uint32) if characters.dtype == np.uint32 else codes.astype(np.uint16)


def _without_surrogates(
    characters: NDArray[np.uint16] | NDArray[np.uint32],
) -> tuple[NDArray[np.uint16] | NDArray[np.uint32], NDArray[np.int64] | None]:
    """Return code points and where each one was; a pair of surrogates is one, a lone one is unknown."""
    surrogate = (characters >> 11) == _SURROGATE
    if not surrogate.any():
        return characters, None
    points = characters.astype(np.uint32)
    high = surrogate & ((points & 0x400) == 0)
    low = surrogate & ~high
    first = np.flatnonzero(high[:-1] & low[1:])
    points[first] = 0x10000 + ((points[first] & 0x3FF) << 10) + (points[first + 1] & 0x3FF)
    surrogate[first] = False
    points[surrogate] = _UNKNOWN
    kept = np.ones(len(points), np.bool_)
    kept[first + 1] = False
    origin = np.flatnonzero(kept)
    return points[origin], origin


def _with_mended(text: str) -> tuple[str, NDArray[np.int64]]:
    pieces: list[str] = []
    origin: list[int] = []
    done = 0
    for match in _RARE.finditer(text):
        found = match.group()
        mended = _mended(found)
        pieces += (text[done : match.start()], mended)
        origin += range(done, match.start())
        # The letter of an accented pair is the one whose box is that of the whole.
        letter = match.end() - 1 if found[0] in _SPACING_TO_COMBINING else match.start()
        origin += [letter] * len(mended)
        done = match.end()
    pieces.append(text[done:])
    origin += range(done, len(text))
    return "".join(pieces), np.asarray(origin, np.int64)


def _mended(rare: str) -> str:
    if rare[0] in _SPACING_TO_COMBINING:
        letter = rare[-1].replace("ı", "i").replace("ȷ", "j")
        return _composed(letter + _SPACING_TO_COMBINING[rare[0]], rare)
    if rare[-1] == "\u00b8":
        return _composed(rare[0] + "\u0327", rare)
    if "\ufb00" <= rare[0] <= "\ufb06":
        return unicodedata.normalize("NFKC", rare)
    if rare[0].isalpha():
        return unicodedata.normalize("NFC", rare)
    return ""


def _composed(pair: str, otherwise: str) -> str:
    """Return the pair as one letter, or what was printed where no such letter exists."""
    letter = unicodedata.normalize("NFC", pair)
    return letter if len(letter) == 1 else otherwise
