"""The pages onto an app that has the REST API: their routes, their files, and errors as pages."""

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from carrel.api.rest.compose import nothing_taken
from carrel.core.language import use_language
from carrel.core.rest_errors import NothingThere
from carrel.web import (
    assets,
    chronicle,
    correcting,
    glance,
    judging,
    model_servers,
    own_keys,
    paper,
    people,
    searching,
    sharing,
    shelf,
    shelf_actions,
    shelves,
    signing,
    stored,
    telling,
    uploading,
    vectorization,
    welcome,
)
from carrel.web.failures import error_page
from carrel.web.reader import language_of, reader_of

ROUTERS = (
    assets.router,
    chronicle.router,
    correcting.router,
    glance.router,
    judging.router,
    model_servers.router,
    own_keys.router,
    paper.router,
    people.router,
    searching.router,
    sharing.router,
    shelf.router,
    shelf_actions.router,
    shelves.router,
    signing.router,
    stored.router,
    telling.router,
    uploading.router,
    vectorization.router,
    welcome.router,
)
_OF_PROGRAMS = ("/api/", "/v1/", "/openapi", "/metrics")  # they get documents, not pages


def add_pages(app: FastAPI) -> None:
    """Add the pages to an app that ``add_rest`` has prepared."""
    for router in ROUTERS:
        app.router.routes.extend(router.routes)
    app.add_exception_handler(HTTPException, _nothing_there)


async def _nothing_there(request: Request, error: Exception) -> Response:
    """Answer a request that no route takes: with a page, but for programs."""
    path = request.url.path
    if path.startswith(_OF_PROGRAMS) or request.method not in ("GET", "HEAD"):
        return await nothing_taken(request, error)
    use_language(language_of(request))
    request.state.reader = await reader_of(request)  # whose page it is, though there is nothing on it
    return error_page(request, NothingThere(path=path))
