"""The first visit: the administrator's account."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from carrel.api.rest.context import rest_of
from carrel.api.rest.origins import is_private_to_this_machine
from carrel.api.rest.problems import problem_document
from carrel.api.rest.setting_up import first_administrator
from carrel.core.errors import UsageError
from carrel.core.language import tr
from carrel.web.rendering import rendered
from carrel.web.route import SIGN_IN, WELCOME, PageRoute, Posted
from carrel.web.signing import begun

router = APIRouter(route_class=PageRoute, include_in_schema=False)

AFTERWARDS = "/welcome/library"


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
        code_needed=not is_private_to_this_machine(request),
        wrong=said.detail if said else "",
        hint=said.hint if said else "",
    )
