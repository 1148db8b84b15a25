"""Putting lines together."""

import numpy as np
import pytest

from carrel.core.paper import BlockKind
from carrel.parsing.assembly import assemble
from carrel.parsing.paragraphs import Draft
from carrel.parsing.printed import Line, Words


def _joined(*lines: str) -> str:
    drawn = [
        Line(number, 1, text, 0, 10 * number, 9, 10 * number + 9, 9, 10, False, False, True, False)
        for number, text in enumerate(lines)
    ]
    none = np.zeros(0, np.int32)
    words = Words(none, none, none, np.zeros((0, 4), np.float32))
    return assemble([Draft(BlockKind.PARAGRAPH, drawn)], words, np.ones(len(drawn), np.int32))[0]


def test_a_divided_word_is_one_and_an_address_stays_whole() -> None:
    assert _joined("The atten-", "tion is sparse.") == "The attention is sparse."
    assert (
        _joined("see https://example.org/some-", "thing/more.") == "see https://example.org/some-thing/more."
    )


@pytest.mark.parametrize("part", ["www.", "a-", "10.1234/", "a"])
def test_a_word_of_a_hundred_thousand_characters_is_read_at_once(part: str) -> None:
    # A pattern that looks for an end from every place of the word would take hours.
    word = part * (100_000 // len(part) + 1)
    assert _joined(f"Before {word}!", "after.") == f"Before {word}! after."
    assert _joined(f"Before {word} atten-", "tion.") == f"Before {word} attention."
    assert _joined(f"{word}_-", "tion.").endswith("tion.")
