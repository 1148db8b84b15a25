"""A route of the pages: who looks is found out first, forms are checked, every error is a page."""

import logging
import traceback
from collections.abc import Callable, Coroutine
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from fastapi import Depends
from fastapi.exceptions import RequestValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from carrel.api.rest.access import CSRF_HEADER
from carrel.api.rest.origins import check_origin
from carrel.api.rest.route import HeadRoute
from carrel.core.account_errors import PasswordMustChange
from carrel.core.accounts import Scope
from carrel.core.errors import CarrelError
from carrel.core.language import use_language
from carrel.core.rest_errors import NothingThere
from carrel.web.failures import error_page, fault_page
from carrel.web.forms import CSRF_FIELD, Form, read_form
from carrel.web.reader import Reader, is_set_up, language_of, reader_of
from carrel.web.rendering import rendered
from carrel.web.unsent import asked_to_sign_in

SIGN_IN, WELCOME, PASSWORD = "/sign-in", "/welcome", "/settings/password"
_CLIENT_GONE = 499  # nobody reads it
_SAFE = ("GET", "HEAD")
_log = logging.getLogger(__name__)


class Looks:
    """A route's dependency: the ``Reader``, signed in; ``administrator``: who also runs the server.

    Nobody signed in is sent to sign in and comes back to where they wanted to go.
    """

    def __init__(self, administrator: bool = False, fresh: bool = False) -> None:
        """``fresh``: also whoever must change their password first."""
        self.administrator = administrator
        self.fresh = fresh

    async def __call__(self, request: Request) -> Reader:
        """Return who looks, as the route found them."""
        reader: Reader = request.state.reader
        return reader


async def _posted(request: Request) -> Form:
    form: Form = request.state.form
    return form


Looking = Annotated[Reader, Depends(Looks())]
Running = Annotated[Reader, Depends(Looks(administrator=True))]
Fresh = Annotated[Reader, Depends(Looks(fresh=True))]
Posted = Annotated[Form, Depends(_posted)]


class PageRoute(HeadRoute):
    """Answers with pages. A route that takes ``Posted`` has its form read and checked beforehand.

    One that takes another kind of body (a file) reads and checks it itself.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        handle = super().get_route_handler()
        calls = [dependency.call for dependency in self.dependant.dependencies]
        looks = next((call for call in calls if isinstance(call, Looks)), None)
        takes_form = _posted in calls

        async def answer(request: Request) -> Response:
            use_language(language_of(request))
            try:
                request.state.form = form = await read_form(request) if takes_form else Form()
                if looks is not None:
                    turned_away = await _admit(request, looks, form)
                    if turned_away is not None:
                        return turned_away
                elif request.method not in _SAFE:
                    check_origin(request)
                return await handle(request)
            except CarrelError as error:
                return error_page(request, error)
            except RequestValidationError:  # an address that nobody was given
                return error_page(request, NothingThere(path=request.url.path))
            except ClientDisconnect:
                return Response(status_code=_CLIENT_GONE)
            except Exception as error:  # a fault of ours: its words may quote what was typed
                where = "".join(traceback.format_tb(error.__traceback__))
                _log.error("%s, at:\n%s", type(error).__name__, where)
                return fault_page(request)

        return answer


async def _admit(request: Request, looks: Looks, form: Form) -> Response | None:
    """Keep the reader for the route; return where to send those who may not be here.

    Raises:
        CsrfMissing, CrossOrigin: a change is asked for, and not by a page of ours.
        NothingThere: the page is for those who run the server; others need not know of it.
    """
    if request.method not in _SAFE:
        check_origin(request)  # first: of another site's form nothing is kept, whoever is signed in
    csrf = form.text(CSRF_FIELD) or request.headers.get(CSRF_HEADER, "")
    reader = await reader_of(request, csrf)
    if reader is None:
        return await _nobody(request, form)
    request.state.reader = reader
    if not looks.fresh and not reader.access.may(Scope.READ):
        if not reader.access.caller.scopes:
            return _sent(request, PASSWORD)
        raise PasswordMustChange
    if looks.administrator and not reader.administrator:
        raise NothingThere(path=request.url.path)
    return None


async def _nobody(request: Request, form: Form) -> Response:
    """Return the answer to somebody who is not signed in.

    A part of a page gets a note: the page stays as it is, with what is typed on it.
    """
    if not await is_set_up(request):
        return _sent(request, WELCOME)
    sign_in = f"{SIGN_IN}?next={quote(_here(request), safe='')}"
    if "hx-request" in request.headers:
        return rendered(request, "part_ended.html", 401, sign_in=sign_in)
    return asked_to_sign_in(request, form) or _sent(request, sign_in)


def _here(request: Request) -> str:
    """Return the address to come back to: a page, not where a form was sent or a part of a page."""
    if "hx-request" in request.headers:
        return own_address(_local(request.headers.get("hx-current-url", "")))
    return _local(str(request.url)) if request.method in _SAFE else "/"


def _local(address: str) -> str:
    """Return the path of an address with what it asks, "" where it is none."""
    try:
        found = urlsplit(address)
    except ValueError:
        return ""
    return f"{found.path}?{found.query}" if found.query else found.path


def _sent(request: Request, address: str) -> Response:
    """Return the answer that sends a browser elsewhere, whole page or part."""
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)


def own_address(wanted: str) -> str:
    """Return an address within these pages: what was wanted if it is one, else the first page.

    Nobody is sent to another site, however it is written.
    """
    plain = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if plain and wanted.isprintable() and "\\" not in wanted else "/"
