"""``carrel models``: the files of models that Carrel runs by itself, and of the dictionary."""

from pathlib import Path

from carrel.cli.downloading import download_progress
from carrel.cli.output import Json, note, print_json
from carrel.config import load_settings
from carrel.core.errors import InvalidSetting, ModelUnknown
from carrel.core.language import tr
from carrel.engines.dictionaries import (
    CEDICT,
    CEDICT_LICENCE,
    CEDICT_SOURCE,
    SOURCE_BYTES,
    dictionary_folder,
    has_dictionary,
    prepare_dictionary,
)
from carrel.engines.gguf_names import LocalGguf, gguf_path, local_files, names_gguf, parse_gguf_name
from carrel.engines.gguf_pull import pull_gguf
from carrel.engines.models import model_names, prepare_model
from carrel.engines.weights import MINILM, all_present, megabytes


def list_models(as_json: bool) -> int:
    """Print the models that Carrel can run by itself, and whether they are here."""
    cache = load_settings().cache
    folder = MINILM.folder(cache)
    here = all_present(MINILM, folder)
    fetched = local_files(cache)
    if as_json:
        own: dict[str, Json] = {
            "name": MINILM.model,
            "bytes": MINILM.size,
            "licence": MINILM.licence,
            "source": f"https://huggingface.co/{MINILM.hub_repository}",
            "path": str(folder),
            "present": here,
        }
        print_json({"models": [own, *map(_document, fetched)], "dictionaries": [_dictionary(cache)]})
        return 0
    state = tr("on this machine") if here else tr("not fetched yet")
    print(f"{MINILM.model}  {megabytes(MINILM.size)} MB  {MINILM.licence}  {state}  {folder}")
    for file in fetched:
        print(f"{file.name}  {megabytes(file.size)} MB  {tr('on this machine')}  {file.path}")
    state = tr("on this machine") if has_dictionary(cache) else tr("not fetched yet")
    size = megabytes(SOURCE_BYTES)
    print(f"{CEDICT}  {size} MB  {CEDICT_LICENCE}  {state}  {dictionary_folder(cache)}")
    return 0


def _dictionary(cache: Path) -> Json:
    return {
        "name": CEDICT,
        "bytes": SOURCE_BYTES,
        "licence": CEDICT_LICENCE,
        "source": CEDICT_SOURCE,
        "path": str(dictionary_folder(cache)),
        "present": has_dictionary(cache),
    }


def _document(file: LocalGguf) -> Json:
    return {
        "name": str(file.name),
        "bytes": file.size,
        "licence": None,
        "source": f"https://huggingface.co/{file.name.repository}",
        "path": str(file.path),
        "present": True,
        "sha256": file.sha256 or None,
    }


def pull_model(name: str, from_dir: Path | None, as_json: bool) -> int:
    """Fetch a model's files, or the dictionary's, or take them from a folder; verify them; make it ready."""
    settings = load_settings()
    gguf = parse_gguf_name(name)
    if name == CEDICT:
        path = prepare_dictionary(settings.cache, announce=note, offline=settings.offline, from_path=from_dir)
    elif name in model_names() or gguf is None:
        graph = prepare_model(
            name, settings.cache, announce=note, offline=settings.offline, from_dir=from_dir
        )
        path = graph.parent
    elif from_dir is not None:
        raise InvalidSetting(
            name="--from", value=from_dir, expected="nothing: a GGUF file is used where it is, by its path"
        )
    else:
        with download_progress() as progress:
            path = pull_gguf(gguf, settings.cache, announce=note, progress=progress, offline=settings.offline)
    if as_json:
        print_json({"name": name, "path": str(path)})
    else:
        print(tr("{name} is ready in {path}").format(name=name, path=path))
    return 0


def show_model_path(name: str, as_json: bool) -> int:
    """Print where a model's files are, or will be."""
    cache = load_settings().cache
    if name == CEDICT:
        path, present = dictionary_folder(cache), has_dictionary(cache)
    elif name in model_names():
        path, present = MINILM.folder(cache), all_present(MINILM, MINILM.folder(cache))
    elif names_gguf(name) or parse_gguf_name(name):
        path, present = gguf_path(name, cache), True
    else:
        raise ModelUnknown(model=name, known=", ".join((*model_names(), CEDICT)))
    if as_json:
        print_json({"name": name, "path": str(path), "present": present})
    else:
        print(path)
    return 0
