"""``/api/v1/users``: accounts, for administrators."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from carrel.api.rest.access import Access, Administering
from carrel.api.rest.account_documents import NewPassword, NewUser, UserChanges, UserDocument
from carrel.api.rest.knowledge_bases import PREFIX
from carrel.api.rest.paging import DEFAULT, After, Limit, Page, cursor, page, position
from carrel.api.rest.problems import problem_responses
from carrel.api.rest.route import RestRoute
from carrel.library.users import Users

router = APIRouter(prefix=PREFIX, route_class=RestRoute, tags=["accounts"])

UserKey = Annotated[str, Path(description="The id of a user, or their name.", max_length=200)]
_ORDER = "users"


@router.get("/users", operation_id="listUsers", summary="List the users", responses=problem_responses())
def listed(
    access: Administering, request: Request, response: Response, limit: Limit = DEFAULT, after: After = None
) -> Page[UserDocument]:
    """List every user, by name."""
    start = position(after, _ORDER, str, str)
    documents = [UserDocument.of(user) for user in _users(access).all_of_them(access.caller)]
    documents.sort(key=lambda each: (each.name, each.id))
    if start is not None:
        documents = [each for each in documents if (each.name, each.id) > start]
    last = documents[limit - 1] if len(documents) > limit else None
    return page(request, response, documents[:limit], cursor(_ORDER, last.name, last.id) if last else None)


@router.post(
    "/users",
    status_code=201,
    operation_id="createUser",
    summary="Make a user",
    responses=problem_responses(409, 413, 415),
)
def create(access: Administering, response: Response, wanted: NewUser) -> UserDocument:
    """Make a user, who must change the password when they first sign in."""
    made = _users(access).create(access.caller, wanted.name, wanted.password, wanted.administrator)
    response.headers["Location"] = f"{PREFIX}/users/{made.id}"
    return UserDocument.of(made)


@router.get("/users/{user}", operation_id="getUser", summary="One user", responses=problem_responses())
def one(access: Administering, user: UserKey) -> UserDocument:
    """Return a user."""
    return UserDocument.of(_users(access).find(access.caller, user))


@router.patch(
    "/users/{user}",
    operation_id="changeUser",
    summary="Change a user",
    responses=problem_responses(409, 413, 415),
)
def change(access: Administering, user: UserKey, wanted: UserChanges) -> UserDocument:
    """Make a user an administrator or not, disable or enable them."""
    changed = _users(access).change(access.caller, user, wanted.administrator, wanted.disabled)
    return UserDocument.of(changed)


@router.delete(
    "/users/{user}",
    status_code=204,
    operation_id="deleteUser",
    summary="Delete a user",
    responses=problem_responses(409),
)
def delete(
    access: Administering,
    user: UserKey,
    knowledge_bases: Annotated[
        Literal["delete", "keep"] | None,
        Query(description="What becomes of those that only they own; kept ones are the caller's."),
    ] = None,
) -> Response:
    """Delete a user with their sessions, API keys and memberships."""
    _users(access).delete(access.caller, user, knowledge_bases)
    return Response(status_code=204)


@router.post(
    "/users/{user}/password",
    operation_id="resetPassword",
    summary="Set a user's password",
    responses=problem_responses(413, 415),
)
def reset_password(access: Administering, user: UserKey, given: NewPassword) -> UserDocument:
    """Set the password of a user, who is signed out everywhere and must change it. API keys stay."""
    return UserDocument.of(_users(access).reset_password(access.caller, user, given.password))


def _users(access: Access) -> Users:
    return access.services.accounts().users
