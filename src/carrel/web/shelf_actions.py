"""What editors do with the papers that they have chosen, and with what is under way."""

from collections.abc import Sequence
from contextlib import suppress

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from carrel.api.rest.exporting import as_file
from carrel.core.bibliography_errors import NothingChosen, NothingSearchable
from carrel.core.citation_format import CitationFormat
from carrel.core.errors import PaperMissing
from carrel.core.language import tr
from carrel.core.ranking import PaperRecord
from carrel.library.holdings import Holdings
from carrel.library.waiting import Waiting
from carrel.web.confirming import Question, asked_first
from carrel.web.route import Looking, PageRoute, Posted, own_address

_FORMATS = tuple(each.value for each in CitationFormat)
_NAMED = 10  # papers on the page that asks

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.post("/shelves/{base}/selected")
def selected(reader: Looking, request: Request, base: str, form: Posted) -> Response:
    """Take papers out, try again to bring them in, label them, or send them as a bibliography.

    Raises:
        NothingChosen: no paper is ticked.
        NothingSearchable: a bibliography is wanted, and none of them has been read.
    """
    papers, wanted = form.texts("paper"), form.text("do")
    catalog, caller = reader.access.services.catalog, reader.access.caller
    chosen = Holdings(catalog, caller, base)
    back = own_address(form.text("back") or f"/shelves/{base}")
    if wanted in _FORMATS:
        return as_file(_searchable(chosen, papers), CitationFormat(wanted))
    chosen.check_editor()
    if form.text("retry"):  # the button of one that failed
        Waiting(catalog, caller).retry_papers(base, [form.text("retry")])
    elif not papers:
        raise NothingChosen
    elif wanted == "retry":
        Waiting(catalog, caller).retry_papers(base, papers)
    elif wanted == "tag":
        chosen.tag(papers, add=form.labels("tags"))
    elif wanted == "remove":
        asked = asked_first(request, form, _removal(chosen, papers, back))
        if asked:
            return asked
        for paper in papers:
            with suppress(PaperMissing):  # somebody else was quicker
                chosen.remove(paper)
    return RedirectResponse(back, 303)


def _searchable(chosen: Holdings, papers: Sequence[str]) -> list[PaperRecord]:
    """Return those of the papers that have been read; what failed or is on its way is left out."""
    if not papers:
        raise NothingChosen
    wanted = set(papers)
    found = [record for record in chosen.searchable() if record.id in wanted]
    if not found:
        raise NothingSearchable
    return found


def _removal(chosen: Holdings, papers: Sequence[str], back: str) -> Question:
    names = []
    for paper in papers[:_NAMED]:
        with suppress(PaperMissing):
            record = chosen.one(paper).paper.record
            names.append(record.metadata.title or record.file_name)
    return Question(
        tr("Take these papers out?"),
        tr(
            "They leave this knowledge base, with their tags and corrections. "
            "Other knowledge bases keep theirs."
        ),
        tr("Take out"),
        back,
        names,
        max(len(papers) - _NAMED, 0),
    )


@router.post("/shelves/{base}/pause")
def pause(reader: Looking, base: str, form: Posted) -> Response:
    """Let the jobs of a knowledge base wait, or go on."""
    reader.access.shelves.configure(base, paused=form.text("paused") == "yes")
    return RedirectResponse(f"/shelves/{base}", 303)
