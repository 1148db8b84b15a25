"""The numbers of articles of statutes: 第五十四条, 第54条, Article 54 and § 54 are one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HAN = "零〇一二三四五六七八九"
_VALUES = {sign: max(0, place - 1) for place, sign in enumerate(_HAN)} | {"两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
NUMBER = r"(?:[0-9０-９]{1,4}|[零〇一二三四五六七八九十百千两]{1,9})"
_CHINESE = re.compile(rf"第\s?(?P<number>{NUMBER})\s?[条條](?:\s?之\s?(?P<inserted>{NUMBER}))?")
_WESTERN = re.compile(
    r"(?:(?<![a-z])(?:articles?|art\.|sections?|sec\.)|§{1,2})\s?(?P<number>\d{1,4}(?!\d))"
    r"(?P<letter>[a-z]?)(?![a-z])(?:[-‐‑.](?P<inserted>\d{1,4})(?![a-z\d]))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, order=True)
class ArticleNumber:
    """An article's number; ``inserted`` tells those apart that came between two others: 第十条之一, § 10a."""

    number: int
    inserted: str = ""

    @property
    def term(self) -> str:
        """The number as one word, the same however it was written."""
        return f"article{self.number}" + (f"x{self.inserted}" if self.inserted else "")


def whole_number(text: str) -> int:
    """Return a number in digits, wide ones too, or in Chinese numerals: 一百零五, 一〇五.

    Raises:
        ValueError: it is neither.
    """
    if text.isdecimal():
        return int(text)
    if not any(sign in _UNITS for sign in text):
        return int("".join(str(_value(sign)) for sign in text))
    total, digit = 0, 0
    for sign in text:
        if sign in _UNITS:
            total += (digit or 1) * _UNITS[sign]
            digit = 0
        else:
            digit = _value(sign)
    return total + digit


def _value(sign: str) -> int:
    if sign not in _VALUES:
        raise ValueError(sign)
    return _VALUES[sign]


def article_numbers(text: str) -> Iterator[ArticleNumber]:
    """Yield the numbers of articles that a text names, in any of the ways to write them."""
    for match in _CHINESE.finditer(text):
        inserted = match["inserted"]
        yield ArticleNumber(whole_number(match["number"]), str(whole_number(inserted)) if inserted else "")
    for match in _WESTERN.finditer(text):
        yield ArticleNumber(int(match["number"]), match["letter"].lower() or match["inserted"] or "")
