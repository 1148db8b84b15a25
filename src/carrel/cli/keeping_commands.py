"""``carrel backup`` and ``restore``: their options. What each does is in the module of its name."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from carrel.cli.options import AsJson
from carrel.core.language import tr

keeping = typer.Typer()


@keeping.command(help=tr("Write everything to one file, while the server runs: all but the index."))
def backup(
    file: Annotated[str, typer.Argument(metavar="FILE", help=tr("File to write; - is standard output."))],
    vectors: Annotated[
        bool,
        typer.Option("--vectors/--without-vectors", help=tr("With the vectors that models have made.")),
    ] = True,
    force: Annotated[bool, typer.Option("--force", help=tr("Replace a file that is there."))] = False,
    as_json: AsJson = False,
) -> None:
    from carrel.cli.backup import write_backup

    if file == "-" and as_json:
        raise typer.BadParameter(tr("--json does not go with standard output as the file."))
    sys.exit(write_backup(file, vectors, force, as_json))


@keeping.command(help=tr("Restore a backup into an empty data folder, or with an option into another one."))
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=tr("A file that carrel backup has written."))],
    replace: Annotated[
        bool,
        typer.Option("--replace", help=tr("In place of everything that is there; the server is stopped.")),
    ] = False,
    add: Annotated[
        bool,
        typer.Option("--add", help=tr("Add the knowledge bases that are missing, while the server runs.")),
    ] = False,
    as_json: AsJson = False,
) -> None:
    from carrel.cli.restore import restore_backup

    if replace and add:
        raise typer.BadParameter(tr("--replace and --add exclude each other."))
    sys.exit(restore_backup(file, replace, add, as_json))
