"""``/shelves``: the knowledge bases that the reader may see, and a new one."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from carrel.api.rest.problems import problem_document
from carrel.core.errors import UsageError
from carrel.web import new_models
from carrel.web.reader import Reader
from carrel.web.rendering import rendered
from carrel.web.route import Looking, PageRoute, Posted

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/shelves")
def shelves(reader: Looking, request: Request) -> Response:
    """Show them with what they hold."""
    return _page(request, reader)


@router.post("/shelves")
def create(reader: Looking, request: Request, form: Posted) -> Response:
    """Make a knowledge base and go there."""
    name, description, model = form.word("name"), form.word("description"), form.word("embedder")
    try:
        embedder = new_models.possible(reader.access, model)
        made = reader.access.shelves.create(name, description, embedder=embedder)
    except UsageError as error:
        return _page(request, reader, name, description, model, error)
    return RedirectResponse(f"/shelves/{made.id}", 303)


def _page(
    request: Request,
    reader: Reader,
    name: str = "",
    description: str = "",
    model: str = "",
    error: UsageError | None = None,
) -> Response:
    said = problem_document(error) if error else None
    return rendered(
        request,
        "shelves.html",
        said.status if said else 200,
        shelves=reader.bases(),
        name=name,
        description=description,
        model=model,
        models=new_models.choices(reader.access),
        wrong=said.detail if said else "",
        hint=said.hint if said else "",
    )
