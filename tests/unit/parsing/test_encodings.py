"""Telling the encoding of a text."""

import pytest

from carrel.core.file_errors import NotText
from carrel.parsing.encodings import decode_text

ENGLISH = "Attention over long documents can be sparse, and it is as good.\n"
FRENCH = "L’été, la mer était chaude ; « naïve » est l’hypothèse que nous réfutons à Besançon.\n"
CHINESE = (
    "本文研究星系的旋转曲线，发现在外围有大量看不见的物质，这些物质是可见物质的五倍。"
    "我们用新的方法来讨论这个问题，并且和其他人的结果作了比较。\n"
)
RARE = "㐂㐄𠀀䶮"
RUSSIAN = (
    "Мы изучаем вращение галактик и находим, что невидимого вещества в пять раз больше, чем видимого.\n" * 4
)
KOREAN = "우리는 은하의 회전 곡선을 연구하고 보이지 않는 물질이 많다는 것을 발견하였다.\n" * 4
JAPANESE = "われわれは銀河の回転曲線を研究し、見えない物質があることを見いだした。\n" * 4


@pytest.mark.parametrize("text", [ENGLISH, FRENCH, CHINESE, RUSSIAN, KOREAN, JAPANESE, CHINESE + RARE])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-be"])
def test_unicode_is_read_with_its_mark_and_utf8_without(text: str, codec: str) -> None:
    data = text.encode(codec)
    if codec == "utf-16-be":
        data = b"\xfe\xff" + data
    assert decode_text(data) == text


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (CHINESE, "gb18030"),
        (CHINESE, "gb2312"),
        (CHINESE * 40 + RARE, "gb18030"),
        ("论文", "gbk"),
        (FRENCH, "cp1252"),
        (FRENCH * 40, "cp1252"),
        ("Gödel und Schrödinger grüßen.", "latin-1"),
    ],
)
def test_chinese_and_western_texts_are_told_apart(text: str, codec: str) -> None:
    assert decode_text(text.encode(codec)) == text


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (KOREAN, "euc-kr"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc-jp"),
        (CHINESE.replace("这", "這") * 4, "big5"),
    ],
)
def test_other_encodings_are_read_or_refused_but_never_nonsense(text: str, codec: str) -> None:
    data = text.encode(codec, "ignore")
    try:
        found = decode_text(data)
    except NotText:
        found = data.decode(codec)
    assert found == data.decode(codec)
    # What a page says it is in is believed.
    assert decode_text(data, codec.upper()) == data.decode(codec)


def test_a_wrong_declaration_does_not_spoil_utf8() -> None:
    assert decode_text(CHINESE.encode(), "gb2312") == CHINESE
    assert decode_text(FRENCH.encode("cp1252"), "utf-8") == FRENCH
    assert decode_text(ENGLISH.encode(), "no-such-encoding") == ENGLISH
    assert decode_text(FRENCH.encode("cp1252"), "hex") == FRENCH


def test_a_text_that_was_cut_off_shows_what_is_broken() -> None:
    data = (CHINESE * 9).strip().encode()
    assert decode_text(data[:-1]) == (CHINESE * 9).strip()[:-1] + "\ufffd"
    data = (CHINESE * 9).strip().encode("gb18030")
    assert decode_text(data[:-1]) == (CHINESE * 9).strip()[:-1] + "\ufffd"


@pytest.mark.parametrize("data", [b"\x7fELF\0\0\0", bytes(range(1, 32)) * 9, b"text\0text"])
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(NotText):
        decode_text(data)


def test_noise_without_control_characters_is_refused() -> None:
    noise = bytes(128 + (i * 7919) % 128 for i in range(4000))
    with pytest.raises(NotText):
        decode_text(noise)
