"""``/api/v1/api-keys``: keys for programs."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from carrel.api.rest.access import Identified
from carrel.api.rest.account_documents import ApiKeyDocument, ApiKeys, MadeApiKey, NewApiKey
from carrel.api.rest.knowledge_bases import PREFIX
from carrel.api.rest.problems import problem_responses
from carrel.api.rest.route import RestRoute
from carrel.core.accounts import Scope

router = APIRouter(prefix=PREFIX, route_class=RestRoute, tags=["accounts"])


@router.get("/api-keys", operation_id="listApiKeys", summary="List API keys", responses=problem_responses())
def listed(
    access: Identified,
    user: Annotated[
        str, Query(max_length=200, description="Id or name of whose; one's own by default.")
    ] = "",
) -> ApiKeys:
    """List one's keys, the newest first; those of others, for administrators."""
    found = access.services.accounts().api_keys.of_user(access.caller, user)
    return ApiKeys(items=[ApiKeyDocument.of(key) for key in found])


@router.post(
    "/api-keys",
    status_code=201,
    operation_id="createApiKey",
    summary="Make an API key",
    responses=problem_responses(413, 415),
)
def create(access: Identified, response: Response, wanted: NewApiKey) -> MadeApiKey:
    """Make a key, in a session or with a key of the scope admin. Its secret is in this answer alone."""
    scopes = [Scope(scope) for scope in wanted.scopes]
    key, secret = access.services.accounts().api_keys.create(
        access.caller, wanted.name, scopes, wanted.days, wanted.user
    )
    response.headers["Cache-Control"] = "no-store"
    return MadeApiKey.with_secret(key, secret)


@router.delete(
    "/api-keys/{key}",
    operation_id="revokeApiKey",
    summary="Revoke an API key",
    responses=problem_responses(),
)
def revoke(
    access: Identified, key: Annotated[str, Path(description="The id of a key.", max_length=100)]
) -> ApiKeyDocument:
    """End a key for ever: one's own, or anybody's for administrators. It stays in the list."""
    return ApiKeyDocument.of(access.services.accounts().api_keys.revoke(access.caller, key))
