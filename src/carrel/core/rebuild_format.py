"""How re-indexing stands, and what it will take, as programs read it on the command line and over REST."""

from collections.abc import Callable, Mapping, Sequence

from carrel.core.kept_errors import said
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.rebuild import Estimate, Generation, Progress, RebuildStatus

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


Tell = Callable[[str, str], str]
"""Says an error of this kind, of which this is kept."""


def _in_whole(_: str, kept: str) -> str:
    return said(kept)


def status_fields(status: RebuildStatus, tell: Tell = _in_whole) -> dict[str, Json]:
    """Return how it stands. ``state`` is that of the generation under way, or ``serving``."""
    under_way, kept = status.under_way, status.kept
    return {
        "id": status.serving.id,
        "name": status.serving.name,
        "state": under_way.state if under_way else "serving",
        "serving": _settings(status.serving),
        "under_way": None if under_way is None else _under_way(under_way, status.progress, tell),
        "kept": None if kept is None else {**_settings(kept.built_as), "since": kept.finished_at},
        "last": None if status.last is None else _ended(status.last, tell),
    }


def estimate_fields(estimate: Estimate) -> dict[str, Json]:
    """Return what a re-index will take; times in seconds, sizes in bytes."""
    return {
        "papers": estimate.papers,
        "passages": estimate.passages,
        "to_embed": estimate.to_embed,
        "cached_share": round(estimate.cached_share, 4),
        "exact": estimate.exact,
        "texts_a_second": None if estimate.texts_a_second is None else round(estimate.texts_a_second, 2),
        "seconds": None if estimate.seconds is None else round(estimate.seconds, 1),
        "disk_bytes": estimate.disk_bytes,
        "free_bytes": estimate.free_bytes,
        "warnings": list(estimate.warnings),
    }


def _under_way(generation: Generation, progress: Progress, tell: Tell) -> dict[str, Json]:
    return {
        **_settings(generation.built_as),
        "rollback": generation.returns,
        "started_at": generation.started_at or None,
        "papers": {"done": progress.done, "total": progress.total},
        "passages": progress.passages,
        "failures": [
            {
                "paper_id": failure.paper_id,
                "file": failure.file_name,
                "error": {"kind": failure.kind, "message": tell(failure.kind, failure.kept)},
            }
            for failure in progress.failures
        ],
        "error": _error(generation, tell),
    }


def _ended(generation: Generation, tell: Tell) -> dict[str, Json]:
    return {
        "generation": generation.number,
        "state": generation.state,
        "started_at": generation.started_at or None,
        "finished_at": generation.finished_at or None,
        "error": _error(generation, tell),
    }


def _error(generation: Generation, tell: Tell) -> dict[str, Json] | None:
    if not generation.error_kind:
        return None
    return {"kind": generation.error_kind, "message": tell(generation.error_kind, generation.error_kept)}


def _settings(knowledge_base: KnowledgeBase) -> dict[str, Json]:
    chunking = knowledge_base.chunking
    return {
        "generation": knowledge_base.generation,
        "embedder": knowledge_base.embedder,
        "dimensions": knowledge_base.dimensions or None,  # as many as the model gives
        "chunking": {"size": chunking.size, "overlap": chunking.overlap, "references": chunking.references},
        "parser": knowledge_base.parser,
        "domain": knowledge_base.domain,
    }
