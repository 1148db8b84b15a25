"""``GET …/papers/{id}/similar``: papers near one paper, by the vectors of whole papers."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from carrel.api.rest.access import Access, Reading
from carrel.api.rest.documents import PLAIN
from carrel.api.rest.knowledge_bases import PREFIX, Key
from carrel.api.rest.papers import ONE, PaperKey
from carrel.api.rest.problems import problem_responses
from carrel.api.rest.route import RestRoute
from carrel.api.rest.search import FoundPaper
from carrel.core.ranking import PaperRecord

router = APIRouter(prefix=PREFIX, route_class=RestRoute, tags=["search"])


class Near(BaseModel):
    """A paper near another one."""

    score: float = Field(description="The cosine of the two papers' vectors.")
    paper: FoundPaper
    knowledge_base: str = Field(description="The id of one that holds it.")


class Similar(BaseModel):
    """Papers near one paper, nearest first, itself and its versions left out."""

    results: list[Near]


@router.get(
    f"{ONE}/similar",
    operation_id="findSimilarPapers",
    summary="Papers like this one",
    responses=problem_responses(409, 502),
)
async def similar(
    access: Reading,
    knowledge_base: Key,
    paper: PaperKey,
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
    within: Annotated[
        list[Annotated[str, PLAIN]],
        Query(alias="knowledge_base", max_length=50, description="Ids or names; all that may be read."),
    ] = [],  # noqa: B006  # FastAPI copies it
) -> Similar:
    """Return the papers that are about what this one is about, in all knowledge bases with the same model."""
    return await access.rest.searches.apart(
        access.caller, _similar, access, knowledge_base, paper, limit, within
    )


def _similar(access: Access, knowledge_base: str, paper: str, limit: int, within: list[str]) -> Similar:
    searches = access.rest.searches
    with searches.place():
        found = access.services.similar(knowledge_base, paper, within, limit, access.caller, searches.asking)
    return Similar(results=[_near(each.score, each.paper) for each in found])


def _near(score: float, record: PaperRecord) -> Near:
    metadata = record.metadata
    return Near(
        score=round(score, 6),
        knowledge_base=record.knowledge_base_id,
        paper=FoundPaper(
            id=record.id,
            title=metadata.title,
            authors=list(metadata.authors),
            year=metadata.year,
            venue=metadata.venue,
            doi=metadata.doi,
            file=record.file_name,
            versions=[],
        ),
    )
