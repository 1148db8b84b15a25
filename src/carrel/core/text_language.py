"""The language of a text, by its script and, for Latin letters, its commonest words."""

import re
from collections import Counter

_COMMON_WORDS = {
    "en": "the of and to in is that for are with this we as by be on which from it an was were",
    "de": "der die das und ist von mit den für auf dem eine ein nicht des sich als auch im werden wird",
    "fr": "le la les des et est une que pour dans par sur qui nous avec au sont ce cette aux du",
    "es": "el la los las de que en un una por con para es se del al como son lo más este",
    "pt": "os as de que em um uma por com para se do da dos das como são mais não ao",
    "it": "il di che la per un una con del della sono le dei nel si da al come questo gli",
    "nl": "de het een van en in is dat op te voor met zijn niet aan door worden deze ook als",
}
_STOP_WORDS = {language: frozenset(words.split()) for language, words in _COMMON_WORDS.items()}
_SCRIPTS = (  # first and last letter
    ("latin", "A", "Z"),
    ("latin", "a", "z"),
    ("latin", "\u00c0", "\u024f"),
    ("el", "\u0370", "\u03ff"),
    ("ru", "\u0400", "\u04ff"),
    ("he", "\u0590", "\u05ff"),
    ("ar", "\u0600", "\u06ff"),
    ("hi", "\u0900", "\u097f"),
    ("th", "\u0e00", "\u0e7f"),
    ("kana", "\u3041", "\u30ff"),
    ("han", "\u3400", "\u9fff"),
    ("ko", "\uac00", "\ud7af"),
    ("han", "\U00020000", "\U0002ffff"),
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_HAN_WORTH = 3  # an ideograph says about as much as three letters
_SAMPLE = 1_200  # characters, at each of three places
_FEWEST = 10  # letters: below, nothing can be told


def samples(text: str) -> str:
    """Return pieces of a text to tell its language by: names or references may fill any one place."""
    places = (len(text) // 4, len(text) // 2, len(text) * 3 // 4)
    return "\n".join(text[place : place + _SAMPLE] for place in places)


def language_of(text: str) -> str:
    """Return the ISO 639-1 code of the text's main language, or nothing where it cannot be told."""
    if text.isascii():
        return _latin_language(text)
    counts: Counter[str] = Counter()
    for character, count in Counter(text).items():
        for script, first, last in _SCRIPTS:
            if first <= character <= last:
                counts[script] += count
    latin, kana = counts.pop("latin", 0), counts.pop("kana", 0)
    eastern = kana + counts.pop("han", 0)
    counts["zh"] = eastern * _HAN_WORTH
    script, most = counts.most_common(1)[0]
    if most + latin < _FEWEST:
        return ""
    if most <= latin:
        return _latin_language(text)
    return "ja" if script == "zh" and kana > 0.1 * eastern else script


def _latin_language(text: str) -> str:
    words = Counter(_WORD.findall(text.lower()))
    scores = {name: sum(map(words.__getitem__, stop)) for name, stop in _STOP_WORDS.items()}
    name, most = max(scores.items(), key=lambda item: item[1])
    return name if most >= max(2, 0.1 * words.total()) else ""
