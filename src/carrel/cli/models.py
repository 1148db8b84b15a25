"""``carrel models``: the embedded model's files on this machine."""

from pathlib import Path

from carrel.cli.output import note, print_json
from carrel.config import load_settings
from carrel.core.errors import ModelUnknown
from carrel.core.language import tr
from carrel.engines.models import model_names, prepare_model
from carrel.engines.weights import MINILM, all_present, megabytes


def list_models(as_json: bool) -> int:
    """Print the models that Carrel can run by itself, and whether they are here."""
    folder = MINILM.folder(load_settings().cache)
    here = all_present(MINILM, folder)
    if as_json:
        print_json(
            {
                "models": [
                    {
                        "name": MINILM.model,
                        "bytes": MINILM.size,
                        "licence": MINILM.licence,
                        "source": f"https://huggingface.co/{MINILM.hub_repository}",
                        "path": str(folder),
                        "present": here,
                    }
                ]
            }
        )
        return 0
    state = tr("on this machine") if here else tr("not fetched yet")
    print(f"{MINILM.model}  {megabytes(MINILM.size)} MB  {MINILM.licence}  {state}  {folder}")
    return 0


def pull_model(name: str, from_dir: Path | None, as_json: bool) -> int:
    """Fetch a model's files, or take them from a folder; verify them; make the model ready."""
    settings = load_settings()
    graph = prepare_model(name, settings.cache, announce=note, offline=settings.offline, from_dir=from_dir)
    if as_json:
        print_json({"name": name, "path": str(graph.parent)})
    else:
        print(tr("{name} is ready in {path}").format(name=name, path=graph.parent))
    return 0


def show_model_path(name: str, as_json: bool) -> int:
    """Print the folder that holds a model's files, or will."""
    if name not in model_names():
        raise ModelUnknown(model=name, known=", ".join(model_names()))
    folder = MINILM.folder(load_settings().cache)
    if as_json:
        print_json({"name": name, "path": str(folder), "present": all_present(MINILM, folder)})
    else:
        print(folder)
    return 0
