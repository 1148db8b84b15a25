"""``carrel eval`` and ``carrel replay``: their options; what they do: ``evaluating.py``, ``replay.py``."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from carrel.cli.options import AsJson
from carrel.core.language import tr

SetFolder = Annotated[
    Path | None,
    typer.Argument(
        metavar="[FOLDER]",
        help=tr("A judged set in BEIR's format: corpus.jsonl, queries.jsonl, qrels."),
        show_default=False,
    ),
]
BaseName = Annotated[str, typer.Option("--kb", help=tr("A knowledge base, by the judgments made in it."))]
KnownItems = Annotated[
    int,
    typer.Option(
        "--known-items",
        metavar="[N]",
        min=0,
        help=tr("With --kb: queries cut from N of its papers (100) instead of judgments."),
        show_default=False,
    ),
]
Compared = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CONFIGURATION",
        help=tr("Such as mode=dense or dimensions=128,rerank=true; repeated, the first is the baseline."),
    ),
]
Metrics = Annotated[str, typer.Option(metavar="LIST", help=tr("As ir-measures names them, with commas."))]
QueriesFile = Annotated[str, typer.Option(metavar="FILE", help=tr("Another file of queries in the set."))]
QrelsFile = Annotated[str, typer.Option(metavar="FILE", help=tr("Another file of judgments in the set."))]
SetEmbedder = Annotated[
    str, typer.Option(metavar="MODEL", help=tr("The model for a set; the settings' by default."))
]
KeptHome = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help=tr("Keep the library that is measured on, and use it again.")),
]
Seed = Annotated[int, typer.Option(help=tr("Which known items are drawn."))]
JsonFile = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help=tr("Write every figure to a file."))
]
MarkdownFile = Annotated[
    Path | None, typer.Option("--markdown", metavar="FILE", help=tr("Write the tables to a file."))
]
HtmlFile = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help=tr("Write a report with charts to a file."))
]


def evaluate(
    folder: SetFolder = None,
    kb: BaseName = "",
    known_items: KnownItems = 0,
    compare: Compared = None,
    metrics: Metrics = "",
    queries: QueriesFile = "",
    qrels: QrelsFile = "",
    embedder: SetEmbedder = "",
    home: KeptHome = None,
    seed: Seed = 1,
    json_file: JsonFile = None,
    markdown_file: MarkdownFile = None,
    html_file: HtmlFile = None,
) -> None:
    from carrel.cli.evaluating import Wish, evaluate_base, evaluate_set
    from carrel.cli.evaluation_output import Files

    if (folder is None) == (not kb):
        raise typer.BadParameter(tr("Name a folder with a judged set, or a knowledge base with --kb."))
    if known_items and not kb:
        raise typer.BadParameter(tr("--known-items goes with --kb."))
    if folder is None and (queries or qrels or embedder):
        raise typer.BadParameter(tr("--queries, --qrels and --embedder go with a judged set."))
    chosen = tuple(name.strip() for name in metrics.split(",") if name.strip())
    wish = Wish(tuple(compare or ()), chosen, home, Files(json_file, markdown_file, html_file))
    if folder is not None:
        sys.exit(evaluate_set(folder, queries, qrels, embedder, wish))
    sys.exit(evaluate_base(kb, known_items, seed, wish))


def replay(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help=tr("A record that carrel search --record has written."))
    ],
    as_json: AsJson = False,
) -> None:
    from carrel.cli.replay import replay_record

    sys.exit(replay_record(file, as_json))
