"""``/api/v1/endpoints``: the servers of models, for administrators. Their keys are never given back."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from carrel.api.rest.access import Administering
from carrel.api.rest.documents import PLAIN, Given
from carrel.api.rest.knowledge_bases import PREFIX
from carrel.api.rest.problems import problem_responses
from carrel.api.rest.route import RestRoute
from carrel.core.endpoints import EndpointOptions, ModelEndpoint, Purpose

router = APIRouter(prefix=PREFIX, route_class=RestRoute, tags=["models"])

EndpointKey = Annotated[str, Path(description="The id of an endpoint.", max_length=100)]
_Short = Annotated[str, Field(max_length=200), PLAIN]
_Template = Annotated[str, Field(max_length=4000), PLAIN]
_Number = Annotated[int, Field(ge=0, le=10_000_000)]


class Options(BaseModel):
    """How a server is asked. What is left out, empty or 0 is as the server's settings have it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    profile: _Short = ""
    query_template: _Template = ""
    document_template: _Template = ""
    width: _Number = 0
    max_tokens: _Number = 0
    batch_texts: _Number = 0
    batch_tokens: _Number = 0
    requests: _Number = 0
    seconds: Annotated[float, Field(ge=0, le=86_400)] = 0.0
    template: Annotated[Literal["", "auto", "carrel", "server"], Field(description="Of a reranker.")] = ""

    def options(self) -> EndpointOptions:
        """Return them as the library knows them."""
        return EndpointOptions(**self.model_dump())

    @classmethod
    def of(cls, options: EndpointOptions) -> "Options":
        """Return options as a document."""
        return cls.model_construct(
            **{name: getattr(options, name) for name in EndpointOptions.__dataclass_fields__}
        )


class ChangedEndpoint(Given):
    """A server of models, as it is to be."""

    model: Annotated[str, Field(min_length=1, max_length=200), PLAIN]
    url: Annotated[str, Field(min_length=1, max_length=2000), PLAIN]
    api_key: Annotated[str, Field(max_length=4096), PLAIN] | None = Field(
        None, description="Left out, the present one stays; empty, it goes."
    )
    options: Options = Options()


class NewEndpoint(ChangedEndpoint):
    """A server of models to be named."""

    purpose: Literal["embedder", "reranker"]


class EndpointDocument(BaseModel):
    """A server of models."""

    id: str
    purpose: Purpose
    model: str
    url: str
    has_key: bool
    options: Options
    updated_at: str

    @classmethod
    def of(cls, endpoint: ModelEndpoint) -> "EndpointDocument":
        """Return an endpoint as a document."""
        return cls(
            id=endpoint.id,
            purpose=endpoint.purpose,
            model=endpoint.model,
            url=endpoint.url,
            has_key=endpoint.has_key,
            options=Options.of(endpoint.options),
            updated_at=endpoint.updated_at,
        )


class EndpointList(BaseModel):
    """The servers of models."""

    items: list[EndpointDocument]


@router.get("/endpoints", operation_id="listEndpoints", summary="List", responses=problem_responses())
def listed(access: Administering) -> EndpointList:
    """List the servers of models that were named here, beside the one in the settings."""
    found = access.services.endpoints.all_of_them(access.caller)
    return EndpointList(items=[EndpointDocument.of(endpoint) for endpoint in found])


@router.post(
    "/endpoints",
    status_code=201,
    operation_id="createEndpoint",
    summary="Name a server of models",
    responses=problem_responses(409, 413, 415),
)
def create(access: Administering, response: Response, wanted: NewEndpoint) -> EndpointDocument:
    """Name the server that runs a model. Nothing is sent to it before the model is used."""
    made = access.services.endpoints.create(
        access.caller,
        Purpose(wanted.purpose),
        wanted.model,
        wanted.url,
        wanted.api_key or "",
        wanted.options.options(),
    )
    response.headers["Location"] = f"{PREFIX}/endpoints/{made.id}"
    return EndpointDocument.of(made)


@router.get("/endpoints/{endpoint}", operation_id="getEndpoint", summary="One", responses=problem_responses())
def one(access: Administering, endpoint: EndpointKey) -> EndpointDocument:
    """Return a server of models."""
    return EndpointDocument.of(access.services.endpoints.find(access.caller, endpoint))


@router.put(
    "/endpoints/{endpoint}",
    operation_id="changeEndpoint",
    summary="Change a server of models",
    responses=problem_responses(409, 413, 415),
)
def change(access: Administering, endpoint: EndpointKey, wanted: ChangedEndpoint) -> EndpointDocument:
    """Replace all but its purpose. Another address takes the key again."""
    changed = access.services.endpoints.change(
        access.caller, endpoint, wanted.model, wanted.url, wanted.api_key, wanted.options.options()
    )
    return EndpointDocument.of(changed)


@router.delete(
    "/endpoints/{endpoint}",
    status_code=204,
    operation_id="deleteEndpoint",
    summary="Remove a server of models",
    responses=problem_responses(),
)
def delete(access: Administering, endpoint: EndpointKey) -> Response:
    """Remove it with its key; its model is asked of the settings' server again, where there is one."""
    access.services.endpoints.delete(access.caller, endpoint)
    return Response(status_code=204)
