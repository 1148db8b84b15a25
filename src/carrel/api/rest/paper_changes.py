"""What people say of a paper, within one knowledge base: corrections and tags."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from carrel.api.rest.access import Reading, Writing
from carrel.api.rest.documents import PLAIN, Given
from carrel.api.rest.etags import check_unchanged, tagged
from carrel.api.rest.knowledge_bases import PREFIX, Key
from carrel.api.rest.paper_documents import WholePaper
from carrel.api.rest.papers import BASE, ONE, PaperKey, holdings
from carrel.api.rest.problems import problem_responses
from carrel.api.rest.route import RestRoute
from carrel.core.corrections import FIELDS, Value

router = APIRouter(prefix=PREFIX, route_class=RestRoute, tags=["papers"])

CorrectedField = Literal["title", "authors", "year", "venue", "doi", "language"]
_Author = Annotated[str, Field(max_length=1000), PLAIN]


class PaperChanges(Given):
    """What is to change; what is left out stays. A field that was corrected and one of ``as_read`` differ."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"title": "Attention Is All You Need", "year": 2017}}
    )

    title: Annotated[str, Field(max_length=10_000), PLAIN] = ""
    authors: Annotated[list[_Author], Field(max_length=10_000)] = Field(default_factory=list)
    year: int | None = Field(None, description="Null: it has none.")
    venue: Annotated[str, Field(max_length=10_000), PLAIN] = ""
    doi: Annotated[str, Field(max_length=10_000), PLAIN] = ""
    language: Annotated[str, Field(max_length=20), PLAIN] = Field("", description="ISO 639-1: en, zh.")
    tags: Annotated[list[Annotated[str, Field(max_length=1000), PLAIN]], Field(max_length=200)] = Field(
        default_factory=list, description="All that it is to have."
    )
    as_read: list[CorrectedField] = Field(
        default_factory=list, max_length=20, description="Fields whose corrections are taken back."
    )

    def corrected(self) -> dict[str, Value]:
        """Return the values of the fields that were given."""
        values: dict[str, Value] = {
            "title": self.title,
            "authors": tuple(self.authors),
            "year": self.year,
            "venue": self.venue,
            "doi": self.doi,
            "language": self.language,
        }
        return {name: values[name] for name in FIELDS if name in self.model_fields_set}


@router.patch(
    ONE,
    operation_id="changePaper",
    summary="Correct or tag a paper",
    response_model=WholePaper,
    responses=problem_responses(409, 412, 413, 415),
)
def change(
    access: Writing, request: Request, knowledge_base: Key, paper: PaperKey, wanted: PaperChanges
) -> Response:
    """Correct what was read of a paper, in this knowledge base alone (editors), or tag it.

    Shown at once, whatever parser reads the file again. Searches know it once the paper has gone through its
    journey again, which begins at once. With If-Match nothing is changed unless it is still what was seen.
    """
    found = holdings(access, knowledge_base)
    found.check_editor()
    before = found.one(paper)
    check_unchanged(request, WholePaper.whole(before.paper, before.versions))
    labels = wanted.tags if "tags" in wanted.model_fields_set else None
    found.correct(paper, wanted.corrected(), wanted.as_read, labels)
    after = found.one(paper)
    return tagged(request, WholePaper.whole(after.paper, after.versions))


class TagDocument(BaseModel):
    """A label of a knowledge base."""

    tag: str
    papers: int = Field(description="How many bear it.")


class Tags(BaseModel):
    """The labels of a knowledge base, in their order."""

    tags: list[TagDocument]


@router.get(
    f"{BASE}/tags",
    operation_id="listTags",
    summary="A knowledge base's tags",
    responses=problem_responses(409),
)
def tags(access: Reading, knowledge_base: Key) -> Tags:
    """List the labels that papers of the knowledge base bear, with how many do."""
    found = holdings(access, knowledge_base).tags()
    return Tags(tags=[TagDocument(tag=each.label, papers=each.papers) for each in found])
