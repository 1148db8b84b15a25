"""Models that searches use are loaded, or asked once, before somebody searches: in a thread of the server."""

import threading

from carrel.bootstrap import Services
from carrel.cli.output import note
from carrel.core.errors import CarrelError
from carrel.core.ids import KnowledgeBaseId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.language import tr

_QUESTION = "Are you ready?"
_LOOK_SECONDS = 5.0


def keep_warm(opened: Services, stop: threading.Event) -> None:
    """Ask each embedder that has papers one question, and a server that the settings name, until ``stop``.

    A new data folder has no papers: nothing is loaded for it. One that does not answer is said once and asked
    again. The dictionary, where there is one, is made ready first.
    """
    opened.dictionary.get()
    warm: set[str] = set()
    said: set[str] = set()
    while not stop.is_set():
        for knowledge_base in _to_warm(opened, warm):
            name = knowledge_base.embedder
            try:
                opened.embedder_of(knowledge_base).embed_query(_QUESTION)
                warm.add(name)
            except CarrelError as error:
                if name not in said:
                    note(tr("Warning: {message}").format(message=str(error)))
                said.add(name)
        stop.wait(_LOOK_SECONDS)


def _to_warm(opened: Services, warm: set[str]) -> list[KnowledgeBase]:
    """Return one knowledge base for each embedder that is in use and not known to be warm."""
    try:
        found = [base for base in opened.shelves.readable() if base.papers]
    except CarrelError:  # the database is away: said by whatever needs it
        return []
    if opened.settings.embedder_url:
        found.append(KnowledgeBase(KnowledgeBaseId(""), "", embedder=opened.settings.embedder))
    return list({base.embedder: base for base in found if base.embedder not in warm}.values())
