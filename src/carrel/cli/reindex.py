"""``carrel reindex`` and ``kb configure --dimensions``: another generation of an index, while one watches."""

import sys
import time
from collections.abc import Generator
from contextlib import closing

from carrel.bootstrap import Services
from carrel.cli.output import Json, note, print_json, printable
from carrel.cli.papers import clean_now_or_later
from carrel.cli.session import services
from carrel.core.language import tr
from carrel.ingest.reindex import Rebuilding, Rebuilt

_LINE_SECONDS = 10.0  # between two lines of progress where standard error is no terminal


def reindex_knowledge_base(name: str, as_json: bool) -> int:
    """Rebuild the index of a knowledge base with the settings it has; return the exit code."""
    with services() as opened:
        opened.shelves.readable([name])  # a wrong name is said before waiting
        opened.own_index("carrel reindex")
        document, sentence = rebuild(opened, name, None, "carrel reindex")
    if as_json:
        print_json({"name": name, **document})
    else:
        print(tr("Rebuilt: {name}").format(name=printable(name)))
        print(sentence)
    return 0


def rebuild(opened: Services, name: str, dimensions: int | None, purpose: str) -> tuple[dict[str, Json], str]:
    """Rebuild as the owner of the index; return what came of it, for programs and for people."""
    began = time.monotonic()
    steps = opened.reindex(name, dimensions)
    try:
        with closing(steps):
            rebuilt = _watched(steps, name, began)
    finally:
        clean_now_or_later(opened, purpose)  # the old index, or the half-built new one
    seconds = time.monotonic() - began
    counts: dict[str, Json] = {
        "papers": rebuilt.knowledge_base.papers,
        "passages": rebuilt.knowledge_base.passages,
        "from_cache": rebuilt.from_cache,
        "embedded": rebuilt.embedded,
        "seconds": round(seconds, 3),
    }
    sentence = tr(
        "{papers} papers, {passages} passages; {cached} vectors from the cache, {embedded} embedded anew; "
        "{seconds:.1f} s"
    ).format(
        papers=rebuilt.knowledge_base.papers,
        passages=rebuilt.knowledge_base.passages,
        cached=rebuilt.from_cache,
        embedded=rebuilt.embedded,
        seconds=seconds,
    )
    return counts, sentence


def _watched(steps: Generator[Rebuilding, None, Rebuilt], name: str, began: float) -> Rebuilt:
    """Run a rebuild to its end, saying how far it is: over and over on a terminal, seldom elsewhere."""
    terminal, said = sys.stderr.isatty(), began
    while True:
        try:
            step = next(steps)
        except StopIteration as end:
            if terminal:
                print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            rebuilt: Rebuilt = end.value
            return rebuilt
        text = tr("Rebuilding {name}: {done} of {total} papers").format(
            name=printable(name), done=step.done, total=step.total
        )
        if terminal:
            print(f"\r{text}\x1b[K", end="", file=sys.stderr, flush=True)
        elif time.monotonic() - said > _LINE_SECONDS:
            said = time.monotonic()
            note(text)
