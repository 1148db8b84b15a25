"""The encoding of a text file: told by its bytes, never guessed into nonsense silently."""

import codecs
import re

from carrel.core.file_errors import NotText
from carrel.core.formats import HEAD_BYTES, is_binary

_MARKS = (  # the longer ones first: UTF-32's begins like UTF-16's
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What pages say they are in and what browsers therefore read (WHATWG Encoding Standard, "labels").
_MEANT = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "big5": "big5hkscs",
}
_PAIR = re.compile(rb"[\x81-\xfe][\x30-\xfe]")
_EVERYDAY_PAIR = re.compile(rb"[\xb0-\xd7][\xa1-\xfe]|[\xa1\xa3][\xa1-\xfe]")
# The commonest characters of Chinese prose: a third of it. Other writing that is misread as GB 18030 has few.
_COMMONEST = frozenset("的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年同")
_FEWEST_PAIRS = 20
_WESTERN = re.compile(
    r"[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ffŒœŠšŽžŸ‘’“”–—…•€£§©®°±²³µ·«»¡¿×÷ªº\u00a0¼½¾†‡™]*"
)
_HIGH_BYTES = bytes(range(0x80, 0x100))
_SAMPLE = 1 << 18
_MOST_CHAOS = 0.2
_REPLACEMENT = "\ufffd"


def decode_text(data: bytes, declared: str = "") -> str:
    """Return the text that these bytes are; ``declared`` is the encoding that the file names, if any.

    Where a few bytes of a UTF-8 or Chinese text are broken, they become U+FFFD, which is seen.

    Raises:
        NotText: they are no text, or their encoding cannot be told.
    """
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return data.decode(codec, "replace")
    if b"\0" in data or is_binary(data[:HEAD_BYTES]):
        raise NotText(name="", detail="it holds bytes that no text has")
    for codec in ("utf-8", _MEANT.get(declared.strip().lower(), declared.strip().lower())):
        text = _strictly(data, codec)
        if text is not None:
            return text
    text = _nearly_utf8(data) or _chinese(data) or _western(data) or _detected(data)
    if text is None:
        raise NotText(name="", detail="its encoding cannot be told")
    return text


def _strictly(data: bytes, codec: str) -> str | None:
    try:
        # Only text encodings: Python also knows "hex" and the like by this name.
        return data.decode(codec) if codec and codecs.lookup(codec) else None
    except (LookupError, ValueError):
        return None


def _nearly_utf8(data: bytes) -> str | None:
    """Return a UTF-8 text of which few bytes are broken, as a download that was cut off leaves it."""
    text = data.decode("utf-8", "replace")
    broken = text.count(_REPLACEMENT)
    whole = len(text) - len(data.translate(None, _HIGH_BYTES)) - broken
    return text if whole >= max(3, 50 * broken) else None


def _chinese(data: bytes) -> str | None:
    """Return the text if it is Chinese in GB 18030, GBK or GB 2312; a few bytes of it may be broken."""
    pairs = _PAIR.findall(data[:_SAMPLE])
    everyday = sum(map(bool, map(_EVERYDAY_PAIR.fullmatch, pairs)))
    if not pairs or everyday < 0.85 * len(pairs):
        return None
    text = data.decode("gb18030", "replace")
    if text.count(_REPLACEMENT) > 0.02 * len(text):
        return None
    common = sum(character in _COMMONEST for character in text[:_SAMPLE])
    return text if common >= 0.06 * len(pairs) or len(pairs) < _FEWEST_PAIRS else None


def _western(data: bytes) -> str | None:
    """Return the text if it is mostly ASCII and the rest are letters of western Europe."""
    sample = data[:_SAMPLE]
    letters = sum(map(sample.count, range(65, 123)))  # over byte values
    if len(sample) - len(sample.translate(None, _HIGH_BYTES)) > 0.2 * letters:
        return None
    text = _strictly(data, "cp1252")
    if text is None or not _WESTERN.fullmatch("".join(set(text) - set(map(chr, range(128))))):
        return None
    return text


def _detected(data: bytes) -> str | None:
    # Late: only texts in the rarer encodings need it.
    from charset_normalizer import from_bytes

    best = from_bytes(data[:_SAMPLE]).best()
    return None if best is None or best.chaos > _MOST_CHAOS else _strictly(data, best.encoding)
