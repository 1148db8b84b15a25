"""ETags: what a client has seen, so that it is not sent again, nor overwritten unseen."""

import hashlib

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from carrel.core.rest_errors import ChangedMeanwhile

_PRIVATE = "private, no-cache"  # kept by the client alone, and asked about each time


def tagged(request: Request, document: BaseModel, status: int = 200) -> Response:
    """Return a document with its ETag; 304 where the client has it already."""
    content = document.model_dump_json().encode()
    tag = _tag(content)
    headers = {"ETag": tag, "Cache-Control": _PRIVATE, "Vary": "Authorization, Cookie"}
    if request.method in ("GET", "HEAD") and seen(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(content, status, headers, "application/json")


def check_unchanged(request: Request, document: BaseModel) -> None:
    """Raise ChangedMeanwhile where the client names ETags, and none is the document's (If-Match)."""
    wanted = request.headers.get("if-match")
    if wanted is not None and not _among(wanted, _tag(document.model_dump_json().encode())):
        raise ChangedMeanwhile


def seen(request: Request, tag: str) -> bool:
    """Whether the client has what this ETag is of (If-None-Match)."""
    known = request.headers.get("if-none-match")
    return known is not None and _among(known.replace("W/", ""), tag)


def _tag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _among(header: str, tag: str) -> bool:
    return header.strip() == "*" or tag in (part.strip() for part in header[:4000].split(","))
