"""``carrel demo``: the sample papers in, four questions answered, one of them Chinese, the pages served."""

import socket
import sys

from carrel.cli.add import bring_in
from carrel.cli.output import Json, note, print_json, printable
from carrel.cli.progress import reporter
from carrel.cli.search import print_result
from carrel.cli.serve import run_server
from carrel.cli.session import services
from carrel.config import Settings
from carrel.core.errors import ServiceError
from carrel.core.language import tr
from carrel.core.ranking import Mode, Query
from carrel.engines.dictionaries import CEDICT, prepare_dictionary
from carrel.ingest.accept import accept, find_files
from carrel.ingest.samples import KNOWLEDGE_BASE, QUESTIONS, samples_folder
from carrel.search.present import search_document

_PAPERS_AN_ANSWER = 3
_PORT = 8765


def run_demo(serve: bool, as_json: bool) -> int:
    """Add the sample papers to the knowledge base ``samples``, and print the answers to QUESTIONS.

    With ``serve``, and where a person reads the output, the pages are served then, until stopped.
    """
    with services() as opened:
        knowledge_base = opened.shelves.existing_or_new(KNOWLEDGE_BASE)
        accepted = [
            accept(path, knowledge_base, opened.catalog, opened.blobs)
            for path in find_files(samples_folder(), recursive=False)
        ]
        note(tr("{count} sample papers, all written for Carrel.").format(count=len(accepted)))
        jobs = {item.job.id for item in accepted if item.job is not None}
        with reporter(len(jobs)) as progress:
            bring_in(jobs, opened, progress)
        _have_dictionary(opened.settings)
        opened.own_index("carrel demo")
        answers = [
            opened.search(Query(question, (KNOWLEDGE_BASE,), Mode.HYBRID, _PAPERS_AN_ANSWER))
            for question in QUESTIONS
        ]
    if as_json:
        documents: list[Json] = [search_document(answer, explain=False) for answer in answers]
        print_json({"papers": len(accepted), "answers": documents})
        return 0
    for answer in answers:
        print(f"\n▸ {printable(answer.query)}\n")
        print_result(answer, explain=False)
    print()
    print(tr('Your own papers: carrel add ~/Papers, then carrel search "…"'))
    print(tr('The samples again: carrel search --kb samples "…"; without them: carrel kb delete samples'))
    if not (serve and sys.stdout.isatty()):
        return 0
    print()
    return run_server("127.0.0.1", _free_or_any(_PORT), workers=1, as_json=False)


def _have_dictionary(settings: Settings) -> None:
    """Fetch the dictionary that the Chinese question needs; without it, the answer says what is missing."""
    if settings.dictionary != CEDICT:
        return
    try:
        prepare_dictionary(settings.cache, announce=note, offline=settings.offline)
    except ServiceError as error:
        note(tr("Warning: {message}").format(message=str(error)))


def _free_or_any(port: int) -> int:
    """Return the port, or 0, which is any free one, where another program listens there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return 0 if probe.connect_ex(("127.0.0.1", port)) == 0 else port
