"""The reranker that the settings name, if they name one."""

from carrel.config import Settings
from carrel.core.engine_errors import EndpointNotSet
from carrel.core.errors import InvalidSetting
from carrel.core.ports import Reranker
from carrel.engines.address import Endpoint, endpoint_at
from carrel.engines.gguf_names import gguf_path, names_gguf

_SETTING = "CARREL_RERANKER"
_GGUF_TOKENS = 2048  # of a question and a document together
_TEMPLATES = ("auto", "carrel", "server")


def load_reranker(settings: Settings) -> Reranker | None:
    """Return the reranker of the settings, None where they name none; it is asked when it is first used.

    Args:
        settings: read once by the caller.

    Raises:
        EndpointNotSet: only a server can run it, and the settings name none.
        InvalidSetting: the address or the template makes no sense.
    """
    if not settings.reranker:
        return None
    if settings.reranker_template not in _TEMPLATES:
        expected = f"one of {', '.join(_TEMPLATES)}"
        name = f"{_SETTING}_TEMPLATE"
        raise InvalidSetting(name=name, value=settings.reranker_template, expected=expected)
    if names_gguf(settings.reranker) and not settings.reranker_url:
        return _from_gguf(settings)
    if not settings.reranker_url:
        raise EndpointNotSet(model=settings.reranker, setting=f"{_SETTING}_URL")
    endpoint = endpoint_at(settings.reranker_url, _SETTING, settings.reranker_api_key)
    return reranker_at(endpoint, settings.reranker, settings)


def _from_gguf(settings: Settings) -> Reranker:
    from carrel.engines.gguf_check import Purpose
    from carrel.engines.gguf_process import GgufServer
    from carrel.engines.gguf_reranker import GgufReranker

    path = gguf_path(settings.reranker, settings.cache)
    server = GgufServer(path, Purpose.RERANK, settings.model_threads, _GGUF_TOKENS)
    # Its prompt is in the file, and llama.cpp writes it.
    return GgufReranker(
        path.name,
        server,
        lambda endpoint, model: reranker_at(endpoint, model, settings, template="server"),
        settings.reranker_seconds,
    )


def reranker_at(endpoint: Endpoint, model: str, settings: Settings, template: str = "") -> Reranker:
    """Return the reranker that a server runs; ``template`` is taken instead of the settings' own."""
    # Imported here: a command that asks no server need not load what asks one.
    from carrel.engines.http_reranker import HttpReranker
    from carrel.engines.rerank_server import RerankServer
    from carrel.engines.wire import Wire

    return HttpReranker(
        RerankServer(Wire(endpoint, settings.reranker_seconds), model),
        seconds=settings.reranker_seconds,
        template=template or settings.reranker_template,
    )
