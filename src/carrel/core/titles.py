"""What titles say of two papers: the same one, nearly the same, another part, or a text about the other."""

import re
import unicodedata
from difflib import SequenceMatcher
from enum import IntEnum

from carrel.core.sketch import is_wide_letter

_TELLING_LETTERS = 15  # a shorter title ("Introduction", "Lecture notes") says nothing of the paper
_NEAR = 0.9  # share of letters in common, in order
_SERIES = 0.7  # the same, of the titles without their numbers


class Alike(IntEnum):
    """How much alike two titles are."""

    NOT = 0
    NEAR = 1
    SAME = 2  # but for a subtitle, or a word before it


def alike(one: str, other: str) -> Alike:
    """Compare two titles by their letters. Short ones are like no other; nor are those of different parts."""
    if numbers(one) != numbers(other):
        return Alike.NOT
    shorter, longer = sorted((letters(one), letters(other)), key=lambda found: (len(found), found))
    if not telling(shorter):
        return Alike.NOT
    if longer.startswith(shorter) or longer.endswith(shorter):
        return Alike.SAME
    return Alike.NEAR if _common(shorter, longer, _NEAR) else Alike.NOT


def of_a_series(one: str, other: str) -> bool:
    """Whether two titles number two things: part I and part II, the report of 2019 and that of 2020."""
    here, there = numbers(one), numbers(other)
    if not here or not there or here == there:
        return False
    first, second = sorted((_unnumbered(one), _unnumbered(other)))  # the order counts for SequenceMatcher
    return _common(first, second, _SERIES)


def _common(one: str, other: str, share: float) -> bool:
    """Whether two strings have this share of their letters in common, in order."""
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.real_quick_ratio() >= share and matcher.ratio() >= share


def letters(title: str) -> str:
    """Return a title's letters and digits, case and accents taken away."""
    return "".join(filter(str.isalnum, folded(title)))


def telling(found: str) -> bool:
    """Whether these letters are enough to tell a paper; a Chinese character counts as three."""
    return sum(3 if is_wide_letter(letter) else 1 for letter in found) >= _TELLING_LETTERS


def folded(text: str) -> str:
    """Return a text without case and accents."""
    decomposed = unicodedata.normalize("NFKD", text).casefold().translate(_BARRED)
    return "".join(character for character in decomposed if not unicodedata.combining(character))


# Letters that Unicode does not decompose into a base letter and a mark.
_BARRED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe"})

_NUMBER = re.compile(r"\d+")
# "i" and "v" alone are variables more often than numbers, but after a word that counts.
_ROMAN = re.compile(
    r"\b(ii|iii|iv|vi|vii|viii|ix|xi|xii|xiii|xiv|xv)\b"
    r"|\b(?:part|volume|vol|book|chapter|section|lecture|paper)\W+(i|v|x|one|two|three|four|five|six)\b"
)
_CHINESE_NUMBER = re.compile(
    r"第?([一二三四五六七八九十]+)(?=[部章节節卷册冊讲講回编編期)）、])|[(（]?([上中下])(?:[)）册冊卷篇]|$)"
)
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10}
_WORD_VALUES = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
_CHINESE_DIGITS = "一二三四五六七八九十"


def numbers(title: str) -> tuple[str, ...]:
    """Return the numbers in a title, Roman and Chinese ones too, sorted: they tell parts from each other."""
    plain = folded(title)
    found = [number.lstrip("0") or "0" for number in _NUMBER.findall(plain)]
    found += [str(_value(one or other)) for one, other in _ROMAN.findall(plain)]
    for number, part in _CHINESE_NUMBER.findall(plain):
        value = _CHINESE_DIGITS.find(number) + 1 if len(number) == 1 else 0
        found.append(str(value) if value else number or part)
    return tuple(sorted(found))


def _unnumbered(title: str) -> str:
    plain = _CHINESE_NUMBER.sub(" ", _ROMAN.sub(" ", _NUMBER.sub(" ", folded(title))))
    return "".join(filter(str.isalnum, plain))


def _value(number: str) -> int:
    if number in _WORD_VALUES:
        return _WORD_VALUES[number]
    values = [_ROMAN_VALUES[letter] for letter in number]
    following = [*values[1:], 0]
    return sum(-value if value < after else value for value, after in zip(values, following, strict=True))


_NOTICE = re.compile(
    r"^(?P<correction>(?:author |publisher )?correction\b|corrections to\b|corrigend|erratum|errata|addend"
    r"|勘误|更正)"
    r"|\b(?:erratum|corrigendum)$|\((?:erratum|corrigendum)\)"
    r"|^(?P<retraction>retraction\b|撤稿)"
    r"|^(?P<answer>comments? on\b|(?:a )?(?:reply|response|rejoinder) to\b|discussion of\b"
    r"|(?:book )?review of\b|评《)"
    r"|(?P<supplement>^supplement(?:ary)? |\bsupplement(?:ary|al) (?:material|information|appendix|data|text)"
    r"|\bsupporting information\b|^appendix\b|\bonline appendix\b|补充材料|支撑信息)"
)


def notice(title: str) -> str:
    """Return what kind of text about another paper this is; empty for a paper."""
    found = _NOTICE.search(folded(title))
    return "" if found is None else str(found.lastgroup or "correction")
