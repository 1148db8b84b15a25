"""The embedder of a model by its name: run by Carrel itself or by a server, behind the vector cache."""

import re
from dataclasses import replace
from pathlib import Path

from carrel.config import Settings
from carrel.core.engine_errors import EndpointNotSet
from carrel.core.errors import InvalidSetting
from carrel.core.language import tr
from carrel.core.ports import Embedder
from carrel.core.space import checked_dimensions
from carrel.engines.cached_embedder import CachedEmbedder, DriftGuard, PartwiseEmbedder
from carrel.engines.gguf_names import gguf_path, names_gguf
from carrel.engines.models import load_minilm, model_names
from carrel.engines.profiles import ModelProfile, named_profile, profile_of
from carrel.engines.vector_cache import FILE_NAME, SqliteVectorCache
from carrel.engines.weights import Announce

_SETTING = "CARREL_EMBEDDER"
_FIELD = re.compile(r"\{(\w+)\}")
_GGUF_TOKENS = 2048  # on a processor: longer passages take minutes, and a context its memory


def load_embedder(name: str, settings: Settings, announce: Announce) -> CachedEmbedder:
    """Return the embedder of that name; the model is fetched, opened or asked when it is first used.

    Args:
        name: a model that Carrel runs by itself, or one that the server in the settings runs.
        settings: read once by the caller; the cache lies in its data folder.
        announce: told before anything is downloaded or copied.

    Raises:
        EndpointNotSet: only a server can run it, and the settings name none.
        InvalidSetting: the address or the profile makes no sense.
    """
    cache = SqliteVectorCache(settings.home / FILE_NAME)
    return CachedEmbedder(load_engine(name, settings, announce, DriftGuard(cache)), cache)


def load_engine(
    name: str, settings: Settings, announce: Announce, guard: DriftGuard | None = None
) -> PartwiseEmbedder:
    """Return the embedder of that name without a cache before it. Args and errors are those of the other.

    ``guard`` compares what a server gives with what it gave before.
    """
    if name in model_names():
        return load_minilm(
            settings.cache, announce=announce, threads=settings.model_threads, offline=settings.offline
        )
    if names_gguf(name) and (not settings.embedder_url or Path(name).expanduser().is_file()):
        return _from_gguf(name, settings)
    return _served(name, settings, guard)


def profile_in_use(name: str, settings: Settings) -> ModelProfile:
    """Return how a model wants to be used: by its name, or as the settings say.

    Raises:
        InvalidSetting: the settings name a profile that does not exist.
    """
    _check_template("QUERY", settings.embedder_query_template, {"text", "instruction"})
    _check_template("DOCUMENT", settings.embedder_document_template, {"text"})
    known = named_profile(settings.embedder_profile) if settings.embedder_profile else profile_of(name)
    return replace(
        known,
        width=settings.embedder_width or known.width,
        query=settings.embedder_query_template.replace("\\n", "\n") or known.query,
        document=settings.embedder_document_template.replace("\\n", "\n") or known.document,
        max_tokens=max(known.max_tokens, settings.embedder_max_tokens)
        if not known.width
        else known.max_tokens,
    )


def dimensions_of(model: Embedder, name: str, wanted: int, settings: Settings) -> int:
    """Return dimensions as the catalog keeps them: 0 for all that the model gives.

    The model is asked for its width only where that matters.

    Raises:
        DimensionsImpossible: its vectors cannot be cut so.
    """
    if not wanted:
        return 0
    least = profile_in_use(name, settings).mrl_from
    return checked_dimensions(model.encoder, wanted, (least, model.encoder.width) if least else None)


def _check_template(of: str, template: str, fields: set[str]) -> None:
    """Raise InvalidSetting where a template would send every text alike, or names what there is not."""
    if template and not {"text"} <= set(_FIELD.findall(template)) <= fields:
        expected = tr("a template with {text} in it")
        raise InvalidSetting(name=f"{_SETTING}_{of}_TEMPLATE", value=template, expected=expected)


def _from_gguf(name: str, settings: Settings) -> PartwiseEmbedder:
    from carrel.engines.gguf_check import Purpose
    from carrel.engines.gguf_embedder import GgufEmbedder
    from carrel.engines.gguf_process import GgufServer

    path = gguf_path(name, settings.cache)
    profile = profile_in_use(path.name, settings)
    max_tokens = min(settings.embedder_max_tokens or _GGUF_TOKENS, profile.max_tokens)
    # Room to spare: the estimate may be short of what the model counts.
    server = GgufServer(path, Purpose.EMBEDDING, settings.model_threads, 2 * max_tokens)
    server.header()  # what it cannot be used for is said now and not at the first paper
    return GgufEmbedder(path, server, profile, max_tokens)


def _served(name: str, settings: Settings, guard: DriftGuard | None) -> PartwiseEmbedder:
    # Imported here: a command that asks no server need not load what asks one.
    from carrel.engines.address import endpoint_at
    from carrel.engines.embedding_server import EmbeddingServer
    from carrel.engines.embedding_stream import Limits
    from carrel.engines.http_embedder import HttpEmbedder
    from carrel.engines.wire import Wire

    if not settings.embedder_url:
        raise EndpointNotSet(model=name, setting=f"{_SETTING}_URL")
    profile = profile_in_use(name, settings)
    endpoint = endpoint_at(settings.embedder_url, _SETTING, settings.embedder_api_key)
    server = EmbeddingServer(Wire(endpoint, settings.embedder_seconds), name, profile.width)
    limits = Limits(settings.embedder_requests, settings.embedder_batch_tokens, settings.embedder_batch_texts)
    return HttpEmbedder(server, profile, limits, guard=guard, max_tokens=settings.embedder_max_tokens)
