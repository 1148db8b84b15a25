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
_NO_PATH = {404, 405}
_OTHER_SHAPE = {404, 405, 422}
_OF_SIZE = ("batch", "token", "context", "length", "too long", "too many")


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
        seen: list[Answer] = []
        for shape in (known,) if known else SHAPES:
            answer = self._post(shape, query, documents, seconds)
            if answer.status == 200:
                reply = self._read(answer, len(documents))
                self._shape = shape
                return reply
            seen.append(answer)
            if known or not _may_be_the_shape(answer):
                break
        # Of several refusals, the one of a path that is there says most.
        answer = next((each for each in reversed(seen) if each.status not in _NO_PATH), seen[0])
        if known is None and answer.status == 422 and not _of_size(answer):
            raise self.wire.refuses(answer.detail)  # no shape fits: fewer texts would not help
        raise_refusal(self.wire, answer)
        raise answer.nonsense(answer.detail)

    def _post(self, shape: RerankShape, query: str, documents: Sequence[str], seconds: float) -> Answer:
        characters = len(query) + sum(map(len, documents))
        largest = _SLACK_BYTES + len(documents) * _BYTES_A_SCORE + characters * _BYTES_A_CHARACTER
        body = shape.body(self.model, query, documents)
        return self.wire.post(shape.url(self.wire.endpoint), body, largest=largest, seconds=seconds)

    @staticmethod
    def _read(answer: Answer, documents: int) -> RerankReply:
        try:
            return RerankReply(read_scores(answer.document, documents), answer)
        except UnusableScores as error:
            raise answer.nonsense(str(error)) from error


def _of_size(answer: Answer) -> bool:
    """Whether the server refuses because there are too many texts, or too long ones."""
    return any(sign in answer.detail.lower() for sign in _OF_SIZE)


def _may_be_the_shape(answer: Answer) -> bool:
    """Whether the server would perhaps understand another shape; not where it does not know the model."""
    if answer.status == 422 and _of_size(answer):
        return False
    return answer.status in _OTHER_SHAPE and not (answer.status == 404 and "model" in answer.detail.lower())
