"""One request for scores: the shape that the server understands, found out once, and its reply checked."""

from collections.abc import Sequence
from dataclasses import dataclass

from carrel.core.exchange import Exchange
from carrel.engines.embedding_server import raise_refusal
from carrel.engines.rerank_shapes import SHAPES, RerankShape, Scores, UnusableScores, read_scores
from carrel.engines.wire import Answer, Wire

_SLACK_BYTES = 64 << 10
_BYTES_A_SCORE = 512  # and the document, which most servers send back
_BYTES_A_CHARACTER = 12  # escaped as two surrogates
_OTHER_SHAPE = {404, 405, 422}


@dataclass(frozen=True, slots=True, eq=False)
class RerankReply:
    """Scores as they came, [documents], and the reply that they came in."""

    scores: Scores
    answer: Answer

    def exchange(self) -> Exchange:
        """Return request and reply, fit to be shown."""
        return self.answer.exchange()


class RerankServer:
    """Asks one server for scores of one model. Safe to use from several threads."""

    def __init__(self, wire: Wire, model: str) -> None:
        """Take the model's name as the server knows it."""
        self.wire = wire
        self.model = model
        self._shape: RerankShape | None = None  # once it is known

    def ask(self, query: str, documents: Sequence[str], seconds: float) -> RerankReply:
        """Ask once; the first time, in one shape after the other until the server understands.

        Raises:
            Busy: it may be asked again.
            TextsAtFault: not with these texts.
            EndpointUnavailable, EndpointRefuses, EndpointNonsense: not like this.
        """
        known = self._shape
        first: Answer | None = None
        for shape in (known,) if known else SHAPES:
            answer = self._post(shape, query, documents, seconds)
            if answer.status == 200:
                reply = self._read(shape, answer, len(documents))
                self._shape = shape
                return reply
            if known or not _may_be_the_shape(answer):
                break
            first = first or answer
        # What the first shape was answered is the best that can be said: it is the one most servers know.
        answer = first or answer
        raise_refusal(self.wire, answer)
        raise answer.nonsense(answer.detail)

    def _post(self, shape: RerankShape, query: str, documents: Sequence[str], seconds: float) -> Answer:
        characters = len(query) + sum(map(len, documents))
        largest = _SLACK_BYTES + len(documents) * _BYTES_A_SCORE + characters * _BYTES_A_CHARACTER
        body = shape.body(self.model, query, documents)
        return self.wire.post(shape.url(self.wire.endpoint), body, largest=largest, seconds=seconds)

    def _read(self, shape: RerankShape, answer: Answer, documents: int) -> RerankReply:
        try:
            return RerankReply(read_scores(answer.document, shape, documents), answer)
        except UnusableScores as error:
            raise answer.nonsense(str(error)) from error


def _may_be_the_shape(answer: Answer) -> bool:
    """Whether the server would perhaps understand another shape; not where it does not know the model."""
    return answer.status in _OTHER_SHAPE and not (answer.status == 404 and "model" in answer.detail.lower())
