"""Generations of a knowledge base's index in the catalog: their settings, their states, the swap.

What is in one that serves is said by ``holdings``, what is in any other one by ``built``
(``storage/rebuilds.py``). Their numbers only rise: a note that an index must go never means a later one.
"""

from collections.abc import Sequence
from dataclasses import replace

from carrel.core.domains import Domain
from carrel.core.errors import KnowledgeBaseMissing
from carrel.core.ids import PaperId
from carrel.core.knowledge_base import ChunkSettings, KnowledgeBase
from carrel.core.rebuild import Generation, GenerationState
from carrel.core.rebuild_errors import NoRebuild, NothingKept, RebuildUnderWay
from carrel.storage import calibrations, knowledge_bases, removals, vector_keys
from carrel.storage.clock import now
from carrel.storage.database import Row, Transaction, Value

_UNDER_WAY = tuple(state for state in GenerationState if state.under_way)
_WITH_INDEX = tuple(state for state in GenerationState if state.has_index)
_ENDED = (
    GenerationState.SERVING,
    GenerationState.FAILED,
    GenerationState.CANCELLED,
)


def all_of(tx: Transaction, knowledge_base: KnowledgeBase) -> tuple[Generation, ...]:
    """Return every generation of which something is known, oldest first."""
    rows = tx.rows(
        "SELECT * FROM generations WHERE knowledge_base_id = :id ORDER BY generation", id=knowledge_base.id
    )
    return tuple(_generation(row, knowledge_base) for row in rows)


def under_way(tx: Transaction, knowledge_base: KnowledgeBase) -> Generation | None:
    """Return the generation that is being built, if one is."""
    return next((found for found in all_of(tx, knowledge_base) if found.state.under_way), None)


def kept(tx: Transaction, knowledge_base: KnowledgeBase) -> Generation | None:
    """Return the generation to which one can go back, if there is one."""
    return next((f for f in all_of(tx, knowledge_base) if f.state is GenerationState.KEPT), None)


def last_ended(tx: Transaction, knowledge_base: KnowledgeBase) -> Generation | None:
    """Return the newest generation whose building ended: it serves, failed or was cancelled."""
    ended = [found for found in all_of(tx, knowledge_base) if found.state in _ENDED and found.started_at]
    return max(ended, key=lambda found: (found.finished_at, found.number), default=None)


def every_under_way(tx: Transaction) -> tuple[KnowledgeBase, ...]:
    """Return the knowledge bases of which a generation is being built, as they are now."""
    rows = tx.rows(
        "SELECT DISTINCT knowledge_base_id AS id FROM generations WHERE state IN :states",
        states=_UNDER_WAY,
    )
    return knowledge_bases.with_ids(tx, [row["id"] for row in rows]) if rows else ()


def in_state(tx: Transaction, state: GenerationState, before: str) -> tuple[Generation, ...]:
    """Return the generations that have been in a state since before a moment (UTC, ISO 8601)."""
    rows = tx.rows(
        "SELECT * FROM generations WHERE state = :state AND finished_at <= :before",
        state=state,
        before=before,
    )
    wanted = sorted({row["knowledge_base_id"] for row in rows})
    bases = {found.id: found for found in (knowledge_bases.with_ids(tx, wanted) if wanted else ())}
    return tuple(
        _generation(row, bases[row["knowledge_base_id"]]) for row in rows if row["knowledge_base_id"] in bases
    )


def target(tx: Transaction, knowledge_base_id: str, generation: int) -> KnowledgeBase:
    """Return a knowledge base as this generation of it is built; 0 is the one that serves.

    Raises:
        KnowledgeBaseMissing: it is not there, or that generation of it is not or no longer.
    """
    serving = knowledge_bases.by_id(tx, knowledge_base_id)
    if generation in (0, serving.generation):
        return serving
    row = tx.row(
        "SELECT * FROM generations WHERE knowledge_base_id = :id AND generation = :generation",
        id=knowledge_base_id,
        generation=generation,
    )
    if row is None or GenerationState(row["state"]) not in _WITH_INDEX:
        raise KnowledgeBaseMissing(name=serving.name)
    return _generation(row, serving).built_as


