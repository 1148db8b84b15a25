"""Where sentences end, in Latin and in Chinese or Japanese text."""

import re

# A full stop ends a sentence when white space and something that can begin one follow.
_END = re.compile(
    r"""
    [.!?]["'”’)\]]*\s+(?=["'“‘(\[]?[^\Wa-z_])   # Latin: the next sentence begins with no small letter
    | [。！？；]["”’」』）]*\s*                    # Chinese and Japanese need no white space
    | \n\s*\n\s*                                 # a block ends
    """,
    re.VERBOSE,
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Z]|al|approx|cf|ch|Dr|e\.g|ed|eds|eq|Eq|Eqs|etc|Fig|fig|Figs|i\.e|no|No|pp|Prof|Ref|Refs|resp|"
    r"Sec|sec|St|Tab|Th|vol|Vol|vs))\.$"
)
_LONGEST_ABBREVIATION = 8


def sentence_ends(text: str) -> list[int]:
    """Return the offsets at which sentences end, white space included; the last is ``len(text)``.

    The spans between them cover the text without gap or overlap; none is empty.
    """
    ends: list[int] = []
    for match in _END.finditer(text):
        if text[match.start()] == ".":
            before = text[max(0, match.start() + 1 - _LONGEST_ABBREVIATION) : match.start() + 1]
            if _ABBREVIATION.search(before):
                continue
        if not ends or match.end() > ends[-1]:
            ends.append(match.end())
    if text and (not ends or ends[-1] < len(text)):
        ends.append(len(text))
    return ends
