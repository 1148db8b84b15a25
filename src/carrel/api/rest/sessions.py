"""``/api/v1/session``: signing in and out, who one is, and one's own password."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from carrel.api.rest.access import SESSION_COOKIE, Access, Identified
from carrel.api.rest.account_documents import Credentials, PasswordChange, SessionDocument
from carrel.api.rest.context import rest_of
from carrel.api.rest.knowledge_bases import PREFIX
from carrel.api.rest.origins import check_origin
from carrel.api.rest.problems import problem_responses
from carrel.api.rest.route import RestRoute
from carrel.api.rest.session_cookies import forget_session, keep_session
from carrel.core.accounts import Scope
from carrel.core.rest_errors import ScopeMissing

router = APIRouter(prefix=PREFIX, route_class=RestRoute, tags=["accounts"])


@router.post(
    "/session",
    status_code=201,
    operation_id="signIn",
    summary="Sign in",
    responses=problem_responses(413, 415),
)
def sign_in(request: Request, response: Response, given: Credentials) -> SessionDocument:
    """Begin a session: its cookie comes with the answer, and the token that changes must be sent with."""
    check_origin(request)
    rest = rest_of(request)
    signed_in = rest.services.accounts().signing_in.sign_in(
        given.name, given.password, rest.clients.address(request), request.headers.get("user-agent", "")
    )
    keep_session(request, response, signed_in.token)
    response.headers["Cache-Control"] = "no-store"
    return SessionDocument.of(signed_in.session.caller, signed_in.session.csrf_token)


@router.get("/session", operation_id="getSession", summary="Who one is", responses=problem_responses())
def who(access: Identified, response: Response) -> SessionDocument:
    """Say who asks, with a session or a key."""
    response.headers["Cache-Control"] = "no-store"
    return SessionDocument.of(access.caller, access.session.csrf_token if access.session else None)


@router.delete(
    "/session", status_code=204, operation_id="signOut", summary="Sign out", responses=problem_responses()
)
def sign_out(access: Identified, request: Request, everywhere: bool = False) -> Response:
    """End the session, or with ``everywhere`` each of one's sessions; with a key, only one that may all."""
    signing_in = access.services.accounts().signing_in
    if everywhere:
        if access.session is None and not access.caller.may(Scope.ADMIN):
            raise ScopeMissing(scope=Scope.ADMIN)
        signing_in.sign_out_everywhere(access.caller)
    elif access.session is not None:
        signing_in.sign_out(request.cookies.get(SESSION_COOKIE, ""), access.caller.address)
    answer = Response(status_code=204)
    forget_session(request, answer)
    return answer


@router.post(
    "/session/password",
    status_code=204,
    operation_id="changePassword",
    summary="Change one's password",
    responses=problem_responses(413, 415),
)
def change_password(access: Identified, request: Request, given: PasswordChange) -> Response:
    """Change one's own password: the present session goes on, the others end, API keys stay."""
    token = _token(access, request)
    signing_in = access.services.accounts().signing_in
    signing_in.change_password(access.caller, given.present, given.new, token)
    return Response(status_code=204)


def _token(access: Access, request: Request) -> str:
    return request.cookies.get(SESSION_COOKIE, "") if access.session is not None else ""
