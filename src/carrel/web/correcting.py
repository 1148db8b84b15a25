"""``/shelves/{base}/papers/{paper}/correct``: putting right what was read of a paper, and its tags."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from carrel.api.rest.papers import holdings
from carrel.api.rest.problems import problem_document
from carrel.core.corrections import FIELDS, Value
from carrel.core.errors import UsageError
from carrel.core.language import tr
from carrel.core.metadata import Metadata
from carrel.core.ranking import PaperRecord
from carrel.library.holdings import Found
from carrel.web.forms import Form
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
    was: str  # what it is, whatever stands in the form
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
    """Change what differs from what the form showed, and go back to the paper.

    Where somebody else has changed the same field meanwhile, the form comes again and says so.
    """
    found = found_paper(reader, base, paper)
    metadata = found.paper.record.metadata
    present = {name: _text(metadata, name) for name in FIELDS}
    back = [name for name in form.texts("as_read") if name in FIELDS]
    typed = {name: text for name in FIELDS if (text := _changed(form, name, present)) is not None}
    tags = form.labels("tags")
    overtaken = {name: present[name] for name in typed if present[name] != _shown(form, name, present)}
    if overtaken and not set(overtaken) <= set(back):
        return _form(request, found, present | typed, _merged(form, found), overtaken=overtaken)
    try:
        values = {name: _value(name, text) for name, text in typed.items() if name not in back}
        before = form.labels("was_tags") if form.ticked("was_tags") else None
        holdings(reader.access, base).correct(
            paper, values, back, tags if form.ticked("tags") else None, before
        )
    except UsageError as error:
        return _form(request, found, present | typed, _merged(form, found), error)
    return RedirectResponse(f"{address(found)}#about", 303)


def _shown(form: Form, name: str, present: Mapping[str, str]) -> str:
    """Return what a field of the form showed before it was typed into."""
    return form.text(f"was_{name}").replace("\r", "") if form.ticked(f"was_{name}") else present[name]


def _changed(form: Form, name: str, present: Mapping[str, str]) -> str | None:
    """Return what was typed into a field; None where that is what it showed, or what it is by now."""
    typed = form.text(name).replace("\r", "")
    known = (_shown(form, name, present), present[name])
    return typed if form.ticked(name) and typed not in known else None


def _merged(form: Form, found: Found) -> tuple[str, ...]:
    """Return the tags as they would be: what others did meanwhile, and what was done in the form."""
    there, shown, typed = found.paper.record.tags, form.labels("was_tags"), form.labels("tags")
    if not form.ticked("tags"):
        return there
    kept = [tag for tag in there if tag in typed or tag not in shown]
    return (*kept, *(tag for tag in typed if tag not in kept and tag not in shown))


def _form(
    request: Request,
    found: Found,
    typed: Mapping[str, str],
    tags: tuple[str, ...],
    error: UsageError | None = None,
    overtaken: Mapping[str, str] | None = None,
) -> Response:
    part = "hx-request" in request.headers
    said = problem_document(error) if error else None
    record = found.paper.record
    return rendered(
        request,
        "part_correct.html" if part else "paper_more.html",
        said.status if said else 409 if overtaken else 200,
        what="correct",
        found=found,
        title=record.metadata.title or record.file_name,
        here=address(found),
        fields=_fields(record, typed),
        tags=", ".join(tags),
        was_tags=", ".join(record.tags),
        overtaken=overtaken or {},
        wrong=said.detail if said else "",
        hint=said.hint if said else "",
    )


def _fields(record: PaperRecord, typed: Mapping[str, str]) -> tuple[Field, ...]:
    labels = {
        "title": tr("Title"),
        "authors": tr("Authors"),
        "year": tr("Year"),
        "venue": tr("Venue"),
        "doi": "DOI",
        "language": tr("Language"),
    }
    hints = {"authors": tr("One name a line."), "language": tr("Two letters, such as en or zh.")}
    by = {each.field: each.user_name for each in record.corrections}
    return tuple(
        Field(
            name,
            labels[name],
            typed[name],
            _text(record.metadata, name),
            hints.get(name, ""),
            _text(record.as_read or record.metadata, name) if name in by else None,
            by.get(name, ""),
        )
        for name in FIELDS
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
