"""The examination of a reranker: does it answer, in time, and can it tell an answer from what is none."""

from collections.abc import Sequence
from time import monotonic

from carrel.core.errors import CarrelError
from carrel.core.exchange import Exchange
from carrel.core.language import tr
from carrel.core.ports import Reranker
from carrel.engines.examination.verdict import Check, failed, passed, warned
from carrel.engines.rerank_prompts import PROBE_QUERY, PROBE_RIGHT, PROBE_WRONG

ANSWER, ORDER, TIME = "answer", "order", "time"
_CANDIDATES = 50
_PASSAGE = " ".join([PROBE_WRONG] * 40)  # about as long as a passage


def examine_reranker(reranker: Reranker, seconds: float) -> tuple[Sequence[Check], Sequence[Exchange]]:
    """Ask a reranker as a search asks it; ``seconds`` is what a search gives it.

    Returns the checks, and what was sent and replied, first to last.
    """
    try:
        said = reranker.rerank(PROBE_QUERY, [PROBE_WRONG, PROBE_RIGHT])
    except CarrelError as error:
        cause = tr("nothing is there, it is no reranker, or it is another program's address")
        return (failed(ANSWER, error.message, cause, error.hint),), ()
    wrong, right = (float(score) for score in said.scores)
    checks = [passed(ANSWER, tr("it gives a score to each text")), _order(right, wrong)]
    return (*checks, _time(reranker, seconds)), said.exchanges


def _order(right: float, wrong: float) -> Check:
    scores = {"right": f"{right:.3g}", "wrong": f"{wrong:.3g}"}
    if right > wrong:
        text = tr("it puts the answer ({right}) before what is none ({wrong})")
        return passed(ORDER, text.format(**scores))
    return failed(
        ORDER,
        tr("it puts what is no answer ({wrong}) before the answer ({right})").format(**scores),
        tr("the server does not write the prompt that the model was trained with, or it is no reranker"),
        tr("Try another value of “who writes the prompt”, and look at the server's log."),
    )


def _time(reranker: Reranker, seconds: float) -> Check:
    began = monotonic()
    try:
        reranker.rerank(PROBE_QUERY, [f"{number} {_PASSAGE}" for number in range(_CANDIDATES)])
    except CarrelError as error:
        cause = tr("the server is slow or has other things to do")
        advice = tr("Give it more time, let it look at fewer papers, or give the server a GPU.")
        return warned(TIME, error.message, cause, advice)
    took = monotonic() - began
    text = tr("it reads {count} passages in {took} s; a search waits {most} s")
    return passed(TIME, text.format(count=_CANDIDATES, took=f"{took:.1f}", most=f"{seconds:g}"))
