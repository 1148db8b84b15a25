"""``/shelves/{base}/papers/{paper}/correct``: putting right what was read of a paper, and its tags."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from carrel.api.rest.papers import holdings
from carrel.api.rest.problems import problem_document
from carrel.core.corrections import FIELDS, Value
from carrel.core.domains import Domain
from carrel.core.errors import UsageError
from carrel.core.language import tr
from carrel.core.metadata import Metadata
from carrel.core.ranking import PaperRecord
from carrel.library.holdings import Found
from carrel.web.paper import ONE, address
from carrel.web.reading import found_paper
from carrel.web.rendering import rendered
from carrel.web.route import Looking, PageRoute, Posted

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the form: what stands in it, and what was read where somebody has corrected it."""

    name: str
    label: str
    text: str
    hint: str
    read: str | None  # None where it is as it was read
    by: str


@router.get(ONE + "/correct")
def correction_form(reader: Looking, request: Request, base: str, paper: str) -> Response:
    """Show the form; a part of the paper's page, or a page of its own."""
    holdings(reader.access, base).check_editor()
    found = found_paper(reader, base, paper)
    record = found.paper.record
    return _form(request, found, {name: _text(record.metadata, name) for name in FIELDS}, record.tags)


@router.post(ONE + "/correct")
def correct(reader: Looking, request: Request, base: str, paper: str, form: Posted) -> Response:
    """Keep what was put right, and go back to the paper."""
    found = found_paper(reader, base, paper)
    typed = {name: form.text(name) for name in FIELDS}
    back = [name for name in form.texts("as_read") if name in FIELDS]
    tags = tuple(filter(None, (each.strip() for each in form.text("tags").replace("，", ",").split(","))))
    present = found.paper.record.metadata
    values = {
        name: _value(name, text)
        for name, text in typed.items()
        if form.ticked(name) and name not in back and text.replace("\r", "") != _text(present, name)
    }
    try:
        labels = tags if form.ticked("tags") else None
        holdings(reader.access, base).correct(paper, values, back, labels)
    except UsageError as error:
        return _form(request, found, typed, tags, error)
    return RedirectResponse(f"{address(found)}#about", 303)


def _form(
    request: Request,
    found: Found,
    typed: Mapping[str, str],
    tags: tuple[str, ...],
    error: UsageError | None = None,
) -> Response:
    part = "hx-request" in request.headers
    said = problem_document(error) if error else None
    record = found.paper.record
    return rendered(
        request,
        "part_correct.html" if part else "paper_more.html",
        said.status if said else 200,
        what="correct",
        found=found,
        title=record.metadata.title or record.file_name,
        here=address(found),
        fields=_fields(record, typed, found.knowledge_base.domain),
        tags=", ".join(tags),
        wrong=said.detail if said else "",
        hint=said.hint if said else "",
    )


def _fields(record: PaperRecord, typed: Mapping[str, str], domain: Domain) -> tuple[Field, ...]:
    labels = domain.labels
    hints = {"authors": tr("One name a line."), "language": tr("Two letters, such as en or zh.")}
    by = {each.field: each.user_name for each in record.corrections}
    return tuple(
        Field(
            name,
            labels[name],
            typed[name],
            hints.get(name, ""),
            _text(record.as_read or record.metadata, name) if name in by else None,
            by.get(name, ""),
        )
        for name in FIELDS
        if name in labels
    )


def _text(metadata: Metadata, name: str) -> str:
    """Return a field as it stands in the form."""
    value = getattr(metadata, name)
    return "\n".join(value) if isinstance(value, tuple) else str(value or "")


def _value(name: str, text: str) -> Value:
    if name == "authors":
        return tuple(text.splitlines())
    if name == "year":
        year = text.strip()
        return (int(year) if year.isascii() and year.isdecimal() and len(year) < 6 else 0) if year else None
    return text
