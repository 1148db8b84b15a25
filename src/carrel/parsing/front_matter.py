"""The YAML block before a Markdown text: what it says of the paper."""

import re
from collections.abc import Iterator, Mapping

import yaml

from carrel.core.metadata import Metadata, Source
from carrel.parsing.authors import authors_from_info
from carrel.parsing.identifier_forms import trimmed_doi
from carrel.parsing.pageless_metadata import said, turned

_LONGEST = 1 << 16  # characters
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_SEPARATOR = re.compile(r"\s*[;；,，、]\s*|\s+and\s+")
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_ARXIV = re.compile(r"\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7}")
_CONFIDENCE = 0.95
_NULLS = ("~", "null", "Null", "NULL")


def said_in_front_matter(content: str) -> Metadata | None:
    """Return what a YAML block says; None where it is no block of entries, or too long to be one."""
    if len(content) > _LONGEST:
        return None
    try:
        # Every value is text, whatever its tag or looks: nothing is made of a number, a date or a boolean
        # that is none.
        values = yaml.load(content, yaml.BaseLoader)  # noqa: S506 - it makes texts, lists and mappings only
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    if not isinstance(values, dict):
        return None
    entries = {str(key).lower(): value for key, value in values.items()}
    doi, arxiv = (
        _DOI.search(_first(entries, "doi")),
        _ARXIV.search(_first(entries, "arxiv", "arxiv_id", "eprint")),
    )
    return said(
        Source.FILE,
        _CONFIDENCE,
        title=_first(entries, "title"),
        authors=tuple(dict.fromkeys(_names(entries))),
        abstract=_first(entries, "abstract", "summary"),
        year=_year(entries),
        venue=_first(entries, "journal", "venue", "container-title", "publication", "booktitle"),
        doi=trimmed_doi(doi.group()) if doi else "",
        arxiv_id=arxiv.group() if arxiv else "",
        language=_language(_first(entries, "lang", "language")),
        keywords=tuple(_keywords(entries)),
    )


def _first(entries: Mapping[str, object], *names: str) -> str:
    """Return the text of the first of these entries that is there."""
    return next((text for name in names for text in _texts(entries.get(name))), "")


def _texts(value: object) -> Iterator[str]:
    """Yield the texts of an entry: itself, those of a list, the names in a list of mappings."""
    if isinstance(value, str):
        if value not in _NULLS and (text := " ".join(value.split())):
            yield text
    elif isinstance(value, list):
        for each in value[:1000]:
            if isinstance(each, str):
                yield from _texts(each)
            elif isinstance(each, dict):
                yield from _texts(_name(each))
    elif isinstance(value, dict):
        yield from _texts(_name(value))


def _name(entry: Mapping[object, object]) -> str:
    """Return the name in a mapping, as pandoc, Quarto and JOSS write authors."""
    name = entry.get("name", entry)
    if isinstance(name, str):
        return name
    parts = name if isinstance(name, dict) else {}
    given = parts.get("given", parts.get("given-names", parts.get("firstname", "")))
    family = parts.get("family", parts.get("surname", parts.get("lastname", "")))
    return f"{given} {family}".strip() if isinstance(given, str) and isinstance(family, str) else ""


def _names(entries: Mapping[str, object]) -> Iterator[str]:
    value = next((entries[name] for name in ("authors", "author", "by") if entries.get(name)), None)
    if isinstance(value, str) and value not in _NULLS:
        # "Family, Given" has the comma of a list.
        yield from authors_from_info(value) or (name for name in _SEPARATOR.split(value) if name)
    else:
        yield from map(turned, _texts(value))


def _keywords(entries: Mapping[str, object]) -> Iterator[str]:
    value = next((entries[name] for name in ("keywords", "tags") if entries.get(name)), None)
    if isinstance(value, str) and value not in _NULLS:
        yield from (word for word in re.split(r"\s*[;；,，、]\s*", value) if word)
    else:
        yield from _texts(value)


def _year(entries: Mapping[str, object]) -> int | None:
    match = _YEAR.search(_first(entries, "year", "date", "published"))
    return int(match.group(1)) if match else None


def _language(text: str) -> str:
    code = text[:2].lower()
    return code if re.fullmatch(r"[A-Za-z]{2}(?:[-_]\w+)*", text) else ""
