"""``/api/v1/audit``: who did what, for administrators."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from carrel.api.rest.access import Administering
from carrel.api.rest.account_documents import AuditDocument
from carrel.api.rest.knowledge_bases import PREFIX
from carrel.api.rest.paging import DEFAULT, After, Limit, Page, cursor, page, position
from carrel.api.rest.problems import problem_responses
from carrel.api.rest.route import RestRoute

router = APIRouter(prefix=PREFIX, route_class=RestRoute, tags=["accounts"])

_ORDER = "audit"


@router.get("/audit", operation_id="listAudit", summary="The audit log", responses=problem_responses())
def listed(
    access: Administering,
    request: Request,
    response: Response,
    user: Annotated[str | None, Query(max_length=100, description="The id of a user.")] = None,
    action: Annotated[str, Query(max_length=60, description="Such as sign-in-failed.")] = "",
    limit: Limit = DEFAULT,
    after: After = None,
) -> Page[AuditDocument]:
    """List what was done, the newest first."""
    start = position(after, _ORDER, int)
    before = int(start[0]) if start else None
    found = access.services.accounts().audit.page(access.caller, limit + 1, before, user, action)
    following = cursor(_ORDER, found[limit - 1].number) if len(found) > limit else None
    return page(request, response, [AuditDocument.of(entry) for entry in found[:limit]], following)
