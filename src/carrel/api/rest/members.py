"""``/api/v1/knowledge-bases/{id}/members``: with whom a knowledge base is shared."""

from fastapi import APIRouter
from starlette.responses import Response

from carrel.api.rest.access import Reading, Writing
from carrel.api.rest.account_documents import MemberDocument, Members, RoleGiven
from carrel.api.rest.knowledge_bases import PREFIX, Key
from carrel.api.rest.problems import problem_responses
from carrel.api.rest.route import RestRoute
from carrel.api.rest.users import UserKey
from carrel.core.accounts import Role

router = APIRouter(prefix=PREFIX, route_class=RestRoute, tags=["knowledge bases"])


@router.get(
    "/knowledge-bases/{knowledge_base}/members",
    operation_id="listMembers",
    summary="List the members",
    responses=problem_responses(409),
)
def listed(access: Reading, knowledge_base: Key) -> Members:
    """List who has a role in a knowledge base, for everybody who may see it."""
    found = access.services.accounts().sharing.members(access.caller, knowledge_base)
    return Members(items=[MemberDocument.of(member) for member in found])


@router.put(
    "/knowledge-bases/{knowledge_base}/members/{user}",
    operation_id="setMember",
    summary="Share with somebody",
    responses=problem_responses(409, 413, 415),
)
def put(access: Writing, knowledge_base: Key, user: UserKey, given: RoleGiven) -> MemberDocument:
    """Let somebody in or change what they may do, for owners. They are named exactly, by name or id."""
    sharing = access.services.accounts().sharing
    return MemberDocument.of(sharing.set_role(access.caller, knowledge_base, user, Role(given.role)))


@router.delete(
    "/knowledge-bases/{knowledge_base}/members/{user}",
    status_code=204,
    operation_id="removeMember",
    summary="Shut somebody out, or leave",
    responses=problem_responses(409),
)
def delete(access: Writing, knowledge_base: Key, user: UserKey) -> Response:
    """Shut a member out, for owners; or leave, for everybody. The last owner stays."""
    access.services.accounts().sharing.remove(access.caller, knowledge_base, user)
    return Response(status_code=204)
