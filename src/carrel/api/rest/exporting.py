"""``GET …/papers/export``: papers of a knowledge base for programs that keep bibliographies."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from carrel.api.rest.access import Reading
from carrel.api.rest.documents import PLAIN
from carrel.api.rest.knowledge_bases import PREFIX, Key
from carrel.api.rest.papers import PAPERS, holdings
from carrel.api.rest.problems import problem_responses
from carrel.api.rest.route import RestRoute
from carrel.core.citation_format import CitationFormat
from carrel.core.ranking import PaperRecord
from carrel.library.citation_formats import exported

router = APIRouter(prefix=PREFIX, route_class=RestRoute, tags=["papers"])

_CONTENT: dict[str, dict[str, object]] = {each.media_type: {} for each in CitationFormat}
_ALL: list[str] = []


@router.get(
    f"{PAPERS}/export",
    operation_id="exportPapers",
    summary="Export citations",
    response_class=Response,
    responses={200: {"content": _CONTENT, "description": "The papers, each once"}, **problem_responses(409)},
)
def export(
    access: Reading,
    knowledge_base: Key,
    wanted: Annotated[CitationFormat, Query(alias="format")] = CitationFormat.BIBTEX,
    paper: Annotated[
        list[Annotated[str, PLAIN]],
        Query(max_length=1000, description="Ids of papers; may be named several times. All by default."),
    ] = _ALL,
) -> Response:
    """Return searchable papers as BibTeX, RIS or CSL-JSON, as they were read and corrected, oldest first."""
    return as_file(holdings(access, knowledge_base).searchable(paper), wanted)


def as_file(papers: Sequence[PaperRecord], wanted: CitationFormat) -> Response:
    """Return papers as a file for a program that keeps bibliographies."""
    headers = {
        "Content-Disposition": f'attachment; filename="papers.{wanted.ending}"',
        "Content-Type": wanted.media_type,
        "Cache-Control": "private, no-cache",
    }
    return Response(exported(papers, wanted).encode("utf-8", "replace"), headers=headers)
