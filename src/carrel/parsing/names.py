"""The shapes of personal names, and the marks that stand among them."""

import re
from collections.abc import Sequence
from functools import lru_cache

MARK = "\x02"
"""Stands for a raised mark, such as the number of an affiliation: it ends a name."""

_PARTICLE_LIST = (
    "van von der den de del della degli di da das do dos du la le el al bin ibn ben ter ten zu zum zur af "
    "av y e i ’t 't san st und of the vom della dalla dello abu bint"
)
_PARTICLES = frozenset(_PARTICLE_LIST.split()) - {"of", "the", "und"}
_SUFFIX_LIST = (
    "phd ph.d ph.d. md m.d. m.d msc m.sc. m.sc bsc mph dphil frcp facs esq esq. mba rn ph. d. m. dr prof."
)
_SUFFIXES = frozenset(_SUFFIX_LIST.split())
_GENERATIONS = frozenset(["jr", "jr.", "sr", "sr.", "ii", "iii", "iv"])
_PREFIX = re.compile(
    r"(?:(?:by|with|von|par|por)\s+|(?:dr|prof|professor|mr|mrs|ms|sir|dipl\.?-?\s?ing|ing)\.?\s+)+(?=\w)",
    re.IGNORECASE,
)
_RANK = re.compile(
    r"[,\s]*\b(?:(?:graduate\s+)?student\s+|senior\s+|life\s+|associate\s+)*(?:member"
    r"|fellow)\b,?\s*(?:\b(?:IEEE|ACM|OSA|AAAI|SPIE)\b)?",
    re.IGNORECASE,
)
_NOT_NAMES = re.compile(
    r"@|https?:|www\.|\.(?:com|org|net|edu|gov|io|ai|de|fr|uk|cn|jp|it|nl|ch|ca|au|br)\b|\bdoi\b|abstract"
    r"|key\s?words?"
    r"|\bbased on\b|received|accepted|published|submitted|\beditors?\b|edited|review|\bsubject\b"
    r"|\bapplications?\b"
    r"|copyright|©|\b(?:19|20)\d\d\b|[:!=%]|correspond|contribut|licen[cs]e|this work|anonymous|\babout\b"
    r"|\btechnical\b|\breport\b|\bthesis\b|\bdraft\b|\bversion\b|\bjournal\b|proceedings|\bchapter\b"
    r"|\bvolume\b|\binvited\b"
    r"|\b(?:january|february|march|april|june|july|august|september|october|november|december)\s+\d"
    r"|supervis|advis[oe]r|introduction|contents|appendix|论文|综述|目录|引言|前言|专业|学号|日期|通[信讯]作者|作者简介|收稿|基金|摘要|关键词|指导|导师",
    re.IGNORECASE,
)
MARKS = re.compile(
    rf"{MARK}+|(?<=\w)[?+$](?=[,;\s?+$*∗#\d]|$)|['’\"”]{{2,}}|[*∗⁎†‡§¶∥‖♯♭⋆★☆✝✉#✶✱✦♦♣♠⊥♢◦∘]+|\d+|\[[^\]]*\]"
    rf"|\([^)]*\)?|（[^）]*）|[⁰¹²³⁴-⁹ªº]+|[ⓐ-ⓩ①-⑳\U0001f4e7]|\bORCID\b|\biD\b|\bID\b"
    r"|(?:副?教授|讲师|研究员|(?:高级)?工程师|院士|博士|硕士)(?=[\s,;\uff0c\uff1b、]|$)"
)
SEPARATOR = re.compile(
    r"\s*(?:[,;\uff0c\uff1b、·•|/&]|\band\b|\bAND\b|\bAnd\b|\bund\b|\bwith\b|\bet\b(?! al)"
    r"|(?<=[\u3400-\u9fff])[和与及](?=[\u3400-\u9fff]{2})|\s{3,})\s*"
)
_GROUPS = re.compile(rf"[,\s]*(?:(?:{MARK}|\d+|[*∗†‡§¶;])[,\s]*)+(?:\band\b|&)?|\s*,?\s*(?:\band\b|&)\s*")
_INITIALS = re.compile(r"(?<=\b[A-Z]\.)(?=[^\W\d_]{2})|(?<=\b[A-Z][a-z]\.)(?=[A-Z]\.?[^\W\d_])")
_LETTERS = re.compile(r"(?:\s+[a-z]\b)+$|^[a-z]\s+(?=[A-Z])")
_DASH = re.compile(r"(?<=[^\W\d_])[–—](?=[^\W\d_])")
_ELIDED = re.compile(r"[dDlL]['’]\w")
_TOKEN = re.compile(r"['’‘]?[^\W\d_](?:[^\W\d_]|['’‘`´.\-‐‑])*")
_HAN = re.compile(r"[\u3400-\u9fff]")
_HAN_NAME = re.compile(r"[\u3400-\u9fff]{2,4}(?:[·•][\u3400-\u9fff]{1,6}){0,2}")
_HANGUL_NAME = re.compile(r"[\uac00-\ud7a3]{2,4}")
_ET_AL = re.compile(r"[,，]?\s*(?:\bet\.? al\b\.?|\band others\b|等$).*$", re.IGNORECASE)
_VOWEL = re.compile(r"[aeiouyà-öø-ýαεηιουωаеиоуыэюяё]", re.IGNORECASE)
_LONGEST = 50
_REMEMBERED = 1024  # texts that were just asked about
_WORD_LIST = (
    "the of for in with using from are via towards toward its our we this that into over under new "
    "between learning networks network model models data systems algorithm algorithms analysis theory "
    "problem method methods approach study part position paper original article special issue regular "
    "short full abstract open access letter brief communication research note survey tutorial preliminary "
    "extended summary keywords general terms categories series number vol page pages"
)
_WORDS = frozenset(_WORD_LIST.split())


