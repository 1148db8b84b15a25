"""``/settings/audit``, who did what, for administrators; ``/jobs``, what is and was worked on."""

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from carrel.api.rest.paging import cursor, position
from carrel.core.accounts import Role
from carrel.core.audit import Action
from carrel.core.jobs import JobState
from carrel.library.waiting import Waiting
from carrel.storage.job_lists import ListedJob
from carrel.web.reader import Reader
from carrel.web.rendering import rendered
from carrel.web.route import Looking, PageRoute, Posted, Running, own_address

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_ROWS = 50


@dataclass(frozen=True, slots=True)
class ShownJob:
    """A job, where it belongs, and whether the reader may steer it."""

    job: ListedJob
    shelf: str
    may_edit: bool


@router.get("/settings/audit")
def audit(reader: Running, request: Request, action: str = "", after: str = "") -> Response:
    """Show what was done, the newest first."""
    log = reader.access.services.accounts().audit
    start = position(after or None, "audit", int)
    found = log.page(
        reader.access.caller, _ROWS + 1, int(start[0]) if start else None, None, action.strip()[:60]
    )
    following = cursor("audit", found[_ROWS - 1].number) if len(found) > _ROWS else ""
    return rendered(
        request,
        "audit.html",
        entries=found[:_ROWS],
        following=following,
        action=action.strip()[:60],
        actions=tuple(Action),
    )


@router.get("/jobs")
def jobs(reader: Looking, request: Request, state: str = "", after: str = "") -> Response:
    """Show the jobs of the reader's knowledge bases, the newest first."""
    chosen = state if state in tuple(JobState) else ""
    start = position(after or None, "jobs", int)
    found = _waiting(reader).page([], chosen, int(start[0]) if start else None, _ROWS + 1)
    following = cursor("jobs", found[_ROWS - 1].number) if len(found) > _ROWS else ""
    names = {base.id: (base.name, role.includes(Role.EDITOR)) for base, role in reader.bases()}
    shown = [ShownJob(job, *names.get(job.knowledge_base_id, ("", False))) for job in found[:_ROWS]]
    return rendered(request, "jobs.html", jobs=shown, following=following, state=chosen)


@router.post("/jobs")
def steer(reader: Looking, form: Posted) -> Response:
    """Give a job up, or try it again."""
    waiting, job = _waiting(reader), form.word("job")
    if form.text("do") == "cancel":
        waiting.cancel(job)
    elif form.text("do") == "retry":
        waiting.retry(job)
    return RedirectResponse(own_address(form.text("back") or "/jobs"), 303)


def _waiting(reader: Reader) -> Waiting:
    return Waiting(reader.access.services.catalog, reader.access.caller)
