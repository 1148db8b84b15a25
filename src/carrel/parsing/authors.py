"""The names of a paper's authors, as printed below its title or as the file says."""

import re
from collections.abc import Sequence

from carrel.parsing.front import Front
from carrel.parsing.printed import Line

_PARTICLE_LIST = (
    "van von der den de del della di da dos das du la le el al bin ibn ter ten zu zur af av y e ’t 't san st"
)
_PARTICLES = frozenset(_PARTICLE_LIST.split())
_SUFFIX_LIST = "jr jr. sr sr. ii iii iv phd ph.d. md m.d."
_SUFFIXES = frozenset(_SUFFIX_LIST.split())
_PLACES = re.compile(
    r"universi|institut|department|dept\b|school|college|laborator|\blabs?\b|centre|center|facult|academy|hospital"
    r"|research|technolog|ministry|company|\binc\b|\bltd\b|gmbh|corporation|foundation|observator|polytech|école"
    r"|division|\bgroup\b|engineering|science|avenue|street|国家|大学|学院|研究|实验室|公司|中心|省|市",
    re.IGNORECASE,
)
_NOT_NAMES = re.compile(
    r"@|https?:|www\.|\bdoi\b|abstract|keywords?|\bbased on\b|received|accepted|published|editor|review"
    r"|copyright|©|\b(?:19|20)\d\d\b|:|correspond|equal contribution|license|this work|anonymous",
    re.IGNORECASE,
)
_MARKS = re.compile(r"[*∗†‡§¶∥‖♯♭⋆#]+|\d+|\[[^\]]*\]|[⁰¹²³⁴-⁹]+|[ⓐ-ⓩ\U0001f4e7✉]|\bORCID\b|\biD\b|\bID\b")
_SEPARATOR = re.compile(r"\s*(?:[,;,;、·|&]|\band\b|\bAND\b|\bund\b|\bet\b(?! al)|\s{3,})\s*")
_ELIDED = re.compile(r"[dDlL]['’]\w")
_AFFILIATION = re.compile(r"\s*(?:\d{1,2}|[*∗†‡§¶])\s?[^\W\d_]")
_NAME_TOKEN = re.compile(r"['’]?(?:[^\W\d_](?:[^\W\d_]|['’.\-‐])*)")
_HAN_NAME = re.compile(r"[\u3400-\u9fff]{2,4}(?:·[\u3400-\u9fff]{1,6})?")
_HAN_LETTER = re.compile(r"[\u3400-\u9fff]")
_ET_AL = re.compile(r",?\s*\bet\.? al\.?.*$", re.IGNORECASE)
_MOST = 1_000


def authors_on_page(front: Front) -> tuple[str, ...]:
    """Return the names that stand below the title, in order; none where there are none to be told."""
    chosen: list[str] = []
    for line in _below_title(front):
        text = line.text
        if chosen and _AFFILIATION.match(text):
            break
        if _NOT_NAMES.search(text) or _PLACES.search(text) or not _mostly_names(text, chosen):
            continue
        chosen.append(text)
    # Lists run on over lines; names one a line do not.
    running = any(_SEPARATOR.search(text.strip(" ,;")) or _MARKS.search(text) for text in chosen)
    names = _names((" " if running else ", ").join(chosen))
    return tuple(dict.fromkeys(names))[:_MOST]


def authors_from_info(text: str) -> tuple[str, ...]:
    """Return the names in a PDF's ``Author`` entry; "Family, Given" is turned round."""
    text = _ET_AL.sub("", " ".join(text.split()))
    parts = [
        part.strip(" ,;") for part in re.split(r"\s*(?:;|\band\b|\bAND\b|&)\s*", text) if part.strip(" ,;")
    ]
    turned = [
        f"{given} {family}"
        for family, comma, given in (part.partition(", ") for part in parts)
        if comma and "," not in given and len(family.split()) <= 3 and len(given.split()) <= 3
    ]
    if parts and len(turned) == len(parts) and (len(parts) > 1 or len(parts[0].split(",")[0].split()) == 1):
        return tuple(name for name in turned if _is_name(name))
    return tuple(dict.fromkeys(_names(text)))


def _below_title(front: Front) -> Sequence[Line]:
    """Return the front matter that follows the title in its own column: not what stands beside it."""
    left = min((line.x0 for line in front.title), default=0.0)
    last = front.title[-1].y0 if front.title else 0.0
    numbers = {line.number for line in front.title}
    return [
        line
        for line in front.telling
        if line.number not in numbers and line.upright and line.y0 > last and line.x1 > left
    ]


def _mostly_names(text: str, before: Sequence[str]) -> bool:
    """Whether a line holds names; ``before`` are the lines of names above it."""
    parts = [part for part in _SEPARATOR.split(_unmarked(text)) if part.strip()]
    if not parts:
        return False
    # The first and last of a line may be halves of a name that is broken over two lines.
    good = sum(
        _is_name(part) or (i in (0, len(parts) - 1) and _is_half(part)) for i, part in enumerate(parts)
    )
    # What is left of a name that was broken over the line's end may be all there is.
    rest = bool(before) and before[-1].rstrip()[-1:].isalpha()
    whole = rest or any(_is_name(part) for part in parts)
    return whole and good >= 0.7 * len(parts)


def _unmarked(text: str) -> str:
    """Replace the marks that point to affiliations by commas: they end a name, too."""
    return _MARKS.sub(" , ", _ET_AL.sub("", text))


def _names(text: str) -> list[str]:
    names: list[str] = []
    for each in _SEPARATOR.split(_unmarked(text)):
        part = " ".join(each.strip(" .,;-–—").split())
        if part.lower() in _SUFFIXES and names:
            continue
        if _is_name(part) and not _HAN_LETTER.match(part):
            names.append(part)
        elif _HAN_NAME.fullmatch(part.replace(" ", "")) and min(map(len, part.split())) == 1:
            names.append(part.replace(" ", ""))
        else:
            names += [piece for piece in part.split() if _HAN_NAME.fullmatch(piece)]
    return names


def _is_name(text: str) -> bool:
    """Whether a text has the shape of a person's full name."""
    text = text.strip(" .,;")
    tokens = text.split()
    if tokens and (_HAN_NAME.fullmatch("".join(tokens)) or all(map(_HAN_NAME.fullmatch, tokens))):
        return True
    if not 2 <= len(tokens) <= 6 or len(text) > 50:
        return False
    if not all(_NAME_TOKEN.fullmatch(token) for token in tokens):
        return False
    proper = [token for token in tokens if token[0].isupper() or _ELIDED.match(token)]
    others = [token for token in tokens if token not in proper]
    if len(proper) < 2 and not (proper and all(token.lower() in _PARTICLES for token in others)):
        return False
    return all(token.lower() in _PARTICLES for token in others) and any(
        len(token.strip(".")) > 1 for token in proper
    )


def _is_half(text: str) -> bool:
    tokens = text.strip(" .,;").split()
    return len(tokens) <= 3 and all(_NAME_TOKEN.fullmatch(token) and token[0].isupper() for token in tokens)
