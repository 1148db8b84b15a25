"""Pages of a lab as its people see them: fetched, and forms of theirs sent."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from carrel.web.compose import add_pages
from tests.unit.api.rest.lab import Lab, lab


@contextmanager
def pages(folder: Path) -> Iterator[Lab]:
    """Open a lab that has the pages."""
    with lab(folder) as opened:
        add_pages(opened.client.app)  # type: ignore[arg-type]  # Starlette's client says only that it is ASGI
        yield opened


def look(opened: Lab, path: str, who: str, **headers: str) -> httpx2.Response:
    """Return a page."""
    answer: httpx2.Response = opened.client.get(path, headers=_headers(who, headers), follow_redirects=False)
    return answer


def send(
    opened: Lab, path: str, who: str, form: dict[str, str] | None = None, csrf: str = "csrf", **headers: str
) -> httpx2.Response:
    """Return the answer to a form; ``hx_request="true"`` asks for a part."""
    data = {"csrf": csrf} | (form or {})
    answer: httpx2.Response = opened.client.post(
        path, data=data, headers=_headers(who, headers), follow_redirects=False
    )
    return answer


def _headers(who: str, headers: dict[str, str]) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"Cookie": f"carrel_session={who}-session", **named}
