"""``/``: the search page. One field, what narrows the answer down, and one result a paper."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from carrel.api.rest.exporting import as_file
from carrel.api.rest.problems import problem_document
from carrel.core.accounts import Role
from carrel.core.citation_format import CitationFormat
from carrel.core.errors import CarrelError, UsageError
from carrel.core.knowledge_base import KnowledgeBase
from carrel.core.language import tr
from carrel.core.ranking import LeftOut, Preference, Reranking, SearchResult, StageTimings
from carrel.core.translation import Translation
from carrel.library.judging import own_grades
from carrel.web.apart import apart
from carrel.web.asking import Asked
from carrel.web.facets import FacetGroup, chosen, language_name
from carrel.web.failures import worded
from carrel.web.reader import Reader
from carrel.web.rendering import rendered
from carrel.web.results import ShownHit, shown
from carrel.web.route import Looking, PageRoute
from carrel.web.understood import Chip, understood_chips

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_MORE = 20
_FORMATS = (("bibtex", "BibTeX"), ("ris", "RIS"), ("csl-json", "CSL-JSON"))
_TOLD, _MOST_TOLD = 10, 30  # papers, and passages of a knowledge base, whose telling sentence is shown


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question found, as the page has it; or why there is nothing."""

    hits: tuple[ShownHit, ...] = ()
    took: StageTimings = field(default_factory=StageTimings)
    reranking: Reranking | None = None
    facets: tuple[FacetGroup, ...] = ()
    translation: Translation | None = None
    grades: Mapping[tuple[str, str], int] = field(default_factory=dict)  # the reader's judgments
    untold: Mapping[str, Sequence[str]] = field(default_factory=dict)  # by knowledge base: no word matches
    papers: int = 0  # that were considered
    understood: tuple[Chip, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()  # what was not searched so and why; what to do
    wrong: str = ""
    hint: str = ""
    status: int = 200


@router.get("/")
@apart
def search(reader: Looking, request: Request) -> Response:
    """Show the field; with a question, its answer. The field's own requests get the answer alone."""
    shelves = reader.bases()
    asked, answer = _answered(reader, request, [shelf for shelf, _ in shelves])
    part = request.headers.get("hx-target") == "answer"
    more = asked.address(shown=asked.shown + _MORE) if len(answer.hits) == asked.shown < 100 else ""
    return rendered(
        request,
        "search_answer.html" if part else "search.html",
        answer.status,
        asked=asked,
        answer=answer,
        shelves=[shelf for shelf, _ in shelves],
        papers=sum(shelf.papers for shelf, _ in shelves),
        may_add=any(role.includes(Role.EDITOR) for _, role in shelves) or not shelves,
        narrowed=[*answer.understood, *_narrowed(asked, [shelf for shelf, _ in shelves])],
        more=more,
        telling_query=telling_query,
        dictionary_coming=reader.access.services.dictionary.is_coming,
        formats=_FORMATS,
        has_reranker=reader.access.services.has_reranker(),
    )


def _answered(reader: Reader, request: Request, shelves: list[KnowledgeBase]) -> tuple[Asked, Answer]:
    """Return the question and its answer. An error stands in the answer's place: the field stays."""
    asked = Asked()
    try:
        asked = Asked.of(request.query_params)
        if not asked.anything:
            return asked, Answer()
        reader.rest.searches.reads(reader.access.caller, asked.q)
        result = _found(reader, asked)
    except CarrelError as error:
        document = problem_document(error)
        kept = 200 if isinstance(error, UsageError) and document.status < 500 else document.status
        wrong, hint = worded(error)
        return asked, Answer(wrong=wrong, hint=hint, status=kept)
    services = reader.access.services
    marker = services.marker(asked.q, result.translation)
    hits = shown(result, {shelf.id: shelf for shelf in shelves}, marker, asked.q)
    facets = services.facets(result, asked.kb, reader.access.caller)
    return asked, Answer(
        hits=tuple(hits),
        took=result.took_ms,
        reranking=result.reranking,
        facets=chosen(asked, facets, shelves),
        translation=result.translation,
        untold=_untold(hits) if result.understood is None or result.understood.text else {},
        grades=own_grades(services.catalog, reader.access.caller, [shelf.id for shelf in shelves], asked.q),
        papers=facets.papers,
        understood=tuple(understood_chips(asked, result)),
        left_out=tuple(map(_left_out, result.left_out)),
    )


def _left_out(left_out: LeftOut) -> tuple[str, str]:
    text = tr("{name!r} was left out: {reason}")
    if left_out.by_words:
        text = tr("{name!r} was searched by words alone: {reason}")
    reason, hint = worded(left_out.error) if left_out.error else (left_out.reason, left_out.hint)
    return text.format(name=left_out.name, reason=reason), hint


@router.get("/export")
@apart
def export(
    reader: Looking, request: Request, wanted: Annotated[CitationFormat, Query(alias="format")]
) -> Response:
    """Send the papers of an answer to a program that keeps bibliographies."""
    asked = Asked.of(request.query_params)
    result = _found(reader, asked)
    return as_file([hit.paper for hit in result.hits], wanted)


def _found(reader: Reader, asked: Asked) -> SearchResult:
    services = reader.access.services
    query = asked.query(services.settings, services.has_reranker())
    return reader.rest.searches.run(query, reader.access.caller)


def _untold(hits: Sequence[ShownHit]) -> dict[str, list[str]]:
    """Return the passages that show none of the question's words, by their knowledge base: a few."""
    found: dict[str, list[str]] = {}
    for hit in hits[:_TOLD]:
        for passage in hit.passages:
            if passage.by_meaning and hit.shelf is not None:
                found.setdefault(hit.shelf.id, []).append(passage.id)
    return {base: ids[:_MOST_TOLD] for base, ids in found.items()}


def telling_query(q: str, base: str, ids: Sequence[str]) -> str:
    """Return what to ask ``/telling`` for."""
    return urlencode([("q", q), ("kb", base), *(("passage", each) for each in ids)])


def _narrowed(asked: Asked, shelves: list[KnowledgeBase]) -> list[Chip]:
    """Return what narrows the answer down, each with the address of the question without it."""
    names = {str(shelf.id): shelf.name for shelf in shelves}
    found = [(names.get(each, each), asked.without("kb", each)) for each in asked.kb]
    for name, text in (
        ("year", asked.year.replace("..", "\N{EN DASH}")),
        ("author", asked.author),
        ("venue", asked.venue),
        ("language", language_name(asked.language)),
        ("tag", asked.tag),
    ):
        if text:
            found.append((text, asked.without(name)))
    if asked.translate:
        found.append((tr("not asked in English"), asked.without("translate")))
    for preference in asked.prefer:
        recent = preference is Preference.RECENT
        text = tr("newer papers further up") if recent else tr("cited papers further up")
        found.append((text, asked.without("prefer", preference)))
    if asked.diverse:
        found.append((tr("papers unlike one another"), asked.without("diverse")))
    if asked.mode.value != "hybrid":
        found.append(
            (
                tr("by words only") if asked.mode.value == "lexical" else tr("by meaning only"),
                asked.without("mode"),
            )
        )
    return found
