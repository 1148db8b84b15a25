"""One request to ``/v1/embeddings``: what is asked, what comes back, and what went wrong otherwise."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from carrel.core.exchange import Exchange
from carrel.core.space import Vectors
from carrel.engines.embedding_reply import UnusableReply, read_vectors
from carrel.engines.wire import Answer, Wire

_BYTES_A_NUMBER = 32  # in JSON, white space of pretty printers included
_WIDEST = 8192  # dimensions, where the width is not known
_SLACK_BYTES = 64 << 10
_BUSY = {408, 424, 425, 429, 502, 503, 504, 529}
_TEXTS_AT_FAULT = {400, 413, 422}
_KEY_AT_FAULT = {401, 403, 407}
# What servers say of texts that are too long in a status that says nothing; a deadline is not a length.
_LONG = re.compile(
    r"too (?:large|long|many)|context (?:length|size|window)|batch size"
    r"|exceeds? .{0,40}(?:token|context|batch)"
)


class Busy(Exception):
    """The server asks to be left alone for ``seconds`` (0: it does not say how long)."""

    def __init__(self, detail: str, seconds: float) -> None:
        super().__init__(detail)
        self.seconds = seconds


class TextsAtFault(Exception):
    """The server takes these texts for wrong: too long, too many, or not to its liking."""


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingReply:
    """Vectors as they came, [texts, width], not normalised; and the tokens that the server counted, or 0."""

    vectors: Vectors
    tokens: int
    answer: Answer

    def exchange(self) -> Exchange:
        """Return request and reply, fit to be shown."""
        return self.answer.exchange()


class EmbeddingServer:
    """Asks one server for vectors of one model. Safe to use from several threads.

    Sends texts, never token ids, and never ``dimensions``: what servers make of these differs too much.
    """

    def __init__(self, wire: Wire, model: str, width: int = 0) -> None:
        """Take the model's name as the server knows it, and its full dimensions where they are known."""
        self.wire = wire
        self.model = model
        self.width = width
        self._encoding = "base64"  # a third of the bytes, and nothing to parse

    def ask(self, texts: Sequence[str], seconds: float | None = None) -> EmbeddingReply:
        """Ask once.

        Raises:
            Busy: it may be asked again.
            TextsAtFault: not with these texts.
            EndpointUnavailable, EndpointRefuses, EndpointNonsense: not like this.
        """
        body = {"input": list(texts), "model": self.model, "encoding_format": self._encoding}
        largest = _SLACK_BYTES + len(texts) * (self.width or _WIDEST) * _BYTES_A_NUMBER
        answer = self.wire.post("/embeddings", body, largest=largest, seconds=seconds)
        if answer.status == 200:
            return self._read(answer, len(texts))
        if self._encoding != "float" and "encoding_format" in answer.detail:
            self._encoding = "float"  # a server that knows no other
            return self.ask(texts, seconds)
        raise_refusal(self.wire, answer)
        raise answer.nonsense(answer.detail)

    def _read(self, answer: Answer, texts: int) -> EmbeddingReply:
        document = answer.document
        try:
            vectors = read_vectors(document, texts, self.width)
        except UnusableReply as error:
            raise answer.nonsense(str(error)) from error
        usage = document.get("usage") if isinstance(document, dict) else None
        tokens = usage.get("prompt_tokens", 0) if isinstance(usage, dict) else 0
        return EmbeddingReply(vectors, tokens if isinstance(tokens, int) else 0, answer)


def raise_refusal(wire: Wire, answer: Answer) -> None:
    """Raise what a status other than 200 means, if it means one of these.

    Raises:
        Busy: the server may be asked again.
        TextsAtFault: not with these texts.
        EndpointRefuses: a key, a model's name or an address is wrong.
    """
    detail = answer.detail
    lower = detail.lower()
    if answer.status in _BUSY:
        raise Busy(detail, answer.retry_after)
    if answer.status in _KEY_AT_FAULT:
        raise wire.refuses(detail, wire.endpoint.key_setting)
    if answer.status == 404:
        named = "model" in lower
        raise wire.refuses(detail, wire.endpoint.setting if named else "")
    if answer.status in _TEXTS_AT_FAULT or _LONG.search(lower):
        raise TextsAtFault(detail)
    if answer.status >= 500:
        raise Busy(detail, answer.retry_after)
