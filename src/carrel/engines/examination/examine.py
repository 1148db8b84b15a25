"""The examination of an embedding server, check by check. It reads from top to bottom."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from carrel.core.engine_errors import EndpointNonsense
from carrel.core.errors import CarrelError
from carrel.core.exchange import Exchange
from carrel.core.language import tr
from carrel.engines.embedding_reply import UnusableReply
from carrel.engines.examination import card, limits, reach, reading, shape
from carrel.engines.examination.speed import Speed, best_of, measure
from carrel.engines.examination.subject import Refused, Subject
from carrel.engines.examination.verdict import Check, Status, failed, passed, skipped, warned

THROUGHPUT = "throughput"
_KEY_AT_FAULT = {401, 403, 407}

_Look = Callable[[Subject], Check]

# Name, check, and the checks without whose success it would say nothing.
_CHECKS: Sequence[tuple[str, _Look, frozenset[str]]] = (
    (shape.WIDTH, shape.width_check, frozenset()),
    (shape.NORMALISATION, shape.normalisation_check, frozenset()),
    (shape.DETERMINISM, shape.determinism_check, frozenset()),
    (shape.ORDER, shape.order_check, frozenset({shape.DETERMINISM})),
    (shape.BATCH, shape.batch_check, frozenset({shape.DETERMINISM, shape.ORDER})),
    (reading.END_TOKEN, reading.end_token_check, frozenset({shape.DETERMINISM})),
    (reading.POOLING, reading.pooling_check, frozenset({shape.DETERMINISM})),
    (reading.INSTRUCTION, reading.instruction_check, frozenset({shape.DETERMINISM})),
    (limits.LONG_TEXTS, limits.long_texts_check, frozenset({shape.DETERMINISM, reading.POOLING})),
    (limits.MANY_TEXTS, limits.many_texts_check, frozenset()),
    (limits.ENCODINGS, limits.encodings_check, frozenset({shape.DETERMINISM})),
    (limits.DIMENSIONS, limits.dimensions_check, frozenset({shape.DETERMINISM, shape.WIDTH})),
    (card.PUBLISHED, card.published_check, frozenset({shape.DETERMINISM, shape.WIDTH})),
)


@dataclass
class Examination:
    """One examination: run ``checks`` to the end, then read what else it has found."""

    subject: Subject
    unreachable: bool = False
    curve: list[Speed] = field(default_factory=list)

    @property
    def exchange(self) -> Exchange | None:
        """The first request for embeddings with its reply; where none was sent, that for the models."""
        return self.subject.exchange or self.subject.look

    def checks(self) -> Iterator[Check]:
        """Yield one check after the other; what an earlier one makes pointless is skipped with a word."""
        begun = list(self._begin())
        yield from begun
        bad = {check.name for check in begun if check.status is Status.FAIL}
        if bad:
            return
        for name, look, needs in _CHECKS:
            in_the_way = bad & needs
            if in_the_way:
                text = tr("it would say nothing while this fails: {names}")
                check = skipped(name, text.format(names=", ".join(sorted(in_the_way))))
            else:
                check = _made(name, look, self.subject)
            if check.status is Status.FAIL or (check.status is Status.SKIP and in_the_way):
                bad.add(name)
            yield check
        yield self._throughput()

    def _begin(self) -> Iterator[Check]:
        """Yield whether it is there, has the model, and answers with vectors at all."""
        subject = self.subject
        try:
            reachable, models = reach.reach(subject)
        except reach.Unreachable as error:
            self.unreachable = True
            yield error.check
            return
        if reachable.status is Status.FAIL:
            yield reachable
            return
        model = reach.choose_model(subject, models)
        if model.status is Status.FAIL:
            yield from (reachable, model)
            return
        try:
            answer = shape.answer_check(subject)
        except Refused as error:
            yield from self._not_like_this(error, reachable, model, models)
            return
        except CarrelError as error:
            yield from (reachable, model, _no_answer(error))
            return
        yield from (reachable, model, answer)

    def _not_like_this(
        self, error: Refused, reachable: Check, model: Check, models: list[dict[str, object]]
    ) -> Iterator[Check]:
        """Yield the checks of a server that has refused the first request."""
        answer = error.answer
        if answer.status in _KEY_AT_FAULT:
            yield reach.locked(self.subject, answer)
        elif answer.status == 404 and "model" not in answer.detail.lower():
            yield reach.wrong_path(self.subject, answer)
        elif "model" in answer.detail.lower() and (answer.status == 404 or model.status is Status.WARN):
            yield from (reachable, reach.unknown_model(self.subject, answer, models))
        else:
            cause = tr("the server does not embed with this model")
            advice = tr("Start it for embeddings: carrel engine {model} prints how.")
            said = failed(shape.ANSWER, answer.detail, cause, advice.format(model=self.subject.model))
            yield from (reachable, model, said)

    def _throughput(self) -> Check:
        if self.subject.plan.quick:
            return skipped(THROUGHPUT, tr("left out (--quick)"))
        self.curve = measure(self.subject, self.subject.plan.throughput_seconds)
        if not self.curve:
            return warned(THROUGHPUT, tr("the server refused or left every request unanswered"))
        best = best_of(self.curve)
        text = tr(
            "{texts} texts and {tokens} tokens a second with {batch} texts a request and {requests} requests "
            "at once (CARREL_EMBEDDER_BATCH_TEXTS={batch}, CARREL_EMBEDDER_REQUESTS={more}, an upper bound)"
        ).format(
            texts=f"{best.texts_per_second:.1f}",
            tokens=f"{best.tokens_per_second:.0f}",
            batch=best.batch,
            requests=best.requests,
            more=advised_requests(self.curve),
        )
        return passed(THROUGHPUT, text)


def advised_requests(curve: Sequence[Speed]) -> int:
    """Return the setting of requests in flight for the best rate: a bound, below which Carrel adapts.

    Where more requests were tried and were no faster there is no use in more.
    """
    best = best_of(curve)
    more_tried = any(each.batch == best.batch and each.requests > best.requests for each in curve)
    return best.requests if more_tried else 2 * best.requests


def _made(name: str, look: _Look, subject: Subject) -> Check:
    """Make a check; what the server does instead of answering is its outcome."""
    try:
        return look(subject)
    except Refused as error:
        return failed(
            name,
            error.answer.detail,
            tr("the server refuses what it must take"),
            tr("Look at the server's log."),
        )
    except UnusableReply as error:
        cause = tr("the server gave vectors before, and now something else")
        return failed(name, str(error), cause, tr("Look at the server's log."))
    except CarrelError as error:
        cause = tr("the server answered before, and now does not")
        return failed(name, error.message, cause, tr("Look at the server's log."))


def _no_answer(error: CarrelError) -> Check:
    cause = tr("the server is overloaded or still loads the model, or a proxy is between")
    if isinstance(error, EndpointNonsense):
        cause = tr("that is a web page or another program, not an OpenAI-compatible server")
    return failed(shape.ANSWER, error.message, cause, error.hint)
