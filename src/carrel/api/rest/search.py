"""``POST /api/v1/search``: a question in, papers with passages out."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from carrel.api.failures import json_bytes
from carrel.api.rest.access import Access, Reading
from carrel.api.rest.documents import PLAIN, Given, Name, Text
from carrel.api.rest.knowledge_bases import PREFIX
from carrel.api.rest.paper_documents import BoxDocument, Version
from carrel.api.rest.problems import problem_document, problem_responses
from carrel.api.rest.route import RestRoute
from carrel.core.engine_errors import NoRerankerConfigured
from carrel.core.ranking import MOST_RESULTS, Filters, LeftOut, Mode, Preference, Query
from carrel.core.search_record_format import record_fields
from carrel.search import understand
from carrel.search.present import Json, facets_document, left_out_document, search_document

router = APIRouter(prefix=PREFIX, route_class=RestRoute, tags=["search"])


OneOrMore = (
    Annotated[str, Field(max_length=200), PLAIN]
    | Annotated[list[Annotated[str, Field(max_length=200), PLAIN]], Field(max_length=50)]
)


class FiltersGiven(Given):
    """What a paper must meet, all of it. Of several names or codes any one suffices."""

    year: Annotated[
        Annotated[str, Field(max_length=20), PLAIN] | int,
        Field(description="2020, 2019..2021, 2019.. or ..2021."),
    ] = ""
    author: Annotated[OneOrMore, Field(description="Words of a name.")] = ""
    venue: Annotated[
        OneOrMore, Field(description="A venue's whole name, or words that its name has; case does not count.")
    ] = ""
    language: Annotated[OneOrMore, Field(description="A code such as en or zh (ISO 639-1).")] = ""

    tag: Annotated[OneOrMore, Field(description="A label that the paper bears; case does not count.")] = ""

    def read(self) -> Filters:
        """Return them as the journey knows them. Raises as ``understand.filters``."""
        return understand.filters(
            str(self.year),
            _several(self.author),
            _several(self.venue),
            _several(self.language),
            _several(self.tag),
        )


def _several(given: str | list[str]) -> list[str]:
    return [given] if isinstance(given, str) else given


class Search(Given):
    """A question."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"query": "how does sparse attention scale?", "limit": 5}}
    )

    query: Annotated[str, Field(max_length=100_000), PLAIN] = Field(
        "",
        description='A question or words, also with "phrases", -words and fields (title:, author:, year:, '
        "venue:, doi:, tag:, lang:). May be left out where papers are liked.",
    )
    literal: bool = Field(
        False,
        description="Read no operators in the query: quotes, -words and fields are text like any other.",
    )
    knowledge_bases: list[Name] = Field(
        default_factory=list, max_length=200, description="Ids or names; all that may be read by default."
    )
    mode: Literal["hybrid", "dense", "lexical"] = "hybrid"
    limit: int = Field(10, ge=1, le=MOST_RESULTS)
    filters: FiltersGiven = FiltersGiven()
    like: list[Name] = Field(
        default_factory=list, max_length=20, description="Papers to find others like: ids, or names of files."
    )
    unlike: list[Name] = Field(
        default_factory=list, max_length=20, description="Papers of a sort that is not wanted, likewise."
    )
    prefer: list[Literal["recent", "cited"]] = Field(
        default_factory=list,
        max_length=5,
        description="Put newer papers further up, or those that others of the searched papers cite.",
    )
    diverse: bool = Field(False, description="Put papers forward that are unlike those before them.")
    rerank: bool | None = Field(None, description="By default as the server is set.")
    task: Annotated[str, Field(max_length=2000), PLAIN] = Field(
        "", description="What is searched for: a task's name or own words, where the model reads that."
    )
    instruction: Text | None = Field(None, max_length=2000, description="The same as task.")
    translate: bool = Field(
        True, description="Ask a Chinese question in English too where a model reads only English."
    )
    explain: bool = Field(False, description="Say why each paper ranks where it does.")
    facets: bool = Field(False, description="Count what the search can be narrowed down by.")
    record: bool = Field(False, description="With what it takes to ask the same again and compare.")


class FoundPaper(BaseModel):
    """A paper that answers."""

    id: str
    title: str
    authors: list[str]
    year: int | None
    venue: str
    doi: str
    file: str
    versions: list[Version]


class FoundPassage(BaseModel):
    """A passage that answers."""

    id: str
    text: str
    page: int | None
    pages: list[int]
    paragraph: int | None
    section: str
    score: float
    boxes: list[BoxDocument]


class Result(BaseModel):
    """A paper that answers, with its best passages.

    With explain also ``why``, ``quotation``, ``favours`` and ``place_before``.
    """

    model_config = ConfigDict(extra="allow")

    rank: int
    score: float
    paper: FoundPaper
    passages: list[FoundPassage]


class Took(BaseModel):
    """Milliseconds of each stage."""

    embed: float
    retrieve: float
    fuse: float
    rerank: float
    total: float


