"""How to serve a model with today's servers: the command for a model and a GPU, and Carrel's settings. Pure.

An estimate: weights by parameters and bits, the key-value cache of the texts in flight, and what a server
takes for itself. vLLM, llama-server and TEI as of November 2026.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from carrel.core.language import tr
from carrel.engines.model_sizes import MODEL_SIZES, ModelSize

SERVERS = ("vllm", "llama.cpp", "ollama", "tei")
_GB = 1e9
_BYTES = {"F16": 2.0, "fp8": 1.0, "Q8_0": 8.5 / 8, "Q4_K_M": 4.85 / 8}
_PRECISIONS = {
    "vllm": ("F16", "fp8"),
    "llama.cpp": ("F16", "Q8_0", "Q4_K_M"),
    "ollama": ("F16", "Q8_0", "Q4_K_M"),
    "tei": ("F16",),
}
_OWN_GB = {"vllm": 2.0, "llama.cpp": 0.8, "ollama": 0.8, "tei": 1.2}  # runtime, kernels, activations
_CONTEXTS = (32768, 8192, 4096, 2048)
_WISHED = 8192  # tokens; more only where it is free
_AT_ONCE = 2  # texts of full length whose cache must fit
_USABLE = 0.9  # of a GPU
_SLOW_ON_CPU = 2.0  # billions of parameters
_PORTS = {"vllm": 8000, "llama.cpp": 8080, "ollama": 11434, "tei": 8081}
_RERANK_PORTS = {"vllm": 8001, "llama.cpp": 8082, "tei": 8083}  # beside an embedder on the same machine
_RERANK_OVERRIDES = (
    '{"architectures":["Qwen3ForSequenceClassification"],"classifier_from_token":["no","yes"],'
    '"is_original_qwen3_reranker":true}'
)


@dataclass(frozen=True, slots=True)
class Fit:
    """Weights of one precision, and the longest texts for which all of it fits."""

    precision: str
    context: int
    gigabytes: float


@dataclass(frozen=True, slots=True)
class Option:
    """One server for one model: the commands to start it and Carrel's settings, or why it cannot be."""

    server: str
    commands: tuple[str, ...] = ()
    fit: Fit | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def possible(self) -> bool:
        """Whether there is a command at all."""
        return bool(self.commands)


def options(model: ModelSize, gpu_gb: float, servers: Sequence[str] = SERVERS) -> list[Option]:
    """Return how to serve a model with each server on a GPU of so many gigabytes, or without one (0)."""
    return [_option(model, gpu_gb, server) for server in servers]


def _option(model: ModelSize, gpu_gb: float, server: str) -> Option:
    if impossible := _unsupported(model, gpu_gb, server):
        return Option(server, notes=(impossible,))
    fit = best_fit(model, gpu_gb, server)
    if fit is None:
        return Option(server, notes=(_would_fit(model, gpu_gb, server),))
    if server == "ollama":
        commands = _ollama(model, fit)
    else:
        write = _vllm if server == "vllm" else _llama if server == "llama.cpp" else _tei
        commands = (write(model, fit, gpu_gb),)
    return Option(server, commands, fit, _settings(model, fit, server), _notes(model, fit, gpu_gb, server))


def _unsupported(model: ModelSize, gpu_gb: float, server: str) -> str:
    if server == "vllm" and not gpu_gb:
        return tr("vLLM is made for GPUs; without one take llama.cpp.")
    if server == "ollama" and model.reranks:
        return tr("Ollama has no reranking.")
    if server == "ollama" and not model.ollama:
        return tr("Ollama's library does not have {model}.").format(model=model.name)
    if server == "tei" and model.reranks and model.kv_width:
        return tr("TEI does not run {model} as a reranker; take vLLM or llama.cpp.").format(model=model.name)
    return ""


def best_fit(model: ModelSize, gpu_gb: float, server: str) -> Fit | None:
    """Return the highest precision that fits with texts of 8,192 tokens, or shorter ones if none does."""
    offered = [each for each in _PRECISIONS[server] if server in ("vllm", "tei") or _has(model, each)]
    if not gpu_gb:  # main memory: eight bits are faster there and lose little
        offered = [each for each in offered if each != "F16"] or offered
    least = min(_WISHED, model.context)
    for shortest in (least, *(context for context in _CONTEXTS if context < least)):
        for precision in offered:
            fit = _fit(model, precision, shortest, server)
            if not gpu_gb or fit.gigabytes <= _USABLE * gpu_gb:
                return _stretched(model, fit, gpu_gb, server)
    return None


def _has(model: ModelSize, precision: str) -> bool:
    return not model.files or precision in model.files


def _fit(model: ModelSize, precision: str, context: int, server: str) -> Fit:
    weights = model.parameters * _BYTES[precision]
    cache = _AT_ONCE * context * model.cache_bytes / _GB
    return Fit(precision, context, weights + cache + _OWN_GB[server])


def _stretched(model: ModelSize, fit: Fit, gpu_gb: float, server: str) -> Fit:
    """Return the same with the longest texts that fit beside it; only vLLM pages its cache."""
    if server != "vllm":
        return fit
    for context in _CONTEXTS:
        longer = _fit(model, fit.precision, min(context, model.context), server)
        if longer.gigabytes <= _USABLE * gpu_gb:
            return longer if longer.context > fit.context else fit
    return fit


