"""The server under examination: what is known of it so far, and asking it for raw vectors."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic, sleep

import numpy as np
from numpy.typing import NDArray

from carrel.core.exchange import Exchange
from carrel.core.space import Vectors
from carrel.engines.embedding_reply import read_vectors
from carrel.engines.examination.kinds import Kind, ServerFacts
from carrel.engines.profiles import UNKNOWN, ModelProfile
from carrel.engines.wire import Answer, Wire

_BYTES_A_NUMBER = 32  # in JSON, white space of pretty printers included
_WIDEST = 8192  # dimensions
_SLACK_BYTES = 64 << 10
_BUSY = {408, 424, 425, 429, 503, 529}
_TRIES = 6  # of a request that the server is too busy for
_WAIT, _LONGEST_WAIT = 0.3, 3.0  # seconds

Text = str | Sequence[int]
"""What is embedded: a text, or the numbers of its tokens."""


class Refused(Exception):
    """The server answers, and not with embeddings."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.detail)
        self.answer = answer


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """Vectors as they came, [texts, width]; the tokens that the server counted, or 0; seconds."""

    vectors: Vectors
    tokens: int
    seconds: float
    answer: Answer


@dataclass(frozen=True, slots=True)
class Plan:
    """How Carrel would use the server, and how thorough the examination is."""

    max_tokens: int = 0  # of a text, that Carrel sends at most; 0: what the profile says
    batch_texts: int = 32
    quick: bool = False
    profile_chosen: bool = False  # by the user, not by the model's name
    throughput_seconds: float = 30.0


@dataclass
class Subject:
    """One server and one model of it. Checks ask it and note what later ones need to know."""

    wire: Wire
    model: str
    profile: ModelProfile = UNKNOWN
    plan: Plan = Plan()
    facts: ServerFacts = field(default_factory=ServerFacts)
    width: int = 0
    most_texts: int = 32  # that one request may hold, as far as is known
    exchange: Exchange | None = None  # the first request for embeddings
    look: Exchange | None = None  # the request for the list of models

    def ask(self, texts: Sequence[Text], encoding: str = "float", **extra: object) -> Reading:
        """Ask for vectors as the server gives them, in one request; again where it is busy for the moment.

        Raises:
            Refused: it answers with another status than 200.
            UnusableReply: its vectors are missing, doubled, uneven or no numbers.
            EndpointUnavailable, EndpointRefuses, EndpointNonsense: it gives no answer.
        """
        body: dict[str, object] = {"input": list(texts), "model": self.model, "encoding_format": encoding}
        if self.facts.kind is Kind.LLAMA_CPP:
            # It would compute only what follows a prefix that it remembers, and pool only that.
            body["cache_prompt"] = False
        body |= extra
        largest = _SLACK_BYTES + len(texts) * (self.width or _WIDEST) * _BYTES_A_NUMBER
        for left in reversed(range(_TRIES)):
            began = monotonic()
            answer = self.wire.post("/embeddings", body, largest=largest)
            seconds = monotonic() - began
            if self.exchange is None:
                self.exchange = answer.exchange()
            if answer.status not in _BUSY or not left:
                break
            sleep(min(answer.retry_after or _WAIT, _LONGEST_WAIT))
        if answer.status != 200:
            raise Refused(answer)
        document = answer.document
        vectors = read_vectors(document, len(texts))
        usage = document.get("usage") if isinstance(document, dict) else None
        tokens = usage.get("prompt_tokens", 0) if isinstance(usage, dict) else 0
        return Reading(vectors, tokens if isinstance(tokens, int) else 0, seconds, answer)

    def one(self, text: Text) -> NDArray[np.float32]:
        """Return the vector of one text, asked for alone, [width], of length 1. Raises like ``ask``."""
        vector = self.ask([text]).vectors[0]
        unit: NDArray[np.float32] = vector / np.linalg.norm(vector)
        return unit

    def cosine(self, first: Text, second: Text) -> float:
        """Return how alike two texts are; each is asked for alone, the first one first."""
        return float(self.one(first) @ self.one(second))


def unit_rows(vectors: Vectors) -> NDArray[np.float64]:
    """Return the rows with length 1, in double precision: cosines near 1 are told apart."""
    rows = vectors.astype(np.float64)
    found: NDArray[np.float64] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return found
