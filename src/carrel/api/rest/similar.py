"""``GET …/papers/{id}/similar``: papers near one paper, by the vectors of whole papers."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from carrel.api.rest.access import Access, Reading
from carrel.api.rest.documents import PLAIN
from carrel.api.rest.knowledge_bases import PREFIX, Key
from carrel.api.rest.papers import ONE, PaperKey, holdings
from carrel.api.rest.problems import problem_responses
from carrel.api.rest.route import RestRoute
from carrel.api.rest.search import FoundPaper
from carrel.core.ids import PaperId
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.ports import IndexQuery
from carrel.core.ranking import Filters, PaperRecord, Signal
from carrel.core.space import Vectors, cut
from carrel.library.holdings import Found

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
    found, key = holdings(access, knowledge_base).about_key(paper)
    bases = access.shelves.readable(within)
    vector = _vector(access, found, key)
    if vector is None:
        return Similar(results=[])
    whole = holdings(access, found.knowledge_base.id).one(paper)
    left_out = {found.paper.record.id, *(version.id for version in whole.versions)}
    with access.rest.searches.place():
        scores = _scores(access, found, bases, vector, limit + len(left_out))
    best = sorted(((score, each) for each, score in scores.items() if each not in left_out), key=_order)
    records = holdings(access, found.knowledge_base.id).records([each for _, each in best], bases)
    near = [_near(score, records[each]) for score, each in best if each in records]
    return Similar(results=near[:limit])


def _vector(access: Access, found: Found, key: str) -> Vectors | None:
    """Return the paper's vector at full width; None where it is not searchable."""
    if found.paper.state != "ready":
        return None
    embedder = access.services.embedder_of(found.knowledge_base)
    cached = access.services.vectors.get(embedder.encoder, [key]) if key else {}
    if key in cached:
        return cached[key]
    metadata = found.paper.record.metadata  # the cache was lost: near enough
    text = "\n".join(part for part in (metadata.title, metadata.abstract) if part)
    with access.rest.searches.turns.one(found.knowledge_base.embedder):
        vector: Vectors = embedder.embed_documents([text or found.paper.record.file_name])[0]
    return vector


def _scores(
    access: Access, found: Found, bases: tuple[KnowledgeBase, ...], vector: Vectors, limit: int
) -> dict[PaperId, float]:
    """Return the nearest papers of all knowledge bases whose vectors can be compared with this one."""
    scores: dict[PaperId, float] = {}
    present = found.knowledge_base
    for base in bases:
        if not base.papers or (base.embedder, base.dimensions) != (present.embedder, present.dimensions):
            continue
        asked = IndexQuery(cut(vector, base.dimensions or len(vector)), None, Filters(), limit)
        for candidate in access.services.index_of(base).search(asked)[Signal.DENSE_PAPERS]:
            scores[candidate.paper_id] = max(candidate.score, scores.get(candidate.paper_id, -1.0))
    return scores


def _order(scored: tuple[float, PaperId]) -> tuple[float, PaperId]:
    return -scored[0], scored[1]


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
