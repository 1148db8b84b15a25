"""The first visit: the administrator's account, then papers to search."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from carrel.api.rest.context import rest_of
from carrel.api.rest.problems import problem_document
from carrel.api.rest.setting_up import first_administrator, takes_code
from carrel.core.errors import UsageError
from carrel.core.knowledge_base import DEFAULT_EMBEDDER
from carrel.core.language import tr
from carrel.ingest.accept import Bringer, accept_stream, find_files
from carrel.ingest.samples import KNOWLEDGE_BASE, samples_folder
from carrel.web import new_models
from carrel.web.reader import Reader
from carrel.web.rendering import rendered
from carrel.web.route import SIGN_IN, WELCOME, Looking, PageRoute, Posted
from carrel.web.signing import begun

router = APIRouter(route_class=PageRoute, include_in_schema=False)

AFTERWARDS = "/welcome/library"
OWN = "library"  # the name of the first knowledge base


@router.get(WELCOME)
def welcome(request: Request) -> Response:
    """Show the form, as long as there is no account."""
    if rest_of(request).services.accounts().users.is_set_up():
        return RedirectResponse(SIGN_IN, 303)
    return _form(request)


@router.post(WELCOME)
def set_up(request: Request, form: Posted) -> Response:
    """Make the administrator, and sign in."""
    name, password, code = form.text("name"), form.text("password"), form.text("code")
    try:
        first_administrator(request, name, password, code)
        return begun(request, name, password, AFTERWARDS)
    except UsageError as error:
        return _form(request, name, code, error)


@router.get(AFTERWARDS)
def library(reader: Looking, request: Request) -> Response:
    """Offer the samples, or a knowledge base for one's own papers."""
    return _library(request, reader)


@router.post(AFTERWARDS)
def begin(reader: Looking, request: Request, form: Posted) -> Response:
    """Make the knowledge base, with the samples on their way into it where they are wanted."""
    samples = form.text("what") == "samples"
    try:
        embedder = new_models.possible(reader.access, form.word("embedder"))
        base = reader.access.shelves.existing_or_new(KNOWLEDGE_BASE if samples else OWN, embedder)
    except UsageError as error:
        return _library(request, reader, form.word("embedder"), error)
    if not samples:
        return RedirectResponse(f"/shelves/{base.id}", 303)
    services = reader.access.services
    bringer = Bringer(reader.access.caller.user_id)
    for path in find_files(samples_folder(), recursive=False):
        with path.open("rb") as stream:
            accept_stream(stream, path.name, base, services.catalog, services.blobs, bringer)
    return RedirectResponse(f"/shelves/{base.id}?welcome=1", 303)


def _library(request: Request, reader: Reader, model: str = "", error: UsageError | None = None) -> Response:
    said = problem_document(error) if error else None
    models = new_models.choices(reader.access)
    return rendered(
        request,
        "welcome_library.html",
        said.status if said else 200,
        model=model,
        models=models,
        embedded=models[0] == DEFAULT_EMBEDDER,
        wrong=said.detail if said else "",
        hint=said.hint if said else "",
    )


def _form(request: Request, name: str = "", code: str = "", error: UsageError | None = None) -> Response:
    said = problem_document(error) if error else None
    return rendered(
        request,
        "account_new.html",
        said.status if said else 200,
        title=tr("Welcome to Carrel"),
        words=tr("This server has no account yet. Make the first one: it is the administrator's."),
        button=tr("Make the administrator"),
        name=name,
        code=code,
        code_needed=takes_code(request),
        wrong=said.detail if said else "",
        hint=said.hint if said else "",
    )
