"""Which program a server is, told by the addresses that only it has; and what it says of itself."""

from dataclasses import dataclass
from enum import StrEnum

from carrel.core.errors import CarrelError
from carrel.core.language import tr
from carrel.engines.wire import Wire

_SECONDS = 3.0
_GGUF_POOLING = {1: "mean", 2: "cls", 3: "last"}
_TEI_POOLING = {"mean": "mean", "cls": "cls", "last_token": "last", "lasttoken": "last"}


class Kind(StrEnum):
    """Programs that serve embeddings."""

    VLLM = "vllm"
    LLAMA_CPP = "llama.cpp"
    LLAMA_CPP_PYTHON = "llama-cpp-python"
    OLLAMA = "ollama"
    TEI = "tei"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a server says of itself; 0 and "" where it does not."""

    kind: Kind = Kind.OTHER
    version: str = ""
    pooling: str = ""  # "mean", "cls" or "last"
    max_tokens: int = 0  # that it reads of a text
    most_texts: int = 0  # that a request may hold


def recognised(wire: Wire, model: str, owner: str = "") -> ServerFacts:
    """Return what kind of server it is; ``owner`` is who owns the model by its list of models."""
    info = _asked(wire, "/info")
    if isinstance(info.get("model_type"), dict) and "model_id" in info:
        return _tei(info)
    props = _asked(wire, "/props")
    if "default_generation_settings" in props or owner == "llamacpp":
        return _llama_cpp(props)
    if version := _text(_asked(wire, "/api/version").get("version")):
        return _ollama(wire, model, version)
    if version := _text(_asked(wire, "/version").get("version")):
        return ServerFacts(Kind.VLLM, version)
    return ServerFacts(Kind.LLAMA_CPP_PYTHON if owner == "me" else Kind.OTHER)


def _tei(info: dict[str, object]) -> ServerFacts:
    kind = info["model_type"]
    embedding = kind.get("embedding", {}) if isinstance(kind, dict) else {}
    pooling = _text(embedding.get("pooling")) if isinstance(embedding, dict) else ""
    return ServerFacts(
        Kind.TEI,
        _text(info.get("version")),
        _TEI_POOLING.get(pooling.lower(), ""),
        _number(info.get("max_input_length")),
        _number(info.get("max_client_batch_size")),
    )


def _llama_cpp(props: dict[str, object]) -> ServerFacts:
    settings = props.get("default_generation_settings")
    context = settings.get("n_ctx") if isinstance(settings, dict) else 0
    return ServerFacts(Kind.LLAMA_CPP, _text(props.get("build_info")), max_tokens=_number(context))


def _ollama(wire: Wire, model: str, version: str) -> ServerFacts:
    shown = _asked(wire, "/api/show", {"model": model}).get("model_info")
    found = shown if isinstance(shown, dict) else {}
    pooling = next((_number(found[name]) for name in found if name.endswith(".pooling_type")), 0)
    return ServerFacts(Kind.OLLAMA, version, _GGUF_POOLING.get(pooling, ""))


def _asked(wire: Wire, path: str, body: dict[str, object] | None = None) -> dict[str, object]:
    """Return the object that the server has at a path below its root; an empty one where it has none."""
    url = wire.endpoint.root + path
    try:
        if body is None:
            answer = wire.get(url, seconds=_SECONDS)
        else:
            answer = wire.post(url, body, largest=1 << 24, seconds=_SECONDS)
        document = answer.document if answer.status == 200 else None
    except CarrelError:  # another program's address: nothing is wrong
        return {}
    return document if isinstance(document, dict) else {}


def _text(value: object) -> str:
    return value[:100] if isinstance(value, str) else ""


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def pooling_advice(kind: Kind, wanted: str) -> str:
    """Return how to start a server of that kind so that it pools as the model wants."""
    if kind is Kind.VLLM:
        text = tr('Start vLLM with: --runner pooling --pooler-config \'{{"pooling_type":"{upper}"}}\'')
    elif kind is Kind.LLAMA_CPP:
        text = tr("Start llama-server with: --embeddings --pooling {wanted}")
    elif kind is Kind.TEI:
        text = tr("Start text-embeddings-router with: --pooling {tei}")
    elif kind in (Kind.OLLAMA, Kind.LLAMA_CPP_PYTHON):
        text = tr("Use a GGUF file whose pooling_type is {wanted}, such as the publisher's own.")
    else:
        text = tr(
            "Set the server's pooling to {wanted} (llama-server: --pooling {wanted}; vLLM: --pooler-config; "
            "TEI: --pooling {tei})."
        )
    tei = "last-token" if wanted == "last" else wanted
    return text.format(wanted=wanted, upper=wanted.upper(), tei=tei)


def end_token_advice(kind: Kind, token: str) -> str:
    """Return how to make a server of that kind close each text with the model's end token."""
    if kind in (Kind.LLAMA_CPP, Kind.LLAMA_CPP_PYTHON):
        text = tr(
            "Use the publisher's GGUF file, or start llama-server with: --override-kv "
            "tokenizer.ggml.add_eos_token=bool:true"
        )
    elif kind is Kind.OLLAMA:
        text = tr("Pull the library's own model (ollama pull qwen3-embedding), whose file appends {token}.")
    elif kind in (Kind.VLLM, Kind.TEI):
        text = tr(
            "Serve the publisher's repository with its tokenizer.json, whose post-processor appends {token}."
        )
    else:
        text = tr(
            "Make the server's tokenizer append {token} (GGUF: tokenizer.ggml.add_eos_token is true; "
            "otherwise the post-processor in tokenizer.json)."
        )
    return text.format(token=token)
