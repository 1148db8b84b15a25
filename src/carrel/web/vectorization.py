"""``/shelves/{base}/vectorization``: what an index is built with, what else it could be, and building it."""

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from carrel.api.rest import reindex_steps
from carrel.api.rest.knowledge_bases import offered_models
from carrel.api.rest.problems import problem_document
from carrel.api.rest.reindex_steps import Step
from carrel.core.accounts import Role
from carrel.core.errors import CarrelError, InvalidSetting
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.language import tr
from carrel.core.rebuild import Change, Estimate
from carrel.evaluation.measuring import Measured
from carrel.web.confirming import Question, asked_first
from carrel.web.forms import Form
from carrel.web.reader import Reader
from carrel.web.recall_chart import Chart, chart_of
from carrel.web.rendering import rendered
from carrel.web.route import Looking, PageRoute, Posted

router = APIRouter(route_class=PageRoute, include_in_schema=False)

PATH = "/shelves/{base}/vectorization"


@dataclass(frozen=True, slots=True)
class Wish:
    """What stands in the form: with what the index is to be built. Empty: as many as the model gives."""

    embedder: str
    dimensions: str
    size: str
    overlap: str
    references: bool
    parser: str

    @classmethod
    def of(cls, base: KnowledgeBase, given: QueryParams) -> "Wish":
        """Return what a knowledge base has, with what an address says instead."""
        chunking = base.chunking
        return cls(
            given.get("embedder", base.embedder)[:200],
            given.get("dimensions", str(base.dimensions or ""))[:12],
            given.get("size", str(chunking.size))[:12],
            given.get("overlap", str(chunking.overlap))[:12],
            given.get("references", "1" if chunking.references else "") == "1",
            given.get("parser", base.parser)[:40],
        )

    @classmethod
    def read(cls, form: Form) -> "Wish":
        """Return what was sent."""
        return cls(
            form.word("embedder"),
            form.word("dimensions"),
            form.word("size"),
            form.word("overlap"),
            form.ticked("references"),
            form.word("parser"),
        )

    def change(self) -> Change:
        """Return it as the journeys know it. Raises InvalidSetting."""
        return Change(
            self.embedder or None,
            _whole("dimensions", self.dimensions or "0"),
            _whole("size", self.size),
            _whole("overlap", self.overlap),
            self.references,
            self.parser or None,
        )


@router.get(PATH)
def vectorization(reader: Looking, request: Request, base: str) -> Response:
    """Show how it stands, and the form."""
    found = _owned(reader, base)
    return _page(request, reader, found, Wish.of(found, request.query_params))


@router.get(PATH + "/recall")
def recall(reader: Looking, request: Request, base: str) -> Response:
    """Measure what smaller vectors cost; the page's own request gets the chart alone."""
    found = _owned(reader, base)
    measured = reader.access.services.recall_of_cuts(found)
    if "hx-request" in request.headers:
        return rendered(request, "part_recall.html", shelf=found, measured=measured, chart=_chart(measured))
    return _page(request, reader, found, Wish.of(found, request.query_params))


@router.get(PATH + "/progress")
def progress(reader: Looking, request: Request, base: str) -> Response:
    """Show how far the building is; once it has ended the page is loaded anew."""
    found = _owned(reader, base)
    standing = reindex_steps.status(reader.access, found.id)
    if standing.under_way is None:
        return Response(headers={"HX-Refresh": "true"})
    return rendered(request, "part_building.html", shelf=found, standing=standing)


@router.post(PATH + "/estimate")
def estimate(reader: Looking, request: Request, base: str, form: Posted) -> Response:
    """Say what it would take. Nothing is changed."""
    found, wish = _owned(reader, base), Wish.read(form)
    part = "hx-request" in request.headers
    try:
        said = reindex_steps.estimate(reader.access, found.id, wish.change())
    except CarrelError as error:
        if part:
            raise
        return _page(request, reader, found, wish, error)
    if part:
        return rendered(request, "part_estimate.html", estimate=said)
    return _page(request, reader, found, wish, said=said)


@router.post(PATH)
def begin(reader: Looking, request: Request, base: str, form: Posted) -> Response:
    """Begin to build the index anew, with what stands in the form."""
    found, wish = _owned(reader, base), Wish.read(form)
    try:
        reindex_steps.begin(reader.access, found.id, wish.change())
    except CarrelError as error:
        return _page(request, reader, found, wish, error)
    return RedirectResponse(f"/shelves/{found.id}/vectorization", 303)


@router.post(PATH + "/steps")
def step(reader: Looking, request: Request, base: str, form: Posted) -> Response:
    """Give the building up, go on in spite of failures, go back, or let go of what is kept."""
    found, wanted = _owned(reader, base), form.text("do")
    if wanted == Step.DISCARD and (asked := asked_first(request, form, _letting_go(found))):
        return asked
    try:
        if wanted in tuple(Step):
            reindex_steps.take(reader.access, found.id, Step(wanted))
    except CarrelError as error:
        return _page(request, reader, found, Wish.of(found, QueryParams()), error)
    return RedirectResponse(f"/shelves/{found.id}/vectorization", 303)


def _letting_go(base: KnowledgeBase) -> Question:
    return Question(
        tr("Let the index before go?"),
        tr("Then there is no going back to it; what serves is not touched."),
        tr("Let it go"),
        f"/shelves/{base.id}/vectorization",
        [base.name],
    )


def _owned(reader: Reader, base: str) -> KnowledgeBase:
    return reader.access.shelves.require(base, Role.OWNER)


def _page(
    request: Request,
    reader: Reader,
    found: KnowledgeBase,
    wish: Wish,
    error: CarrelError | None = None,
    said: Estimate | None = None,
) -> Response:
    from carrel.parsing.parsers import parser_names

    services = reader.access.services
    problem = problem_document(error) if error else None
    models = offered_models(reader.access)
    measured = services.measurements.known(found)
    return rendered(
        request,
        "vectorization.html",
        problem.status if problem else 200,
        shelf=found,
        standing=reindex_steps.status(reader.access, found.id),
        wish=wish,
        models=models if wish.embedder in models else (wish.embedder, *models),
        parsers=parser_names(),
        estimate=said,
        wrong=problem.detail if problem else "",
        hint=problem.hint if problem else "",
        measured=measured,
        chart=_chart(measured),
    )


def _chart(measured: Measured | None) -> Chart | None:
    return chart_of(measured.cuts) if measured and measured.cuts else None


def _whole(name: str, said: str) -> int:
    if not (said.isascii() and said.isdecimal() and len(said) < 10):
        raise InvalidSetting(name=name, value=said[:60], expected="a whole number")
    return int(said)
