"""``carrel engine``: the commands that serve a model, and Carrel's settings for it."""

from carrel.cli.output import Json, print_json
from carrel.core.errors import InvalidSetting
from carrel.core.language import tr
from carrel.engines.model_sizes import MODEL_SIZES, ModelSize, size_of
from carrel.engines.serving import SERVERS, Option, options

_EMBEDS, _RERANKS = "Qwen/Qwen3-Embedding-4B", "Qwen/Qwen3-Reranker-0.6B"
_ALL = "all"


def show_engines(model: str, server: str, gpu_memory: float, rerank: bool, as_json: bool) -> int:
    """Print how to serve a model. Returns 1 where no server can with so little memory, otherwise 0."""
    if server != _ALL and server not in SERVERS:
        raise InvalidSetting(name="--server", value=server, expected=", ".join((*SERVERS, _ALL)))
    size = _known(model or (_RERANKS if rerank else _EMBEDS), rerank)
    found = options(size, gpu_memory, SERVERS if server == _ALL else (server,))
    if as_json:
        print_json(
            {
                "model": size.repository,
                "gpu_memory_gb": gpu_memory,
                "options": [_document(option) for option in found],
            }
        )
    else:
        _print(size, gpu_memory, found)
    return 0 if any(option.possible for option in found) else 1


def _known(model: str, rerank: bool) -> ModelSize:
    size = size_of(model)
    if size is None or (rerank and not size.reranks):
        names = ", ".join(each.name for each in MODEL_SIZES if each.reranks or not rerank)
        raise InvalidSetting(name="MODEL", value=model, expected=f"one of {names}")
    return size


def _document(option: Option) -> Json:
    fit = option.fit
    return {
        "server": option.server,
        "possible": option.possible,
        "commands": list(option.commands),
        "precision": fit.precision if fit else None,
        "max_tokens": fit.context if fit else None,
        "memory_gb": round(fit.gigabytes, 1) if fit else None,
        "settings": dict(option.settings),
        "notes": list(option.notes),
    }


def _print(size: ModelSize, gpu_memory: float, found: list[Option]) -> None:
    place = tr("a GPU of {gpu} GB").format(gpu=f"{gpu_memory:g}") if gpu_memory else tr("no GPU")
    print(f"{size.repository}, {place}")
    for option in found:
        print()
        print(f"{option.server}{'' if option.fit is None else ': ' + _takes(option)}")
        for line in option.commands:
            print(f"    {line}")
        for name, value in option.settings.items():
            print(f"    {name}={value}")
        for line in option.notes:
            print(f"    ! {line}" if option.possible else f"    ✗ {line}")
    if not any(option.possible for option in found):
        return
    print()
    print(tr("Then: carrel doctor --embedder") if not size.reranks else tr("Then: carrel search --rerank"))


def _takes(option: Option) -> str:
    assert option.fit is not None
    return tr("{precision}, texts of {tokens} tokens, about {memory} GB").format(
        precision=option.fit.precision,
        tokens=option.fit.context,
        memory=f"{option.fit.gigabytes:.1f}",
    )
