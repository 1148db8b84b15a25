"""A record of a search as JSON (docs/search-record.md): written, and read back with care."""

import re
from collections.abc import Mapping, Sequence

from carrel.core.ids import KnowledgeBaseId, PaperId
from carrel.core.json_values import as_list, as_number, as_object, as_real, as_text
from carrel.core.knowledge_base import ChunkSettings
from carrel.core.ranking import Filters, Mode, Preference, Query
from carrel.core.search_record import (
    RecordedBase,
    RecordedDictionary,
    RecordedPaper,
    RecordedReranker,
    Searched,
    SearchRecord,
)

FORMAT, FORMAT_VERSION = "carrel-search-record", 1

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
_YEARS = re.compile(r"(\d{1,4})?\.\.(\d{1,4})?")


class NewerFormat(ValueError):
    """A newer Carrel wrote the record, and ours cannot read it; ``version`` is that Carrel's."""

    def __init__(self, version: str) -> None:
        super().__init__(f"written by Carrel {version}")
        self.version = version


def record_fields(record: SearchRecord, text: str) -> dict[str, Json]:
    """Return a record as a JSON object; ``text`` is the query as it was typed."""
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "carrel": record.version,
        "at": record.at,
        "query": {**query_fields(record.query), "query": text},
        "knowledge_bases": [_base_fields(base) for base in record.knowledge_bases],
        "reranker": None if record.reranker is None else _reranker_fields(record.reranker),
        **({} if record.dictionary is None else {"dictionary": _dictionary_fields(record.dictionary)}),
        "results": [_paper_fields(paper) for paper in record.papers],
    }


def query_fields(query: Query) -> dict[str, Json]:
    """Return a question as ``POST /api/v1/search`` takes it."""
    return {
        "query": query.text,
        "knowledge_bases": list(query.knowledge_bases),
        "mode": query.mode.value,
        "limit": query.limit,
        "filters": {
            "year": _years(query.filters),
            "author": list(query.filters.authors),
            "venue": list(query.filters.venues),
            "language": list(query.filters.languages),
            "tag": list(query.filters.tags),
        },
        "rerank": query.rerank,
        "instruction": query.instruction,
        "like": list(query.liked),
        "unlike": list(query.disliked),
        "translate": query.translate,
        "prefer": [each.value for each in query.prefer],
        "diverse": query.diverse,
        "literal": query.literal,
    }


def record_of(value: object) -> SearchRecord:
    """Return the record that ``record_fields`` wrote; its query's text as it was typed.

    Raises:
        NewerFormat: of a format that is newer than ours.
        ValueError: it is anything else.
    """
    values = as_object(value)
    if values.get("format") != FORMAT:
        raise ValueError(FORMAT)
    if as_number(values.get("format_version")) > FORMAT_VERSION:
        raise NewerFormat(as_text(values.get("carrel")))
    bases = tuple(_base_of(as_object(each)) for each in as_list(values.get("knowledge_bases")))
    reranker = values.get("reranker")
    return SearchRecord(
        version=as_text(values.get("carrel")),
        at=as_text(values.get("at")),
        query=_query_of(as_object(values.get("query")), tuple(base.id for base in bases)),
        knowledge_bases=bases,
        reranker=None if reranker is None else _reranker_of(as_object(reranker)),
        papers=tuple(_paper_of(as_object(each)) for each in as_list(values.get("results"))),
        dictionary=_dictionary_of(values["dictionary"]) if "dictionary" in values else None,
    )


def _base_fields(base: RecordedBase) -> dict[str, Json]:
    return {
        "id": base.id,
        "name": base.name,
        "generation": base.generation,
        "papers": base.papers,
        "passages": base.passages,
        "model": base.model,
        "revision": base.revision,
        "space": base.space,
        "dimensions": base.dimensions,
        "chunking": {
            "size": base.chunking.size,
            "overlap": base.chunking.overlap,
            "references": base.chunking.references,
        },
        "parser": base.parser,
        "searched": base.searched.value,
        "weights": dict(base.weights),
    }