def is_no_name(text: str) -> bool:
    """Whether a text says something that no list of names says."""
    return _NOT_NAMES.search(text) is not None


@lru_cache(maxsize=_REMEMBERED)
def parts_of(text: str) -> tuple[str, ...]:
    """Return the pieces of a text that separators and marks part, those between them empty left out."""
    text = _INITIALS.sub(" ", _DASH.sub("-", text))
    plain = MARKS.sub(" , ", _RANK.sub(" , ", _ET_AL.sub("", text)))
    # A small letter by itself points to an affiliation.
    parts = (_LETTERS.sub("", " ".join(part.strip(" .,;-–—").split())) for part in SEPARATOR.split(plain))
    return tuple(part for part in parts if part and not _says_nothing(part))


def _says_nothing(part: str) -> bool:
    """Whether a part is a degree or a mark that stands like a letter."""
    return part.lower() in _SUFFIXES or (len(part) == 1 and part.isascii())


def names_of(text: str) -> list[str]:
    """Return the names in a text, in order; what is none is left out."""
    return named(parts_of(text))


def inverted(text: str) -> list[str]:
    """Return the names in a list of "Family, Given" that marks or "and" part; none if it is no such list."""
    groups = [group.strip(" ,.") for group in _GROUPS.split(_ET_AL.sub("", text))]
    pairs = [group.split(",") for group in groups if group]
    names = [f"{pair[1].strip()} {pair[0].strip()}" for pair in pairs if len(pair) == 2]
    if not pairs or len(names) < len(pairs) or (len(pairs) == 1 and MARK not in text and text.isalpha()):
        return []
    families = [pair[0].strip() for pair in pairs]
    fits = all(map(is_name, names)) and all(len(family.split()) <= 2 for family in families)
    return names if fits and not all(map(is_name, families)) else []


