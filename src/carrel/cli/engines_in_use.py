"""How the servers in the settings stand, in a line each: what ``carrel doctor`` says of them in passing."""

from carrel.config import Settings
from carrel.core.engine_errors import EndpointNotSet
from carrel.core.language import tr
from carrel.engines.address import endpoint_at
from carrel.engines.embedders import profile_in_use
from carrel.engines.embedding_server import Busy, EmbeddingServer, TextsAtFault
from carrel.engines.models import model_names
from carrel.engines.wire import Answer, Wire

_SECONDS = 10.0
_PROBE = "Sparse attention reads long documents."
_PASS, _WARN = "pass", "warn"


def served_embedder(settings: Settings) -> tuple[str, str]:
    """Return status and message of the embedder in the settings.

    Raises:
        EndpointNotSet: only a server can run it, and the settings name none.
        EndpointUnavailable, EndpointRefuses, EndpointNonsense: the server cannot be used.
    """
    model, url = settings.embedder, settings.embedder_url
    if model in model_names() or model.lower().endswith(".gguf"):
        return _PASS, tr("{model}, run by Carrel itself").format(model=model)
    if not url:
        raise EndpointNotSet(model=model, setting="CARREL_EMBEDDER_URL")
    wire = Wire(endpoint_at(url, "CARREL_EMBEDDER", settings.embedder_api_key), _SECONDS)
    try:
        reply = EmbeddingServer(wire, model, profile_in_use(model, settings).width).ask([_PROBE])
    except (Busy, TextsAtFault) as error:
        raise wire.refuses(str(error)) from error
    finally:
        wire.close()
    text = tr("{url} gives {width} dimensions of {model} in {ms} ms; carrel doctor --embedder tells more")
    return _PASS, text.format(
        url=wire.endpoint.url,
        width=reply.vectors.shape[1],
        model=model,
        ms=format(reply.answer.milliseconds, ".0f"),
    )


def served_reranker(settings: Settings) -> tuple[str, str]:
    """Return status and message of the reranker in the settings. Raises like ``served_embedder``."""
    model, url = settings.reranker, settings.reranker_url
    if not model:
        return _PASS, tr("none is set (CARREL_RERANKER): results are not reranked")
    if not url:
        return _PASS, tr("{model}, run by Carrel itself").format(model=model)
    wire = Wire(endpoint_at(url, "CARREL_RERANKER", settings.reranker_api_key), _SECONDS)
    try:
        answer = _rerank(wire, model)
    finally:
        wire.close()
    if answer.status != 200:
        return _WARN, f"{wire.endpoint.url}: {answer.detail}"
    return _PASS, tr("{url} answers for {model} in {ms} ms").format(
        url=wire.endpoint.url, model=model, ms=format(answer.milliseconds, ".0f")
    )


def _rerank(wire: Wire, model: str) -> Answer:
    # "texts" is TEI's name for the documents, at an address without a version.
    documents = [_PROBE, "The enzyme folds slowly in cold water."]
    body = {"model": model, "query": _PROBE, "documents": documents, "texts": documents}
    answer = wire.post("/rerank", body, largest=1 << 20)
    if answer.status == 404:
        answer = wire.post(wire.endpoint.root + "/rerank", body, largest=1 << 20)
    return answer
