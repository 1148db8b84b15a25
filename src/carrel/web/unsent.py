"""What was typed into a form whose session had ended: kept on the page to sign in, and sent after it."""

import json
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response

from carrel.core.language import tr
from carrel.web.forms import CSRF_FIELD, Form
from carrel.web.rendering import rendered

_SECRET = (
    "password",
    "present",
    "new",
    "key",
    "api_key",
    "code",
    CSRF_FIELD,
)  # fields that nobody's page holds
_MOST = 200_000  # characters


def asked_to_sign_in(request: Request, form: Form) -> Response | None:
    """Return the page to sign in, with what was typed and for which address; None: nothing was."""
    unsent = packed(request.url.path, form)
    if not unsent:
        return None
    return rendered(
        request,
        "sign_in.html",
        401,
        next="/",
        name="",
        ended=True,
        open=False,
        wrong="",
        hint="",
        unsent=unsent,
    )


def offered_again(request: Request, unsent: str, csrf: str) -> Response | None:
    """Return the page that sends a kept form in the session that has just begun; None: it is no form."""
    found = unpacked(unsent)
    if found is None:
        return None
    path, fields = found
    shown = [(name, value) for name, value in fields if value.strip() and not _is_machine(value)]
    return rendered(
        request, "unsent.html", action=path, fields=fields, shown=shown, token=csrf, button=tr("Send it now")
    )


def packed(path: str, form: Form) -> str:
    """Return a form's fields and its address as text; "" where there is too much of it."""
    kept = [[name, value] for name, value in form.fields if name not in _SECRET]
    text = json.dumps([path, kept])
    return text if kept and len(text) <= _MOST else ""


def unpacked(text: str) -> tuple[str, list[tuple[str, str]]] | None:
    """Return what ``packed`` gave, None where the text is nothing of the kind."""
    try:
        path, kept = json.loads(text)
        fields = list(_fields(kept))
    except (ValueError, TypeError, RecursionError):
        return None
    plain = isinstance(path, str) and path.startswith("/") and not path.startswith(("//", "/\\"))
    return (path, fields) if plain and path.isprintable() else None


def _fields(kept: object) -> Iterator[tuple[str, str]]:
    if not isinstance(kept, list):
        raise TypeError
    for name, value in kept:
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError
        if name not in _SECRET:
            yield name, value


def _is_machine(value: str) -> bool:
    """Whether a value is an id or an address rather than something that was typed."""
    return value.startswith("/") or (len(value) in (12, 32) and value.isalnum() and value.islower())
