"""What was typed into a form whose session had ended: kept on the page to sign in, and sent after it.

Kept are forms into which much is typed. What gives rights or takes something away is asked for anew: nobody
signs in and presses on for that without seeing the page that it belongs to.
"""

import json
import re
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
    """Return the page to sign in, with what was typed and for which address; None: nothing to be kept."""
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
    """Return the page that sends a kept form in the session that has just begun; None: it is no form.

    It says what the form does and where it goes, and every field of it.
    """
    found = unpacked(unsent)
    if found is None:
        return None
    path, fields = found
    return rendered(request, "unsent.html", action=path, what=purpose(path), fields=fields, token=csrf)


def purpose(path: str) -> str:
    """Return what a form of this address does; "" where it is none that is kept."""
    kept = {
        r"/shelves": tr("Make a knowledge base"),
        r"/shelves/[^/]+/settings": tr("Change the name and description of a knowledge base"),
        r"/shelves/[^/]+/papers/[^/]+/correct": tr("Correct or tag a paper"),
        r"/shelves/[^/]+/vectorization": tr("Build the index of a knowledge base anew"),
        r"/settings/models/new": tr("Name a model's server"),
        r"/settings/models/(?!test$|test-settings$)[^/]+": tr("Change a model's server"),
    }
    return next((what for pattern, what in kept.items() if re.fullmatch(pattern, path)), "")


def packed(path: str, form: Form) -> str:
    """Return a form's fields and its address as text; "" where there is too much of it, or it is not kept."""
    kept = [[name, value] for name, value in form.fields if name not in _SECRET]
    text = json.dumps([path, kept])
    return text if kept and purpose(path) and len(text) <= _MOST else ""


def unpacked(text: str) -> tuple[str, list[tuple[str, str]]] | None:
    """Return what ``packed`` gave, None where the text is nothing of the kind."""
    try:
        path, kept = json.loads(text)
        fields = list(_fields(kept))
    except (ValueError, TypeError, RecursionError):
        return None
    return (path, fields) if isinstance(path, str) and path.isprintable() and purpose(path) else None


def _fields(kept: object) -> Iterator[tuple[str, str]]:
    if not isinstance(kept, list):
        raise TypeError
    for name, value in kept:
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError
        if name not in _SECRET:
            yield name, value
