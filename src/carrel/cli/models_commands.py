"""``carrel models`` and its commands: their options. What each does is in ``models.py``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from carrel.cli.options import AsJson
from carrel.core.language import tr

models_app = typer.Typer(
    no_args_is_help=True, help=tr("Models that Carrel runs by itself: their files on this machine.")
)


@models_app.command("list", help=tr("List the models Carrel can run by itself, and the dictionary."))
def models_list(as_json: AsJson = False) -> None:
    from carrel.cli.models import list_models

    sys.exit(list_models(as_json))


@models_app.command("pull", help=tr("Fetch a model's files or the dictionary's, or take them from a folder."))
def models_pull(
    name: Annotated[str, typer.Argument(help=tr("The model's name, or cc-cedict."))] = "all-MiniLM-L6-v2",
    from_dir: Annotated[
        Path | None, typer.Option("--from", help=tr("A folder that holds the files already."))
    ] = None,
    as_json: AsJson = False,
) -> None:
    from carrel.cli.models import pull_model

    sys.exit(pull_model(name, from_dir, as_json))


@models_app.command("path", help=tr("Print where a model's files are."))
def models_path(
    name: Annotated[str, typer.Argument(help=tr("The model's name."))] = "all-MiniLM-L6-v2",
    as_json: AsJson = False,
) -> None:
    from carrel.cli.models import show_model_path

    sys.exit(show_model_path(name, as_json))
