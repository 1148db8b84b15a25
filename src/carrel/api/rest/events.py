"""``GET /api/v1/events``: what changes, as it changes (server-sent events)."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from typing import Annotated

from fastapi import APIRouter, Header
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from carrel.api.rest.access import Access, Reading, identified
from carrel.api.rest.changes import Change
from carrel.api.rest.documents import KnowledgeBaseDocument
from carrel.api.rest.jobs import JobDocument
from carrel.api.rest.knowledge_bases import PREFIX
from carrel.api.rest.problems import problem_responses
from carrel.api.rest.route import RestRoute
from carrel.core.accounts import Role, Scope
from carrel.core.errors import CarrelError

router = APIRouter(prefix=PREFIX, route_class=RestRoute, tags=["events"])

_LOOK_SECONDS = 0.25
_HEART_BEAT_SECONDS = 15.0


@router.get(
    "/events",
    operation_id="followEvents",
    summary="What changes, as it changes",
    response_class=Response,
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "Events, until the client hangs up"},
        **problem_responses(),
    },
)
async def events(
    access: Reading,
    request: Request,
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
) -> Response:
    """Follow the jobs and knowledge bases that the caller may see.

    Events: `job` and `knowledge-base` with the documents of their routes, `knowledge-base-gone` with an id,
    and `reset` where changes may have been missed: then read the lists again. With Last-Event-ID a client
    goes on where it lost the connection. The stream ends when the session or key does.
    """
    at_end = ExitStack()
    at_end.enter_context(access.rest.streams.one(access.caller.user_id))
    listener = _Listener(request, access, last_event_id)
    return StreamingResponse(
        listener.stream(at_end), headers={"X-Accel-Buffering": "no"}, media_type="text/event-stream"
    )


class _Listener:
    """One who listens: what they may see is asked anew before they are told anything."""

    def __init__(self, request: Request, access: Access, last_event_id: str | None) -> None:
        self._request = request
        self._access = access
        self._changes = access.rest.changes
        self._last_event_id = last_event_id
        self._seen = self._changes.newest
        self._roles: dict[str, Role] = {}

    async def stream(self, at_end: ExitStack) -> AsyncIterator[bytes]:
        """Yield events until the caller may not listen any more, or the server stops."""
        with at_end:
            self._roles = await run_in_threadpool(self._access.shelves.roles)
            while not (self._changes.following or self._changes.stopping):
                await asyncio.sleep(_LOOK_SECONDS)
            yield b"retry: 2000\n\n"  # from here on nothing is missed
            if (last := self._last_event_id) is not None:
                start = self._changes.place(last, self._roles)
                self._seen = -1 if start is None else start
            beat = time.monotonic()
            while not self._changes.stopping:
                if self._changes.missed(self._seen):
                    self._seen = self._changes.newest
                    yield _event("reset", self._changes.mark(self._seen, self._roles), "{}")
                found = self._changes.after(self._seen)
                if found or time.monotonic() - beat > _HEART_BEAT_SECONDS:
                    beat = time.monotonic()
                    lines = await self._told(found)
                    if lines is None:
                        return
                    yield b"".join(lines) or b": still here\n\n"
                await asyncio.sleep(_LOOK_SECONDS)

    async def _told(self, found: Sequence[Change]) -> list[bytes] | None:
        """Return the events for the caller; None where they may not listen any more."""
        try:
            access = await identified(self._access.rest, self._request)
            if not access.may(Scope.READ):
                return None
            roles = await run_in_threadpool(access.shelves.roles)
        except CarrelError:
            return None
        before, self._roles = self._roles, roles
        mark = self._changes.mark(self._seen, before)
        lines = [
            _event("knowledge-base-gone", mark, json.dumps({"id": gone}))
            for gone in before.keys() - roles.keys()
        ]
        for gained in roles.keys() - before.keys():
            base, role = await run_in_threadpool(access.shelves.with_role, gained)
            lines.append(_event("knowledge-base", mark, _json(KnowledgeBaseDocument.of(base, role))))
        for change in found:
            if (role_in := roles.get(change.knowledge_base_id)) is not None:
                lines.extend(self._lines(change, role_in))
            self._seen = change.number
        return lines

    def _lines(self, change: Change, role: Role) -> Iterator[bytes]:
        mark = self._changes.mark(change.number, self._roles)
        if change.job is not None:
            yield _event("job", mark, _json(JobDocument.of(change.job)))
        elif change.base is not None:
            yield _event("knowledge-base", mark, _json(KnowledgeBaseDocument.of(change.base, role)))


def _json(document: BaseModel) -> str:
    return document.model_dump_json()


def _event(name: str, mark: str, data: str) -> bytes:
    """Return an event; JSON has no line breaks, so its data is one line."""
    return f"event: {name}\nid: {mark}\ndata: {data}\n\n".encode("utf-8", "replace")
