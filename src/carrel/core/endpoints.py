"""Servers of models that administrators name while Carrel runs, beside the one in the settings."""

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """What a model is for."""

    EMBEDDER = "embedder"
    RERANKER = "reranker"


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """How a server is asked; "" and 0 are the settings' defaults, which have the same names there."""

    profile: str = ""
    query_template: str = ""
    document_template: str = ""
    width: int = 0
    max_tokens: int = 0
    batch_texts: int = 0
    batch_tokens: int = 0
    requests: int = 0
    seconds: float = 0.0
    template: str = ""  # of a reranker: who writes Qwen3-Reranker's prompt


@dataclass(frozen=True, slots=True)
class ModelEndpoint:
    """A server that runs one model for one purpose. Its key is never part of this."""

    id: str
    purpose: Purpose
    model: str
    url: str
    options: EndpointOptions = EndpointOptions()
    has_key: bool = False
    updated_at: str = ""
