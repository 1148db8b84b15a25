"""A paper's file, whole or in part, and its pages as pictures."""

import re
from collections.abc import AsyncIterator
from typing import Annotated, BinaryIO
from urllib.parse import quote

from fastapi import APIRouter, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from carrel.api.rest.access import Access, Reading
from carrel.api.rest.etags import seen
from carrel.api.rest.knowledge_bases import PREFIX, Key
from carrel.api.rest.page_pictures import MOST_PIXELS_WIDE
from carrel.api.rest.papers import ONE, PaperKey, holdings
from carrel.api.rest.problems import problem_responses
from carrel.api.rest.route import RestRoute
from carrel.core.formats import HEAD_BYTES, FileFormat, recognise
from carrel.core.page_errors import PageMissing
from carrel.core.rest_errors import FileLost, RangeOutside
from carrel.storage.paper_pages import SeenPaper

router = APIRouter(prefix=PREFIX, route_class=RestRoute, tags=["papers"])

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_PIECE_BYTES = 2**18
_TYPES = {
    FileFormat.PDF: "application/pdf",
    FileFormat.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    FileFormat.HTML: "text/html",
    FileFormat.MARKDOWN: "text/markdown",
    FileFormat.TEXT: "text/plain",
    FileFormat.CODE: "text/plain",
}
_UNKNOWN = "application/octet-stream"
_CONTENT: dict[str, dict[str, object]] = {kind: {} for kind in (*_TYPES.values(), _UNKNOWN)}
# Bytes of strangers: a browser that shows them runs nothing of them and gives them nobody's rights.
_CAREFUL = {
    "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'self'",
    "Cache-Control": "private, max-age=0, must-revalidate",
    "Vary": "Authorization, Cookie",
    "Accept-Ranges": "bytes",
}


@router.get(
    f"{ONE}/file",
    operation_id="getPaperFile",
    summary="A paper's file",
    response_class=Response,
    responses={
        200: {"content": _CONTENT, "description": "The file"},
        206: {"content": _CONTENT, "description": "The part asked for with Range"},
        304: {"description": "The client has it"},
        **problem_responses(409, 410, 416),
    },
)
async def file(access: Reading, request: Request, knowledge_base: Key, paper: PaperKey) -> Response:
    """Return the bytes as they came (those of an unlocked copy where a password opened it).

    One range at a time (`Range: bytes=0-1023`), with `If-Range`; the ETag is the file's SHA-256.
    """
    found = (await run_in_threadpool(holdings(access, knowledge_base).one, paper)).paper
    tag = f'"{found.sha256}"'
    headers = {**_CAREFUL, "ETag": tag}
    if seen(request, tag):
        return Response(status_code=304, headers=headers)
    first, past = _asked(request, tag, found.size)
    stream, kind = await run_in_threadpool(_opened, access, found)
    headers |= {"Content-Length": str(past - first), "Content-Disposition": _disposition(found, kind)}
    status = 200
    if past - first < found.size:
        status = 206
        headers["Content-Range"] = f"bytes {first}-{past - 1}/{found.size}"
    # Given as a header: a charset would be added otherwise, and nobody knows that of the file.
    headers["Content-Type"] = _TYPES[kind] if kind else _UNKNOWN
    return StreamingResponse(_pieces(stream, first, past), status, headers)


@router.get(
    f"{ONE}/pages/{{number}}.png",
    operation_id="getPagePicture",
    summary="A page as a picture",
    response_class=Response,
    responses={
        200: {"content": {"image/png": {}}, "description": "The page as displayed"},
        304: {"description": "The client has it"},
        **problem_responses(409, 410),
    },
)
def picture(
    access: Reading,
    request: Request,
    knowledge_base: Key,
    paper: PaperKey,
    number: Annotated[int, Path(ge=1, le=100_000, description="From 1.")],
    width: Annotated[int | None, Query(ge=16, le=MOST_PIXELS_WIDE, description="In pixels.")] = None,
    scale: Annotated[float, Query(ge=0.25, le=4.0, description="Pixels a point, without width.")] = 2.0,
) -> Response:
    """Draw a page of a PDF. A box of a passage, in points, lies on it scaled by its pixels a point."""
    found = holdings(access, knowledge_base).one(paper).paper
    name = found.record.file_name
    if found.state == "ready" and number > found.record.pages:
        raise PageMissing(name=name, page=number, pages=found.record.pages)
    tag = f'"{found.sha256[:32]}-{number}-{width or scale}"'
    headers = {"ETag": tag, "Cache-Control": "private, max-age=3600", "Vary": "Authorization, Cookie"}
    if seen(request, tag):
        return Response(status_code=304, headers=headers)
    stream, kind = _opened(access, found)
    stream.close()
    if kind is not FileFormat.PDF:
        raise PageMissing(name=name, page=number, pages=0)
    path = access.services.blobs.path(found.sha256)
    content = access.rest.pictures.draw(path, name, number, width, scale)
    return Response(content, headers=headers, media_type="image/png")


def _opened(access: Access, found: SeenPaper) -> tuple[BinaryIO, FileFormat | None]:
    """Open a paper's file; also return its format. Raises FileLost."""
    try:
        stream = access.services.blobs.path(found.sha256).open("rb")
    except (KeyError, OSError) as error:
        raise FileLost(name=found.record.file_name) from error
    kind = recognise(found.record.file_name, stream.read(HEAD_BYTES))
    return stream, kind


def _asked(request: Request, tag: str, size: int) -> tuple[int, int]:
    """Return the first byte that is asked for and the one past the last.

    Raises:
        RangeOutside: no byte lies in the range.
    """
    header = request.headers.get("range", "") if request.method == "GET" else ""
    match = _RANGE.fullmatch(header.replace(" ", ""))
    unchanged = request.headers.get("if-range", tag) == tag
    if match is None or match.group() == "bytes=-" or not unchanged:
        return 0, size  # several ranges, or what is none: the whole is a right answer
    first, last = match.groups()
    if not first:
        start, past = max(0, size - int(last)), size
    else:
        start, past = int(first), min(size, int(last) + 1) if last else size
    if last and first and int(last) < int(first):
        return 0, size
    if start >= past:
        raise RangeOutside(size=size)
    return start, past


def _disposition(found: SeenPaper, kind: FileFormat | None) -> str:
    """Return the header that names the file: in ASCII, and in full as RFC 6266 has it."""
    name = found.record.file_name
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in name)
    shown = "inline" if kind in (FileFormat.PDF, FileFormat.TEXT, FileFormat.CODE) else "attachment"
    return f"{shown}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


async def _pieces(stream: BinaryIO, first: int, past: int) -> AsyncIterator[bytes]:
    try:
        await run_in_threadpool(stream.seek, first)
        left = past - first
        while left > 0 and (piece := await run_in_threadpool(stream.read, min(_PIECE_BYTES, left))):
            left -= len(piece)
            yield piece
    finally:
        stream.close()
