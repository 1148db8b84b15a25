"""What models' servers were sent and replied, and what came of reranking, as programs and people read it."""

from carrel.core.exchange import Exchange
from carrel.core.language import tr
from carrel.core.ranking import Reranking


def exchange_lines(exchange: Exchange) -> list[str]:
    """Return a request and its reply as lines for a person."""
    took = f"HTTP {exchange.status}, {exchange.milliseconds:.0f} ms"
    lines = [f"{exchange.method} {exchange.url} ({took})", *(f"  {header}" for header in exchange.headers)]
    if exchange.sent:
        lines.append(f"  → {exchange.sent}")
    return [*lines, f"  ← {exchange.received}"]


def rerank_line(reranking: Reranking) -> str:
    """Return what came of reranking in one line."""
    if reranking.applied:
        text = tr("Reordered by {model}, which read {count} papers.")
        return text.format(model=reranking.model, count=reranking.candidates)
    text = tr("Not reordered by {model}: {reason}")
    return text.format(model=reranking.model, reason=reranking.reason)
