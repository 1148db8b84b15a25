"""Putting right what was read of a paper, within one knowledge base; and taking that back."""

import re
import unicodedata
from collections.abc import Collection, Mapping

from carrel.core.accounts import Caller
from carrel.core.audit import Action
from carrel.core.bibliography_errors import CorrectionUnusable
from carrel.core.corrections import FIELDS, SEARCHED, Correction, Value, changed
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.language import tr
from carrel.core.ranking import PaperRecord
from carrel.library.auditing import record
from carrel.storage import corrections, generations, job_rows, papers, queue
from carrel.storage.clock import now
from carrel.storage.database import Transaction

MOST_AUTHORS = 5000  # of the largest collaborations
LONGEST = {"title": 1000, "authors": 200, "venue": 500, "doi": 300}  # characters; of authors, each name
YEARS = range(1000, 3000)

_DOI = re.compile(r"10\.\d{4,9}/\S+")
_BEFORE_A_DOI = re.compile(r"(?:https?://)?(?:dx\.)?doi\.org/|doi:\s*", re.IGNORECASE)
_LANGUAGE = re.compile(r"[a-z]{2}|")


def correct(
    tx: Transaction,
    caller: Caller,
    base: KnowledgeBase,
    paper: PaperRecord,
    values: Mapping[str, Value],
    taken_back: Collection[str] = (),
) -> None:
    """Let fields of a paper be what somebody says, and others again what was read from its file.

    They are shown so at once. Where an index knows such a field the paper goes through its journey again,
    from the stored parse; until that is done, usually seconds later, searches find it by what it was.

    Args:
        tx: a transaction of a caller who may change the knowledge base.
        caller: who corrects.
        base: the knowledge base.
        paper: as it is known there.
        values: by field (``core.corrections.FIELDS``).
        taken_back: fields to be read from the file again; of no effect where nothing was corrected.

    Raises:
        CorrectionUnusable: a field cannot be that.
    """
    as_read = paper.as_read or paper.metadata
    at = now()
    made = [
        Correction(name, usable(name, value), caller.user_id, caller.name[:100], at)
        for name, value in values.items()
    ]
    needless = {each.field for each in made} - changed(as_read, made)  # it says so without a correction
    new = changed(paper.metadata, made)
    back = {each.field for each in paper.corrections} & ({_known(name) for name in taken_back} | needless)
    if not new and not back:
        return
    corrections.take_back(tx, base.id, paper.id, back)
    corrections.put(tx, base.id, paper.id, [each for each in made if each.field in new - needless])
    if (new | back) & SEARCHED:
        _queue_again(tx, caller, base, paper)
    detail = {each.field: _plain(each.value) for each in made if each.field in new - needless}
    detail |= dict.fromkeys(back, "")
    record(tx, caller, Action.PAPER_CORRECT, paper.id, {"knowledge_base": base.name, **detail})


def usable(field: str, value: Value) -> Value:
    """Return a field's value as it is kept: spaces put in order, a DOI without what stands before it.

    Raises:
        CorrectionUnusable: the field cannot be that, or there is no such field.
    """
    _known(field)
    if field == "year":
        if value is not None and (isinstance(value, bool) or value not in YEARS):
            raise _unusable(field, value, tr("a year of four digits, or none"))
        return value
    if field == "authors":
        return _authors(value)
    text = _line(value) if isinstance(value, str) else ""
    if field == "doi" and text:
        text = _BEFORE_A_DOI.sub("", text, count=1).rstrip(".,;").lower()
    expected = {
        "title": tr("1 to {count} characters").format(count=LONGEST["title"]),
        "venue": tr("at most {count} characters").format(count=LONGEST["venue"]),
        "doi": tr("a DOI such as 10.1000/182"),
        "language": tr("a code of two letters, such as en or zh (ISO 639-1)"),
    }[field]
    fits = {
        "title": 0 < len(text) <= LONGEST["title"],
        "venue": len(text) <= LONGEST["venue"],
        "doi": not text or (len(text) <= LONGEST["doi"] and _DOI.fullmatch(text) is not None),
        "language": _LANGUAGE.fullmatch(text) is not None,
    }[field]
    if not fits or not isinstance(value, str):
        raise _unusable(field, value, expected)
    return text


def _authors(value: Value) -> tuple[str, ...]:
    expected = tr("at most {names} names of at most {count} characters each").format(
        names=MOST_AUTHORS, count=LONGEST["authors"]
    )
    if not isinstance(value, tuple) or len(value) > MOST_AUTHORS:
        raise _unusable("authors", value, expected)
    names = tuple(filter(None, map(_line, value)))
    if any(len(name) > LONGEST["authors"] for name in names):
        raise _unusable("authors", max(names, key=len), expected)
    return names


def _line(text: str) -> str:
    """Return a text as one line: spaces put in order, control characters left out."""
    words = " ".join(text.split())
    return "".join(letter for letter in words if unicodedata.category(letter) != "Cc")


def _plain(value: Value) -> str:
    """Return a value for the audit log: "" where it says that there is none."""
    return "; ".join(value) if isinstance(value, tuple) else str(value or "")


def _known(field: str) -> str:
    if field not in FIELDS:
        raise _unusable(field, field, tr("one of {names}").format(names=", ".join(FIELDS)))
    return field


def _unusable(field: str, value: Value, expected: str) -> CorrectionUnusable:
    shown = ", ".join(value) if isinstance(value, tuple) else str(value)
    return CorrectionUnusable(field=field, value=shown[:60], expected=expected)


def _queue_again(tx: Transaction, caller: Caller, base: KnowledgeBase, paper: PaperRecord) -> None:
    """Let a paper that is searchable, or about to be, go through its journey with what it is called now."""
    under_way = generations.under_way(tx, base)
    for number in (0, *([under_way.number] if under_way else [])):
        if (job := queue.of_paper(tx, base, paper.id, number)) is not None:
            job_rows.begin_again(tx, job)
    if papers.holds(tx, base, paper.id):
        queue.enqueue(tx, base, paper.id, paper.file_name, created_by=caller.user_id)
