"""``carrel kb`` and its commands: their options. What each does is in ``knowledge_bases.py``."""

import sys
from typing import Annotated

import typer

from carrel.cli.options import (
    AsJson,
    Dimensions,
    NewDomain,
    NewEmbedder,
    NewOverlap,
    NewParser,
    NewReferences,
    NewSize,
    WaitForIndex,
)
from carrel.core.language import tr

kb_app = typer.Typer(
    no_args_is_help=True, help=tr("Knowledge bases: collections with an index of their own.")
)


@kb_app.command("list", help=tr("List the knowledge bases."))
def kb_list(as_json: AsJson = False) -> None:
    from carrel.cli.knowledge_bases import list_knowledge_bases

    sys.exit(list_knowledge_bases(as_json))


@kb_app.command("create", help=tr("Create a knowledge base."))
def kb_create(
    name: Annotated[str, typer.Argument(help=tr("Its name."))],
    description: Annotated[str, typer.Option(help=tr("What it is for."))] = "",
    chunk_size: Annotated[int, typer.Option(help=tr("Size of passages in the model's tokens."))] = 1024,
    chunk_overlap: Annotated[int, typer.Option(help=tr("Overlap of passages in the model's tokens."))] = 256,
    references: Annotated[
        bool,
        typer.Option("--references/--no-references", help=tr("Make passages of lists of references, too.")),
    ] = False,
    parser: Annotated[
        str, typer.Option(help=tr("What reads its PDFs: pdfium, pymupdf, grobid or unstructured."))
    ] = "pdfium",
    embedder: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help=tr("The model that embeds its papers; the settings' by default.")),
    ] = None,
    dimensions: Dimensions = None,
    domain: NewDomain = None,
    as_json: AsJson = False,
) -> None:
    from carrel.cli.knowledge_bases import create_knowledge_base
    from carrel.cli.reindex import Wish

    wish = Wish(embedder, dimensions, chunk_size, chunk_overlap, references, parser, domain)
    sys.exit(create_knowledge_base(name, description, wish, as_json))


@kb_app.command(
    "configure",
    help=tr("Change a knowledge base's settings; where its index must be built anew, the old one serves on."),
)
def kb_configure(
    name: Annotated[str, typer.Argument(help=tr("Its name."))],
    rename: Annotated[str | None, typer.Option(help=tr("Its new name."))] = None,
    description: Annotated[str | None, typer.Option(help=tr("What it is for."))] = None,
    embedder: NewEmbedder = None,
    dimensions: Dimensions = None,
    chunk_size: NewSize = None,
    chunk_overlap: NewOverlap = None,
    references: NewReferences = None,
    parser: NewParser = None,
    domain: NewDomain = None,
    wait: WaitForIndex = True,
    as_json: AsJson = False,
) -> None:
    from carrel.cli.knowledge_bases import Changes, configure_knowledge_base
    from carrel.cli.reindex import Wish

    wish = Wish(embedder, dimensions, chunk_size, chunk_overlap, references, parser, domain)
    sys.exit(configure_knowledge_base(name, Changes(rename, description, wish), wait, as_json))


@kb_app.command(
    "calibrate",
    help=tr("Find out on a knowledge base's own papers how much meaning counts against words in it."),
)
def kb_calibrate(
    name: Annotated[str, typer.Argument(help=tr("Its name."))],
    forget: Annotated[
        bool, typer.Option("--forget", help=tr("Go back to the default, and measure nothing."))
    ] = False,
    as_json: AsJson = False,
) -> None:
    from carrel.cli.calibrating import calibrate_knowledge_base

    sys.exit(calibrate_knowledge_base(name, forget, as_json))


@kb_app.command("delete", help=tr("Delete a knowledge base and the papers that no other one holds."))
def kb_delete(name: Annotated[str, typer.Argument(help=tr("Its name."))], as_json: AsJson = False) -> None:
    from carrel.cli.knowledge_bases import delete_knowledge_base

    sys.exit(delete_knowledge_base(name, as_json))
