"""Rerank servers on this machine: real HTTP, in the shapes of those that people run."""

import re
from collections.abc import Callable, Sequence

from tests.fakes.embedding_server import (
    Asked,
    EmbeddingServerFake,
    Reply,
    error_reply,
    json_reply,
)
from tests.fakes.reranker import shared_words

MODEL = "shared-words"
Scorer = Callable[[str, Sequence[str]], Sequence[float]]
_PROMPT = re.compile(
    r"<\|im_start\|>system\nJudge [^<]*<\|im_end\|>\n<\|im_start\|>user\n"
    r"<Instruct>: (?P<instruction>[^\n]*)\n<Query>: (?P<query>.*)\n"
    r"<Document>: (?P<document>.*)<\|im_end\|>\n<\|im_start\|>assistant\n<think>\n\n</think>\n\n",
    re.DOTALL,
)


def by_words(query: str, documents: Sequence[str]) -> Sequence[float]:
    """Score as ``FakeReranker`` does."""
    return [float(score) for score in shared_words(query, documents)]


class RerankServerFake(EmbeddingServerFake):
    """Answers like vLLM and llama.cpp, ``shape`` "texts" like TEI, "score" like vLLM with only ``/v1/score``.

    ``scores`` makes numbers of a query and documents; ``script`` goes before everything, a reply a request.
    """

    def __init__(self, shape: str = "rerank", scores: Scorer = by_words) -> None:
        super().__init__()
        self.shape = shape
        self.scores = scores
        self.model = MODEL
        self.max_characters = 0  # of query and document; longer ones are refused
        self.finished: Callable[[list[dict[str, object]]], object] = self._wrapped

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every query and document that was sent to the right place."""
        return [
            (query, document)
            for asked in self.asked
            if asked.path == self._path
            for query, documents in [self._read(asked)]
            for document in documents
        ]

    def reply(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            if self.script:
                return self.script.pop(0)
        if self.key and asked.headers.get("authorization") != f"Bearer {self.key}":
            return error_reply("Incorrect API key provided", 401)
        if asked.path != self._path:
            return json_reply({"detail": "Not Found"}, 404)
        query, documents = self._read(asked)
        return self._refusal(asked, query, documents) or json_reply(
            self.finished(self._found(query, documents))
        )

    def _refusal(self, asked: Asked, query: str, documents: Sequence[str]) -> Reply | None:
        if self.shape != "texts" and asked.document.get("model") != self.model:
            return error_reply(f"The model `{asked.document.get('model')}` does not exist.", 404)
        if self.max_texts and len(documents) > self.max_texts:
            message = f"batch size {len(documents)} > maximum allowed batch size {self.max_texts}"
            return json_reply({"error": message, "error_type": "Validation"}, 422)
        longest = max(len(query) + len(document) for document in documents)
        if self.max_characters and longest > self.max_characters:
            return error_reply(f"maximum context length exceeded: {longest} tokens", 400)
        return None

    def _found(self, query: str, documents: Sequence[str]) -> list[dict[str, object]]:
        name = "relevance_score" if self.shape == "rerank" else "score"
        scores = [float(score) for score in self.scores(query, documents)]
        best_first = sorted(range(len(scores)), key=lambda index: -scores[index])
        return [{"index": index, name: scores[index]} for index in best_first]

    @property
    def _path(self) -> str:
        return {"rerank": "/v1/rerank", "texts": "/rerank", "score": "/v1/score"}[self.shape]

    def _read(self, asked: Asked) -> tuple[str, list[str]]:
        query, documents = {
            "rerank": ("query", "documents"),
            "texts": ("query", "texts"),
            "score": ("text_1", "text_2"),
        }[self.shape]
        given = asked.document.get(documents, [])
        return str(asked.document.get(query)), list(map(str, given if isinstance(given, list) else []))

    def _wrapped(self, found: list[dict[str, object]]) -> object:
        if self.shape == "texts":
            return found
        return {"model": self.model, "results" if self.shape == "rerank" else "data": found}


def qwen3_without_template(query: str, documents: Sequence[str]) -> Sequence[float]:
    """Score as vLLM does with Qwen3-Reranker: query and document joined, useless unless that is a prompt."""
    return [_judged(query + document) for document in documents]


def qwen3_with_template(query: str, documents: Sequence[str]) -> Sequence[float]:
    """Score as llama.cpp does with Qwen3-Reranker: its own prompt around whatever comes."""
    return [
        0.5 if "<|im_start|>" in query + document else by_words(query, [document])[0]
        for document in documents
    ]


def _judged(text: str) -> float:
    match = _PROMPT.fullmatch(text)
    if match is None:
        return 0.4 + len(text) % 7 / 100
    return by_words(match["query"], [match["document"]])[0]