def _would_fit(model: ModelSize, gpu_gb: float, server: str) -> str:
    smallest = _fit(model, _PRECISIONS[server][-1], min(_CONTEXTS[-1], model.context), server)
    text = tr(
        "{model} does not fit into {gpu} GB with {server}: at {precision} it takes {needed} GB."
    ).format(
        model=model.name,
        gpu=f"{gpu_gb:g}",
        server=server,
        precision=smallest.precision,
        needed=f"{smallest.gigabytes / _USABLE:.1f}",
    )
    for other in sorted(MODEL_SIZES, key=lambda size: -size.parameters):
        alike = other.reranks == model.reranks and bool(other.kv_width) == bool(model.kv_width)
        if alike and other.parameters < model.parameters and best_fit(other, gpu_gb, server):
            return text + " " + tr("{model} would fit.").format(model=other.name)
    if server != "llama.cpp" and best_fit(model, gpu_gb, "llama.cpp"):
        return text + " " + tr("With llama.cpp it would fit.")
    return text + " " + tr("Run it without the GPU: leave out --gpu-memory.")


def _vllm(model: ModelSize, fit: Fit, gpu_gb: float) -> str:
    words = [f"vllm serve {model.repository} --runner pooling"]
    if model.reranks and model.kv_width:
        words.append(f"--hf-overrides '{_RERANK_OVERRIDES}'")
    elif not model.reranks:
        words.append("--convert embed")
        if model.kv_width:
            words.append("--hf-overrides '{\"is_matryoshka\":true}'")
    if fit.precision == "fp8":
        words.append("--quantization fp8")
    share = min(_USABLE, math.ceil(20 * fit.gigabytes / gpu_gb) / 20)
    words.append(
        f"--max-model-len {fit.context} --gpu-memory-utilization {share:.2f} --port {_port('vllm', model)}"
    )
    return " ".join(words)


def _port(server: str, model: ModelSize) -> int:
    return _RERANK_PORTS[server] if model.reranks and server in _RERANK_PORTS else _PORTS[server]


def _llama(model: ModelSize, fit: Fit, gpu_gb: float) -> str:
    if model.gguf:
        named = model.gguf.endswith(f"{fit.precision}-GGUF")
        source = f"-hf {model.gguf}" if named else f"-hf {model.gguf}:{fit.precision}"
    else:
        source = f"-m {model.name}-{fit.precision}.gguf"
    if model.reranks:
        task = "--reranking"
    else:
        task = "--embeddings --pooling last" if model.kv_width else "--embeddings"
    context = fit.context
    offload = " -ngl 99" if gpu_gb else ""
    return (
        f"llama-server {source} --alias {model.name} {task} -c {context} -b {context} -ub {context}{offload} "
        f"--port {_port('llama.cpp', model)}"
    )


def _ollama(model: ModelSize, fit: Fit) -> tuple[str, ...]:
    return (f"OLLAMA_CONTEXT_LENGTH={fit.context} ollama serve", f"ollama pull {_ollama_name(model, fit)}")


def _ollama_name(model: ModelSize, fit: Fit) -> str:
    if not model.files:
        return model.ollama
    tags = {"F16": "-fp16", "Q8_0": "-q8_0", "Q4_K_M": "-q4_K_M"}
    return model.ollama + tags[fit.precision]


def _tei(model: ModelSize, fit: Fit, gpu_gb: float) -> str:
    kind = "float16" if gpu_gb else "float32"
    return (
        f"text-embeddings-router --model-id {model.repository} --dtype {kind} "
        f"--max-batch-tokens {max(fit.context, 16384)} --port {_port('tei', model)}"
    )


def _settings(model: ModelSize, fit: Fit, server: str) -> dict[str, str]:
    prefix = "CARREL_RERANKER" if model.reranks else "CARREL_EMBEDDER"
    name = {"llama.cpp": model.name, "vllm": model.repository, "tei": model.repository}.get(server)
    found = {
        prefix: name or _ollama_name(model, fit),
        f"{prefix}_URL": f"http://127.0.0.1:{_port(server, model)}/v1",
    }
    if not model.reranks and fit.context < model.context:
        found["CARREL_EMBEDDER_MAX_TOKENS"] = str(fit.context)
    return found


def _notes(model: ModelSize, fit: Fit, gpu_gb: float, server: str) -> tuple[str, ...]:
    notes: list[str] = []
    if server == "llama.cpp" and not model.gguf:
        notes.append(
            tr("Make the file with llama.cpp's convert_hf_to_gguf.py from {repository}.").format(
                repository=model.repository
            )
        )
    if server == "ollama":
        notes.append(tr("Ollama cuts longer texts silently: keep to the settings below."))
    if not gpu_gb and model.parameters > _SLOW_ON_CPU:
        notes.append(tr("Without a GPU this is fast enough for questions, too slow to embed a library."))
    if server == "vllm" and fit.precision == "fp8":
        notes.append(tr("fp8 needs a GPU of compute capability 8.9 (Ada, Hopper) or newer to gain speed."))
    return tuple(notes)
