"""The YAML block before a Markdown text: what it says of the paper."""

import re
from collections.abc import Iterator, Mapping

import yaml

from carrel.core.metadata import Evidence, Metadata, Source

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
    entries = {str(key).lower(): "" if _is_null(value) else value for key, value in values.items()}
    doi, arxiv = (
        _DOI.search(_first(entries, "doi")),
        _ARXIV.search(_first(entries, "arxiv", "arxiv_id", "eprint")),
    )
    metadata = Metadata(
        title=_first(entries, "title"),
        authors=tuple(dict.fromkeys(_names(entries))),
        abstract=_first(entries, "abstract", "summary"),
        year=_year(entries),
        venue=_first(entries, "journal", "venue", "container-title", "publication", "booktitle"),
        doi=doi.group().lower() if doi else "",
        arxiv_id=arxiv.group() if arxiv else "",
        language=_language(_first(entries, "lang", "language")),
        keywords=tuple(_keywords(entries)),
    )
    filled = [
        name for name in ("title", "authors", "abstract", "year", "venue", "doi") if getattr(metadata, name)
    ]
    filled += [name for name in ("arxiv_id", "language", "keywords") if getattr(metadata, name)]
    evidence = dict.fromkeys(filled, Evidence(Source.FILE, _CONFIDENCE))
    return Metadata(**{name: getattr(metadata, name) for name in filled}, evidence=evidence)


def _is_null(value: object) -> bool:
    return isinstance(value, str) and value in _NULLS


def _first(entries: Mapping[str, object], *names: str) -> str:
    """Return the text of the first of these entries that is there."""
    return next((text for name in names for text in _texts(entries.get(name))), "")


def _texts(value: object) -> Iterator[str]:
    """Yield the texts of an entry: itself, those of a list, the names in a list of mappings."""
    if isinstance(value, str):
        if text := " ".join(str(value).split()):
            yield text
    elif isinstance(value, list):
        for each in value[:1000]:
            if isinstance(each, str) and not _is_null(each):
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
    if isinstance(value, str):
        yield from (name for name in _SEPARATOR.split(value) if name)
    else:
        yield from _texts(value)


def _keywords(entries: Mapping[str, object]) -> Iterator[str]:
    value = next((entries[name] for name in ("keywords", "tags") if entries.get(name)), None)
    if isinstance(value, str):
        yield from (word for word in re.split(r"\s*[;；,，、]\s*", value) if word)
    else:
        yield from _texts(value)


def _year(entries: Mapping[str, object]) -> int | None:
    match = _YEAR.search(_first(entries, "year", "date", "published"))
    return int(match.group(1)) if match else None


def _language(text: str) -> str:
    code = text[:2].lower()
    return code if re.fullmatch(r"[A-Za-z]{2}(?:[-_]\w+)*", text) else ""
