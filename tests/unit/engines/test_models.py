import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from carrel.core.errors import ModelCorrupt, ModelUnavailable, ModelUnknown
from carrel.engines.minilm import GRAPH_NAME
from carrel.engines.models import load_minilm, model_names, prepare_model
from carrel.engines.weights import MINILM, TENSORS, TOKENIZER
from tests.conftest import SHARED_DATA

NAME = "all-MiniLM-L6-v2"


@pytest.fixture
def own_cache(model_cache: Path, tmp_path: Path) -> Path:
    """A cache with the official files in it, linked rather than copied, and no graph."""
    folder = MINILM.folder(tmp_path)
    folder.mkdir(parents=True)
    for file in MINILM.files:
        source = MINILM.folder(model_cache) / file.name
        try:
            os.link(source, folder / file.name)
        except OSError:  # another disk
            (folder / file.name).write_bytes(source.read_bytes())
    return tmp_path


def test_unknown_models_are_named_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ModelUnknown, match=NAME):
        prepare_model("gpt", tmp_path, announce=print)
    assert model_names() == (NAME,)


def test_an_embedder_costs_nothing_until_it_is_used(tmp_path: Path) -> None:
    embedder = load_minilm(tmp_path / "absent", announce=print, offline=True)
    assert embedder.encoder.width == 384
    assert embedder.max_tokens == 254
    assert not (tmp_path / "absent").exists()
    with pytest.raises(ModelUnavailable):
        embedder.embed_query("now it needs the weights")
    with pytest.raises(ModelUnavailable):
        embedder.tokens.token_ends("so does this")


def test_importing_the_engines_imports_no_runtime() -> None:
    code = (
        "import sys, carrel.engines.models; "
        "print(sorted({'onnx', 'onnxruntime', 'tokenizers'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


@pytest.mark.model
def test_vectors_are_those_of_the_official_release(model_cache: Path) -> None:
    path = SHARED_DATA / "minilm_reference_vectors.json"
    if not path.is_file():
        pytest.skip(f"the reference vectors are not on this machine ({path})")
    reference = json.loads(path.read_text(encoding="utf-8"))
    vectors = load_minilm(model_cache, announce=print).embed_documents(reference["texts"])
    cosines = (vectors * np.array(reference["vectors"])).sum(axis=1)
    assert len(cosines) == len(reference["texts"]) > 0
    assert cosines.min() >= 0.9999


@pytest.mark.model
def test_the_graph_is_built_once_from_verified_files(own_cache: Path) -> None:
    said: list[str] = []
    graph = prepare_model(NAME, own_cache, announce=said.append, offline=True)
    assert graph.name == GRAPH_NAME
    assert len(said) == 1
    assert "Preparing" in said[0]
    written = graph.stat().st_mtime_ns
    assert prepare_model(NAME, own_cache, announce=said.append, offline=True) == graph
    assert (len(said), graph.stat().st_mtime_ns) == (1, written)
    expected = {".lock", GRAPH_NAME, TENSORS.name, TOKENIZER.name}
    assert {path.name for path in graph.parent.iterdir()} == expected


@pytest.mark.model
@pytest.mark.parametrize("damage", [b"", b"no graph at all", b"\x08\x08"])
def test_a_damaged_graph_is_built_anew(own_cache: Path, damage: bytes) -> None:
    graph = MINILM.folder(own_cache) / GRAPH_NAME
    graph.write_bytes(damage)
    embedder = load_minilm(own_cache, announce=print, offline=True, threads=1)
    assert embedder.embed_query("attention").vector.shape == (384,)
    assert graph.stat().st_size > 10_000_000


@pytest.mark.model
def test_weights_exchanged_under_the_graph_are_noticed(own_cache: Path) -> None:
    prepare_model(NAME, own_cache, announce=print, offline=True)
    weights = MINILM.folder(own_cache) / TENSORS.name
    weights.unlink()  # it is a link: writing into it would change the original
    weights.write_bytes(bytes(TENSORS.size))
    with pytest.raises(ModelCorrupt) as caught:
        load_minilm(own_cache, announce=print, offline=True).load()
    assert str(weights) in caught.value.message


@pytest.mark.model
def test_nothing_is_written_to_standard_output_or_error(model_cache: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from carrel.engines.models import load_minilm; "
        "load_minilm(Path(sys.argv[1]), announce=print).embed_query('attention')"
    )
    command = [sys.executable, "-c", code, str(model_cache)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (result.stdout, result.stderr) == ("", "")


@pytest.mark.model
def test_many_texts_of_all_lengths_keep_their_places(model_cache: Path) -> None:
    embedder = load_minilm(model_cache, announce=print)
    texts = [f"number {row} " * (1 + row % 5) for row in range(600)]
    vectors = embedder.embed_documents(texts)
    for row in (0, 4, 511, 512, 599):
        assert float(vectors[row] @ embedder.embed_query(texts[row]).vector) >= 0.99999
