"""Papers and passages as the REST API gives them."""

from pydantic import BaseModel, Field

from carrel.core.metadata_format import quality_fields
from carrel.core.paper import Passage
from carrel.core.quality import ParseQuality
from carrel.core.ranking import PaperRecord
from carrel.storage.paper_pages import SeenPaper


class Version(BaseModel):
    """Another version of a paper."""

    id: str
    title: str
    year: int | None
    venue: str
    doi: str
    file: str

    @classmethod
    def of(cls, record: PaperRecord) -> "Version":
        """Return a version as a document."""
        found = record.metadata
        return cls(
            id=record.id,
            title=found.title,
            year=found.year,
            venue=found.venue,
            doi=found.doi,
            file=record.file_name,
        )


class WhyNot(BaseModel):
    """Why a file did not become a paper, or was tried in vain the last time."""

    kind: str
    message: str


class PaperDocument(BaseModel):
    """A paper of a knowledge base. What could not be read is empty, or null."""

    id: str
    state: str = Field(description="ready: searchable; otherwise that of the job which brings it in.")
    title: str
    authors: list[str]
    year: int | None
    venue: str
    doi: str
    arxiv_id: str
    language: str
    tags: list[str]
    file: str = Field(description="The name it came under.")
    pages: int = Field(description="0 in a file without pages, and before it is read.")
    passages: int
    bytes: int
    added_at: str
    error: WhyNot | None

    @classmethod
    def of(cls, seen: SeenPaper) -> "PaperDocument":
        """Return a paper as a document."""
        return cls.model_validate(_fields(seen))


class Origin(BaseModel):
    """Where an entry comes from, and how sure it is: 1 is certain."""

    source: str
    confidence: float


class CorrectionMade(BaseModel):
    """Who put a field right, when, and what was read from the file."""

    by: str = Field(description="The user's name; empty: the command line of the server's machine.")
    at: str
    read: str | int | list[str] | None

    @classmethod
    def all_of(cls, record: PaperRecord) -> dict[str, "CorrectionMade"]:
        """Return the corrections of a paper, by field."""
        as_read = record.as_read or record.metadata
        made = {}
        for each in record.corrections:
            read = getattr(as_read, each.field)
            made[each.field] = cls(
                by=each.user_name, at=each.at, read=list(read) if isinstance(read, tuple) else read
            )
        return made


class Quality(BaseModel):
    """How well a file was read. Measures are shares; 0 is best, null was not measured."""

    score: float
    verdict: str
    unreadable: float
    odd_words: float
    interleaved: float | None
    outside: float | None
    without_text: list[int]
    recognised: list[int]

    @classmethod
    def of(cls, quality: ParseQuality) -> "Quality":
        """Return a quality as a document."""
        fields = quality_fields(quality)
        return cls.model_validate(
            {"score": round(quality.score, 4), "verdict": quality.verdict.value, **fields}
        )


class WholePaper(PaperDocument):
    """All that is known of a paper."""

    abstract: str
    keywords: list[str]
    evidence: dict[str, Origin] = Field(description="By the names of the other fields.")
    corrections: dict[str, CorrectionMade] = Field(
        description="In this knowledge base, by the names of the fields that were corrected."
    )
    quality: Quality | None
    versions: list[Version] = Field(description="That the caller may see, the published one first.")
    sha256: str = Field(description="Of its file.")
    knowledge_base: str = Field(description="The id of the knowledge base.")

    @classmethod
    def whole(cls, seen: SeenPaper, versions: tuple[PaperRecord, ...]) -> "WholePaper":
        """Return all that is known of a paper."""
        record = seen.record
        more: dict[str, object] = {
            "abstract": record.metadata.abstract,
            "keywords": list(record.metadata.keywords),
            "evidence": {
                name: Origin(source=found.source.value, confidence=found.confidence)
                for name, found in record.metadata.evidence.items()
            },
            "corrections": CorrectionMade.all_of(record),
            "quality": Quality.of(record.quality) if record.quality else None,
            "versions": [Version.of(version) for version in versions],
            "sha256": seen.sha256,
            "knowledge_base": record.knowledge_base_id,
        }
        return cls.model_validate(_fields(seen) | more)


class BoxDocument(BaseModel):
    """A rectangle on a page as displayed, in points, origin top left."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


class PassageDocument(BaseModel):
    """A passage and where it stands."""

    id: str
    text: str
    section: str
    page: int | None = Field(description="Null in a file without pages.")
    pages: list[int]
    paragraph: int | None
    boxes: list[BoxDocument]

    @classmethod
    def of(cls, passage: Passage) -> "PassageDocument":
        """Return a passage as a document."""
        return cls(
            id=passage.id,
            text=passage.text,
            section=passage.section,
            page=passage.page,
            pages=sorted(passage.pages),
            paragraph=passage.paragraph,
            boxes=[BoxDocument(page=b.page, x0=b.x0, y0=b.y0, x1=b.x1, y1=b.y1) for b in passage.boxes],
        )


def _fields(seen: SeenPaper) -> dict[str, object]:
    record, metadata = seen.record, seen.record.metadata
    failed = WhyNot(kind=seen.error_kind, message=seen.error_message) if seen.error_kind else None
    return {
        "id": record.id,
        "state": seen.state,
        "title": metadata.title,
        "authors": list(metadata.authors),
        "year": metadata.year,
        "venue": metadata.venue,
        "doi": metadata.doi,
        "arxiv_id": metadata.arxiv_id,
        "language": metadata.language,
        "tags": list(record.tags),
        "file": record.file_name,
        "pages": record.pages,
        "passages": seen.passages,
        "bytes": seen.size,
        "added_at": seen.added_at,
        "error": failed,
    }
