from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from carrel.parsing.spacing import Words, without_stray_spaces


def _words(
    text: str, gaps: Sequence[float], size: float = 10.0
) -> tuple[np.ndarray[tuple[int], np.dtype[np.uint32]], Words]:
    """Set one line: every character is as wide as half its size, a wide one as its size."""
    starts, ends, boxes = [], [], []
    x = 0.0
    at = 0
    for word, gap in zip(text.split(" "), gaps, strict=True):
        x += gap
        width = sum(size if character > "\u3000" else size / 2 for character in word)
        starts.append(at)
        ends.append(at + len(word))
        boxes.append((x, 0.0, x + width, size))
        x += width
        at += len(word) + 1
    opens = np.zeros(len(starts), np.bool_)
    opens[0] = True
    points = np.array([ord(character) for character in text], np.uint32)
    return points, Words(np.array(starts), np.array(ends), opens, np.array(boxes, np.float32))


def test_chinese_set_with_gaps_has_no_spaces_and_a_space_that_was_meant_stays() -> None:
    points, words = _words("长 序 列 建 模", [0, 2, 2, 9, 2])
    text, found = without_stray_spaces("长 序 列 建 模", points, words)
    assert text == "长序列 建模"
    assert [text[a:b] for a, b in zip(found.start, found.end, strict=True)] == list("长序列建模")


def test_letters_set_apart_are_words_again() -> None:
    printed = "A B S T R A C T O F I T"
    gaps = [0, 3, 3, 3, 3, 3, 3, 3, 9, 3, 9, 3]
    points, words = _words(printed, gaps)
    text, _ = without_stray_spaces(printed, points, words)
    assert text == "ABSTRACT OF IT"


def test_words_and_numbers_stay_as_they_are() -> None:
    for printed in ("a model of the world", "1 2 3 4 5 6 7 8 9 10", "x = y + z"):
        points, words = _words(printed, [0.0] + [3.0] * printed.count(" "))
        text, found = without_stray_spaces(printed, points, words)
        assert text == printed
        assert found is words


@given(st.lists(st.sampled_from(["长", "a", "bc", "，", "7"]), min_size=1, max_size=30), st.data())
def test_only_white_space_goes_and_words_keep_their_characters(
    pieces: list[str], data: st.DataObject
) -> None:
    printed = " ".join(pieces)
    gaps = [0.0, *data.draw(st.lists(st.floats(0, 20), min_size=len(pieces) - 1, max_size=len(pieces) - 1))]
    points, words = _words(printed, gaps)
    text, found = without_stray_spaces(printed, points, words)
    assert text.replace(" ", "") == printed.replace(" ", "")
    assert [text[a:b] for a, b in zip(found.start, found.end, strict=True)] == pieces
