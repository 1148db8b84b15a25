"""The commands and their options. What each does is in a module of its own, imported when it runs.

Exit codes: 0 all good; 1 some items failed, each named; 2 wrong usage or settings; 3 something
Carrel needs cannot be reached; 130 stopped by the user.
"""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from carrel import __version__
from carrel.cli.admin_commands import admin_app
from carrel.cli.checkup import checkup
from carrel.cli.evaluation_commands import evaluate, replay
from carrel.cli.judgments_commands import judgments_app
from carrel.cli.kb_commands import kb_app
from carrel.cli.keeping_commands import keeping
from carrel.cli.models_commands import models_app
from carrel.cli.options import AsJson, OneBase, SomeBases
from carrel.cli.reindex_commands import reindex
from carrel.cli.search_commands import search
from carrel.core.citation_format import CitationFormat
from carrel.core.errors import CarrelError
from carrel.core.language import tr

STOPPED = 130


app = typer.Typer(
    name="carrel",
    help=tr("Semantic search for academic papers: PDFs in, the right passage out."),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(kb_app, name="kb")
app.add_typer(judgments_app, name="judgments")
app.add_typer(models_app, name="models")
app.add_typer(admin_app, name="admin")
app.add_typer(checkup)
app.add_typer(keeping)


def main() -> None:
    """Run the command line. Errors of ours become a line on standard error and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    code = _run()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        pass  # Whoever reads (head, less) has seen enough.
    except OSError as error:
        print(tr("Error: {message}").format(message=error.strerror), file=sys.stderr)
        code = code or 1
    # At once: a model may still be loading in a thread, which the interpreter's end would tear apart.
    os._exit(code)


def _run() -> int:
    """Run the command and return its exit code."""
    try:
        app(args=_with_usual_values(sys.argv[1:]))
    except CarrelError as error:
        from carrel.cli.output import report_error

        report_error(error, as_json="--json" in sys.argv[1:] and sys.argv[1:2] != ["eval"])
        return error.exit_code
    except KeyboardInterrupt:
        code = STOPPED
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0
        unread = getattr(ended.__context__, "format_message", None)
        if "--json" in sys.argv[1:] and unread is not None:
            # A command line that could not be read: standard error has it already.
            from carrel.cli.output import print_json

            print_json({"error": {"kind": "wrong-usage", "message": unread()}})
    if code == STOPPED:
        print(tr("Stopped. What was accepted is kept; the same command goes on."), file=sys.stderr)
    return code


def _with_usual_values(arguments: list[str]) -> list[str]:
    """Return the arguments with the usual value behind an option that may have none (typer cannot)."""
    for command, option, value in (("doctor", "--embedder", "settings"), ("eval", "--known-items", "100")):
        places = [place for place, argument in enumerate(arguments) if argument == option]
        if arguments[:1] == [command] and places:
            behind = places[-1] + 1
            if behind == len(arguments) or arguments[behind].startswith("-"):
                return [*arguments[:behind], value, *arguments[behind:]]
    return arguments


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help=tr("Print the version and exit."))] = False,
) -> None:
    if version:
        print(f"carrel {__version__}")
        raise typer.Exit


@app.command(
    help=tr("Add papers, or folders of papers, to a knowledge base: PDF, Word, HTML, Markdown, text.")
)
def add(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help=tr("Files or folders."))],
    kb: OneBase = "library",
    recursive: Annotated[bool, typer.Option("--recursive", help=tr("Look into subfolders too."))] = False,
    wait: Annotated[
        bool,
        typer.Option(
            "--wait/--no-wait", help=tr("Wait until the papers are searchable, or only queue them.")
        ),
    ] = True,
    workers: Annotated[
        int, typer.Option(min=0, max=64, help=tr("Processes that read PDFs; 0 is one for two cores."))
    ] = 0,
    password: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            envvar="CARREL_PDF_PASSWORD",
            help=tr("Opens PDFs that need a password; used once and stored nowhere."),
            show_default=False,
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    from carrel.cli.add import add_papers

    sys.exit(add_papers(paths, kb, recursive, wait, workers, password, as_json))


app.command(help=tr("Search: a question in, papers with the passages that answer it out."))(search)


@app.command("list", help=tr("List the papers in knowledge bases, and the files that failed."))
def list_(kb: SomeBases = None, as_json: AsJson = False) -> None:
    from carrel.cli.papers import list_papers

    sys.exit(list_papers(kb or [], as_json))


@app.command(help=tr("Show a paper: what is known of it, and its sections."))
def show(
    identifier: Annotated[str, typer.Argument(metavar="ID", help=tr("A paper's id, or its beginning."))],
    kb: SomeBases = None,
    overlay: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT.png",
            help=tr("Draw the pages with every block that was read; OUT-1.png … if several."),
        ),
    ] = None,
    page: Annotated[int | None, typer.Option(min=1, help=tr("Draw only this page, from 1."))] = None,
    as_json: AsJson = False,
) -> None:
    from carrel.cli.show import Overlay, show_paper

    if page is not None and overlay is None:
        raise typer.BadParameter(tr("--page goes with --overlay."))
    drawn = None if overlay is None else Overlay(overlay, page)
    sys.exit(show_paper(identifier, kb or [], drawn, as_json))


@app.command(help=tr("Remove a paper from knowledge bases."))
def remove(
    identifier: Annotated[str, typer.Argument(metavar="ID", help=tr("A paper's id, or its beginning."))],
    kb: SomeBases = None,
    as_json: AsJson = False,
) -> None:
    from carrel.cli.papers import remove_paper

    sys.exit(remove_paper(identifier, kb or [], as_json))


@app.command(help=tr("Print papers as BibTeX, RIS or CSL-JSON."))
def export(
    identifiers: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID]...", help=tr("Papers' ids, or their beginnings; all papers by default.")
        ),
    ] = None,
    kb: SomeBases = None,
    written: Annotated[
        CitationFormat, typer.Option("--format", help=tr("bibtex, ris or csl-json."))
    ] = CitationFormat.BIBTEX,
    as_json: AsJson = False,
) -> None:
    from carrel.cli.export import export_papers

    sys.exit(export_papers(identifiers or [], kb or [], written, as_json))


app.command("eval", help=tr("Measure how well searching works, on a judged set or on your own papers."))(
    evaluate
)
app.command(help=tr("Make a recorded search again, and say whether the answer is the same."))(replay)

app.command(help=tr("Build a knowledge base's index anew, while the one that is there serves on."))(reindex)


@app.command(help=tr("Run the server: papers are taken in and searched, models serve other programs."))
def serve(
    host: Annotated[
        str, typer.Option(help=tr("Address to listen on; beyond this machine a key is needed."))
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help=tr("Port; 0 is any that is free."))] = 8765,
    workers: Annotated[
        int,
        typer.Option(
            min=0, max=64, help=tr("Processes that take papers in; 0: only those of carrel worker elsewhere.")
        ),
    ] = 1,
    as_json: AsJson = False,
) -> None:
    from carrel.cli.serve import run_server

    sys.exit(run_server(host, port, workers, as_json))


@app.command(help=tr("Take papers in for a server on the same data folder, until stopped."))
def worker(
    until_input_ends: Annotated[bool, typer.Option("--until-input-ends", hidden=True)] = False,
) -> None:
    from carrel.cli.worker import run_worker

    sys.exit(run_worker(until_input_ends))


@app.command(help=tr("Add the sample papers and answer a few questions over them."))
def demo(
    serve: Annotated[
        bool,
        typer.Option("--serve/--no-serve", help=tr("Serve the pages afterwards, where this is a terminal.")),
    ] = True,
    as_json: AsJson = False,
) -> None:
    from carrel.cli.demo import run_demo

    sys.exit(run_demo(serve, as_json))
