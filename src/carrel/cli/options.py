"""Options that several commands share, and the language of every help text: chosen before any is made."""

import os
from typing import Annotated

import typer

from carrel.config import load_settings
from carrel.core.domains import Domain
from carrel.core.errors import CarrelError
from carrel.core.language import tr, use_language
from carrel.core.ranking import Preference


def _language() -> str:
    """Return the language that the settings name, otherwise that of the terminal."""
    try:
        chosen = load_settings().language
    except CarrelError:
        chosen = os.environ.get(
            "CARREL_LANGUAGE", ""
        )  # The command reads the settings again and says what is wrong with them.
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    return chosen or next((os.environ[name] for name in names if os.environ.get(name)), "en")


use_language(_language())

AsJson = Annotated[bool, typer.Option("--json", help=tr("Print one JSON document on standard output."))]
OneBase = Annotated[str, typer.Option("--kb", help=tr("Knowledge base; created where it is missing."))]
SomeBases = Annotated[
    list[str] | None,
    typer.Option("--kb", help=tr("Knowledge base; may be repeated. All of them by default.")),
]
Preferences = Annotated[
    list[Preference] | None,
    typer.Option("--prefer", help=tr("Further up: newer papers, or those that others here cite.")),
]
Diverse = Annotated[
    bool, typer.Option("--diverse", help=tr("Papers further up that are unlike those before them."))
]

Dimensions = Annotated[
    str | None,
    typer.Option(metavar="N", help=tr("Dimensions of its vectors; 0 or full for all that the model gives.")),
]

NewEmbedder = Annotated[
    str | None, typer.Option("--embedder", metavar="MODEL", help=tr("The model that embeds its papers."))
]
NewSize = Annotated[
    int | None, typer.Option("--chunk-size", help=tr("Size of passages in the model's tokens."))
]
NewOverlap = Annotated[
    int | None, typer.Option("--chunk-overlap", help=tr("Overlap of passages in the model's tokens."))
]
NewReferences = Annotated[
    bool | None,
    typer.Option("--references/--no-references", help=tr("Make passages of lists of references, too.")),
]
NewParser = Annotated[
    str | None,
    typer.Option("--parser", help=tr("What reads its PDFs: pdfium, pymupdf, grobid or unstructured.")),
]
NewDomain = Annotated[
    Domain | None,
    typer.Option("--domain", help=tr("What it is of; sets how files are read, and what questions ask for.")),
]
WaitForIndex = Annotated[
    bool,
    typer.Option("--wait/--no-wait", help=tr("Wait until the new index serves; a server builds it too.")),
]
