"""``/settings``: one's account: password, sessions, and API keys, each shown once."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from carrel.api.rest.access import SESSION_COOKIE
from carrel.api.rest.problems import problem_document
from carrel.core.accounts import Scope
from carrel.core.errors import UsageError
from carrel.core.language import tr
from carrel.web.confirming import Question, asked_first
from carrel.web.reader import Reader
from carrel.web.rendering import rendered
from carrel.web.route import Looking, PageRoute, Posted

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/settings")
def account(reader: Looking, request: Request) -> Response:
    """Show one's account."""
    return _page(request, reader)


@router.post("/settings/keys")
def make_key(reader: Looking, request: Request, form: Posted) -> Response:
    """Make a key and show its secret, which is kept nowhere: the answer is the page itself."""
    scopes = [scope for scope in Scope if scope.value in form.texts("scope")]
    days = form.number("days")
    try:
        _, secret = reader.access.services.accounts().api_keys.create(
            reader.access.caller, form.word("name"), scopes, days or None
        )
    except UsageError as error:
        return _page(request, reader, name=form.word("name"), error=error)
    return _page(request, reader, secret=secret)


@router.post("/settings/keys/revoke")
def revoke_key(reader: Looking, request: Request, form: Posted) -> Response:
    """End a key for ever."""
    api_keys, key = reader.access.services.accounts().api_keys, form.word("key")
    question = Question(
        tr("End this key?"),
        tr("Programs that sign in with it cannot any more. This cannot be taken back."),
        tr("End it"),
        "/settings",
        [found.name for found in api_keys.of_user(reader.access.caller) if found.id == key],
    )
    if asked := asked_first(request, form, question):
        return asked
    api_keys.revoke(reader.access.caller, key)
    return RedirectResponse("/settings", 303)


@router.post("/settings/sessions/end")
def end_others(reader: Looking, request: Request, form: Posted) -> Response:
    """Sign out every other browser."""
    del form  # its token was looked at
    signing_in = reader.access.services.accounts().signing_in
    signing_in.sign_out_everywhere(reader.access.caller, request.cookies.get(SESSION_COOKIE, ""))
    return RedirectResponse("/settings", 303)


def _page(
    request: Request, reader: Reader, secret: str = "", name: str = "", error: UsageError | None = None
) -> Response:
    said = problem_document(error) if error else None
    keys = reader.access.services.accounts().api_keys.of_user(reader.access.caller)
    return rendered(
        request,
        "account.html",
        said.status if said else 200,
        keys=[key for key in keys if not key.revoked_at],
        secret=secret,
        name=name,
        wrong=said.detail if said else "",
        hint=said.hint if said else "",
    )
