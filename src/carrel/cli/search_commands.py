"""``carrel search``: its options; what it does: ``search.py``."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from carrel.cli.options import AsJson, Diverse, Preferences, SomeBases
from carrel.core.ids import PaperId
from carrel.core.language import tr
from carrel.core.ranking import MOST_RESULTS, Mode, Query
from carrel.core.tasks import TASKS

Asked = Annotated[
    str,
    typer.Argument(
        help=tr(
            'A question or a few words, also with "phrases", -words, author:, year:, title: and the like.'
        )
    ),
]
Limit = Annotated[int, typer.Option(min=1, max=MOST_RESULTS, help=tr("Papers at most."))]
HowSearched = Annotated[Mode, typer.Option(help=tr("By meaning (dense), by words (lexical), or both."))]
Rerank = Annotated[
    bool | None,
    typer.Option("--rerank/--no-rerank", help=tr("Reorder the best candidates with a reranker.")),
]
Years = Annotated[str, typer.Option(help=tr("A year, or a range such as 2019..2021."))]
Authors = Annotated[list[str] | None, typer.Option(help=tr("Part of an author's name."))]
Venues = Annotated[list[str] | None, typer.Option(help=tr("A journal or conference, or words of its name."))]
Languages = Annotated[list[str] | None, typer.Option(help=tr("A language's code, such as en or zh."))]
Tags = Annotated[list[str] | None, typer.Option(help=tr("A label that the paper bears."))]
Liked = Annotated[
    list[str] | None,
    typer.Option(metavar="PAPER", help=tr("A paper to find others like: id, its beginning, or file name.")),
]
Disliked = Annotated[
    list[str] | None, typer.Option(metavar="PAPER", help=tr("A paper of a sort that is not wanted."))
]
Task = Annotated[
    str,
    typer.Option(
        metavar="|".join(TASKS), help=tr("What the question is asked for, where the model reads that.")
    ),
]
Instruction = Annotated[str, typer.Option(metavar="TEXT", help=tr("The same in your own words, in English."))]
Translate = Annotated[
    bool,
    typer.Option(
        "--translate/--no-translate",
        help=tr("Ask a Chinese question in English too where the model reads only English."),
    ),
]
Literal = Annotated[
    bool,
    typer.Option(
        "--literal",
        help=tr("Read no operators in the query: quotes, -words and fields are text."),
    ),
]
Explain = Annotated[
    bool,
    typer.Option(
        "--explain", help=tr("Show each stage's candidates, why a paper ranks there, and what was sent.")
    ),
]
RecordFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help=tr("Write a record of the search, for carrel replay.")),
]


def search(
    query: Asked = "",
    kb: SomeBases = None,
    limit: Limit = 10,
    mode: HowSearched = Mode.HYBRID,
    rerank: Rerank = None,
    year: Years = "",
    author: Authors = None,
    venue: Venues = None,
    language: Languages = None,
    tag: Tags = None,
    like: Liked = None,
    unlike: Disliked = None,
    prefer: Preferences = None,
    diverse: Diverse = False,
    task: Task = "",
    instruction: Instruction = "",
    translate: Translate = True,
    literal: Literal = False,
    explain: Explain = False,
    record: RecordFile = None,
    as_json: AsJson = False,
) -> None:
    from carrel.cli.search import search_papers
    from carrel.search.understand import filters

    within = filters(year, author or [], venue or [], language or [], tag or [])
    asked = Query(query, tuple(kb or ()), mode, limit, within, _asked_for(task, instruction))
    asked = replace(asked, liked=_papers(like), disliked=_papers(unlike))
    asked = replace(asked, prefer=tuple(dict.fromkeys(prefer or ())), diverse=diverse)
    asked = replace(asked, translate=translate, literal=literal)
    sys.exit(search_papers(asked, rerank, explain, record, as_json))


def _papers(named: list[str] | None) -> tuple[PaperId, ...]:
    """Return papers as they were typed: ids, their beginnings, or names of files."""
    return tuple(map(PaperId, named or ()))


def _asked_for(task: str, instruction: str) -> str:
    """Return what a question is asked for: a task's name, or words of one's own. Raises BadParameter."""
    if task and task not in TASKS:
        raise typer.BadParameter(tr("--task is one of {tasks}.").format(tasks=", ".join(TASKS)))
    if task and instruction:
        raise typer.BadParameter(tr("--task and --instruction exclude each other."))
    return instruction or task
