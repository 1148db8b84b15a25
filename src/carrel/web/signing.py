"""Signing in and out, making an account, one's password; the language of the pages, and light or dark."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from carrel.api.rest.access import SESSION_COOKIE
from carrel.api.rest.context import rest_of
from carrel.api.rest.problems import problem_document
from carrel.api.rest.session_cookies import forget_session, is_secure, keep_session
from carrel.core.errors import UsageError
from carrel.core.language import LANGUAGES, tr
from carrel.core.rest_errors import NothingThere
from carrel.web.reader import KEYS, KEYS_COOKIE, LANGUAGE_COOKIE, THEME_COOKIE, THEMES, Reader
from carrel.web.rendering import rendered
from carrel.web.route import PASSWORD, SIGN_IN, WELCOME, Fresh, PageRoute, Posted, own_address
from carrel.web.unsent import offered_again

router = APIRouter(route_class=PageRoute, include_in_schema=False)

SIGN_UP = "/sign-up"
_A_YEAR = 365 * 86400
Next = Annotated[str, Query(max_length=2000)]


@router.get(SIGN_IN)
def sign_in_page(request: Request, next: Next = "/") -> Response:
    """Show the form."""
    users = rest_of(request).services.accounts().users
    if not users.is_set_up():
        return RedirectResponse(WELCOME, 303)
    ended = SESSION_COOKIE in request.cookies
    return _sign_in_form(request, own_address(next), ended=ended)


@router.post(SIGN_IN)
def sign_in(request: Request, form: Posted) -> Response:
    """Begin a session and go where the reader wanted to go."""
    wanted = own_address(form.text("next") or "/")
    try:
        return begun(request, form.text("name"), form.text("password"), wanted, form.text("unsent"))
    except UsageError as error:
        return _sign_in_form(request, wanted, form.word("name"), error, unsent=form.text("unsent"))


@router.post("/sign-out")
def sign_out(reader: Fresh, request: Request, form: Posted) -> Response:
    """End the session."""
    del form  # its token was looked at
    signing_in = reader.access.services.accounts().signing_in
    signing_in.sign_out(request.cookies.get(SESSION_COOKIE, ""), reader.access.caller.address)
    answer = RedirectResponse(SIGN_IN, 303)
    forget_session(request, answer)
    return answer


@router.get(SIGN_UP)
def sign_up_page(request: Request) -> Response:
    """Show the form, where everybody may make an account."""
    if not rest_of(request).services.accounts().users.sign_up_is_open():
        raise NothingThere(path=SIGN_UP)
    return _sign_up_form(request)


@router.post(SIGN_UP)
def sign_up(request: Request, form: Posted) -> Response:
    """Make the account and sign in with it."""
    rest = rest_of(request)
    name, password = form.text("name"), form.text("password")
    try:
        rest.services.accounts().users.sign_up(name, password, rest.clients.address(request))
        return begun(request, name, password, "/")
    except UsageError as error:
        return _sign_up_form(request, name, error)


@router.get(PASSWORD)
def password_page(reader: Fresh, request: Request, done: bool = False) -> Response:
    """Show the form."""
    return _password_form(request, reader, done=done)


@router.post(PASSWORD)
def change_password(reader: Fresh, request: Request, form: Posted) -> Response:
    """Change one's own password: this session goes on, the others end."""
    signing_in = reader.access.services.accounts().signing_in
    token = request.cookies.get(SESSION_COOKIE, "")
    try:
        signing_in.change_password(reader.access.caller, form.text("present"), form.text("new"), token)
    except UsageError as error:
        return _password_form(request, reader, error)
    return RedirectResponse(PASSWORD + "?done=1" if reader.access.caller.scopes else "/", 303)


@router.post("/looks")
def looks(request: Request, form: Posted) -> Response:
    """Keep the language, light or dark, and single keys in this browser; whoever it is."""
    answer = RedirectResponse(own_address(form.text("next") or "/"), 303)
    for name, cookie, known in (
        ("language", LANGUAGE_COOKIE, LANGUAGES),
        ("theme", THEME_COOKIE, THEMES),
        ("keys", KEYS_COOKIE, KEYS),
    ):
        value = form.text(name).replace("system", "")
        if form.ticked(name) and value in known:
            answer.set_cookie(
                cookie, value, _A_YEAR, path="/", secure=is_secure(request), httponly=True, samesite="lax"
            )
    return answer


def begun(request: Request, name: str, password: str, wanted: str, unsent: str = "") -> Response:
    """Return the answer that begins a session: on to what was wanted, or to a form that was not sent yet.

    Raises:
        SignInRefused, SignInThrottled: not with these.
    """
    rest = rest_of(request)
    signed_in = rest.services.accounts().signing_in.sign_in(
        name, password, rest.clients.address(request), request.headers.get("user-agent", "")
    )
    again = offered_again(request, unsent, signed_in.session.csrf_token) if unsent else None
    answer = again or RedirectResponse(wanted, 303)
    keep_session(request, answer, signed_in.token)
    return answer


def _sign_in_form(
    request: Request,
    wanted: str,
    name: str = "",
    error: UsageError | None = None,
    ended: bool = False,
    unsent: str = "",
) -> Response:
    is_open = rest_of(request).services.accounts().users.sign_up_is_open()
    said = problem_document(error) if error else None
    return rendered(
        request,
        "sign_in.html",
        said.status if said else 200,
        next=wanted,
        name=name,
        ended=ended,
        unsent=unsent,
        open=is_open,
        wrong=said.detail if said else "",
        hint=said.hint if said else "",
    )


def _sign_up_form(request: Request, name: str = "", error: UsageError | None = None) -> Response:
    said = problem_document(error) if error else None
    return rendered(
        request,
        "account_new.html",
        said.status if said else 200,
        title=tr("Make an account"),
        words=tr("Then you can make knowledge bases of your own, and others can share theirs with you."),
        button=tr("Make the account"),
        name=name,
        code="",
        code_needed=False,
        wrong=said.detail if said else "",
        hint=said.hint if said else "",
    )


def _password_form(
    request: Request, reader: Reader, error: UsageError | None = None, done: bool = False
) -> Response:
    said = problem_document(error) if error else None
    return rendered(
        request,
        "password.html",
        said.status if said else 200,
        must=not reader.access.caller.scopes,
        done=done,
        wrong=said.detail if said else "",
        hint=said.hint if said else "",
    )
