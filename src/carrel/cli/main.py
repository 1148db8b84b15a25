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
from carrel.config import load_settings
from carrel.core.errors import CarrelError
from carrel.core.language import tr, use_language
from carrel.core.ranking import Mode

STOPPED = 130


def _language() -> str:
    """Return the language that the settings name, otherwise that of the terminal."""
    try:
        chosen = load_settings().language
    except CarrelError:
        chosen = ""  # The command reads the settings again and says what is wrong with them.
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    return chosen or next((os.environ[name] for name in names if os.environ.get(name)), "en")


use_language(_language())

app = typer.Typer(
    name="carrel",
    help=tr("Semantic search for academic papers: PDFs in, the right passage out."),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
kb_app = typer.Typer(
    no_args_is_help=True, help=tr("Knowledge bases: collections with an index of their own.")
)
models_app = typer.Typer(
    no_args_is_help=True, help=tr("Models that Carrel runs by itself: their files on this machine.")
)
app.add_typer(kb_app, name="kb")
app.add_typer(models_app, name="models")

AsJson = Annotated[bool, typer.Option("--json", help=tr("Print one JSON document on standard output."))]
OneBase = Annotated[str, typer.Option("--kb", help=tr("Knowledge base; created where it is missing."))]
SomeBases = Annotated[
    list[str] | None,
    typer.Option("--kb", help=tr("Knowledge base; may be repeated. All of them by default.")),
]


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
        app()
    except CarrelError as error:
        from carrel.cli.output import report_error

        report_error(error, as_json="--json" in sys.argv[1:])
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


@app.command(help=tr("Search: a question in, papers with the passages that answer it out."))
def search(
    query: Annotated[str, typer.Argument(help=tr("A question, or a few words."))],
    kb: SomeBases = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help=tr("Papers at most."))] = 10,
    mode: Annotated[
        Mode, typer.Option(help=tr("By meaning (dense), by words (lexical), or both."))
    ] = Mode.HYBRID,
    rerank: Annotated[
        bool | None,
        typer.Option("--rerank/--no-rerank", help=tr("Reorder the best candidates with a reranker.")),
    ] = None,
    year: Annotated[str, typer.Option(help=tr("A year, or a range such as 2019..2021."))] = "",
    author: Annotated[str, typer.Option(help=tr("Part of an author's name."))] = "",
    explain: Annotated[
        bool, typer.Option("--explain", help=tr("Show each stage's candidates and why a paper ranks there."))
    ] = False,
    as_json: AsJson = False,
) -> None:
    from carrel.cli.search import Request, search_papers

    request = Request(query, tuple(kb or ()), limit, mode, bool(rerank), year, author, explain)
    sys.exit(search_papers(request, as_json))


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
    as_json: AsJson = False,
) -> None:
    from carrel.cli.knowledge_bases import create_knowledge_base

    chunking = (chunk_size, chunk_overlap, references)
    sys.exit(create_knowledge_base(name, description, chunking, parser, as_json))


@kb_app.command("configure", help=tr("Change a knowledge base's name, description or parser."))
def kb_configure(
    name: Annotated[str, typer.Argument(help=tr("Its name."))],
    rename: Annotated[str | None, typer.Option(help=tr("Its new name."))] = None,
    description: Annotated[str | None, typer.Option(help=tr("What it is for."))] = None,
    parser: Annotated[
        str | None, typer.Option(help=tr("What reads its PDFs: pdfium, pymupdf, grobid or unstructured."))
    ] = None,
    as_json: AsJson = False,
) -> None:
    from carrel.cli.knowledge_bases import configure_knowledge_base

    sys.exit(configure_knowledge_base(name, rename, description, parser, as_json))


@kb_app.command("delete", help=tr("Delete a knowledge base and the papers that no other one holds."))
def kb_delete(name: Annotated[str, typer.Argument(help=tr("Its name."))], as_json: AsJson = False) -> None:
    from carrel.cli.knowledge_bases import delete_knowledge_base

    sys.exit(delete_knowledge_base(name, as_json))


@models_app.command("list", help=tr("List the models Carrel can run by itself."))
def models_list(as_json: AsJson = False) -> None:
    from carrel.cli.models import list_models

    sys.exit(list_models(as_json))


@models_app.command("pull", help=tr("Fetch a model's files, or take them from a folder."))
def models_pull(
    name: Annotated[str, typer.Argument(help=tr("The model's name."))] = "all-MiniLM-L6-v2",
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


@app.command(help=tr("Check this installation, or how well files can be read."))
def doctor(
    parse: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH", help=tr("Read a file or a folder, add nothing, and say how well it went.")
        ),
    ] = None,
    recursive: Annotated[bool, typer.Option("--recursive", help=tr("Look into subfolders too."))] = False,
    as_json: AsJson = False,
) -> None:
    if parse is not None:
        from carrel.cli.parse_report import report_parses

        sys.exit(report_parses(parse, recursive, as_json))
    if recursive:
        raise typer.BadParameter(tr("--recursive goes with --parse."))
    from carrel.cli.doctor import examine

    sys.exit(examine(as_json))


@app.command(help=tr("Add the sample papers and answer a few questions over them."))
def demo(
    serve: Annotated[
        bool, typer.Option("--serve/--no-serve", help=tr("Serve the pages afterwards, once there are pages."))
    ] = True,
    as_json: AsJson = False,
) -> None:
    from carrel.cli.demo import run_demo

    sys.exit(run_demo(serve, as_json))
