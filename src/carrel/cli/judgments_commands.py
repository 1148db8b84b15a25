"""``carrel judgments`` and its commands: their options. What each does is in ``judgments.py``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from carrel.cli.options import AsJson
from carrel.core.language import tr

judgments_app = typer.Typer(
    no_args_is_help=True,
    help=tr("Judgments: which papers answer which questions, as people said on the pages."),
)

OfBase = Annotated[str, typer.Option("--kb", help=tr("The knowledge base."))]


@judgments_app.command("list", help=tr("List the judgments of a knowledge base."))
def judgments_list(kb: OfBase = "library", as_json: AsJson = False) -> None:
    from carrel.cli.judgments import list_judgments

    sys.exit(list_judgments(kb, as_json))


@judgments_app.command(
    "export", help=tr("Write the judgments of a knowledge base to a folder, as BEIR has them.")
)
def judgments_export(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help=tr("Made where it is missing."))],
    kb: OfBase = "library",
    as_json: AsJson = False,
) -> None:
    from carrel.cli.judgments import export_judgments

    sys.exit(export_judgments(folder, kb, as_json))


@judgments_app.command("import", help=tr("Take judgments in from a folder as BEIR has them."))
def judgments_import(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help=tr("Holds queries.jsonl and qrels/test.tsv."))
    ],
    kb: OfBase = "library",
    as_json: AsJson = False,
) -> None:
    from carrel.cli.judgments import import_judgments

    sys.exit(import_judgments(folder, kb, as_json))
