"""``/settings/users``: accounts, for administrators."""

from collections.abc import Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from carrel.api.rest.problems import problem_document
from carrel.core.account_errors import OwnsKnowledgeBases
from carrel.core.errors import UsageError
from carrel.core.language import tr
from carrel.core.users import Fate
from carrel.library.users import Users
from carrel.web.confirming import Question, asked_first
from carrel.web.forms import Form
from carrel.web.reader import Reader
from carrel.web.rendering import rendered
from carrel.web.route import PageRoute, Posted, Running

router = APIRouter(route_class=PageRoute, include_in_schema=False)

USERS = "/settings/users"


@router.get(USERS)
def people(reader: Running, request: Request) -> Response:
    """Show the accounts."""
    return _page(request, reader)


@router.post(USERS)
def make(reader: Running, request: Request, form: Posted) -> Response:
    """Make an account; its password must be changed at the first sign-in."""

    def create() -> None:
        _users(reader).create(
            reader.access.caller, form.text("name"), form.text("password"), form.ticked("administrator")
        )

    return _done(request, reader, create, form)


@router.post(USERS + "/change")
def change(reader: Running, request: Request, form: Posted) -> Response:
    """Make somebody an administrator or not, shut an account or open it."""
    key, what = form.word("user"), form.text("do")
    wanted = {
        "promote": {"administrator": True},
        "demote": {"administrator": False},
        "disable": {"disabled": True},
        "enable": {"disabled": False},
    }.get(what, {})
    return _done(request, reader, lambda: _users(reader).change(reader.access.caller, key, **wanted), form)


@router.post(USERS + "/password")
def reset(reader: Running, request: Request, form: Posted) -> Response:
    """Set somebody's password; they are signed out and must change it."""
    users, key = _users(reader), form.word("user")
    return _done(
        request, reader, lambda: users.reset_password(reader.access.caller, key, form.text("password")), form
    )


@router.post(USERS + "/delete")
def delete(reader: Running, request: Request, form: Posted) -> Response:
    """Delete an account; what becomes of knowledge bases that only it owns is asked where there are any."""
    fate = form.text("fate")
    chosen: Fate | None = "delete" if fate == "delete" else "keep" if fate == "keep" else None
    key = form.word("user")
    names = [user.name for user in _users(reader).all_of_them(reader.access.caller) if user.id == key]
    question = Question(
        tr("Delete this account?"),
        tr("It cannot sign in any more, and its keys end. This cannot be taken back; shutting it can."),
        tr("Delete the account"),
        USERS,
        names,
    )
    if asked := asked_first(request, form, question):
        return asked
    return _done(request, reader, lambda: _users(reader).delete(reader.access.caller, key, chosen), form)


@router.post(USERS + "/sign-up")
def sign_up(reader: Running, form: Posted) -> Response:
    """Open or close signing up."""
    _users(reader).set_sign_up(reader.access.caller, "open" if form.text("state") == "open" else "closed")
    return RedirectResponse(USERS, 303)


def _users(reader: Reader) -> Users:
    return reader.access.services.accounts().users


def _done(request: Request, reader: Reader, act: Callable[[], object], form: Form) -> Response:
    """Do it and show the accounts; where it cannot be done, say so there."""
    try:
        act()
    except UsageError as error:
        return _page(request, reader, form, error)
    return RedirectResponse(USERS, 303)


def _page(
    request: Request, reader: Reader, form: Form | None = None, error: UsageError | None = None
) -> Response:
    said = problem_document(error) if error else None
    return rendered(
        request,
        "people.html",
        said.status if said else 200,
        users=_users(reader).all_of_them(reader.access.caller),
        me=reader.access.caller.user_id,
        open=_users(reader).sign_up_is_open(),
        name=form.text("name") if form else "",
        asks_fate=form.word("user") if form and isinstance(error, OwnsKnowledgeBases) else "",
        wrong=said.detail if said else "",
        hint=said.hint if said else "",
    )
