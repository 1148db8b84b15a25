"""Errors of what a query asks; members of the tree in ``core/errors.py``."""

from carrel.core.errors import UsageError


class TooManyConditions(UsageError):
    """More than one search looks up. Parameters: conditions, of_words, most, most_of_words."""

    template = (
        "The query has {conditions} different conditions, {of_words} of them phrases in quotes or excluded "
        "words: too many for one search."
    )
    hint_template = (
        "Leave some out: a search takes {most} conditions, of which {most_of_words} may be phrases or "
        "excluded words. Words without quotes are searched for in any number."
    )
