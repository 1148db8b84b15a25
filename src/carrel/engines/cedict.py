"""CC-CEDICT's text file read: Chinese words, traditional and simplified, with what they mean in English.

A line is ``TRADITIONAL SIMPLIFIED [pin1 yin1] /sense; another/sense/``. What is written for learners goes:
measure words, pronunciations, surnames, remarks in brackets. A word that only points to another one means
what that one means.
"""

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_ENTRY = re.compile(r"(\S+) (\S+) \[([^\]]*)\] /(.+)/\s*")
_HEAD = re.compile(r"#! (\w+)=(.*)")
GZIP = b"\x1f\x8b"  # how a packed file begins
_FEWEST_ENTRIES = 50_000  # of the real one, which has 120,000; what is shorter was cut off
_LARGEST = 64_000_000  # bytes of text; the real one has ten million

_KIND = r"(?:\([^)]*\) )?(?:(?:old|erhua|archaic|ancient|Japanese) )?"
_POINTER = rf"{_KIND}(?:variant of|see also|see|also written|same as|abbr\. for|abbr\. of|short for)"
_POINTS_TO = re.compile(_POINTER + r" ([^\x00-\x7f]+)")
_ABBREVIATES = re.compile(
    r"(?:abbr\.|short) (?:for|of|to) [^\x00-\x7f|]+(?:\|[^\x00-\x7f]+)?(?:\[[^\]]*\])?,? ?"
)
_FOR_LEARNERS = re.compile(
    rf"{_POINTER} |CL:|surname |also pr\. |Taiwan pr\. |used in |erhua |\(?bound form|Kangxi radical|abbr\. "
)
_PINYIN = re.compile(r"\[[^\]]*\]")
_REMARK = re.compile(r"\([^()]*\)")
_CHINESE = re.compile("[\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff|·]+")
_PLACEHOLDER = re.compile(r"\b(?:sb|sth|etc|esp|lit|fig|idiom)\b\.?|~\S*")
_LEAD = re.compile(r"^(?:to be |to |an? |the )+")
_BROKEN_OFF = (" for", " of", " as", " by", " to", " in", " from", " with")  # before a word that was Chinese


class NotCedict(ValueError):
    """A file is not CC-CEDICT; the text says why."""


@dataclass(frozen=True, slots=True)
class Cedict:
    """The dictionary as it was read: senses by word, as it orders them, and its own date."""

    senses: dict[str, tuple[str, ...]]
    simplified: dict[str, str]  # characters, by the traditional ones that are written for them
    date: str  # as its head has it, such as 2023-11-07T06:42:16Z
    licence: str  # the address of its licence's text


def read_cedict(content: bytes, fewest: int = _FEWEST_ENTRIES) -> Cedict:
    """Read the file, as text or packed with gzip.

    Raises:
        NotCedict: it is something else, or it is cut off.
    """
    try:
        text = _unpacked(content).decode("utf-8")
    except (zlib.error, UnicodeDecodeError) as error:
        raise NotCedict(str(error)) from error
    head: dict[str, str] = {}
    entries: list[tuple[str, str, str, str]] = []
    for line in text.splitlines():
        if line.startswith("#"):
            if match := _HEAD.match(line):
                head[match[1]] = match[2]
        elif entry := _ENTRY.fullmatch(line):
            entries.append((entry[1], entry[2], entry[3], entry[4]))
    licence = head.get("license", "")
    if not text.startswith("# CC-CEDICT") or "creativecommons.org/licenses/by-sa/" not in licence:
        raise NotCedict("its head does not say CC-CEDICT and its licence")
    said = head.get("entries", "")
    if len(entries) < max(fewest, int(said) * 9 // 10 if said.isdecimal() else 0):
        raise NotCedict(f"it has {len(entries)} entries")
    return Cedict(_senses(entries), _simplified(entries), head.get("date", ""), licence)


def _unpacked(content: bytes) -> bytes:
    if content[:2] != GZIP:
        return content[:_LARGEST]
    unpacker = zlib.decompressobj(wbits=31)  # gzip
    text = unpacker.decompress(content, _LARGEST)
    if not unpacker.eof:
        raise NotCedict("it is cut off, or far too large")
    return text


def _simplified(entries: Iterable[tuple[str, str, str, str]]) -> dict[str, str]:
    """Return what stands for each traditional character in most words that have it, where it is another."""
    counts: dict[str, Counter[str]] = {}
    for traditional, simplified, _, _ in entries:
        if traditional != simplified and len(traditional) == len(simplified):
            for one, other in zip(traditional, simplified, strict=True):
                if one != other:
                    counts.setdefault(one, Counter())[other] += 1
    return {one: found.most_common(1)[0][0] for one, found in counts.items()}


def _senses(entries: Iterable[tuple[str, str, str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    points: dict[str, list[str]] = {}
    # A name (China, for 中) comes after what the word means otherwise.
    for traditional, simplified, _, text in sorted(entries, key=lambda each: each[2][:1].isupper()):
        glosses = dict.fromkeys(_glosses(text))
        others: list[str] = _POINTS_TO.findall(text)
        for word in dict.fromkeys((traditional, simplified)):
            found.setdefault(word, {}).update(glosses)
            points.setdefault(word, []).extend(others)
    senses = {word: tuple(glosses) for word, glosses in found.items() if glosses}
    for word in found.keys() - senses.keys():
        meant = next((senses[other] for other in points[word] if found.get(other)), ())
        if meant:
            senses[word] = meant
    return senses


def _glosses(text: str) -> Iterator[str]:
    """Yield what a line says in English, a sense each, without what is said to learners."""
    for sense in text.split("/"):
        # 期货: abbr. for 期貨合約[...], futures
        said = _ABBREVIATES.match(sense)
        for written in sense[said.end() if said else 0 :].split(";"):
            if not _FOR_LEARNERS.match(written.strip()):
                gloss = _cleaned(written)
                if any(map(str.isalnum, gloss)):
                    yield gloss


def _cleaned(written: str) -> str:
    gloss = written
    for pattern in (_PINYIN, _REMARK, _CHINESE, _PLACEHOLDER):
        gloss = pattern.sub("", gloss)
    gloss = _LEAD.sub("", " ".join(gloss.split()).strip(" ,.:!?"))
    return "" if not written.isascii() and gloss.endswith(_BROKEN_OFF) else gloss
