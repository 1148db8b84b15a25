"""Re-indexing: what is wanted, what it will take, and where a generation of an index stands.

building ──► checking ──► serving ──► kept ──► leaving ──► gone
  ▲  │ ▲        │ │                    │ ▲
  │  │ └────────┘ └─► failed           │ └─ a rollback that was cancelled
  │  └─► cancelled                     │
  └────────── rollback ────────────────┘
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from carrel.core.domains import Domain
from carrel.core.knowledge_base import ChunkSettings, KnowledgeBase


class GenerationState(StrEnum):
    """Where one generation of a knowledge base's index stands."""

    BUILDING = "building"
    CHECKING = "checking"  # whole: it is asked a few questions before it may serve
    SERVING = "serving"
    KEPT = "kept"  # served before, and can again
    LEAVING = "leaving"  # let go; deleted once no query that began before can still be asking it
    GONE = "gone"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def under_way(self) -> bool:
        """Whether it is on its way to serving. A knowledge base has one such generation at most."""
        return self in (GenerationState.BUILDING, GenerationState.CHECKING)

    @property
    def has_index(self) -> bool:
        """Whether it has passages in the catalog and an index that must be kept in step."""
        return self.under_way or self in (
            GenerationState.SERVING,
            GenerationState.KEPT,
            GenerationState.LEAVING,
        )

    def may_become(self, other: "GenerationState") -> bool:
        """Whether the step to ``other`` is legal."""
        return other in _STEPS[self]


_STEPS: dict[GenerationState, frozenset[GenerationState]] = {
    GenerationState.BUILDING: frozenset(
        {
            GenerationState.CHECKING,
            GenerationState.CANCELLED,
            GenerationState.KEPT,
        }
    ),
    GenerationState.CHECKING: frozenset(
        {
            GenerationState.BUILDING,  # papers have come or gone meanwhile
            GenerationState.SERVING,
            GenerationState.FAILED,
            GenerationState.CANCELLED,
            GenerationState.KEPT,
        }
    ),
    GenerationState.SERVING: frozenset({GenerationState.KEPT, GenerationState.LEAVING}),
    GenerationState.KEPT: frozenset({GenerationState.BUILDING, GenerationState.LEAVING}),
    GenerationState.LEAVING: frozenset({GenerationState.GONE}),
    GenerationState.GONE: frozenset(),
    GenerationState.FAILED: frozenset(),
    GenerationState.CANCELLED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Change:
    """What a knowledge base's index is to be built with; None leaves something as it is."""

    embedder: str | None = None
    dimensions: int | None = None  # 0: as many as the model gives
    chunk_size: int | None = None  # tokens
    chunk_overlap: int | None = None
    references: bool | None = None
    parser: str | None = None
    domain: Domain | None = None

    def applied_to(self, knowledge_base: KnowledgeBase) -> KnowledgeBase:
        """Return the knowledge base with these settings; its generation stays.

        Another model gives vectors of another width: without a word on them, all dimensions are kept.

        Raises:
            ValueError: no such chunking is possible; the reason is its text.
        """
        chunking = knowledge_base.chunking
        size = chunking.size if self.chunk_size is None else self.chunk_size
        # A size alone takes the overlap along where that would be more than half of it.
        usual = chunking.overlap if chunking.overlap <= size // 2 else size // 4
        embedder = self.embedder or knowledge_base.embedder
        dimensions = knowledge_base.dimensions if embedder == knowledge_base.embedder else 0
        return replace(
            knowledge_base,
            embedder=embedder,
            dimensions=dimensions if self.dimensions is None else self.dimensions,
            chunking=ChunkSettings(
                size,
                usual if self.chunk_overlap is None else self.chunk_overlap,
                chunking.references if self.references is None else self.references,
            ),
            parser=self.parser or knowledge_base.parser,
            domain=self.domain or knowledge_base.domain,
        )


def same_vectors(one: KnowledgeBase, other: KnowledgeBase) -> bool:
    """Whether two generations have the same passages and differ in the cut of their vectors at most."""
    return one.embedder == other.embedder and same_passages(one, other)


def same_passages(one: KnowledgeBase, other: KnowledgeBase) -> bool:
    """Whether two generations cut the same files into the same passages."""
    alike = (one.chunking, one.parser) == (other.chunking, other.parser)
    return alike and one.domain.reads_as(other.domain)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a re-index will take.

    ``exact`` is whether passages are those of today, so that ``passages`` and ``to_embed`` are no guesses.
    ``to_embed`` counts texts, of passages and of whole papers, of which no vector is cached; ``seconds`` is
    for embedding those at the rate that was measured, None where there is no model to measure.
    """

    papers: int
    passages: int
    to_embed: int
    exact: bool
    texts_a_second: float | None
    seconds: float | None
    disk_bytes: int
    free_bytes: int
    warnings: tuple[str, ...] = ()

    @property
    def cached_share(self) -> float:
        """The share of vectors that are cached, 0 to 1."""
        total = self.passages + self.papers
        return 1 - self.to_embed / total if total else 1.0


@dataclass(frozen=True, slots=True)
class PaperFailure:
    """A paper that could not be brought into the generation that is built."""

    paper_id: str
    file_name: str
    kind: str
    kept: str  # as core/kept_errors.py reads it


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a generation is: papers and passages built, of so many papers held."""

    done: int = 0
    total: int = 0
    passages: int = 0
    failures: tuple[PaperFailure, ...] = ()


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation of a knowledge base's index. ``built_as`` has its settings and number."""

    built_as: KnowledgeBase
    state: GenerationState
    started_by: str = ""  # the user's id; "": the command line
    started_at: str = ""  # UTC, ISO 8601
    finished_at: str = ""  # when it began to serve or ceased to, or its building ended; "" before
    error_kind: str = ""
    error_kept: str = ""  # as core/kept_errors.py reads it

    @property
    def number(self) -> int:
        """Which generation of the knowledge base it is."""
        return self.built_as.generation

    @property
    def returns(self) -> bool:
        """Whether it is on its way back: it has served before, and a rollback was asked for."""
        return self.state.under_way and bool(self.finished_at)


@dataclass(frozen=True, slots=True)
class RebuildStatus:
    """How re-indexing stands in a knowledge base.

    ``under_way`` is the generation that is being built; ``last`` the newest one whose building ended, be it
    well or not; ``kept`` that to which a rollback would return.
    """

    serving: KnowledgeBase
    under_way: Generation | None = None
    progress: Progress = field(default_factory=Progress)
    last: Generation | None = None
    kept: Generation | None = None
