"""The conditions of a query, and the papers that it was asked with, in the reader's language."""

from carrel.core.language import tr
from carrel.core.ranking import PaperRecord
from carrel.core.understanding import Condition, Part


def condition_in_words(condition: Condition) -> str:
    """Return a condition as a reader is told of it."""
    value = condition.value
    if condition.part is Part.YEAR:
        value = value.replace("..", "\N{EN DASH}")
    name = {
        Part.PHRASE: tr("the words “{value}”"),
        Part.WORD: tr("the word {value}"),
        Part.TITLE: tr("title: {value}"),
        Part.AUTHOR: tr("author: {value}"),
        Part.YEAR: tr("year: {value}"),
        Part.VENUE: tr("venue: {value}"),
        Part.DOI: tr("DOI: {value}"),
        Part.TAG: tr("tag: {value}"),
        Part.LANGUAGE: tr("language: {value}"),
    }[condition.part].format(value=value)
    return tr("not {condition}").format(condition=name) if condition.excluded else name


def like(paper: PaperRecord) -> str:
    """Return that papers like this one are wanted."""
    return tr("like {title}").format(title=_named(paper))


def unlike(paper: PaperRecord) -> str:
    """Return that papers like this one are not wanted."""
    return tr("unlike {title}").format(title=_named(paper))


def _named(paper: PaperRecord) -> str:
    return paper.metadata.title or paper.file_name
