"""Counts with what is counted, in the reader's language: "1 paper", "12 papers"."""

from carrel.core.language import CHINESE, language, tr


def papers(count: int) -> str:
    """Return so many papers in words."""
    return _of(count, tr("1 paper"), tr("{count} papers"))


def passages(count: int) -> str:
    """Return so many passages in words."""
    return _of(count, tr("1 passage"), tr("{count} passages"))


def pages(count: int) -> str:
    """Return so many pages in words."""
    return _of(count, tr("1 page"), tr("{count} pages"))


def knowledge_bases(count: int) -> str:
    """Return so many knowledge bases in words."""
    return _of(count, tr("1 knowledge base"), tr("{count} knowledge bases"))


def documents(count: int) -> str:
    """Return so many documents of a judged set in words."""
    return _of(count, tr("1 document"), tr("{count} documents"))


def queries(count: int) -> str:
    """Return so many queries in words."""
    return _of(count, tr("1 query"), tr("{count} queries"))


def judgments(count: int) -> str:
    """Return so many judgments in words."""
    return _of(count, tr("1 judgment"), tr("{count} judgments"))


def files(count: int) -> str:
    """Return so many files in words."""
    return _of(count, tr("1 file"), tr("{count} files"))


def listed(*facts: str) -> str:
    """Return facts one after the other."""
    return ("，" if language() == CHINESE else ", ").join(facts)


def _of(count: int, one: str, several: str) -> str:
    return one if count == 1 else several.format(count=count)
