"""A search's result as programs read it: the document of the command line and of REST alike."""

from collections.abc import Iterable, Mapping, Sequence

from carrel.core.exchange import Exchange
from carrel.core.facets import Facet, Facets
from carrel.core.ranking import Hit, LeftOut, PaperRecord, PassageHit, Reranking, SearchResult
from carrel.core.translation import Translation
from carrel.core.understanding import Understood, with_rest

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


def search_document(result: SearchResult, explain: bool) -> dict[str, Json]:
    """Return the result as programs read it, the document of DESIGN §7."""
    took = result.took_ms
    found = [_hit_document(hit, explain) for hit in result.hits]
    document: dict[str, Json] = {
        "query": result.query,
        "mode": result.mode.value,
        "took_ms": {
            "embed": round(took.embed, 3),
            "retrieve": round(took.retrieve, 3),
            "fuse": round(took.fuse, 3),
            "rerank": round(took.rerank, 3),
            "total": round(took.total, 3),
        },
        "results": list(found),
    }
    if result.understood is not None:
        document["understood"] = understood_document(result)
    if result.reranking is not None:
        document["rerank"] = rerank_document(result.reranking)
        for hit, each in zip(result.hits, found, strict=True):
            each["rerank_score"] = None if hit.rerank_score is None else round(hit.rerank_score, 6)
    if result.left_out:
        document["left_out"] = [left_out_document(each, each.reason, each.hint) for each in result.left_out]
    if result.translation is not None:
        document["translation"] = translation_document(result.translation)
    if explain:
        document["explain"] = {
            "candidates": {
                signal.value: [
                    {"id": found.point_id, "paper_id": found.paper_id, "score": round(found.score, 6)}
                    for found in candidates
                ]
                for signal, candidates in result.candidates
            },
            "exchanges": [exchange_document(exchange) for exchange in result.exchanges],
        }
    return document


def understood_document(result: SearchResult) -> Json:
    """Return how a query was read as programs read it."""
    understood = result.understood or Understood(result.query, result.query)
    return {
        "text": understood.text,
        "kind": understood.asked.value,
        "language": understood.language,
        "conditions": [
            {"field": each.part.value, "value": each.value, "excluded": each.excluded, "without": rest}
            for each, rest in with_rest(understood)
        ],
        "like": version_documents(result.liked),
        "unlike": version_documents(result.disliked),
    }


def _hit_document(hit: Hit, explain: bool) -> dict[str, Json]:
    metadata = hit.paper.metadata
    document: dict[str, Json] = {
        "rank": hit.rank,
        "score": round(hit.score, 6),
        "paper": {
            "id": hit.paper.id,
            "title": metadata.title,
            "authors": list(metadata.authors),
            "year": metadata.year,
            "venue": metadata.venue,
            "doi": metadata.doi,
            "file": hit.paper.file_name,
            "versions": version_documents(hit.versions),
        },
        "passages": [_passage_document(found) for found in hit.passages],
    }
    if explain:
        document["why"] = [
            {
                "signal": part.signal.value,
                "rank": part.rank,
                "score": None if part.score is None else round(part.score, 6),
                "share": round(part.share, 6),
            }
            for part in hit.contributions
        ]
        document["quotation"] = round(hit.quotation, 6)
        document["favours"] = [
            {"prefer": each.preference.value, "value": each.value, "share": round(each.share, 6)}
            for each in hit.favours
        ]
        document["place_before"] = hit.place_before
    return document


def _passage_document(found: PassageHit) -> dict[str, Json]:
    passage = found.passage
    return {
        "id": passage.id,
        "text": passage.text,
        "page": passage.page,
        "pages": sorted(passage.pages),
        "paragraph": passage.paragraph,
        "section": passage.section,
        "score": round(found.score, 6),
        "boxes": [
            {"page": box.page, "x0": box.x0, "y0": box.y0, "x1": box.x1, "y1": box.y1}
            for box in passage.boxes
        ],
    }


def facets_document(facets: Facets) -> dict[str, Json]:
    """Return counts to narrow a search down by as programs read them."""
    return {
        "papers": facets.papers,
        "knowledge_bases": _facet_documents(facets.knowledge_bases),
        "years": _facet_documents(facets.years),
        "authors": _facet_documents(facets.authors),
        "venues": _facet_documents(facets.venues),
        "languages": _facet_documents(facets.languages),
        "tags": _facet_documents(facets.tags),
    }


def _facet_documents(facets: Iterable[Facet]) -> list[Json]:
    return [{"value": facet.value, "count": facet.count, "name": facet.name} for facet in facets]


def version_documents(versions: Iterable[PaperRecord]) -> list[Json]:
    """Return the versions of a paper as programs read them."""
    return [
        {
            "id": record.id,
            "title": record.metadata.title,
            "year": record.metadata.year,
            "venue": record.metadata.venue,
            "doi": record.metadata.doi,
            "file": record.file_name,
        }
        for record in versions
    ]


def left_out_document(left_out: LeftOut, reason: str, hint: str) -> Json:
    """Return a knowledge base that was not searched as it was asked for as programs read it."""
    return {
        "knowledge_base": left_out.knowledge_base_id,
        "name": left_out.name,
        "searched": "words" if left_out.by_words else "nothing",
        "reason": reason,
        "hint": hint,
    }


def translation_document(translation: Translation) -> Json:
    """Return what became of a question in a language that a model does not read as programs read it."""
    return {
        "made": translation.made,
        "language": translation.language,
        "text": translation.text,
        "dictionary": translation.dictionary,
        "licence": translation.licence,
        "glosses": [{"word": gloss.word, "senses": list(gloss.senses)} for gloss in translation.glosses],
    }


def rerank_document(reranking: Reranking) -> Json:
    """Return what came of reranking as programs read it."""
    return {
        "model": reranking.model,
        "applied": reranking.applied,
        "candidates": reranking.candidates,
        "reason": reranking.reason,
    }


def exchange_document(exchange: Exchange) -> Json:
    """Return a request and its reply as programs read them."""
    return {
        "method": exchange.method,
        "url": exchange.url,
        "headers": list(exchange.headers),
        "sent": exchange.sent,
        "status": exchange.status,
        "received": exchange.received,
        "milliseconds": round(exchange.milliseconds, 3),
    }
