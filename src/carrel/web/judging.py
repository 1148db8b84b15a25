"""``/shelves/{base}/judgments``: what was said of answers, which is said on the search page below each."""

from contextlib import aclosing
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from carrel.api.rest.context import UPLOADS
from carrel.api.rest.judging import ExportedFile, as_file, judging
from carrel.api.rest.multipart import UploadLimits, uploaded_files
from carrel.api.rest.paging import cursor, position
from carrel.core.account_errors import PasswordMustChange
from carrel.core.accounts import Role, Scope
from carrel.core.errors import UsageError
from carrel.core.judgment_errors import JudgmentFileMissing, JudgmentMissing
from carrel.core.judgments import GRADES, JudgmentKey
from carrel.core.judgments_format import QRELS_FILE, QUERIES_FILE, read
from carrel.core.rest_errors import UploadOverLimit
from carrel.library.judging import Brought
from carrel.web.form_tokens import check_form_token
from carrel.web.reader import Reader, signed_in
from carrel.web.rendering import rendered
from carrel.web.route import SIGN_IN, Looking, PageRoute, Posted, own_address
from carrel.web.sharing import IMPORT, settings_page

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_ROWS = 50
_ORDER = "judgments"
_LIMITS = UploadLimits(8 * 2**20, 2)


@router.post("/shelves/{base}/papers/{paper}/judge")
def judge(reader: Looking, request: Request, base: str, paper: str, form: Posted) -> Response:
    """Say whether a paper answers a question, or with no grade take back what was said."""
    found = reader.access.shelves.require(base, Role.VIEWER)
    query, grade = form.text("q"), form.number("grade", -1)
    if grade in GRADES:
        judging(reader.access, found.id).judge(query, paper, grade)
    else:
        _take_back(reader, found.id, JudgmentKey.of(query, paper, reader.access.caller.user_id).id)
    rank = request.query_params.get("rank", "")
    rank = rank if rank.isascii() and rank.isdecimal() and len(rank) < 5 else "1"
    if "hx-request" not in request.headers:
        return RedirectResponse(f"{own_address(form.text('back'))}#hit-{rank}", 303)
    shown = grade if grade in GRADES else None
    return rendered(request, "part_judge.html", base=found.id, paper=paper, rank=rank, grade=shown)


@router.get("/shelves/{base}/judgments")
def listed(
    reader: Looking,
    request: Request,
    base: str,
    after: Annotated[str, Query(max_length=1000)] = "",
    brought: int | None = None,
    unknown: int = 0,
) -> Response:
    """Show one's own judgments, to an owner everybody's."""
    found, role = reader.access.shelves.with_role(base)
    start = position(after or None, _ORDER, str, str, str)
    key = None if start is None else JudgmentKey(*map(str, start))
    opinions = judging(reader.access, found.id).page(_ROWS + 1, key)
    last = opinions[_ROWS - 1].key if len(opinions) > _ROWS else None
    return rendered(
        request,
        "judgments.html",
        shelf=found,
        owns=role is Role.OWNER,
        opinions=opinions[:_ROWS],
        following=cursor(_ORDER, last.query_key, last.paper_id, last.user_id) if last else "",
        brought=brought,
        unknown=unknown,
    )


@router.post("/shelves/{base}/judgments/take-back")
def take_back(reader: Looking, base: str, form: Posted) -> Response:
    """Take a judgment back."""
    found = reader.access.shelves.require(base, Role.VIEWER)
    _take_back(reader, found.id, form.word("judgment"))
    return RedirectResponse(own_address(form.text("back") or f"/shelves/{found.id}/judgments"), 303)


@router.get("/shelves/{base}/judgments/export")
def export(
    reader: Looking, base: str, wanted: Annotated[ExportedFile, Query(alias="file")] = ExportedFile.QRELS
) -> Response:
    """Send the questions, or what was said of their answers."""
    return as_file(judging(reader.access, base), wanted)


@router.post("/shelves/{base}/judgments/import")
async def bring(request: Request, base: str, token: Annotated[str, Query(max_length=100)] = "") -> Response:
    """Take in the two files, and show what there is then."""
    # The body is a stream of files: the token is in the address, and is looked at before a byte is read.
    reader = await signed_in(request)
    if reader is None:
        return RedirectResponse(f"{SIGN_IN}?next=/shelves/{base}/settings", 303)
    if not reader.access.may(Scope.WRITE):
        raise PasswordMustChange
    request.state.reader = reader
    shelf = await run_in_threadpool(reader.access.shelves.require, base, Role.OWNER)
    check_form_token(reader, shelf.id + IMPORT, token)
    try:
        texts = await _received(reader, request)
        brought = await run_in_threadpool(_brought, reader, shelf.id, texts)
    except UsageError as error:
        return await run_in_threadpool(settings_page, request, reader, shelf.id, import_error=error)
    said = urlencode({"brought": brought.judgments, "unknown": brought.unknown})
    return RedirectResponse(f"/shelves/{shelf.id}/judgments?{said}", 303)


async def _received(reader: Reader, request: Request) -> dict[str, str]:
    """Return the texts of the files by what they are: questions begin with a brace.

    Raises:
        JudgmentFileMissing: one of the two is not there.
        RestError, StorageFull, ClientDisconnect: as ``uploaded_files``.
    """
    texts: dict[str, str] = {}
    folder = reader.access.services.settings.home / UPLOADS
    async with aclosing(uploaded_files(request, folder, _LIMITS)) as files:
        async for file in files:
            if file.over_limit:
                raise UploadOverLimit(name=file.name, limit=_LIMITS.file_mb)
            text = file.stream.read().decode("utf-8-sig", "replace")
            texts[QUERIES_FILE if text.lstrip().startswith("{") else QRELS_FILE] = text
    if len(texts) < 2:
        raise JudgmentFileMissing
    return texts


def _brought(reader: Reader, base: str, texts: dict[str, str]) -> Brought:
    return judging(reader.access, base).bring(read(texts[QUERIES_FILE], texts[QRELS_FILE]))


def _take_back(reader: Reader, base: str, identifier: str) -> None:
    """Take a judgment back; one that is gone was taken back before."""
    try:
        judging(reader.access, base).take_back(identifier)
    except JudgmentMissing:
        return
