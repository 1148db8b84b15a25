"""What the routes of re-indexing take and give, as schemas."""

from typing import Annotated

from pydantic import BaseModel, Field

from carrel.api.rest.documents import PLAIN, DomainName, Given, Name
from carrel.api.rest.wording import WhyNot, told
from carrel.core.accounts import Caller
from carrel.core.domains import Domain
from carrel.core.rebuild import Change, Estimate, GenerationState, RebuildStatus
from carrel.core.rebuild_format import estimate_fields, status_fields


class ChunkingChange(Given):
    """What is to change of the passages; what is left out stays."""

    size: int | None = Field(None, ge=32, le=32768)
    overlap: int | None = Field(None, ge=0, le=16384, description="At most half the size.")
    references: bool | None = None


class ReindexWanted(Given):
    """What the index is to be built with; what is left out stays."""

    embedder: Name | None = Field(None, description="A model that GET /api/v1/models lists.")
    dimensions: int | None = Field(None, ge=0, le=65536, description="Of its vectors; 0: all.")
    chunking: ChunkingChange | None = None
    parser: Annotated[str, Field(min_length=1, max_length=40), PLAIN] | None = None
    domain: DomainName | None = None

    def change(self) -> Change:
        """Return it as the journeys know it."""
        passages = self.chunking
        return Change(
            self.embedder,
            self.dimensions,
            passages.size if passages else None,
            passages.overlap if passages else None,
            passages.references if passages else None,
            self.parser,
            Domain(self.domain) if self.domain else None,
        )


class BuiltWithChunking(BaseModel):
    """Size and overlap of passages in tokens, and whether references are passages."""

    size: int
    overlap: int
    references: bool


class BuiltWith(BaseModel):
    """What an index is built with."""

    generation: int
    embedder: str
    dimensions: int | None = Field(description="Null: as many as the model gives.")
    chunking: BuiltWithChunking
    parser: str
    domain: DomainName


class PapersDone(BaseModel):
    """Papers that are in the new index, of those that the knowledge base holds."""

    done: int
    total: int


class FailedPaper(BaseModel):
    """A paper that cannot be brought into the new index."""

    paper_id: str
    file: str
    error: WhyNot


class UnderWay(BuiltWith):
    """The index that is being built."""

    rollback: bool = Field(description="Whether it has served before.")
    started_at: str | None
    papers: PapersDone
    passages: int
    failures: list[FailedPaper]
    error: WhyNot | None = Field(description="Why it does not get on, if it does not.")


class Kept(BuiltWith):
    """The index that served before, and can again."""

    since: str


class Ended(BaseModel):
    """How the last building of an index ended."""

    generation: int
    state: GenerationState
    started_at: str | None
    finished_at: str | None
    error: WhyNot | None


class ReindexDocument(BaseModel):
    """How re-indexing stands in a knowledge base."""

    id: str
    name: str
    state: GenerationState = Field(description="Of the index under way; serving where there is none.")
    serving: BuiltWith
    under_way: UnderWay | None
    kept: Kept | None
    last: Ended | None

    @classmethod
    def of(cls, status: RebuildStatus, caller: Caller) -> "ReindexDocument":
        """Return it as a document for a caller."""
        return cls.model_validate(
            status_fields(status, lambda kind, kept: told(kind, kept, caller.administrator))
        )


class EstimateDocument(BaseModel):
    """What a re-index would take."""

    papers: int
    passages: int
    to_embed: int = Field(description="Texts whose vectors are not cached.")
    cached_share: float
    exact: bool = Field(description="Whether passages and texts are counted, and not guessed.")
    texts_a_second: float | None = Field(description="As measured now; null: there was nothing to measure.")
    seconds: float | None
    disk_bytes: int = Field(description="Wanted, while both indexes are there.")
    free_bytes: int
    warnings: list[str]

    @classmethod
    def of(cls, estimate: Estimate) -> "EstimateDocument":
        """Return it as a document."""
        return cls.model_validate(estimate_fields(estimate))
