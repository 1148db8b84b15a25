"""Templates into pages: what every page has, and the headers that keep browsers careful."""

from functools import cache
from http import HTTPStatus
from importlib import resources
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from carrel import __version__
from carrel.api.rest.wording import told
from carrel.core.language import language, tr
from carrel.web import deeds, wording
from carrel.web.assets import address
from carrel.web.reader import Reader, keys_of, theme_of
from carrel.web.verdicts import check_name, on_a_page

if TYPE_CHECKING:
    from collections.abc import Mapping

# No script, style, picture or connection but our own, and no script or style in a page's text.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
_HEADERS: "Mapping[str, str]" = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "private, no-cache",
    "Vary": "Cookie, HX-Request",
    "Referrer-Policy": "same-origin",
}


def rendered(request: Request, template: str, status: int = HTTPStatus.OK, **values: object) -> Response:
    """Return a page made of a template.

    Every template knows ``tr``, ``static``, ``reader`` (None where nobody is signed in), ``path``,
    ``address`` (to come back to: the path with what is asked), ``lang``, ``theme``, ``keys``, ``version``
    and what is given here.
    """
    reader: Reader | None = getattr(request.state, "reader", None)
    content = (
        environment()
        .get_template(template)
        .render(
            reader=reader,
            path=request.url.path,
            address=_address(request),
            lang=language(),
            theme=theme_of(request),
            keys=keys_of(request),
            version=__version__,
            status=status,
            **values,
        )
    )
    return HTMLResponse(content, status, dict(_HEADERS) | {"Content-Language": language()})


def _address(request: Request) -> str:
    query = request.url.query if request.method == "GET" else ""
    return f"{request.url.path}?{query}" if query else request.url.path


@cache
def environment() -> Environment:
    """Return the templates: everything put into them is escaped, and a name that is not there is an error."""
    made = Environment(
        loader=FileSystemLoader(str(resources.files("carrel.web").joinpath("templates"))),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals |= {"tr": tr, "static": address, "told": told}
    made.filters |= {
        "number": wording.number,
        "size": wording.size,
        "ago": wording.ago,
        "day": wording.day,
        "lasting": wording.lasting,
        "deed": deeds.deed,
        "doer": deeds.doer,
        "details": deeds.details,
        "failure": deeds.failure,
        "field_name": deeds.field_name,
        "on_a_page": on_a_page,
        "check_name": check_name,
    }
    return made
