"""What ``carrel serve`` gives to other programs: the models that the settings name."""

from dataclasses import dataclass
from pathlib import Path

from carrel.bootstrap.services import Services
from carrel.core.ids import KnowledgeBaseId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import Embedder, Reranker


@dataclass(frozen=True, slots=True)
class GatewayModels:
    """The models that ``/v1`` serves. Who opened them closes them."""

    embedder: Embedder
    name: str  # what clients call the embedder's model
    reranker: Reranker | None
    batch_texts: int  # texts that one call of the embedder takes, at most


def gateway_models(services: Services) -> GatewayModels:
    """Return the models that searches use too, so that each is loaded once; none is loaded yet.

    Raises:
        ModelUnknown: there is no such model; or as the engine's own errors of settings.
    """
    from carrel.engines.cached_embedder import CachedEmbedder

    settings = services.settings
    embedder = services.embedder_of(KnowledgeBase(KnowledgeBaseId(""), "", embedder=settings.embedder))
    if isinstance(embedder, CachedEmbedder):  # what clients send is theirs, and is kept nowhere
        embedder = embedder.engine
    # A GGUF file's folder is nobody's business but this machine's.
    name = Path(settings.embedder).name if settings.embedder.endswith(".gguf") else settings.embedder
    return GatewayModels(embedder, name, services.reranker(), settings.embedder_batch_texts)
