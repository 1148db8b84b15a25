"""What models' servers were sent and replied, and what came of reranking, as programs and people read it."""

from carrel.cli.output import Json
from carrel.core.exchange import Exchange
from carrel.core.language import tr
from carrel.core.ranking import Reranking


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


def exchange_lines(exchange: Exchange) -> list[str]:
    """Return a request and its reply as lines for a person."""
    took = f"HTTP {exchange.status}, {exchange.milliseconds:.0f} ms"
    lines = [f"{exchange.method} {exchange.url} ({took})", *(f"  {header}" for header in exchange.headers)]
    if exchange.sent:
        lines.append(f"  → {exchange.sent}")
    return [*lines, f"  ← {exchange.received}"]


def rerank_document(reranking: Reranking) -> Json:
    """Return what came of reranking as programs read it."""
    return {
        "model": reranking.model,
        "applied": reranking.applied,
        "candidates": reranking.candidates,
        "reason": reranking.reason,
    }


def rerank_line(reranking: Reranking) -> str:
    """Return what came of reranking in one line."""
    if reranking.applied:
        text = tr("Reordered by {model}, which read {count} papers.")
        return text.format(model=reranking.model, count=reranking.candidates)
    text = tr("Not reordered by {model}: {reason}")
    return text.format(model=reranking.model, reason=reranking.reason)
