"""Asking first: what cannot be taken back is done once somebody has said that it is meant."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from carrel.web.forms import CSRF_FIELD, Form
from carrel.web.rendering import rendered

_YES = "sure"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, what follows of a yes, what the button says, and where a no leads."""

    title: str
    follows: str
    button: str
    back: str
    names: Sequence[str] = ()  # of what it is done to, the first few
    more: int = 0  # how many there are beside those


def asked_first(request: Request, form: Form, question: Question) -> Response | None:
    """Return the page that asks, and sends the same form again; None where the answer was yes."""
    if form.text(_YES) == "yes":
        return None
    fields = [(name, value) for name, value in form.fields if name not in (CSRF_FIELD, _YES)]
    return rendered(request, "confirm.html", question=question, fields=fields, action=request.url.path)
