"""The gateway's routes: ``/v1/embeddings``, ``/v1/rerank``, ``/v1/models``, ``/healthz`` and ``/readyz``."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TypeVar

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from carrel import __version__
from carrel.api.admission import Admission, gone
from carrel.api.answering import Answering
from carrel.api.description import REFERENCE, described
from carrel.api.embeddings import EmbeddingService, embeddings_answer
from carrel.api.failures import failure, fault, json_bytes, refusal
from carrel.api.guard import Guard, ServerGuard
from carrel.api.hosts import Hosts
from carrel.api.readiness import Readiness
from carrel.api.requests import EmbeddingsRequest, RerankRequest, read_request
from carrel.api.reranking import RerankService
from carrel.api.rest.callers import SignIn
from carrel.api.rest.compose import add_rest
from carrel.api.rest.context import Rest
from carrel.api.rest.metrics import Measured
from carrel.api.rest.problems import problem
from carrel.api.unread import Unread
from carrel.bootstrap import GatewayModels, Services
from carrel.core.errors import CarrelError
from carrel.core.gateway_errors import ModelNotServed, NotJsonContent

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

_JSON = "application/json"
_CLIENT_GONE = 499  # nobody reads it


@dataclass(frozen=True, slots=True, eq=False)
class Server:
    """What the REST API is of: a data folder's services, and who may ask by which names."""

    services: Services
    sign_in: SignIn
    token: str = ""  # what commands on this machine send; "" is none
    hosts: Hosts = field(default_factory=Hosts)


def create_app(
    models: GatewayModels,
    api_key: str = "",
    admission: Admission | None = None,
    server: Server | None = None,
) -> FastAPI:
    """Return the gateway over these models, and the REST API where there is a server; the caller closes both.

    Args:
        models: what is served.
        api_key: what clients must send; "" lets this machine in without one, and nobody else.
        admission: how much may wait; a default that suits one machine.
        server: knowledge bases and accounts; None: the gateway alone.
    """
    embeddings = EmbeddingService(models.embedder, models.name, models.batch_texts)
    reranking = RerankService(models.reranker, models.embedder)
    readiness = Readiness(models.embedder)
    places = admission or Admission()
    rest = Rest(server.services, server.sign_in, server.token) if server else None

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        async with rest.running() if rest else nullcontext():
            yield
        for part in (embeddings, reranking, readiness):
            part.close()

    # Its pages of documentation load scripts from another's server: only the document itself is kept.
    app = FastAPI(title="Carrel", version=__version__, docs_url=None, redoc_url=None, lifespan=running)
    app.openapi = lambda: described(app)  # type: ignore[method-assign]  # as FastAPI's own docs have it
    app.state.stop = rest.stop if rest else _nothing  # told first when the server is to end
    _add_embeddings(app, embeddings, models.name, places)
    _add_post(app, "/v1/rerank", RerankRequest, reranking.rerank, places)
    _add_models(app, models)
    if server is None or rest is None:
        app.add_exception_handler(HTTPException, refusal)
        app.add_middleware(Guard, api_key=api_key)
        app.add_middleware(Unread)
        _add_health(app, readiness, api_key)
        return app
    _add_server(app, server, rest, api_key)
    return app


def _add_server(app: FastAPI, server: Server, rest: Rest, api_key: str) -> None:
    """Add the REST API, and what every request goes through: the last one added is the first to see it."""
    add_rest(app, rest)
    app.add_middleware(
        ServerGuard,
        api_key=api_key,
        admits=server.hosts.admit,
        may_use_models=rest.may_use_models,
        refusal=problem,
    )
    app.add_middleware(Measured, figures=rest.figures)
    app.add_middleware(Answering, language=server.services.settings.language)
    app.add_middleware(Unread)


def _add_embeddings(app: FastAPI, embeddings: EmbeddingService, model: str, places: Admission) -> None:
    async def embed(asked: EmbeddingsRequest) -> bytes:
        embedded = await embeddings.embed(asked)
        as_base64 = asked.encoding_format == "base64"
        return await asyncio.to_thread(embeddings_answer, model, embedded, as_base64)

    _add_post(app, "/v1/embeddings", EmbeddingsRequest, embed, places)


def _add_post(
    app: FastAPI, path: str, kind: type[M], answer: Callable[[M], Awaitable[bytes]], places: Admission
) -> None:
    """Add a route that reads a body of this kind, within limits, and answers as long as somebody waits."""

    async def post(request: Request) -> Response:
        try:
            _check_content(request)
            with places.request() as ticket:
                asked = read_request(kind, await ticket.body(request))
                body = await _while_connected(request, answer(asked))
        except CarrelError as error:
            return failure(error)
        except ClientDisconnect:
            return Response(status_code=_CLIENT_GONE)
        except Exception as error:  # a fault of ours: its own log is careful, uvicorn's would quote it
            return fault(error)
        return Response(body, media_type=_JSON)

    body = {"required": True, "content": {_JSON: {"schema": kind.model_json_schema(ref_template=REFERENCE)}}}
    app.post(path, openapi_extra={"requestBody": body})(post)


def _check_content(request: Request) -> None:
    """Raise NotJsonContent. Pages of strangers can send other kinds of content without asking (CORS)."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
        raise NotJsonContent


def _add_models(app: FastAPI, models: GatewayModels) -> None:
    names = [models.name, *([models.reranker.model] if models.reranker else [])]
    documents = {name: {"id": name, "object": "model", "created": 0, "owned_by": "carrel"} for name in names}

    @app.get("/v1/models")
    async def listed() -> Response:
        return Response(json_bytes({"object": "list", "data": list(documents.values())}), media_type=_JSON)

    @app.get("/v1/models/{model:path}")
    async def one(model: str) -> Response:
        if model not in documents:
            return failure(ModelNotServed(field="model", model=model, served=", ".join(names)))
        return Response(json_bytes(documents[model]), media_type=_JSON)


def _add_health(app: FastAPI, readiness: Readiness, api_key: str) -> None:
    @app.get("/healthz")
    async def alive() -> Response:
        return Response(json_bytes({"status": "ok"}), media_type=_JSON)

    @app.get("/readyz")
    async def ready() -> Response:
        try:
            await readiness.check()
        except CarrelError as error:
            document = {"status": "unavailable", "reason": error.kind}
            if not api_key:  # with one, strangers may ask here, and the message can name an address
                document["message"] = str(error)
            return Response(json_bytes(document), 503, media_type=_JSON)
        return Response(json_bytes({"status": "ok"}), media_type=_JSON)


def _nothing() -> None:
    """Nobody listens."""


async def _while_connected(request: Request, work: Awaitable[T]) -> T:
    """Return what the work gives; give it up when the client closes its connection.

    Raises:
        ClientDisconnect: it did.
    """
    working = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(gone(request))
    try:
        await asyncio.wait((working, watching), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        working.cancel()
        watching.cancel()
