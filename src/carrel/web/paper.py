"""``/shelves/{base}/papers/{paper}``: a paper to read, with the passages that answer marked on its pages."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from carrel.api.rest.papers import holdings
from carrel.core.accounts import Role
from carrel.core.citation_format import CitationFormat
from carrel.core.job_errors import JobMissing
from carrel.core.page_errors import PageMissing
from carrel.core.paper import ParsedPaper
from carrel.library.citation_formats import exported
from carrel.library.citations import citation
from carrel.library.holdings import Found
from carrel.library.references import linked, references_of
from carrel.library.waiting import Waiting
from carrel.web import marks as marking
from carrel.web.apart import apart
from carrel.web.desk import Desk, Place
from carrel.web.facts import facts, origin, reading
from carrel.web.marks import Mark
from carrel.web.reader import Reader
from carrel.web.reading import folded_at_hand, found_paper, parse_at_hand
from carrel.web.rendering import rendered
from carrel.web.results import authors_in_short
from carrel.web.route import Looking, PageRoute, Posted
from carrel.web.sheets import lines

router = APIRouter(route_class=PageRoute, include_in_schema=False)

ONE = "/shelves/{base}/papers/{paper}"
_SIMILAR = 6
_ON_ITS_WAY = ("queued", "running", "handed", "paused")
Words = Annotated[str, Query(max_length=2000)]


@router.get(ONE)
@apart
def paper_page(
    reader: Looking,
    request: Request,
    base: str,
    paper: str,
    page: Annotated[str, Query(max_length=10)] = "",
    passage: Annotated[str, Query(max_length=100)] = "",
    q: Words = "",
    find: Annotated[str, Query(max_length=200)] = "",
    at: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """Show a paper: its pages, or its text; while it is on its way, how far it is."""
    found = found_paper(reader, base, paper)
    path = address(found)
    if found.paper.state != "ready":
        return _on_its_way(reader, request, found, path)
    if "hx-request" in request.headers:  # asked by the page that waited for it
        return Response(headers={"HX-Refresh": "true"})
    number, which = _number(page), _number(at) or 0
    place = Place(path, q.strip(), find.strip(), number, passage, which)
    parsed = parse_at_hand(reader, found)
    answers = marking.answers(reader, found, place.q, place.passage)
    places, more = _places(reader, found, parsed, place.find)
    desk = Desk(found, parsed, place, answers, places, more)
    shown: dict[str, object] = {"found": found, "place": place, **_about(reader, found), **desk.shown()}
    return rendered(request, "paper.html", 200, **shown)


@router.get(ONE + "/pages/{number}/words")
def words(reader: Looking, request: Request, base: str, paper: str, number: int) -> Response:
    """Give the words of a page, to be selected: a part of the paper's page."""
    found = found_paper(reader, base, paper)
    record, parsed = found.paper.record, parse_at_hand(reader, found)
    if not 0 < number <= record.pages:
        raise PageMissing(name=record.file_name, page=number, pages=record.pages)
    return rendered(request, "part_words.html", lines=tuple(lines(parsed, number)) if parsed else ())


@router.get(ONE + "/similar")
@apart
def similar_papers(reader: Looking, request: Request, base: str, paper: str) -> Response:
    """Show papers like this one; a part of its page, or a page of its own."""
    found = found_paper(reader, base, paper)
    with reader.rest.searches.place():
        near = reader.access.services.similar(
            base, paper, (), _SIMILAR, reader.access.caller, reader.rest.searches.asking
        )
    return _more(request, found, "similar", near=[each.paper for each in near])


@router.get(ONE + "/cite")
def cite(reader: Looking, request: Request, base: str, paper: str) -> Response:
    """Show how to cite the paper; a part of its page, or a page of its own."""
    found = found_paper(reader, base, paper)
    record, export = found.paper.record, f"{_files(found)[0]}/export"
    bibtex = exported([record], CitationFormat.BIBTEX).strip()
    return _more(request, found, "cite", said=citation(record), bibtex=bibtex, export=export)


@router.get(ONE + "/references")
def references(reader: Looking, request: Request, base: str, paper: str) -> Response:
    """Show the paper's list of references; a part of its page, or a page of its own."""
    found = found_paper(reader, base, paper)
    parsed = parse_at_hand(reader, found)
    entries = references_of(parsed) if parsed else ()
    records = holdings(reader.access, base).likely_cited(entries)
    record = found.paper.record
    entries = linked(entries, record.id, record.knowledge_base_id, records)
    return _more(request, found, "references", entries=entries)


@router.post(ONE + "/retry")
def retry(reader: Looking, base: str, paper: str, form: Posted) -> Response:
    """Try a paper again that failed."""
    del form  # its token was looked at
    waiting = Waiting(reader.access.services.catalog, reader.access.caller)
    job = waiting.of_paper(base, paper)
    if job is None:
        raise JobMissing(id=paper)
    waiting.retry(job.id)
    return RedirectResponse(f"/shelves/{job.knowledge_base_id}/papers/{job.paper_id}", 303)


def address(found: Found) -> str:
    """Return where the page of a paper is."""
    return f"/shelves/{found.knowledge_base.id}/papers/{found.paper.record.id}"


def _files(found: Found) -> tuple[str, str]:
    """Return where the REST API has the knowledge base's papers, and this one."""
    papers = f"/api/v1/knowledge-bases/{found.knowledge_base.id}/papers"
    return papers, f"{papers}/{found.paper.record.id}"


def _on_its_way(reader: Reader, request: Request, found: Found, path: str) -> Response:
    base, paper = found.knowledge_base, found.paper
    job = Waiting(reader.access.services.catalog, reader.access.caller).of_paper(base.id, paper.record.id)
    return rendered(
        request,
        "part_paper_waiting.html" if "hx-request" in request.headers else "paper_waiting.html",
        found=found,
        here=path,
        job=job,
        waits=paper.state in _ON_ITS_WAY,
        may_change=_role(reader, found).includes(Role.EDITOR),
    )


def _about(reader: Reader, found: Found) -> dict[str, object]:
    metadata = found.paper.record.metadata
    return {
        "title": metadata.title or found.paper.record.file_name,
        "metadata": metadata,
        "by": authors_in_short(metadata.authors),
        "facts": facts(found.paper.record),
        "abstract_origin": origin(found.paper.record, "abstract"),
        "reading": reading(found.paper.record.quality),
        "may_change": _role(reader, found).includes(Role.EDITOR),
        "files": _files(found)[1],
    }


def _role(reader: Reader, found: Found) -> Role:
    return reader.access.shelves.with_role(found.knowledge_base.id)[1]


def _places(
    reader: Reader, found: Found, parsed: ParsedPaper | None, words: str
) -> tuple[tuple[Mark, ...], bool]:
    if parsed is None or not words:
        return (), False
    return marking.places(parsed, words, folded_at_hand(reader, found))


def _more(request: Request, found: Found, what: str, **values: object) -> Response:
    part = "hx-request" in request.headers
    record = found.paper.record
    return rendered(
        request,
        f"part_{what}.html" if part else "paper_more.html",
        200,
        found=found,
        what=what,
        title=record.metadata.title or record.file_name,
        here=address(found),
        **values,
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() else None
