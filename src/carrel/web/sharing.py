"""Who may see a knowledge base, and what they may do; its name, and its end."""

from shlex import quote

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from carrel.api.rest.judging import judging
from carrel.api.rest.problems import problem_document
from carrel.core.accounts import Role
from carrel.core.errors import UsageError
from carrel.core.language import tr
from carrel.library.sharing import Sharing
from carrel.search.weighing import weights_of
from carrel.web.form_tokens import form_token
from carrel.web.reader import Reader
from carrel.web.rendering import rendered
from carrel.web.route import Looking, PageRoute, Posted

router = APIRouter(route_class=PageRoute, include_in_schema=False)

IMPORT = "judgments"  # what the token of that form is for, behind the knowledge base's id


@router.get("/shelves/{base}/sharing")
def sharing(reader: Looking, request: Request, base: str) -> Response:
    """Show the members."""
    return _sharing_page(request, reader, base)


@router.post("/shelves/{base}/sharing")
def share(reader: Looking, request: Request, base: str, form: Posted) -> Response:
    """Let somebody in, or change what they may do."""
    role = form.text("role")
    try:
        _members(reader).set_role(
            reader.access.caller, base, form.word("user"), Role(role) if role in tuple(Role) else Role.VIEWER
        )
    except UsageError as error:
        return _sharing_page(request, reader, base, form.word("user"), error)
    return RedirectResponse(f"/shelves/{base}/sharing", 303)


@router.post("/shelves/{base}/sharing/remove")
def unshare(reader: Looking, request: Request, base: str, form: Posted) -> Response:
    """Shut somebody out, or leave."""
    user = form.word("user")
    try:
        _members(reader).remove(reader.access.caller, base, user)
    except UsageError as error:
        return _sharing_page(request, reader, base, "", error)
    left = user == reader.access.caller.user_id and not reader.administrator
    return RedirectResponse("/shelves" if left else f"/shelves/{base}/sharing", 303)


@router.get("/shelves/{base}/settings")
def settings(reader: Looking, request: Request, base: str) -> Response:
    """Show the settings."""
    return settings_page(request, reader, base)


@router.post("/shelves/{base}/settings")
def configure(reader: Looking, request: Request, base: str, form: Posted) -> Response:
    """Change name and description."""
    try:
        reader.access.shelves.configure(
            reader.access.shelves.require(base, Role.OWNER).id, form.word("name"), form.word("description")
        )
    except UsageError as error:
        return settings_page(request, reader, base, error)
    return RedirectResponse(f"/shelves/{base}", 303)


@router.post("/shelves/{base}/delete")
def delete(reader: Looking, request: Request, base: str, form: Posted) -> Response:
    """Delete the knowledge base, where its name was typed."""
    found = reader.access.shelves.require(base, Role.OWNER)
    if form.word("sure") != found.name.strip():
        return settings_page(request, reader, base, None, tr("That is not its name; nothing was deleted."))
    reader.access.shelves.delete(found.id)
    return RedirectResponse("/shelves", 303)


def _members(reader: Reader) -> Sharing:
    return reader.access.services.accounts().sharing


def _sharing_page(
    request: Request, reader: Reader, base: str, user: str = "", error: UsageError | None = None
) -> Response:
    found, role = reader.access.shelves.with_role(base)
    said = problem_document(error) if error else None
    return rendered(
        request,
        "sharing.html",
        said.status if said else 200,
        shelf=found,
        owns=role is Role.OWNER,
        members=_members(reader).members(reader.access.caller, found.id),
        me=reader.access.caller.user_id,
        user=user,
        wrong=said.detail if said else "",
        hint=said.hint if said else "",
    )


def settings_page(
    request: Request,
    reader: Reader,
    base: str,
    error: UsageError | None = None,
    wrong: str = "",
    import_error: UsageError | None = None,
) -> Response:
    """Return the settings, with what went wrong: in general, or with judgments that were to be imported."""
    found, role = reader.access.shelves.with_role(base)
    said = problem_document(error) if error else None
    of_import = problem_document(import_error) if import_error else None
    failed = said or of_import
    return rendered(
        request,
        "shelf_settings.html",
        failed.status if failed else 422 if wrong else 200,
        shelf=found,
        owns=role is Role.OWNER,
        meaning=weights_of([found]).dense,
        wrong=said.detail if said else wrong,
        hint=said.hint if said else "",
        judged=judging(reader.access, found.id).counts(),
        shell_name=quote(found.name),
        token=form_token(reader, found.id + IMPORT),
        import_wrong=of_import.detail if of_import else "",
        import_hint=of_import.hint if of_import else "",
    )
