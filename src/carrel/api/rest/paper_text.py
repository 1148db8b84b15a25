"""A paper's text as it stands on its pages: a page's words, words looked for, and the references."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from carrel.api.rest.access import Access, Reading
from carrel.api.rest.documents import PLAIN
from carrel.api.rest.knowledge_bases import PREFIX, Key
from carrel.api.rest.paper_documents import BoxDocument
from carrel.api.rest.papers import ONE, PaperKey, holdings
from carrel.api.rest.problems import problem_responses
from carrel.api.rest.route import RestRoute
from carrel.core.page_errors import PageMissing
from carrel.core.paper import Box, ParsedPaper
from carrel.library.holdings import Found
from carrel.library.page_words import LONGEST_QUERY, find_words, words_on
from carrel.library.references import Reference, linked, references_of

router = APIRouter(prefix=PREFIX, route_class=RestRoute, tags=["papers"])

MOST_PLACES = 1000


class Word(BaseModel):
    """A printed word and its box, in points on the page as displayed, origin top left."""

    text: str
    line: int = Field(description="Numbers the printed lines of the paper.")
    x0: float
    y0: float
    x1: float
    y1: float


class PageWords(BaseModel):
    """The words of a page in reading order."""

    page: int
    width: float = Field(description="In points.")
    height: float
    words: list[Word]


class PlaceDocument(BaseModel):
    """Where words stand in a paper."""

    page: int | None = Field(description="Null in a file without pages.")
    boxes: list[BoxDocument]
    before: str
    text: str
    after: str


class Places(BaseModel):
    """Where words stand in a paper, in the order of its text."""

    places: list[PlaceDocument]


class Linked(BaseModel):
    """A paper of the library that a reference is to."""

    id: str
    knowledge_base: str
    title: str


class ReferenceDocument(BaseModel):
    """An entry of a list of references."""

    number: int = Field(description="From 1, in the order of the list.")
    text: str
    page: int | None = Field(description="Null in a file without pages.")
    boxes: list[BoxDocument]
    doi: str
    arxiv_id: str
    paper: Linked | None = Field(
        description="That the caller may read; by DOI, arXiv id, or title and author."
    )

    @classmethod
    def of(cls, found: Reference) -> "ReferenceDocument":
        """Return a reference as a document."""
        record = found.paper
        paper = None
        if record is not None:
            title = record.metadata.title
            paper = Linked(id=record.id, knowledge_base=record.knowledge_base_id, title=title)
        return cls(
            number=found.number,
            text=found.text,
            page=found.page,
            boxes=_boxes(found.boxes),
            doi=found.doi,
            arxiv_id=found.arxiv_id,
            paper=paper,
        )


class References(BaseModel):
    """A paper's references, in the order of their list."""

    references: list[ReferenceDocument] = Field(
        description="Empty where no list was recognised, or the paper is not read yet."
    )


@router.get(
    f"{ONE}/pages/{{number}}/words",
    operation_id="getPageWords",
    summary="The words of a page",
    responses=problem_responses(409),
)
def page_words(
    access: Reading,
    knowledge_base: Key,
    paper: PaperKey,
    number: Annotated[int, Path(ge=1, le=100_000, description="From 1.")],
) -> PageWords:
    """Return a page's words with their boxes: to be put, transparent, over its picture, and selected."""
    found, parsed = _read(access, knowledge_base, paper)
    if parsed is None or number > len(parsed.pages):
        pages = 0 if parsed is None else len(parsed.pages)
        raise PageMissing(name=found.paper.record.file_name, page=number, pages=pages)
    size = parsed.pages[number - 1]
    words = [
        Word(text=each.text, line=each.line, x0=each.x0, y0=each.y0, x1=each.x1, y1=each.y1)
        for each in words_on(parsed, number)
    ]
    return PageWords(page=number, width=size.width, height=size.height, words=words)


@router.get(
    f"{ONE}/find",
    operation_id="findInPaper",
    summary="Find words in a paper",
    responses=problem_responses(409),
)
def find(
    access: Reading,
    knowledge_base: Key,
    paper: PaperKey,
    q: Annotated[str, Query(max_length=LONGEST_QUERY, description="Words."), PLAIN] = "",
    limit: Annotated[int, Query(ge=1, le=MOST_PLACES, description="How many at most.")] = 200,
) -> Places:
    """Say where words stand, one after the other; case, accents, hyphens and line breaks do not count."""
    _, parsed = _read(access, knowledge_base, paper)
    found = () if parsed is None else find_words(parsed, q, limit)
    return Places(
        places=[
            PlaceDocument(
                page=each.page, boxes=_boxes(each.boxes), before=each.before, text=each.text, after=each.after
            )
            for each in found
        ]
    )


@router.get(
    f"{ONE}/references",
    operation_id="listReferences",
    summary="A paper's references",
    responses=problem_responses(409),
)
def references(access: Reading, knowledge_base: Key, paper: PaperKey) -> References:
    """List a paper's references, each with the paper that it is to, where the caller may read that."""
    found, parsed = _read(access, knowledge_base, paper)
    entries = () if parsed is None else references_of(parsed)
    records = holdings(access, knowledge_base).likely_cited(entries)
    record = found.paper.record
    return References(
        references=[
            ReferenceDocument.of(each)
            for each in linked(entries, record.id, record.knowledge_base_id, records)
        ]
    )


def _read(access: Access, key: str, paper: str) -> tuple[Found, ParsedPaper | None]:
    found = holdings(access, key).one(paper)
    return found, access.services.parsed(found.knowledge_base, found.paper.record.id)


def _boxes(boxes: tuple[Box, ...]) -> list[BoxDocument]:
    return [BoxDocument(page=b.page, x0=b.x0, y0=b.y0, x1=b.x1, y1=b.y1) for b in boxes]
