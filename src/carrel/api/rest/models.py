"""``GET /api/v1/models``: the models of this server, and how each is used."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from carrel.api.rest.access import Reading
from carrel.api.rest.knowledge_bases import PREFIX
from carrel.api.rest.problems import problem_responses
from carrel.api.rest.route import RestRoute
from carrel.core.endpoints import Purpose
from carrel.core.knowledge_base import DEFAULT_EMBEDDER

router = APIRouter(prefix=PREFIX, route_class=RestRoute, tags=["models"])


class Model(BaseModel):
    """A model, and how it is used."""

    name: str
    purpose: Literal["embedder", "reranker"]
    default: bool = Field(description="Whether new knowledge bases get it.")
    embedded: bool = Field(description="Whether this server runs it by itself.")
    dimensions: int | None = Field(description="Full dimensions of its vectors, where they are known.")
    fewest_dimensions: int | None = Field(description="To which they may be cut, where that is known.")
    max_tokens: int | None = Field(description="How much of a text it reads, where that is known.")
    reads_instructions: bool
    knowledge_bases: int = Field(description="That use it, of those that the caller may see.")


class Models(BaseModel):
    """The models of a server."""

    items: list[Model]


@router.get("/models", operation_id="listModels", summary="List models", responses=problem_responses())
def listed(access: Reading) -> Models:
    """List the models that knowledge bases can have, and the reranker. No server is asked."""
    from carrel.engines.embedders import profile_in_use

    settings = access.services.settings
    bases = access.shelves.readable()
    offered = access.services.endpoints.models(Purpose.EMBEDDER)
    used = (base.embedder for base in bases)
    names = dict.fromkeys([settings.embedder, DEFAULT_EMBEDDER, *offered, *used])
    items = []
    for name in names:
        profile = profile_in_use(name, access.services.settings_of(name))
        items.append(
            Model(
                name=name,
                purpose="embedder",
                default=name == settings.embedder,
                embedded=name == DEFAULT_EMBEDDER or name.endswith(".gguf"),
                dimensions=profile.width or None,
                fewest_dimensions=profile.mrl_from or None,
                max_tokens=profile.max_tokens or None,
                reads_instructions=profile.reads_instructions,
                knowledge_bases=sum(base.embedder == name for base in bases),
            )
        )
    rerankers = [settings.reranker] if settings.reranker else []
    rerankers += access.services.endpoints.models(Purpose.RERANKER)
    items += [_reranker(name, number == 0) for number, name in enumerate(dict.fromkeys(rerankers))]
    return Models(items=items)


def _reranker(name: str, default: bool) -> Model:
    return Model(
        name=name,
        purpose="reranker",
        default=default,
        embedded=name.endswith(".gguf"),
        dimensions=None,
        fewest_dimensions=None,
        max_tokens=None,
        reads_instructions=True,
        knowledge_bases=0,
    )
