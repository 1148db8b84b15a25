"""The embedder of a model by its name: run by Carrel itself, or by a server."""

from carrel.config import Settings
from carrel.core.errors import ModelUnknown
from carrel.core.ports import Embedder
from carrel.engines.models import load_minilm, model_names
from carrel.engines.weights import Announce


def load_embedder(name: str, settings: Settings, announce: Announce) -> Embedder:
    """Return the embedder of that name; the model is fetched, opened or asked when it is first used.

    Args:
        name: a model that Carrel runs by itself.
        settings: read once by the caller.
        announce: told before anything is downloaded or copied.

    Raises:
        ModelUnknown: there is no such model.
    """
    if name in model_names():
        return load_minilm(
            settings.cache, announce=announce, threads=settings.model_threads, offline=settings.offline
        )
    raise ModelUnknown(model=name, known=", ".join(model_names()))
