"""How large the models are that people serve: parameters, and what a token takes of the key-value cache."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelSize:
    """One model: where its weights are published, and what it takes to run it."""

    repository: str
    parameters: float  # billions
    layers: int
    kv_width: int  # key-value heads by their dimensions; 0: an encoder, which keeps no cache
    context: int  # tokens
    reranks: bool = False
    gguf: str = ""  # the publisher's repository of GGUF files, or another good one
    files: tuple[str, ...] = ()  # precisions that it has, best first
    ollama: str = ""  # its name in Ollama's library

    @property
    def name(self) -> str:
        """The name without the publisher."""
        return self.repository.rpartition("/")[2]

    @property
    def cache_bytes(self) -> int:
        """Bytes of key-value cache for one token: keys and values, two bytes a number."""
        return 2 * 2 * self.layers * self.kv_width


_FILES = ("F16", "Q8_0", "Q4_K_M")


def _qwen3(size: str, parameters: float, layers: int, files: tuple[str, ...]) -> tuple[ModelSize, ModelSize]:
    embedding, reranker = f"Qwen3-Embedding-{size}", f"Qwen3-Reranker-{size}"
    # Their publisher gives no GGUF of the rerankers; many of others lack the yes/no head.
    published = "ggml-org/Qwen3-Reranker-0.6B-Q8_0-GGUF" if size == "0.6B" else ""
    shape = (parameters, layers, 8 * 128, 32768)
    return (
        ModelSize(
            f"Qwen/{embedding}",
            *shape,
            gguf=f"Qwen/{embedding}-GGUF",
            files=files,
            ollama=f"qwen3-embedding:{size.lower()}",
        ),
        ModelSize(f"Qwen/{reranker}", *shape, reranks=True, gguf=published, files=("Q8_0",)),
    )


MODEL_SIZES: tuple[ModelSize, ...] = (
    *_qwen3("0.6B", 0.596, 28, ("F16", "Q8_0")),
    *_qwen3("4B", 4.02, 36, _FILES),
    *_qwen3("8B", 7.57, 36, _FILES),
    ModelSize("BAAI/bge-m3", 0.568, 24, 0, 8192, ollama="bge-m3"),
    ModelSize("BAAI/bge-large-en-v1.5", 0.335, 24, 0, 512),
    ModelSize("BAAI/bge-reranker-v2-m3", 0.568, 24, 0, 8192, reranks=True),
    ModelSize("intfloat/multilingual-e5-large", 0.560, 24, 0, 512),
    ModelSize("intfloat/multilingual-e5-large-instruct", 0.560, 24, 0, 512),
)


def size_of(model: str) -> ModelSize | None:
    """Return the size of a model by any of its names: with or without publisher, precision or ending."""

    def plain(name: str) -> str:
        return re.sub(r"[^a-z0-9.]+", "-", name.lower().rpartition("/")[2])

    wanted = plain(model)
    fitting = [size for size in MODEL_SIZES if wanted.startswith(plain(size.name))]
    return max(fitting, key=lambda size: len(size.name)) if fitting else None