def _base_of(values: dict[str, object]) -> RecordedBase:
    chunking = as_object(values.get("chunking"))
    return RecordedBase(
        id=KnowledgeBaseId(as_text(values.get("id"))),
        name=as_text(values.get("name")),
        generation=as_number(values.get("generation")),
        papers=as_number(values.get("papers")),
        passages=as_number(values.get("passages")),
        model=as_text(values.get("model")),
        revision=as_text(values.get("revision")),
        space=as_text(values.get("space")),
        dimensions=as_number(values.get("dimensions")),
        chunking=ChunkSettings(
            as_number(chunking.get("size")),
            as_number(chunking.get("overlap")),
            references=_flag(chunking.get("references")),
        ),
        parser=as_text(values.get("parser")),
        searched=Searched(as_text(values.get("searched"))),
        weights={name: as_real(weight) for name, weight in as_object(values.get("weights")).items()},
    )


def _paper_fields(paper: RecordedPaper) -> dict[str, Json]:
    return {
        "rank": paper.rank,
        "score": paper.score,
        "rerank_score": paper.rerank_score,
        "paper": {
            "id": paper.paper,
            "knowledge_base": paper.knowledge_base,
            "title": paper.title,
            "file": paper.file_name,
        },
        "passages": [{"id": passage, "score": score} for passage, score in paper.passages],
    }


def _paper_of(values: dict[str, object]) -> RecordedPaper:
    paper, reranked = as_object(values.get("paper")), values.get("rerank_score")
    passages = [as_object(each) for each in as_list(values.get("passages"))]
    return RecordedPaper(
        rank=as_number(values.get("rank")),
        paper=PaperId(as_text(paper.get("id"))),
        knowledge_base=KnowledgeBaseId(as_text(paper.get("knowledge_base"))),
        title=as_text(paper.get("title")),
        file_name=as_text(paper.get("file")),
        score=as_real(values.get("score")),
        passages=tuple((as_text(each.get("id")), as_real(each.get("score"))) for each in passages),
        rerank_score=None if reranked is None else as_real(reranked),
    )


def _query_of(values: dict[str, object], searched: tuple[KnowledgeBaseId, ...]) -> Query:
    filters = as_object(values.get("filters"))
    first, last = _years_of(as_text(filters.get("year")))
    return Query(
        text=as_text(values.get("query")),
        knowledge_bases=searched,
        mode=Mode(as_text(values.get("mode"))),
        limit=as_number(values.get("limit")),
        filters=Filters(
            first, last, *(_texts(filters.get(name)) for name in ("author", "venue", "language", "tag"))
        ),
        instruction=as_text(values.get("instruction")),
        rerank=_flag(values.get("rerank")),
        liked=tuple(map(PaperId, _texts(values.get("like")))),
        disliked=tuple(map(PaperId, _texts(values.get("unlike")))),
        translate=_flag(values.get("translate")),
        prefer=tuple(map(Preference, _texts(values.get("prefer", [])))),  # not in earlier records
        diverse=_flag(values.get("diverse", False)),
        literal=_flag(values.get("literal", False)),
    )


def _reranker_fields(used: RecordedReranker) -> dict[str, Json]:
    return {"model": used.model, "applied": used.applied, "candidates": used.candidates}


def _reranker_of(values: dict[str, object]) -> RecordedReranker:
    read = values.get("candidates")
    return RecordedReranker(
        as_text(values.get("model")), _flag(values.get("applied")), None if read is None else as_number(read)
    )


def _dictionary_fields(used: RecordedDictionary) -> Json:
    if not used.name:
        return None
    return {"name": used.name, "date": used.date, "content": used.content}


def _dictionary_of(value: object) -> RecordedDictionary:
    if value is None:
        return RecordedDictionary()
    values = as_object(value)
    return RecordedDictionary(*(as_text(values.get(name)) for name in ("name", "date", "content")))


def _years(filters: Filters) -> str:
    """Return years as people write them: ``2019..2021``, open at either end; "" for any."""
    first, last = filters.year_from, filters.year_to
    if first is None and last is None:
        return ""
    return "..".join("" if year is None else f"{year:04}" for year in (first, last))


def _years_of(text: str) -> tuple[int | None, int | None]:
    if not text:
        return None, None
    match = _YEARS.fullmatch(text)
    if match is None:
        raise ValueError("years were expected")
    first, last = match.groups()
    return int(first) if first else None, int(last) if last else None


def _texts(value: object) -> tuple[str, ...]:
    return tuple(as_text(each) for each in as_list(value))


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false was expected")  # noqa: TRY004
    return value