def as_built(tx: Transaction, identifier: str, generation: int) -> KnowledgeBase | None:
    """Return a knowledge base as a generation of it is or was built; None where there is no such one."""
    for serving in knowledge_bases.with_ids(tx, [identifier]):
        if serving.generation == generation:
            return serving
        return next((f.built_as for f in all_of(tx, serving) if f.number == generation), None)
    return None


def has(tx: Transaction, identifier: str, generation: int, paper: PaperId) -> bool:
    """Whether a paper is whole in a generation, be it the one that serves."""
    row = tx.row(
        """
        SELECT 1 FROM knowledge_bases JOIN holdings ON knowledge_base_id = knowledge_bases.id
        WHERE knowledge_bases.id = :id AND generation = :generation AND paper_id = :paper
        UNION SELECT 1 FROM built
        WHERE knowledge_base_id = :id AND generation = :generation AND paper_id = :paper
        """,
        id=identifier,
        generation=generation,
        paper=paper,
    )
    return row is not None


def begin(tx: Transaction, wanted: KnowledgeBase, started_by: str) -> KnowledgeBase:
    """Begin the next generation with the settings of ``wanted``; return the knowledge base as it is built.

    A generation that was kept leaves: two indexes at a time are enough. Where the knowledge base holds no
    papers there is nothing to build: its settings are changed at once.

    Raises:
        RebuildUnderWay: another one is being built.
    """
    serving = knowledge_bases.by_id(tx, wanted.id)
    known = all_of(tx, serving)
    if any(found.state.under_way for found in known):
        raise RebuildUnderWay(name=serving.name)
    if all(found.number != serving.generation for found in known):
        _insert(tx, Generation(serving, GenerationState.SERVING))
    if kept(tx, serving) is not None:
        discard_kept(tx, serving)
    number = max(serving.generation, *(found.number for found in known), 0) + 1
    after = replace(wanted, generation=number)
    if serving.papers:
        _insert(tx, Generation(after, GenerationState.BUILDING, started_by, started_at=now()))
        return after
    _insert(tx, Generation(after, GenerationState.SERVING, started_by, now(), now()))
    set_state(tx, Generation(serving, GenerationState.SERVING), GenerationState.LEAVING)
    set_settings(tx, after)
    return after


def set_settings(tx: Transaction, after: KnowledgeBase) -> None:
    """Let a generation of a knowledge base serve, with its settings."""
    tx.run(
        """
        UPDATE knowledge_bases SET generation = :generation, embedder = :embedder, dimensions = :dimensions,
            chunk_size = :size, chunk_overlap = :overlap, chunk_references = :entries, parser = :parser,
            domain = :domain
        WHERE id = :id
        """,
        id=after.id,
        **_settings(after),
    )


def set_state(
    tx: Transaction, generation: Generation, state: GenerationState, error: tuple[str, str] = ("", "")
) -> None:
    """Take a step; ``error`` is the kind of why its building ended, and what is kept of it.

    Raises:
        ValueError: there is no such step.
    """
    if not generation.state.may_become(state):
        raise ValueError(f"generation {generation.number} cannot go from {generation.state} to {state}")
    # A generation that has served keeps saying when it ceased to, while it is on its way back.
    stays = state.under_way or (generation.returns and state is GenerationState.KEPT)
    tx.run(
        """
        UPDATE generations SET state = :state, finished_at = :finished, error_kind = :kind,
            error_message = :message
        WHERE knowledge_base_id = :id AND generation = :generation
        """,
        id=generation.built_as.id,
        generation=generation.number,
        state=state,
        finished=generation.finished_at if stays else now(),
        kind=error[0],
        message=error[1],
    )


def note_trouble(tx: Transaction, generation: Generation, kind: str, kept: str) -> None:
    """Note why a generation that is being built does not get on; "" where it does."""
    tx.run(
        """
        UPDATE generations SET error_kind = :kind, error_message = :message
        WHERE knowledge_base_id = :id AND generation = :generation AND state IN :states
        """,
        id=generation.built_as.id,
        generation=generation.number,
        states=_UNDER_WAY,
        kind=kind,
        message=kept,
    )


def bring_back(tx: Transaction, serving: KnowledgeBase) -> Generation:
    """Put the kept generation on its way back to serving.

    Raises:
        RebuildUnderWay: another one is being built.
        NothingKept: there is none.
    """
    if under_way(tx, serving) is not None:
        raise RebuildUnderWay(name=serving.name)
    if (found := kept(tx, serving)) is None:
        raise NothingKept(name=serving.name)
    set_state(tx, found, GenerationState.BUILDING)
    return found


