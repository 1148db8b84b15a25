"""The stages that ask models and indexes: the query as each model embeds it, each signal's candidates."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from carrel.core.domain_terms import question_text
from carrel.core.errors import CarrelError
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import EmbeddedQuery
from carrel.core.ranking import Candidate, LeftOut, Mode, Query, Signal
from carrel.core.space import Vectors, cut
from carrel.core.tasks import task_of
from carrel.search.fuse import on_one_scale
from carrel.search.scope import Scope
from carrel.search.sources import Sources
from carrel.search.translate import UNTRANSLATED, Translated

Asked: TypeAlias = tuple[str, str]
"""A model, and what it is asked for: a task's name, or an instruction."""

# Candidates that each signal gives to fusion; more changes little below ten results.
CANDIDATES = 100


def embedded(
    text: str,
    query: Query,
    knowledge_bases: Sequence[KnowledgeBase],
    sources: Sources,
    translation: Translated = UNTRANSLATED,
) -> tuple[dict[Asked, EmbeddedQuery], dict[str, CarrelError]]:
    """Return the query as each model in use embeds it (see ``asked_of``), each once; and why one does not.

    Nothing where there is no text.

    Raises what the first of them raises where none does.
    """
    questions: dict[Asked, EmbeddedQuery] = {}
    failures: dict[str, CarrelError] = {}
    asked = {asked_of(query, knowledge_base): knowledge_base for knowledge_base in knowledge_bases}
    for (model, task), knowledge_base in asked.items() if text and query.mode is not Mode.LEXICAL else ():
        if model in failures or not (question := translation.question(text, model)):
            continue
        try:
            with sources.asking(model):
                questions[model, task] = sources.embedder_of(knowledge_base).embed_query(question, task)
        except CarrelError as error:
            failures[model] = error
    if failures and not questions:
        raise next(iter(failures.values()))
    return questions, failures


def asked_of(query: Query, knowledge_base: KnowledgeBase) -> Asked:
    """Return which model a knowledge base needs the query from, and what that is asked for."""
    return knowledge_base.embedder, task_of(query.instruction, (knowledge_base.domain,))


def left_out_by(
    failures: Mapping[str, CarrelError],
    query: Query,
    knowledge_bases: Sequence[KnowledgeBase],
) -> tuple[LeftOut, ...]:
    """Return the knowledge bases of the models that failed: words can still be searched there."""
    by_words = query.mode is not Mode.DENSE
    return tuple(
        LeftOut(base.id, base.name, by_words, error.message, error.hint, error)
        for base in knowledge_bases
        if (error := failures.get(base.embedder)) is not None
    )


def retrieved(
    text: str,
    query: Query,
    knowledge_bases: Sequence[KnowledgeBase],
    scope: Scope,
    questions: Mapping[Asked, EmbeddedQuery],
    sources: Sources,
    translation: Translated = UNTRANSLATED,
) -> dict[Signal, tuple[Candidate, ...]]:
    """Return each signal's candidates over all the knowledge bases, best first. No text: none by words."""
    lists: dict[Signal, dict[tuple[str, int], list[Candidate]]] = {}
    for knowledge_base in knowledge_bases:
        # Cosines of two models, or of two cuts, are on scales of their own; BM25 has one.
        space = (knowledge_base.embedder, knowledge_base.dimensions)
        asked = scope.asked(
            knowledge_base,
            vector=_question_vector(questions.get(asked_of(query, knowledge_base)), knowledge_base),
            text=None if query.mode is Mode.DENSE else question_text(knowledge_base.domain, text) or None,
            limit=max(CANDIDATES, query.limit),
            also=translation.also(knowledge_base.embedder),
        )
        for signal, found in sources.index_of(knowledge_base).search(asked).items():
            scale = space if signal.dense else ("", 0)
            lists.setdefault(signal, {}).setdefault(scale, []).extend(found)
    return {
        signal: tuple(sorted(_distinct(on_one_scale(found.values())), key=lambda c: (-c.score, c.point_id)))
        for signal, found in lists.items()
    }


def _question_vector(question: EmbeddedQuery | None, knowledge_base: KnowledgeBase) -> Vectors | None:
    """Return the question's vector in the knowledge base's space."""
    if question is None:
        return None
    return cut(question.vector, knowledge_base.dimensions or len(question.vector))


def _distinct(candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    """Return each point once, at its best: two knowledge bases may hold the same paper."""
    best: dict[str, Candidate] = {}
    for candidate in candidates:
        known = best.get(candidate.point_id)
        if known is None or candidate.score > known.score:
            best[candidate.point_id] = candidate
    return list(best.values())
