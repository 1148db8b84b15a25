"""``carrel reindex``: its options. What it does is in ``reindex.py``."""

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

Estimate = Annotated[bool, typer.Option("--estimate", help=tr("Say what it would take, and do nothing."))]
Status = Annotated[bool, typer.Option("--status", help=tr("Say how it stands."))]
Cancel = Annotated[bool, typer.Option("--cancel", help=tr("End it and leave everything as it was."))]
Retry = Annotated[bool, typer.Option("--retry", help=tr("Try the papers again that failed."))]
AcceptFailures = Annotated[
    bool, typer.Option("--accept-failures", help=tr("Go on without the papers that failed."))
]
Rollback = Annotated[
    bool, typer.Option("--rollback", help=tr("Go back to the index before, which is kept for a while."))
]
DiscardKept = Annotated[
    bool, typer.Option("--discard-kept", help=tr("Delete the index before, to have its room."))
]


def reindex(
    kb: Annotated[str, typer.Option("--kb", help=tr("The knowledge base."))],
    embedder: NewEmbedder = None,
    dimensions: Dimensions = None,
    chunk_size: NewSize = None,
    chunk_overlap: NewOverlap = None,
    references: NewReferences = None,
    parser: NewParser = None,
    domain: NewDomain = None,
    estimate: Estimate = False,
    status: Status = False,
    cancel: Cancel = False,
    retry: Retry = False,
    accept_failures: AcceptFailures = False,
    rollback: Rollback = False,
    discard_kept: DiscardKept = False,
    wait: WaitForIndex = True,
    as_json: AsJson = False,
) -> None:
    """Build another index of a knowledge base, or look after one that is being built."""
    from carrel.cli.reindex import Action, Wish, reindex_knowledge_base

    chosen = {
        Action.ESTIMATE: estimate,
        Action.STATUS: status,
        Action.CANCEL: cancel,
        Action.RETRY: retry,
        Action.ACCEPT: accept_failures,
        Action.ROLLBACK: rollback,
        Action.DISCARD: discard_kept,
    }
    actions = [action for action, wanted in chosen.items() if wanted]
    wish = Wish(embedder, dimensions, chunk_size, chunk_overlap, references, parser, domain)
    if len(actions) > 1 or (wish != Wish() and actions not in ([], [Action.ESTIMATE])):
        raise typer.BadParameter(tr("These options exclude each other."))
    sys.exit(reindex_knowledge_base(kb, actions[0] if actions else Action.BUILD, wish, wait, as_json))