def discard_kept(tx: Transaction, serving: KnowledgeBase) -> None:
    """Let the kept generation go; it is deleted a little later. Raises NothingKept."""
    if (found := kept(tx, serving)) is None:
        raise NothingKept(name=serving.name)
    set_state(tx, found, GenerationState.LEAVING)


def cancel(tx: Transaction, serving: KnowledgeBase) -> Generation:
    """End the building of a generation; one on its way back is kept as before, a new one goes.

    Raises:
        NoRebuild: none is being built.
    """
    found = under_way(tx, serving)
    if found is None:
        raise NoRebuild(name=serving.name)
    if found.returns:
        set_state(tx, found, GenerationState.KEPT)
        delete_jobs(tx, found.built_as)
    else:
        end(tx, found, GenerationState.CANCELLED)
    return found


def end(
    tx: Transaction, generation: Generation, state: GenerationState, error: tuple[str, str] = ("", "")
) -> None:
    """End a generation that does not serve; its passages and its index go with the other removals."""
    set_state(tx, generation, state, error)
    delete_jobs(tx, generation.built_as)
    vector_keys.note_generation(tx, generation.built_as.id, generation.number)
    tx.run(
        "DELETE FROM built WHERE knowledge_base_id = :id AND generation = :generation",
        id=generation.built_as.id,
        generation=generation.number,
    )
    calibrations.forget(tx, generation.built_as.id, generation.number)
    removals.note_rows(tx, generation.built_as)
    removals.note_generation(tx, generation.built_as)


def delete_jobs(tx: Transaction, target: KnowledgeBase) -> None:
    """Delete the jobs that build a generation: whoever is at one finds that it is no longer wanted."""
    tx.run(
        """
        DELETE FROM handovers WHERE job_id IN (
            SELECT id FROM jobs WHERE knowledge_base_id = :id AND generation = :generation
        )
        """,
        id=target.id,
        generation=target.generation,
    )
    tx.run(
        "DELETE FROM jobs WHERE knowledge_base_id = :id AND generation = :generation",
        id=target.id,
        generation=target.generation,
    )


def with_index(tx: Transaction) -> Sequence[tuple[str, int]]:
    """Return (knowledge base id, generation) of every index that there may be."""
    rows = tx.rows(
        """
        SELECT id, generation FROM knowledge_bases
        UNION SELECT knowledge_base_id, generation FROM generations WHERE state IN :states
        """,
        states=_WITH_INDEX,
    )
    return [(row["id"], row["generation"]) for row in rows]


def _insert(tx: Transaction, generation: Generation) -> None:
    tx.run(
        """
        INSERT INTO generations VALUES (
            :id, :generation, :state, :embedder, :dimensions, :size, :overlap, :entries, :parser,
            :started_by, :started_at, :finished_at, '', '', :domain
        )
        """,
        id=generation.built_as.id,
        state=generation.state,
        started_by=generation.started_by,
        started_at=generation.started_at,
        finished_at=generation.finished_at,
        **_settings(generation.built_as),
    )


def _settings(knowledge_base: KnowledgeBase) -> dict[str, Value]:
    return {
        "generation": knowledge_base.generation,
        "embedder": knowledge_base.embedder,
        "dimensions": knowledge_base.dimensions,
        "size": knowledge_base.chunking.size,
        "overlap": knowledge_base.chunking.overlap,
        "entries": int(knowledge_base.chunking.references),
        "parser": knowledge_base.parser,
        "domain": knowledge_base.domain,
    }


def _generation(row: Row, knowledge_base: KnowledgeBase) -> Generation:
    chunking = ChunkSettings(
        row["chunk_size"], row["chunk_overlap"], references=bool(row["chunk_references"])
    )
    return Generation(
        replace(
            knowledge_base,
            embedder=row["embedder"],
            dimensions=row["dimensions"],
            chunking=chunking,
            parser=row["parser"],
            domain=Domain.of(row["domain"]) if row["domain"] else knowledge_base.domain,
            generation=row["generation"],
        ),
        GenerationState(row["state"]),
        row["started_by"],
        row["started_at"],
        row["finished_at"],
        row["error_kind"],
        row["error_message"],
    )
