"""About how many tokens a text has for a model whose tokenizer is not at hand.

A server keeps its tokenizer to itself. Byte-pair tokenizers of large vocabularies (Qwen, GPT, Llama) cut
text alike: at white space, at changes between letters, digits and signs, and long words into pieces. This
counts such pieces, rather one too many than one too few, so that a passage cut by it is never longer than the
model reads.
"""

import re

import numpy as np
from numpy.typing import NDArray

# Chinese, Japanese and Korean characters are counted alone; letters in pieces; digits and signs one by one.
_PIECE = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]"
    r"|[A-Za-z]{1,6}"
    r"|[^\W\d_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaffA-Za-z]{1,2}"
    r"|[^\S\n]{16}|\n+|[^\sA-Za-z]"
)


class EstimatedTokens:
    """A ``TokenCounter`` for models whose tokenizer is not at hand."""

    def token_ends(self, text: str) -> NDArray[np.int64]:
        """Return the character offset at which each piece ends, in order."""
        return np.fromiter((match.end() for match in _PIECE.finditer(text)), np.int64)


def estimated_tokens(text: str) -> int:
    """Return about how many tokens a text has, rather too many."""
    return sum(1 for _ in _PIECE.finditer(text))


def weight(text: str) -> int:
    """Return about how many tokens a text has, on the average: four bytes each, at no cost."""
    return len(text if text.isascii() else text.encode("utf-8", "replace")) // 4 + 1
