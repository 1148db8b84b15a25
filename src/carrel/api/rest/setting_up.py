"""``/api/v1/setup`` and ``/api/v1/sign-up``: the first administrator, and accounts of one's own."""

import hmac

from fastapi import APIRouter
from starlette.requests import Request

from carrel.api.guard import is_private_to_this_machine
from carrel.api.rest.access import Administering
from carrel.api.rest.account_documents import (
    Credentials,
    NewAdministrator,
    SetUpDocument,
    SignUpState,
    UserDocument,
)
from carrel.api.rest.context import rest_of
from carrel.api.rest.knowledge_bases import PREFIX
from carrel.api.rest.origins import check_origin
from carrel.api.rest.problems import problem_responses
from carrel.api.rest.route import RestRoute
from carrel.api.rest.sign_in import set_up_code
from carrel.core.account_errors import SetUpAlready
from carrel.core.rest_errors import SetUpCodeWrong
from carrel.core.users import User

router = APIRouter(prefix=PREFIX, route_class=RestRoute, tags=["accounts"])


@router.get("/setup", operation_id="getSetup", summary="How the server stands", responses=problem_responses())
def stands(request: Request) -> SetUpDocument:
    """Say whether there is an account, and whether one can be made; nobody need be signed in."""
    users = rest_of(request).services.accounts().users
    return SetUpDocument(
        set_up=users.is_set_up(),
        sign_up="open" if users.sign_up_is_open() else "closed",
        code_needed=takes_code(request),
    )


@router.post(
    "/setup",
    status_code=201,
    operation_id="setUp",
    summary="Make the first administrator",
    responses=problem_responses(409, 413, 415),
)
def set_up(request: Request, wanted: NewAdministrator) -> UserDocument:
    """Make the first user; possible once. From elsewhere it takes the code that ``carrel serve`` printed."""
    check_origin(request)
    return UserDocument.of(first_administrator(request, wanted.name, wanted.password, wanted.code))


def first_administrator(request: Request, name: str, password: str, code: str) -> User:
    """Make the first user, for somebody who may.

    Raises:
        SetUpAlready: there is one.
        SetUpCodeWrong: they ask from elsewhere, without the code that this server printed.
        AccountError: the name or the password will not do.
    """
    rest = rest_of(request)
    users = rest.services.accounts().users
    if users.is_set_up():  # before the code: there is nothing to guess any more
        raise SetUpAlready
    wanted = set_up_code(rest.token)
    same = hmac.compare_digest(code.strip().encode(), wanted.encode())
    if takes_code(request) and not (wanted and same):
        raise SetUpCodeWrong
    return users.create_first_administrator(name, password, rest.clients.address(request))


@router.post(
    "/sign-up",
    status_code=201,
    operation_id="signUp",
    summary="Make an account of one's own",
    responses=problem_responses(409, 413, 415),
)
def sign_up(request: Request, wanted: Credentials) -> UserDocument:
    """Make an account, where administrators have opened that; then sign in with it."""
    check_origin(request)
    rest = rest_of(request)
    users = rest.services.accounts().users
    return UserDocument.of(users.sign_up(wanted.name, wanted.password, rest.clients.address(request)))


@router.put(
    "/sign-up",
    operation_id="setSignUp",
    summary="Open or close signing up",
    responses=problem_responses(413, 415),
)
def set_sign_up(access: Administering, wanted: SignUpState) -> SignUpState:
    """Let everybody make an account, or only administrators."""
    access.services.accounts().users.set_sign_up(access.caller, wanted.state)
    return wanted


def takes_code(request: Request) -> bool:
    """Whether who sets up must know the code; behind a proxy everybody, since not every proxy says so."""
    behind_proxy = rest_of(request).services.settings.trusted_proxies
    return bool(behind_proxy) or not is_private_to_this_machine(request)
