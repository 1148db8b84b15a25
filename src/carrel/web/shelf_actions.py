"""What editors do with the papers that they have chosen, and with what is under way."""

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from carrel.api.rest.exporting import as_file
from carrel.core.citation_format import CitationFormat
from carrel.core.errors import PaperMissing
from carrel.library.holdings import Holdings
from carrel.library.waiting import Waiting
from carrel.web.route import Looking, PageRoute, Posted, own_address

_FORMATS = tuple(each.value for each in CitationFormat)

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.post("/shelves/{base}/selected")
def selected(reader: Looking, base: str, form: Posted) -> Response:
    """Take papers out, try again to bring them in, label them, or send them as a bibliography."""
    papers = form.texts("paper")
    catalog, caller = reader.access.services.catalog, reader.access.caller
    if form.text("do") == "retry":
        Waiting(catalog, caller).retry_papers(base, papers)
    elif form.text("do") == "remove":
        holdings = Holdings(catalog, caller, base)
        for paper in papers:
            try:
                holdings.remove(paper)
            except PaperMissing:  # somebody else was quicker
                continue
    elif form.text("do") == "tag":
        Holdings(catalog, caller, base).tag(papers, add=form.word("tags").split(","))
    elif form.text("do") in _FORMATS:
        wanted = CitationFormat(form.text("do"))
        return as_file(Holdings(catalog, caller, base).searchable(papers), wanted)
    return RedirectResponse(own_address(form.text("back") or f"/shelves/{base}"), 303)


@router.post("/shelves/{base}/pause")
def pause(reader: Looking, base: str, form: Posted) -> Response:
    """Let the jobs of a knowledge base wait, or go on."""
    reader.access.shelves.configure(base, paused=form.text("paused") == "yes")
    return RedirectResponse(f"/shelves/{base}", 303)
