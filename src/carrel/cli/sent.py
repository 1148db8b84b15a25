"""What models' servers were sent, what came of reranking, and what a question was asked as besides."""

from carrel.core import counts
from carrel.core.exchange import Exchange
from carrel.core.language import tr
from carrel.core.ranking import Reranking
from carrel.core.translation import Translation


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
        text = tr("Reordered by {model}, which read {papers}.")
        if reranking.reason:
            text = tr("Reordered by {model}, which read {papers} and no more: {reason}")
        read = counts.papers(reranking.candidates)
        return text.format(model=reranking.model, papers=read, reason=reranking.reason)
    text = tr("Not reordered by {model}: {reason}")
    return text.format(model=reranking.model, reason=reranking.reason)


def translation_line(translation: Translation) -> str:
    """Return what a question was asked as besides, in one line; or that it was not, and what to do."""
    if translation.made:
        text = tr("Also asked in English: {text} ({dictionary}, {licence})")
        return text.format(
            text=translation.text, dictionary=translation.dictionary, licence=translation.licence
        )
    return tr(
        "Your question is Chinese, and the model of these papers reads only English. To have it asked in "
        "English too, with the dictionary CC-CEDICT (CC BY-SA 4.0, 4 MB): carrel models pull cc-cedict"
    )
