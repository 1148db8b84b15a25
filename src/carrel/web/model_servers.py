"""``/settings/models``: the models of the settings, and the servers that administrators name and try."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from carrel.api.rest.problems import problem_document
from carrel.core.endpoints import ModelEndpoint, Purpose
from carrel.core.errors import CarrelError, UsageError
from carrel.core.language import tr
from carrel.web.confirming import Question, asked_first
from carrel.web.endpoint_form import EndpointForm, purpose_of
from carrel.web.forms import Form
from carrel.web.reader import Reader
from carrel.web.rendering import rendered
from carrel.web.route import PageRoute, Posted, Running, own_address

if TYPE_CHECKING:
    from carrel.bootstrap.trials import Trial

router = APIRouter(route_class=PageRoute, include_in_schema=False)

MODELS = "/settings/models"


@dataclass(frozen=True, slots=True)
class SetModel:
    """A model that the settings name: who runs it, and whether a named server goes before."""

    purpose: Purpose
    model: str
    url: str
    has_key: bool
    named: bool


@router.get(MODELS)
def models(reader: Running, request: Request) -> Response:
    """Show the models."""
    return _list_page(request, reader)


@router.post(MODELS + "/test-settings")
def test_settings(reader: Running, request: Request, form: Posted) -> Response:
    """Try a server that the settings name."""
    from carrel.bootstrap.trials import try_embedder, try_reranker

    settings = reader.access.services.settings
    if purpose_of(form.text("purpose")) is Purpose.RERANKER:
        trial = try_reranker(settings)
    else:
        trial = try_embedder(settings.embedder, settings, form.ticked("quick"))
    if _is_part(request):
        return rendered(request, "part_trial.html", trial=trial)
    return _list_page(request, reader, trial)


@router.get(MODELS + "/new")
def new(_: Running, request: Request) -> Response:
    """Show an empty form."""
    purpose = purpose_of(request.query_params.get("for", ""))
    return _form_page(request, EndpointForm("", purpose))


@router.post(MODELS + "/new")
def create(reader: Running, request: Request, form: Posted) -> Response:
    """Name a server, and go on to where it was wanted."""
    filled = EndpointForm.read(form)
    try:
        reader.access.services.endpoints.create(
            reader.access.caller, filled.purpose, filled.model, filled.url, filled.key or "", filled.options
        )
    except UsageError as error:
        return _form_page(request, filled, error)
    return RedirectResponse(own_address(form.text("next") or MODELS), 303)


@router.post(MODELS + "/test")
def test(reader: Running, request: Request, form: Posted) -> Response:
    """Try a server with what stands in the form. Nothing is saved."""
    from carrel.bootstrap.trials import try_endpoint

    endpoints, caller = reader.access.services.endpoints, reader.access.caller
    present = endpoints.find(caller, form.word("id")) if form.word("id") else None
    filled = EndpointForm.read(form, present)
    try:
        endpoint, key = endpoints.proposed(caller, filled.id, filled.endpoint, filled.key)
        trial = try_endpoint(endpoint, key, reader.access.services.settings, form.ticked("quick"))
    except CarrelError as error:
        if _is_part(request):
            raise
        return _form_page(request, filled, error)
    if _is_part(request):
        return rendered(request, "part_trial.html", trial=trial)
    return _form_page(request, filled, trial=trial)


@router.get(MODELS + "/{endpoint}")
def one(reader: Running, request: Request, endpoint: str) -> Response:
    """Show the form of a server."""
    return _form_page(request, EndpointForm.of(_found(reader, endpoint)))


@router.post(MODELS + "/{endpoint}")
def change(reader: Running, request: Request, endpoint: str, form: Posted) -> Response:
    """Change a server."""
    filled = EndpointForm.read(form, _found(reader, endpoint))
    try:
        reader.access.services.endpoints.change(
            reader.access.caller, endpoint, filled.model, filled.url, filled.key, filled.options
        )
    except UsageError as error:
        return _form_page(request, filled, error)
    return RedirectResponse(MODELS, 303)


@router.post(MODELS + "/{endpoint}/delete")
def delete(reader: Running, request: Request, endpoint: str, form: Posted) -> Response:
    """Remove a server, with its key."""
    found = _found(reader, endpoint)
    question = Question(
        tr("Remove this server?"),
        tr(
            "Its key goes with it. Knowledge bases with this model are then asked of the server in the "
            "settings, where there is one."
        ),
        tr("Remove"),
        f"{MODELS}/{endpoint}",
        [f"{found.model} · {found.url}"],
    )
    if asked := asked_first(request, form, question):
        return asked
    reader.access.services.endpoints.delete(reader.access.caller, endpoint)
    return RedirectResponse(MODELS, 303)


def _found(reader: Reader, endpoint: str) -> ModelEndpoint:
    return reader.access.services.endpoints.find(reader.access.caller, endpoint)


def _is_part(request: Request) -> bool:
    return "hx-request" in request.headers


def _list_page(request: Request, reader: Reader, trial: "Trial | None" = None) -> Response:
    services = reader.access.services
    settings = services.settings
    endpoints = services.endpoints.all_of_them(reader.access.caller)
    named = {(found.purpose, found.model) for found in endpoints}
    uses: dict[str, int] = {}
    for base, _ in reader.bases():
        uses[base.embedder] = uses.get(base.embedder, 0) + 1
    embedder = SetModel(
        Purpose.EMBEDDER,
        settings.embedder,
        settings.embedder_url,
        bool(settings.embedder_api_key),
        (Purpose.EMBEDDER, settings.embedder) in named,
    )
    reranker = SetModel(
        Purpose.RERANKER,
        settings.reranker,
        settings.reranker_url,
        bool(settings.reranker_api_key),
        (Purpose.RERANKER, settings.reranker) in named
        or (not settings.reranker and any(found.purpose is Purpose.RERANKER for found in endpoints)),
    )
    return rendered(
        request, "models.html", set_models=(embedder, reranker), endpoints=endpoints, uses=uses, trial=trial
    )


def _form_page(
    request: Request, filled: EndpointForm, error: CarrelError | None = None, trial: "Trial | None" = None
) -> Response:
    from carrel.engines.profiles import PROFILES, UNKNOWN

    said = problem_document(error) if error else None
    sent: Form = request.state.form
    return rendered(
        request,
        "model_form.html",
        said.status if said else 200,
        form=filled,
        afterwards=sent.text("next") or request.query_params.get("next", ""),
        profiles=[profile.name for profile in (*PROFILES, UNKNOWN)],
        trial=trial,
        wrong=said.detail if said else "",
        hint=said.hint if said else "",
    )
