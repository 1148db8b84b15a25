"""Names of users: what they may be, and when two of them read the same."""

import re
import unicodedata

from carrel.core.account_errors import UserNameUnusable
from carrel.core.language import tr

LONGEST = 100

# Printable by Unicode's word, and yet nothing is seen: fillers, blanks, variation selectors, joiners.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_ALIKE = ("LATIN", "CYRILLIC", "GREEK")  # scripts with letters that look the same


def checked_user_name(name: str) -> tuple[str, str]:
    """Return a new user's name as it is shown, and the key under which it is unique.

    Raises:
        UserNameUnusable: it is empty or too long, has unseen signs, or mixes letters that look alike.
    """
    shown = " ".join(unicodedata.normalize("NFKC", name).split())
    key = name_key(shown)
    if not shown or max(len(shown), len(key)) > LONGEST or not shown.isprintable() or _UNSEEN.search(shown):
        expected = tr("1 to {most} characters that can be seen").format(most=LONGEST)
        raise UserNameUnusable(expected=expected)
    if len(_scripts(shown)) > 1:
        raise UserNameUnusable(expected=tr("letters of one script, not Latin ones among Greek or Cyrillic"))
    return shown, key


def name_key(name: str) -> str:
    """Return what names that read the same have in common, whatever their case and width."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def _scripts(name: str) -> set[str]:
    first_words = {unicodedata.name(letter, "").partition(" ")[0] for letter in name if letter.isalpha()}
    return first_words.intersection(_ALIKE)
