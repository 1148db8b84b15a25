"""Papers that a model does not read: how near their vectors are to a question's says nothing."""

from collections.abc import Container, Iterable, Mapping, Sequence

from carrel.core.ids import PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ranking import Candidate, Signal
from carrel.search.sources import Sources
from carrel.storage import selection


def unread_papers(
    text: str,
    lists: Mapping[Signal, Iterable[Candidate]],
    knowledge_bases: Sequence[KnowledgeBase],
    models: Container[str],
    sources: Sources,
) -> frozenset[PaperId]:
    """Return which of the candidates are in a language that the model does not read which has embedded them.

    They are looked for where the question is not in plain Latin letters: any other finds them only by a name
    or a formula, and there is nothing to keep them apart from. ``models`` are those that were asked.
    """
    bases: dict[frozenset[str], list[KnowledgeBase]] = {}
    for base in knowledge_bases if not text.isascii() else ():
        if base.embedder in models and (languages := sources.embedder_of(base).languages):
            bases.setdefault(languages, []).append(base)
    if not bases:
        return frozenset()
    found = sorted({candidate.paper_id for candidates in lists.values() for candidate in candidates})
    with sources.catalog.read() as tx:
        return frozenset(
            paper
            for languages, its in bases.items()
            for paper, language in selection.languages(tx, [base.id for base in its], found).items()
            if language and language not in languages
        )
