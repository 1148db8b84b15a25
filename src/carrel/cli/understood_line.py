"""What a query was understood to say, in one line: nothing where it is just a question."""

from carrel.cli.output import printable
from carrel.core.language import tr
from carrel.core.ranking import SearchResult
from carrel.core.understanding import Asked
from carrel.search.in_words import condition_in_words, like, unlike


def understood_line(result: SearchResult) -> str:
    """Return what was read besides a question: conditions, papers, a pasted text; or nothing."""
    understood = result.understood
    if understood is None:
        return ""
    parts = [condition_in_words(each) for each in understood.conditions]
    parts += [*map(like, result.liked), *map(unlike, result.disliked)]
    if understood.asked is Asked.PASTED:
        parts.append(tr("a pasted text, in which no conditions are read"))
    return printable(tr("Understood: {parts}").format(parts=" · ".join(parts))) if parts else ""
