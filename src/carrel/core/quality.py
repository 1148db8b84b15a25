"""How well a file was read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ParseQuality:
    """How well a file was read. The measures are shares in [0, 1]; 0 is best."""

    unreadable: float = 0.0  # of the printed characters: those without a meaning
    odd_words: float = 0.0  # of the words: those that no language spells like this
    interleaved: float = 0.0  # of the steps from line to line: those that jump between columns
    outside: float = 0.0  # of the printed characters: those in no block
    without_text: tuple[int, ...] = ()  # pages, from 1, that show something and hold no text
    recognised: tuple[int, ...] = ()  # pages, from 1, whose text was read by OCR
