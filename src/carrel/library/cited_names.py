"""People's names as bibliographies write them: family and given names told apart."""

import re
from dataclasses import dataclass

_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.IGNORECASE)
_GROUP = re.compile(
    r"\b(?:collaborations?|consortium|team|group|project|committee|network|association|society|foundation"
    r"|institute|university|laborator(?:y|ies)|ministry|organi[sz]ation|contributors|et al)\b",
    re.IGNORECASE,
)
_EAST_ASIAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff·\s]+")
_KANA_OR_HANGUL = re.compile(r"[\u3040-\u30ff\u31f0-\u31ff\uac00-\ud7af]")
_COMPOUND_SURNAME = re.compile(
    r"欧阳|歐陽|司马|司馬|诸葛|諸葛|上官|司徒|东方|東方|皇甫|尉迟|尉遲|公孙|公孫|令狐|慕容|夏侯|长孙|長孫|宇文|端木"
)


@dataclass(frozen=True, slots=True)
class CitedName:
    """A name in its parts. Where ``literal`` is filled it is written so and no other way."""

    family: str = ""
    given: str = ""
    suffix: str = ""
    literal: str = ""

    @property
    def key(self) -> str:
        """What sorts and labels the name: the family's."""
        return self.family or self.literal


def cited_name(name: str) -> CitedName:
    """Return a name in its parts, as it is printed or with the family name and a comma first.

    A Chinese name is the family's, one character or a known one of two, and the given one; it is written
    without a space. What seems to be a group, or has one word alone, is literal.
    """
    name = " ".join(name.split())
    if _GROUP.search(name) or _KANA_OR_HANGUL.search(name):
        return CitedName(literal=name)
    if _EAST_ASIAN.fullmatch(name):
        return _east_asian(name)
    if "," in name:
        return _with_comma(name)
    words = name.split()
    suffix = words.pop() if len(words) > 2 and _SUFFIX.fullmatch(words[-1]) else ""
    if len(words) < 2:
        return CitedName(literal=name)
    # What is written small before the last name belongs to it: Ludwig van Beethoven.
    first = len(words) - 1
    while first > 1 and words[first - 1].islower():
        first -= 1
    return CitedName(" ".join(words[first:]), " ".join(words[:first]), suffix)


def initials(given: str) -> str:
    """Return the initials of given names: "Jean-Luc Marie" is "J.-L. M."."""
    parts = []
    for word in given.split():
        pieces = [piece for piece in word.split("-") if piece.strip(".")]
        parts.append("-".join(f"{piece[0].upper()}." for piece in pieces))
    return " ".join(filter(None, parts))


def is_east_asian(text: str) -> bool:
    """Whether a name is written in Chinese characters, kana or Hangul: family first, no initials."""
    return _EAST_ASIAN.fullmatch(text) is not None or _KANA_OR_HANGUL.search(text) is not None


def _east_asian(name: str) -> CitedName:
    plain = name.replace(" ", "")
    if "·" in plain or not 2 <= len(plain) <= 4:
        return CitedName(literal=plain)
    length = 2 if len(plain) > 2 and _COMPOUND_SURNAME.match(plain) else 1
    if len(plain) - length > 2:
        return CitedName(literal=plain)  # a Japanese one, say: nobody can tell
    return CitedName(plain[:length], plain[length:])


def _with_comma(name: str) -> CitedName:
    family, *others = (part.strip() for part in name.split(","))
    others = [part for part in others if part]
    if not family or not others:
        return CitedName(literal=name.strip(" ,"))
    if len(others) > 1 and _SUFFIX.fullmatch(others[0]):  # King, Jr., Martin Luther
        return CitedName(family, " ".join(others[1:]), others[0])
    if len(others) > 1 and _SUFFIX.fullmatch(others[-1]):
        return CitedName(family, " ".join(others[:-1]), others[-1])
    if _SUFFIX.fullmatch(others[0]):  # Martin Luther King, Jr.
        whole = cited_name(family)
        return CitedName(whole.family or whole.literal, whole.given, others[0])
    return CitedName(family, " ".join(others))
