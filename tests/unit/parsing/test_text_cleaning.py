import numpy as np
import pytest

from carrel.parsing.text_cleaning import clean


def _clean(text: str) -> str:
    units = np.frombuffer(text.encode("utf-16-le"), np.uint16)
    return clean(units).text


@pytest.mark.parametrize(
    ("printed", "read"),
    [
        ("plain text", "plain text"),
        ("Sch¨on", "Schön"),
        ("Lechtenb¨orger", "Lechtenbörger"),
        ("Beneˇs", "Beneš"),
        ("G ´odel", "G ódel"),
        ("na¨ıve", "naïve"),
        ("¸Senöz", "Şenöz"),
        ("fac¸ade", "façade"),
        ("e\u0301tude", "étude"),
        ("eﬃcient", "efficient"),
        ("soft\u00adhyphen", "softhyphen"),
        ("zero\u200bwidth", "zerowidth"),
        ("a\u00a0b\u2003c\u3000d", "a b c d"),
        ("nul\x00 and\x13 codes\uf8f4", "nul  and  codes "),
        ("line\r\nbreak", "line\r\nbreak"),
        ("x ˆ y", "x ˆ y"),
    ],
)
def test_reads_as_meant(printed: str, read: str) -> None:
    assert _clean(printed) == read


def test_remembers_where_characters_were() -> None:
    text = "a Sch¨on ﬃ z"
    cleaned = clean(np.frombuffer(text.encode("utf-16-le"), np.uint16))
    assert cleaned.origin is not None
    assert len(cleaned.origin) == len(cleaned.text) == len(cleaned.points)
    for character, origin in zip(cleaned.text, cleaned.origin, strict=True):
        if character in "aSchnz":
            assert text[origin] == character
    assert text[cleaned.origin[cleaned.text.index("ö")]] == "o"
