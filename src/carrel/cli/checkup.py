"""The commands that examine and advise: ``carrel doctor`` and ``carrel engine``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from carrel.cli.options import AsJson
from carrel.core.language import tr

Parsed = Annotated[
    Path | None,
    typer.Option(metavar="PATH", help=tr("Read a file or a folder, add nothing, and say how well it went.")),
]
Recursive = Annotated[bool, typer.Option("--recursive", help=tr("Look into subfolders too."))]
Examined = Annotated[
    str | None,
    typer.Option(
        metavar="[URL]", help=tr("Examine a server of embeddings; without URL the one in the settings.")
    ),
]
ServedModel = Annotated[str, typer.Option(help=tr("The model, as the server names it."))]
ServerKey = Annotated[
    str,
    typer.Option(envvar="CARREL_EMBEDDER_API_KEY", help=tr("The server's key."), show_default=False),
]
Profile = Annotated[str, typer.Option(help=tr("How the model wants texts, where its name does not tell."))]
Quick = Annotated[bool, typer.Option("--quick", help=tr("Leave out what takes long."))]
Fsck = Annotated[
    bool,
    typer.Option("--fsck", help=tr("Find what is lost or left over in every store, and mend it.")),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help=tr("With --fsck: only report, change nothing."))]
Deep = Annotated[bool, typer.Option("--deep", help=tr("With --fsck: read every file, which takes longer."))]

checkup = typer.Typer()


@checkup.command(
    help=tr("Check this installation, a server of embeddings, or how well files can be read."),
)
def doctor(
    parse: Parsed = None,
    recursive: Recursive = False,
    embedder: Examined = None,
    model: ServedModel = "",
    api_key: ServerKey = "",
    profile: Profile = "",
    quick: Quick = False,
    fsck: Fsck = False,
    dry_run: DryRun = False,
    deep: Deep = False,
    as_json: AsJson = False,
) -> None:
    _check_one(parse is not None, embedder is not None, fsck)
    if embedder is None and (model or profile or quick):
        raise typer.BadParameter(tr("--model, --profile and --quick go with --embedder."))
    if not fsck and (dry_run or deep):
        raise typer.BadParameter(tr("--dry-run and --deep go with --fsck."))
    if parse is None and recursive:
        raise typer.BadParameter(tr("--recursive goes with --parse."))
    if fsck:
        from carrel.cli.fsck import examine_stores

        sys.exit(examine_stores(dry_run, deep, as_json))
    if parse is not None:
        from carrel.cli.parse_report import report_parses

        sys.exit(report_parses(parse, recursive, as_json))
    if embedder is not None:
        from carrel.cli.embedder_report import Request as Examine
        from carrel.cli.embedder_report import report_embedder

        sys.exit(report_embedder(Examine(embedder, model, api_key, profile, quick), as_json))
    from carrel.cli.doctor import examine

    sys.exit(examine(as_json))


def _check_one(parse: bool, embedder: bool, fsck: bool) -> None:
    """Raise BadParameter where more than one thing is to be examined."""
    if fsck and (parse or embedder):
        raise typer.BadParameter(tr("--fsck stands alone."))
    if parse and embedder:
        raise typer.BadParameter(tr("--embedder and --parse do not go together."))


@checkup.command(
    help=tr("Print the commands that serve a model, for a GPU's memory, and the settings for it.")
)
def engine(
    model: Annotated[str, typer.Argument(help=tr("The model's name; Qwen3-Embedding-4B by default."))] = "",
    server: Annotated[str, typer.Option(help=tr("vllm, llama.cpp, ollama, tei or all."))] = "all",
    gpu_memory: Annotated[
        float, typer.Option(min=0, max=10_000, metavar="GB", help=tr("Memory of the GPU; 0 is none."))
    ] = 0,
    rerank: Annotated[bool, typer.Option("--rerank", help=tr("A reranker and not an embedder."))] = False,
    as_json: AsJson = False,
) -> None:
    from carrel.cli.engine import show_engines

    sys.exit(show_engines(model, server, gpu_memory, rerank, as_json))
