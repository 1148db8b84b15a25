"""The embedder of a model by its name: run by Carrel itself or by a server, behind the vector cache."""

from carrel.config import Settings
from carrel.core.errors import ModelUnknown
from carrel.engines.cached_embedder import CachedEmbedder, PartwiseEmbedder
from carrel.engines.models import load_minilm, model_names
from carrel.engines.vector_cache import FILE_NAME, SqliteVectorCache
from carrel.engines.weights import Announce


def load_embedder(name: str, settings: Settings, announce: Announce) -> CachedEmbedder:
    """Return the embedder of that name; the model is fetched, opened or asked when it is first used.

    Args:
        name: a model that Carrel runs by itself.
        settings: read once by the caller; the cache lies in its data folder.
        announce: told before anything is downloaded or copied.

    Raises:
        ModelUnknown: there is no such model.
    """
    return CachedEmbedder(_engine(name, settings, announce), SqliteVectorCache(settings.home / FILE_NAME))


def _engine(name: str, settings: Settings, announce: Announce) -> PartwiseEmbedder:
    if name in model_names():
        return load_minilm(
            settings.cache, announce=announce, threads=settings.model_threads, offline=settings.offline
        )
    raise ModelUnknown(model=name, known=", ".join(model_names()))