def named(parts: Sequence[str], single: bool = False) -> list[str]:
    """Return the names among these parts; with ``single``, a word by itself may be somebody's only name."""
    names: list[str] = []
    eastern = [part for part in parts if _HAN.match(part)]
    # Where every part is two words, they are a family name and a given name, as in Japanese.
    paired = len(eastern) > 1 and all(len(part.split()) == 2 for part in eastern)
    for part in map(_without_titles, parts):
        if part.lower() in _GENERATIONS and names:
            names[-1] = f"{names[-1]} {part}"
        elif _HAN.match(part) or _HANGUL_NAME.match(part):
            pieces = part.split()
            names += _eastern(part, paired) if is_name(part) else filter(_is_han_name, pieces)
        elif is_name(part) or (single and _is_only_name(part)):
            names.append(part)
    return names


def _is_only_name(part: str) -> bool:
    return len(part) > 2 and part.isalpha() and is_single_name(part) and not part.isupper()


def _without_titles(part: str) -> str:
    part = _without_suffix(part)
    prefix = _PREFIX.match(part)
    return part[prefix.end() :] if prefix else part


def _without_suffix(part: str) -> str:
    tokens = part.split()
    while tokens and tokens[-1].lower().strip(",") in _SUFFIXES and (len(tokens) != 2 or len(tokens[-1]) > 2):
        tokens.pop()
    return " ".join(tokens).rstrip(" ,")


def _is_han_name(text: str) -> bool:
    return _HAN_NAME.fullmatch(text) is not None or _HANGUL_NAME.fullmatch(text) is not None


def _eastern(part: str, paired: bool) -> list[str]:
    """Return the names in a run of ideographs or Hangul: spaces part names, or spread one name out."""
    pieces = part.split()
    if paired and len(pieces) % 2 == 0:
        return [family + given for family, given in zip(pieces[::2], pieces[1::2], strict=True)]
    if min(map(len, pieces)) > 1:
        return pieces
    names: list[str] = []
    held = ""
    for piece in pieces:
        if len(piece) > 1 and not held:
            names.append(piece)
        elif held:
            names.append(held + piece)
            held = ""
        else:
            held = piece
    return [*names, held] if len(held) > 1 else names


@lru_cache(maxsize=_REMEMBERED)
def is_name(text: str) -> bool:
    """Whether a text has the shape of a person's full name."""
    tokens = text.strip(" .,;").split()
    if tokens and (_is_han_name("".join(tokens)) or all(map(_is_han_name, tokens))):
        return True
    if not 2 <= len(tokens) <= 6 or len(text) > _LONGEST or not all(map(_TOKEN.fullmatch, tokens)):
        return False
    proper = [token for token in tokens if token[0].isupper() or _ELIDED.match(token)]
    others = [token.lower() for token in tokens if token not in proper]
    if not proper or not all(token in _PARTICLES for token in others) or not _cased_as_names(proper):
        return False
    if any(token.lower() in _WORDS for token in tokens) or (len(proper) < 2 and not others):
        return False
    return any(len(token.strip(".")) > 1 for token in proper)


def _cased_as_names(tokens: Sequence[str]) -> bool:
    """Whether words in capitals may be names: "Jean DUPONT" and "ADA LOVELACE" are, "INRIA Lyon" is not."""
    tokens = [token for token in tokens if token.lower() not in _GENERATIONS]
    long = [token for token in tokens if sum(map(str.isalpha, token)) > 2 and "." not in token[:-1]]
    if any(_VOWEL.search(token) is None and token.isupper() for token in long):
        return False
    capitals = [token.isupper() for token in long]
    return not any(capitals) or all(capitals) or (capitals[-1] and not capitals[0])


def is_single_name(text: str) -> bool:
    """Whether a text may be one half of a name, or all of the name of somebody who has but one."""
    tokens = text.split()
    return (
        1 <= len(tokens) <= 3
        and all(
            _TOKEN.fullmatch(token) and (token[0].isupper() or token.lower() in _PARTICLES)
            for token in tokens
        )
        and not any(token.lower() in _WORDS for token in tokens)
    )


def ends_open(text: str) -> bool:
    """Whether a text ends in a particle or an initial, so that a family name is still to come."""
    last = text.rsplit(maxsplit=1)[-1] if text.split() else ""
    return last.lower() in _PARTICLES or re.fullmatch(r"[^\W\d_]\.", last) is not None