class FacetDocument(BaseModel):
    """A choice, and how many papers it leaves."""

    value: str = Field(description="As a filter takes it.")
    count: int
    name: str


class FacetsDocument(BaseModel):
    """Counts of all papers that the search considered, not only of those that it gives."""

    papers: int
    knowledge_bases: list[FacetDocument]
    years: list[FacetDocument]
    authors: list[FacetDocument]
    venues: list[FacetDocument]
    languages: list[FacetDocument]
    tags: list[FacetDocument]


class LeftOutDocument(BaseModel):
    """A knowledge base that was not searched as it was asked for, for want of its model or its index."""

    knowledge_base: str
    name: str
    searched: Literal["words", "nothing"]
    reason: str
    hint: str = Field("", description="What can be done; empty where nothing can be said.")


class ConditionDocument(BaseModel):
    """A condition that was read in the query."""

    field: str = Field(description="phrase, word, title, author, year, venue, doi, tag or language.")
    value: str
    excluded: bool = Field(description="A paper must not meet it.")
    without: str = Field(description="The query that is left without it.")


class UnderstoodDocument(BaseModel):
    """How the query was read."""

    text: str = Field(description="What was asked by meaning and by words; empty where nothing was.")
    kind: Literal["question", "keywords", "pasted", "conditions"]
    language: str = Field(description="Of the text, a code such as en or zh; empty where it cannot be told.")
    conditions: list[ConditionDocument]
    like: list[Version]
    unlike: list[Version]


class GlossDocument(BaseModel):
    """A word of the question, and what it was asked as."""

    word: str
    senses: list[str]


class TranslationDocument(BaseModel):
    """A question that was also asked in English, or would have been with a dictionary."""

    made: bool = Field(description="False where the server has no dictionary: then the rest is empty.")
    language: str = Field(description="Of the question.")
    text: str = Field(description="The question as the model read it.")
    dictionary: str
    licence: str
    glosses: list[GlossDocument]


class SearchAnswer(BaseModel):
    """The command line's document. With explain also ``explain``, with a reranker also ``rerank``."""

    model_config = ConfigDict(extra="allow")

    query: str
    mode: str
    took_ms: Took
    results: list[Result]
    understood: UnderstoodDocument
    facets: FacetsDocument | None = Field(None, description="Only where they were asked for.")
    left_out: list[LeftOutDocument] | None = Field(None, description="Only where there are any.")
    translation: TranslationDocument | None = Field(
        None,
        description="Only for a Chinese question over English papers whose model reads no Chinese.",
    )
    record: dict[str, Any] | None = Field(None, description="Only where asked for: docs/search-record.md.")


@router.post(
    "/search",
    operation_id="search",
    summary="Search",
    response_model=SearchAnswer,
    responses=problem_responses(409, 413, 415, 502),
)
async def search(access: Reading, wanted: Search) -> Response:
    """Search by meaning, by words, or both, in every knowledge base that the caller may read, or in some."""
    return await access.rest.searches.apart(access.caller, _answer, access, wanted)


def _answer(access: Access, wanted: Search) -> Response:
    settings = access.services.settings
    if wanted.rerank and not access.services.has_reranker():
        raise NoRerankerConfigured
    shelves = access.shelves
    readable = shelves.readable() if wanted.like or wanted.unlike else ()
    query = Query(
        wanted.query,
        tuple(wanted.knowledge_bases),
        Mode(wanted.mode),
        wanted.limit,
        wanted.filters.read(),
        wanted.instruction or wanted.task or settings.query_instruction,
        access.services.reranks(wanted.rerank),
        tuple(shelves.named(each, readable).id for each in wanted.like),
        tuple(shelves.named(each, readable).id for each in wanted.unlike),
        translate=wanted.translate,
        prefer=tuple(map(Preference, dict.fromkeys(wanted.prefer))),
        diverse=wanted.diverse,
        literal=wanted.literal,
    )
    result = access.rest.searches.run(query, access.caller)
    document: dict[str, Any] = search_document(result, wanted.explain)
    if result.left_out:  # without the addresses of the server's own servers
        document["left_out"] = [_left_out(each) for each in result.left_out]
    if wanted.explain and not access.caller.administrator:
        document["explain"].pop("exchanges", None)  # addresses of the server's own servers
    if wanted.record:
        document["record"] = record_fields(access.services.record(query, result, access.caller), wanted.query)
    if wanted.facets:
        counts = access.services.facets(result, wanted.knowledge_bases, access.caller)
        document["facets"] = facets_document(counts)
    return Response(json_bytes(document), media_type="application/json")


def _left_out(left_out: LeftOut) -> Json:
    if left_out.error is None:
        return left_out_document(left_out, left_out.reason, left_out.hint)
    problem = problem_document(left_out.error)
    return left_out_document(left_out, problem.detail, problem.hint)
