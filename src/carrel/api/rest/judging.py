"""``…/judgments``: what people say of papers as answers to queries; out and in as BEIR has them."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from carrel.api.rest.access import Access, Reading, Writing
from carrel.api.rest.documents import PLAIN, Given
from carrel.api.rest.knowledge_bases import PREFIX, Key
from carrel.api.rest.paging import DEFAULT, After, Limit, Page, cursor, page, position
from carrel.api.rest.papers import BASE
from carrel.api.rest.problems import problem_responses
from carrel.api.rest.route import RestRoute
from carrel.core.judgments import JudgmentKey, agreed
from carrel.core.judgments_format import QRELS_FILE, QUERIES_FILE, read, written
from carrel.library.judging import Brought, Judging, Opinion

router = APIRouter(prefix=PREFIX, route_class=RestRoute, tags=["judgments"])

JUDGMENTS = f"{BASE}/judgments"
_ORDER = "judgments"
_QUERIES, _QRELS = "application/jsonl", "text/tab-separated-values"
_Lines = Annotated[str, Field(max_length=1_000_000), PLAIN]


class GradeGiven(Given):
    """What the caller says of a paper as an answer to a query."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"query": "sparse attention", "paper_id": "5f0c…", "grade": 2}}
    )

    query: Annotated[str, Field(min_length=1, max_length=100_000), PLAIN]
    paper_id: Annotated[str, Field(min_length=1, max_length=100), PLAIN]
    grade: int = Field(ge=0, le=2, description="0 not relevant, 1 relevant, 2 this is the paper.")


class JudgmentDocument(BaseModel):
    """A judgment. ``query`` is as it was first judged here: case and spaces do not make it another one."""

    id: str = Field(description="By which it is taken back.")
    query: str
    paper_id: str
    title: str
    grade: int
    by: str = Field(description="A user's name.")
    at: str

    @classmethod
    def of(cls, opinion: Opinion) -> "JudgmentDocument":
        """Return a judgment as a document."""
        said = opinion.judgment
        return cls(
            id=opinion.key.id,
            query=said.query,
            paper_id=said.paper_id,
            title=opinion.title,
            grade=said.grade,
            by=opinion.by,
            at=said.at,
        )


class JudgmentsGiven(Given):
    """Two files as BEIR has them. Grades of queries that are not among the queries are left out."""

    queries: _Lines = Field(description='Lines such as {"_id": "q1", "text": "sparse attention"}.')
    qrels: _Lines = Field(description="Lines of query, paper id and grade with tabs between, or TREC's four.")


class Imported(BaseModel):
    """What came of an import."""

    judgments: int
    queries: int
    unknown_papers: int = Field(description="Lines of papers that the knowledge base does not have.")

    @classmethod
    def of(cls, brought: Brought) -> "Imported":
        """Return it as a document."""
        return cls(judgments=brought.judgments, queries=brought.queries, unknown_papers=brought.unknown)


class ExportedFile(StrEnum):
    """Which of the two files."""

    QUERIES = "queries"
    QRELS = "qrels"


def judging(access: Access, knowledge_base: str) -> Judging:
    """Return the judgments of a knowledge base as far as the caller may see them."""
    return Judging(access.services.catalog, access.caller, knowledge_base)


@router.get(
    JUDGMENTS, operation_id="listJudgments", summary="List judgments", responses=problem_responses(409)
)
def listed(
    access: Reading,
    request: Request,
    response: Response,
    knowledge_base: Key,
    limit: Limit = DEFAULT,
    after: After = None,
) -> Page[JudgmentDocument]:
    """List one's own judgments, as an owner everybody's; those of a query together."""
    start = position(after, _ORDER, str, str, str)
    key = None if start is None else JudgmentKey(*map(str, start))
    found = judging(access, knowledge_base).page(limit + 1, key)
    last = found[limit - 1].key if len(found) > limit else None
    following = cursor(_ORDER, last.query_key, last.paper_id, last.user_id) if last else None
    return page(request, response, [JudgmentDocument.of(each) for each in found[:limit]], following)


@router.put(
    JUDGMENTS,
    operation_id="putJudgment",
    summary="Judge a paper as an answer",
    responses=problem_responses(409, 413, 415),
)
def put(access: Writing, knowledge_base: Key, given: GradeGiven) -> JudgmentDocument:
    """Say whether a paper answers a query, in place of what the caller said before. A viewer may, too."""
    said = judging(access, knowledge_base).judge(given.query, given.paper_id, given.grade)
    return JudgmentDocument.of(said)


@router.delete(
    f"{JUDGMENTS}/{{judgment}}",
    status_code=204,
    operation_id="takeBackJudgment",
    summary="Take a judgment back",
    responses=problem_responses(409),
)
def delete(
    access: Writing,
    knowledge_base: Key,
    judgment: Annotated[str, Path(description="The id of a judgment.", max_length=120)],
) -> Response:
    """Take back what one said; as an owner, what anybody said."""
    judging(access, knowledge_base).take_back(judgment)
    return Response(status_code=204)


@router.get(
    f"{JUDGMENTS}/export",
    operation_id="exportJudgments",
    summary="Export judgments",
    response_class=Response,
    responses={
        200: {"content": {_QUERIES: {}, _QRELS: {}}, "description": "One of the two files"},
        **problem_responses(409),
    },
)
def export(
    access: Reading,
    knowledge_base: Key,
    wanted: Annotated[
        ExportedFile, Query(alias="file", description="Queries, or their grades.")
    ] = ExportedFile.QRELS,
) -> Response:
    """Return the queries (JSON lines) or the grades (qrels) as BEIR has them: one's own, an owner's all.

    What several people said of a paper is one grade: their mean, rounded, halves down.
    """
    return as_file(judging(access, knowledge_base), wanted)


def as_file(found: Judging, wanted: ExportedFile) -> Response:
    """Return one of the two files."""
    texts = written(agreed(found.all_of_them()))
    queries = wanted is ExportedFile.QUERIES
    name, kind = (QUERIES_FILE, _QUERIES) if queries else (QRELS_FILE, _QRELS)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Type": f"{kind}; charset=utf-8",
        "Cache-Control": "private, no-cache",
    }
    return Response((texts.queries if queries else texts.qrels).encode("utf-8", "replace"), headers=headers)


@router.post(
    f"{JUDGMENTS}/import",
    operation_id="importJudgments",
    summary="Import judgments",
    responses=problem_responses(409, 413, 415),
)
def bring(access: Writing, knowledge_base: Key, given: JudgmentsGiven) -> Imported:
    """Judge much at once, as an owner. Lines of papers that are not here are left out and counted."""
    return Imported.of(judging(access, knowledge_base).bring(read(given.queries, given.qrels)))
