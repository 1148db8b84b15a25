"""What the REST API takes and gives, as schemas. Fields that are not named are refused."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from carrel.core.accounts import Role
from carrel.core.knowledge_base import ChunkSettings, KnowledgeBase
from carrel.search.weighing import weights_of


class Given(BaseModel):
    """A body: strict, and without what it does not know."""

    model_config = ConfigDict(extra="forbid", strict=True)


def is_plain(value: str) -> bool:
    """Whether a database takes a text: one without zeros and halves of surrogate pairs, as JSON can name."""
    return "\0" not in value and not any("\ud800" <= c <= "\udfff" for c in value)


def _plain(value: str) -> str:
    if not is_plain(value):
        raise ValueError("characters that no text has")
    return value


PLAIN = AfterValidator(_plain)
Text = Annotated[str, PLAIN]
DomainName = Literal["papers", "patents", "statutes", "code", "documents"]
Name = Annotated[str, Field(min_length=1, max_length=200), PLAIN]
Description = Annotated[str, Field(max_length=10_000), PLAIN]


class Chunking(BaseModel):
    """Size and overlap of passages, in the model's tokens, and whether references are passages."""

    model_config = ConfigDict(extra="forbid", strict=True)

    size: int = Field(1024, ge=32, le=32768)
    overlap: int = Field(256, ge=0, le=16384, description="At most half the size.")
    references: bool = False

    def settings(self) -> ChunkSettings:
        """Return them as the journeys know them. Raises ValueError where they do not fit each other."""
        return ChunkSettings(self.size, self.overlap, self.references)


class NewKnowledgeBase(Given):
    """A knowledge base to be made. What is left out is as the server is set."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Thesis", "description": "Chapter 3"}})

    name: Name
    description: Description = ""
    domain: DomainName = Field(
        "papers", description="It sets how files are read, and what questions ask for."
    )
    embedder: Name | None = Field(None, description="A model that GET /api/v1/models lists.")
    dimensions: int | None = Field(None, ge=1, le=65536, description="Of its vectors; all by default.")
    chunking: Chunking | None = None
    parser: Annotated[str, Field(min_length=1, max_length=40), PLAIN] | None = None


class KnowledgeBaseChanges(Given):
    """What is to change. Everything that passages depend on is refused here: it takes another index."""

    model_config = ConfigDict(json_schema_extra={"example": {"description": "Chapters 3 and 4"}})

    name: Name | None = None
    description: Description | None = None
    paused: bool | None = Field(None, description="Whether its jobs wait until somebody lets them go on.")
    embedder: Text | None = Field(None, description="Refused: POST …/reindex.")
    dimensions: int | None = Field(None, description="Refused: POST …/reindex.")
    chunking: Chunking | None = Field(None, description="Refused: POST …/reindex.")
    parser: Text | None = Field(None, description="Refused: POST …/reindex.")
    domain: Text | None = Field(None, description="Refused: POST …/reindex.")


class KnowledgeBaseDocument(BaseModel):
    """A knowledge base, as its caller may see it."""

    id: str
    name: str
    description: str
    domain: DomainName
    embedder: str
    dimensions: int | None = Field(description="Of its vectors; null: as many as the model gives.")
    chunking: Chunking
    parser: str
    generation: int = Field(description="Of its index; each re-indexing makes the next.")
    papers: int = Field(description="Searchable papers in it.")
    passages: int
    meaning_share: float = Field(
        description="How much meaning counts in a search of it, against words; from 0 to 1."
    )
    role: Role = Field(description="What the caller may do with it.")
    paused: bool
    created_at: str

    @classmethod
    def of(cls, found: KnowledgeBase, role: Role) -> "KnowledgeBaseDocument":
        """Return a knowledge base as a document."""
        chunking = found.chunking
        return cls(
            id=found.id,
            name=found.name,
            description=found.description,
            domain=found.domain.value,
            embedder=found.embedder,
            dimensions=found.dimensions or None,
            chunking=Chunking.model_construct(
                size=chunking.size, overlap=chunking.overlap, references=chunking.references
            ),
            parser=found.parser,
            generation=found.generation,
            papers=found.papers,
            passages=found.passages,
            meaning_share=weights_of([found]).dense,
            role=role,
            paused=found.paused,
            created_at=found.created_at,
        )
