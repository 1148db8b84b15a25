"""Who a request is from, and what they may do: looked at before anything else of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from carrel.api.guard import bearer
from carrel.api.rest.callers import LONGEST_SECRET, SignedIn, caller_with, same
from carrel.api.rest.context import Rest
from carrel.api.rest.origins import check_origin
from carrel.bootstrap import Services
from carrel.core.account_errors import PasswordMustChange
from carrel.core.accounts import Caller, Scope
from carrel.core.rest_errors import CsrfMissing, NotSignedIn, ScopeMissing
from carrel.library.shelves import Shelves

SESSION_COOKIE = "carrel_session"
CSRF_HEADER = "X-CSRF-Token"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

KEY = HTTPBearer(auto_error=False, scheme_name="key", description="An API key. It needs no CSRF token.")
SESSION = APIKeyCookie(
    name=SESSION_COOKIE,
    auto_error=False,
    scheme_name="session",
    description=f"A session. Changes need the header {CSRF_HEADER}, too.",
)


@dataclass(frozen=True, slots=True, eq=False)
class Access:
    """A request's caller, and the server as far as they may see and change it."""

    caller: Caller
    rest: Rest
    session: SignedIn | None = None

    @property
    def services(self) -> Services:
        """Everything, whoever asks: for what was looked at with ``shelves`` before."""
        return self.rest.services

    @property
    def shelves(self) -> Shelves:
        """The knowledge bases that the caller may see."""
        return self.rest.services.shelves.of(self.caller)

    def may(self, scope: Scope) -> bool:
        """Whether the caller may do what this scope is for; ADMIN takes an administrator, too."""
        return self.caller.may(scope) and (scope is not Scope.ADMIN or self.caller.administrator)


async def identified(rest: Rest, request: Request) -> Access:
    """Return who asks: whose key it is, or whose session.

    Raises:
        NotSignedIn: nobody, or with what is not good any more.
        CsrfMissing, CrossOrigin: as ``in_session``.
    """
    secret = bearer(request.headers.get("authorization", ""))
    if secret:
        caller = await run_in_threadpool(caller_with, rest.sign_in, rest.token, secret)
        if caller is None:
            raise NotSignedIn
        return Access(replace(caller, address=rest.clients.address(request)), rest)
    return await in_session(rest, request)


async def in_session(rest: Rest, request: Request, csrf: str | None = None) -> Access:
    """Return whose session it is; ``csrf`` is its token where it came otherwise than in its header.

    Raises:
        NotSignedIn: nobody's.
        CsrfMissing: a change is asked for with a session's cookie and without its token.
        CrossOrigin: or by another site's page.
    """
    found = await run_in_threadpool(session_of, rest, request)
    if found is None or found.session is None:
        raise NotSignedIn
    if request.method not in _SAFE:
        check_origin(request)
        given = request.headers.get(CSRF_HEADER, "") if csrf is None else csrf
        if not same(given, found.session.csrf_token):
            raise CsrfMissing
    return found


def session_of(rest: Rest, request: Request) -> Access | None:
    """Return whose session a request's cookie names, None where it is nobody's. Changes need more than it."""
    token = request.cookies.get(SESSION_COOKIE, "")
    session = rest.sign_in.session_caller(token) if token and len(token) <= LONGEST_SECRET else None
    if session is None:
        return None
    return Access(replace(session.caller, address=rest.clients.address(request)), rest, session)


class Needs:
    """A route's dependency: an ``Access`` that may do what ``scope`` is for.

    The route (``route.py``) checks it before it reads a byte of the body.
    """

    def __init__(self, scope: Scope | None) -> None:
        """Take the scope; None is for whoever it is, even before they have changed a password."""
        self.scope = scope

    async def check(self, rest: Rest, request: Request) -> None:
        """Find out who asks, and keep it for the route.

        Raises:
            NotSignedIn, CsrfMissing: as ``identified``.
            ScopeMissing: they may not do this, whatever it is asked of.
            PasswordMustChange: they must do something else first.
        """
        access = await identified(rest, request)
        if self.scope is not None and not access.may(self.scope):
            if access.session is not None and not access.caller.scopes:
                raise PasswordMustChange
            raise ScopeMissing(scope=self.scope)
        request.state.access = access

    async def __call__(
        self,
        request: Request,
        _key: Annotated[HTTPAuthorizationCredentials | None, Security(KEY)],
        _session: Annotated[str | None, Security(SESSION)],
    ) -> Access:
        """Return what ``check`` found."""
        access: Access = request.state.access
        return access


Identified = Annotated[Access, Security(Needs(None))]
Reading = Annotated[Access, Security(Needs(Scope.READ))]
Writing = Annotated[Access, Security(Needs(Scope.WRITE))]
Administering = Annotated[Access, Security(Needs(Scope.ADMIN))]


def needed(calls: Sequence[object]) -> Needs | None:
    """Return what a route needs, among its dependencies."""
    return next((call for call in calls if isinstance(call, Needs)), None)
