"""What people say of a paper instead of what was read from its file, within one knowledge base."""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from carrel.core.json_values import as_list, as_number, as_text
from carrel.core.metadata import Evidence, Metadata, Source
from carrel.core.metadata_format import metadata_fields, metadata_of

Value = str | int | tuple[str, ...] | None
"""A field's value: text, year (None: it has none), or the authors' names."""

FIELDS = ("title", "authors", "year", "venue", "doi", "language")
"""The fields of the metadata that can be corrected."""

SEARCHED = frozenset(FIELDS) - {"doi"}
"""Those that an index knows: where one changes, the paper goes through its journey again."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One field of a paper's metadata, as somebody has put it right."""

    field: str  # one of ``FIELDS``
    value: Value
    user_id: str  # "": the command line
    user_name: str  # as it was then
    at: str


def corrected(metadata: Metadata, corrections: Collection[Correction]) -> Metadata:
    """Return the metadata with these corrections in it; evidence says which fields they are."""
    if not corrections:
        return metadata
    fields = metadata_fields(metadata)
    evidence = dict(metadata.evidence)
    for each in corrections:
        fields[each.field] = list(each.value) if isinstance(each.value, tuple) else each.value
        evidence.pop(each.field, None)
        if each.value:
            evidence[each.field] = Evidence(Source.CORRECTED, 1.0)
    fields["evidence"] = {name: [found.source.value, found.confidence] for name, found in evidence.items()}
    return metadata_of(fields)


def changed(metadata: Metadata, corrections: Iterable[Correction]) -> frozenset[str]:
    """Return the fields in which these corrections say something else than the metadata do."""
    return frozenset(each.field for each in corrections if getattr(metadata, each.field) != each.value)


def written(field: str, value: Value) -> str:
    """Return a value as the catalog stores it: a title and a year so that the database can sort by them."""
    if field == "authors":
        return json.dumps(value or [], ensure_ascii=False)
    return "" if value is None else str(value)


def read(field: str, text: str) -> Value:
    """Return the value that ``written`` wrote. Raises ValueError for anything else."""
    if field == "authors":
        return tuple(as_text(name) for name in as_list(json.loads(text)))
    if field == "year":
        return as_number(int(text)) if text else None
    if field not in FIELDS:
        raise ValueError(f"{field} cannot be corrected")
    return text
