"""A server's answer to a search, read back: what ``carrel search`` prints for people is made of it."""

from carrel.core.exchange import Exchange
from carrel.core.ids import KnowledgeBaseId, PaperId, PassageId
from carrel.core.json_values import as_list, as_number, as_object, as_real, as_text
from carrel.core.metadata import Metadata
from carrel.core.paper import Passage
from carrel.core.ranking import (
    Candidate,
    Contribution,
    Favour,
    Hit,
    LeftOut,
    Mode,
    PaperRecord,
    PassageHit,
    Preference,
    Reranking,
    SearchResult,
    Signal,
    StageTimings,
)
from carrel.core.translation import Gloss, Translation
from carrel.core.understanding import Asked, Condition, Part, Understood


def result_of(document: dict[str, object]) -> SearchResult:
    """Return the result that a search document says, as far as it does: boxes and the like are left out.

    Raises:
        ValueError, KeyError: it is no such document.
    """
    took = {name: as_real(value) for name, value in as_object(document.get("took_ms")).items()}
    explained = as_object(document.get("explain") or {})
    candidates = as_object(explained.get("candidates") or {})
    return SearchResult(
        query=as_text(document.get("query")),
        mode=Mode(as_text(document.get("mode"))),
        took_ms=StageTimings(**{n: took[n] for n in ("embed", "retrieve", "fuse", "rerank", "total")}),
        hits=tuple(_hit(as_object(each)) for each in as_list(document.get("results"))),
        candidates=tuple(
            (Signal(name), tuple(_candidate(as_object(each)) for each in as_list(found)))
            for name, found in candidates.items()
        ),
        reranking=_reranking(as_object(document["rerank"])) if document.get("rerank") else None,
        exchanges=tuple(_exchange(as_object(each)) for each in as_list(explained.get("exchanges") or [])),
        left_out=tuple(_left_out(as_object(each)) for each in as_list(document.get("left_out") or [])),
        understood=_understood(as_object(document["understood"])) if document.get("understood") else None,
        liked=_records(as_object(document.get("understood") or {}), "like"),
        disliked=_records(as_object(document.get("understood") or {}), "unlike"),
        translation=_translation(as_object(document["translation"])) if document.get("translation") else None,
    )


def _understood(document: dict[str, object]) -> Understood:
    return Understood(
        source="",
        text=as_text(document.get("text")),
        asked=Asked(as_text(document.get("kind"))),
        language=as_text(document.get("language")),
        conditions=tuple(
            Condition(Part(as_text(each["field"])), as_text(each["value"]), bool(each["excluded"]), 0, 0)
            for each in map(as_object, as_list(document.get("conditions") or []))
        ),
    )


def _records(document: dict[str, object], side: str) -> tuple[PaperRecord, ...]:
    return tuple(_record(as_object(each)) for each in as_list(document.get(side) or []))


def _hit(document: dict[str, object]) -> Hit:
    paper = as_object(document.get("paper"))
    score, before = document.get("rerank_score"), document.get("place_before")
    return Hit(
        rank=as_number(document.get("rank")),
        score=as_real(document.get("score")),
        paper=_record(paper),
        passages=tuple(_passage(as_object(each), paper) for each in as_list(document.get("passages"))),
        contributions=tuple(_contribution(as_object(each)) for each in as_list(document.get("why") or [])),
        quotation=as_real(document.get("quotation") or 0.0),
        versions=tuple(_record(as_object(each)) for each in as_list(paper.get("versions") or [])),
        rerank_score=None if score is None else as_real(score),
        favours=tuple(_favour(as_object(each)) for each in as_list(document.get("favours") or [])),
        place_before=None if before is None else as_number(before),
    )


def _record(paper: dict[str, object]) -> PaperRecord:
    year = paper.get("year")
    metadata = Metadata(
        title=as_text(paper.get("title")),
        authors=tuple(as_text(each) for each in as_list(paper.get("authors") or [])),
        year=None if year is None else as_number(year),
        venue=as_text(paper.get("venue")),
        doi=as_text(paper.get("doi")),
    )
    identifier = PaperId(as_text(paper.get("id")))
    return PaperRecord(identifier, KnowledgeBaseId(""), metadata, as_text(paper.get("file")), 0)


def _passage(document: dict[str, object], paper: dict[str, object]) -> PassageHit:
    passage = Passage(
        id=PassageId(as_text(document.get("id"))),
        paper_id=PaperId(as_text(paper.get("id"))),
        ordinal=0,
        start=0,
        end=0,
        text=as_text(document.get("text")),
        section=as_text(document.get("section")),
        pages=tuple(as_number(each) for each in as_list(document.get("pages"))),
        boxes=(),
        paragraph=as_number(document.get("paragraph") or 1),
    )
    return PassageHit(passage, as_real(document.get("score")))


def _contribution(document: dict[str, object]) -> Contribution:
    rank, score = document.get("rank"), document.get("score")
    return Contribution(
        Signal(as_text(document.get("signal"))),
        None if rank is None else as_number(rank),
        None if score is None else as_real(score),
        as_real(document.get("share")),
    )


def _favour(document: dict[str, object]) -> Favour:
    value = document.get("value")
    return Favour(
        Preference(as_text(document.get("prefer"))),
        None if value is None else as_number(value),
        as_real(document.get("share")),
    )


def _candidate(document: dict[str, object]) -> Candidate:
    paper = PaperId(as_text(document.get("paper_id")))
    return Candidate(as_text(document.get("id")), paper, as_real(document.get("score")))


def _reranking(document: dict[str, object]) -> Reranking:
    return Reranking(
        as_text(document.get("model")),
        bool(document.get("applied")),
        as_number(document.get("candidates")),
        as_text(document.get("reason")),
    )


def _left_out(document: dict[str, object]) -> LeftOut:
    return LeftOut(
        KnowledgeBaseId(as_text(document.get("knowledge_base"))),
        as_text(document.get("name")),
        document.get("searched") == "words",
        as_text(document.get("reason")),
        as_text(document.get("hint")),
    )


def _translation(document: dict[str, object]) -> Translation:
    return Translation(
        as_text(document.get("language")),
        as_text(document.get("text")),
        as_text(document.get("dictionary")),
        as_text(document.get("licence")),
        tuple(_gloss(as_object(each)) for each in as_list(document.get("glosses") or [])),
    )


def _gloss(document: dict[str, object]) -> Gloss:
    senses = as_list(document.get("senses"))
    return Gloss(as_text(document.get("word")), tuple(as_text(each) for each in senses))


def _exchange(document: dict[str, object]) -> Exchange:
    return Exchange(
        method=as_text(document.get("method")),
        url=as_text(document.get("url")),
        headers=tuple(as_text(each) for each in as_list(document.get("headers"))),
        sent=as_text(document.get("sent")),
        status=as_number(document.get("status")),
        received=as_text(document.get("received")),
        milliseconds=as_real(document.get("milliseconds")),
    )
