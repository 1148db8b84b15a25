"""Whether a GGUF file is what it is wanted for: by what it says, and by what its server then does.

A server that forgets the end token or pools another token gives vectors that look like any others and
find less; so neither is taken on trust.
"""

import http.client
import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from carrel.core.engine_errors import EngineNotStarted, GgufUnusable
from carrel.core.json_values import as_list, as_number, as_object, as_real
from carrel.core.space import Vectors
from carrel.engines.gguf_header import GgufHeader

END = "<|endoftext|>"  # what Qwen3-Embedding was trained to be read at
_ARCHITECTURE = "qwen3"
_SAME = 0.999
_OTHER = 0.99  # so alike, a text's vector does not come from its last token
_ANSWER_SECONDS = 300.0  # 150 tokens on a slow processor, behind the loading of the file
# Long, so that one token more or less hardly moves an average over all.
_TEXT = "Semantic search over papers finds the passage that answers a question, in words of its own. " * 3
_DOCUMENTS = ("Papers are found by what they mean.", "The boundary layer grows along the plate.")


class Purpose(StrEnum):
    """What a model is run for."""

    EMBEDDING = "embedding"
    RERANK = "rerank"


def check_header(path: Path, header: GgufHeader, purpose: Purpose) -> None:
    """Refuse a file that says it is something else. Raises GgufUnusable."""
    if header.architecture != _ARCHITECTURE:
        raise _unusable(path, f"its architecture is {header.architecture or 'unknown'!r}, not qwen3")
    if header.tokenizer != "gpt2":
        raise _unusable(path, f"its tokenizer is {header.tokenizer or 'missing'!r}, not Qwen3's")
    if not header.embedding_length:
        raise _unusable(path, "it does not say how many dimensions it has")
    if purpose is Purpose.EMBEDDING and header.pooling not in ("", "last"):
        raise _unusable(path, f"it is made for {header.pooling!r} pooling: no Qwen3-Embedding")
    if purpose is Purpose.RERANK and not (header.has_classifier and header.rerank_prompt):
        raise _unusable(
            path,
            "it lacks the output or the prompt of a reranker: convert Qwen3-Reranker with llama.cpp anew",
        )


def check_server(path: Path, header: GgufHeader, purpose: Purpose, address: str, api_key: str) -> str:
    """Ask the running server a few things and return what clients must write behind every text.

    Raises:
        GgufUnusable: it does not do what the model was made for.
        EngineNotStarted: it does not answer.
    """
    server = _Server(path, address, api_key)
    if purpose is Purpose.RERANK:
        _check_scores(path, server)
        return ""
    end_token = _end_token(path, server)
    tokens = server.tokens(_TEXT, special=False)
    [end] = server.tokens(END, special=False)
    written, spelled, without = server.vectors([_TEXT + end_token, [*tokens, end], tokens])
    if written.shape != (header.embedding_length,):
        raise _unusable(path, f"vectors have {len(written)} dimensions, not {header.embedding_length}")
    if not _cosine(written, spelled) >= _SAME:
        raise _unusable(path, f"a text and its tokens with {END} behind them differ")
    if not _cosine(written, without) < _OTHER:
        raise _unusable(path, "its vectors do not come from the last token")
    return end_token


def _end_token(path: Path, server: "_Server") -> str:
    """Return what must be written behind a text so that it ends with the end token, once."""
    end = server.tokens(END, special=False)
    if len(end) != 1:
        raise _unusable(path, f"its vocabulary has no {END}")
    text = server.tokens(_TEXT, special=False)
    # The first GGUF files of Qwen3-Embedding leave the end token to whoever sends a text.
    for added in ("", END):
        if server.tokens(_TEXT + added, special=True) == text + end:
            return added
    raise _unusable(path, f"its tokenizer puts something else than {END} around a text")


def _check_scores(path: Path, server: "_Server") -> None:
    scores = server.scores("What finds papers by their meaning?", _DOCUMENTS)
    if not all(0 <= score <= 1 for score in scores):
        raise _unusable(path, f"its scores are {scores}, not shares of yes and no")
    if scores[0] == scores[1]:
        raise _unusable(path, "it gives every document the same score")


class _Server:
    """The few questions that are asked of the server here."""

    def __init__(self, path: Path, address: str, api_key: str) -> None:
        self._path = path
        self._place = urlsplit(address).netloc
        self._api_key = api_key

    def tokens(self, text: str, special: bool) -> list[int]:
        """Return a text's tokens; with ``special``, those that are put around it too."""
        question: dict[str, object] = {"content": text, "add_special": special, "parse_special": True}
        answer = self._ask("/tokenize", question)
        try:
            return [as_number(token) for token in as_list(answer.get("tokens"))]
        except ValueError as error:
            raise self._nonsense("tokens", answer) from error

    def vectors(self, texts: Sequence[str | list[int]]) -> list[Vectors]:
        """Return a vector a text, or a list of tokens, each asked for alone."""
        rows: list[Vectors] = []
        for text in texts:
            question: dict[str, object] = {"input": text, "encoding_format": "float"}
            answer = self._ask("/v1/embeddings", question)
            try:
                [row] = as_list(answer.get("data"))
                values = as_list(as_object(row).get("embedding"))
                rows.append(np.array([as_real(value) for value in values], np.float32))
            except ValueError as error:
                raise self._nonsense("vector", answer) from error
        return rows

    def scores(self, query: str, documents: Sequence[str]) -> list[float]:
        """Return a score a document, in their order."""
        answer = self._ask("/v1/rerank", {"query": query, "documents": list(documents)})
        try:
            rows = [as_object(row) for row in as_list(answer.get("results"))]
            found = {as_number(row.get("index")): as_real(row.get("relevance_score")) for row in rows}
            return [found[number] for number in range(len(documents))]
        except (ValueError, KeyError) as error:
            raise self._nonsense("scores", answer) from error

    def _nonsense(self, wanted: str, answer: Mapping[str, object]) -> GgufUnusable:
        return _unusable(self._path, f"llama.cpp gives no {wanted}: {str(answer)[:200]}")

    def _ask(self, where: str, question: Mapping[str, object]) -> dict[str, object]:
        # Not through a proxy: the server is on this machine.
        connection = http.client.HTTPConnection(self._place, timeout=_ANSWER_SECONDS)
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._api_key}"}
        try:
            connection.request("POST", where, json.dumps(dict(question)), headers)
            answer = json.loads(connection.getresponse().read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            detail = f"{where} gives no answer: {error or type(error).__name__}"
            raise EngineNotStarted(path=self._path, detail=detail) from error
        finally:
            connection.close()
        return answer if isinstance(answer, dict) else {}


def _cosine(left: Vectors, right: Vectors) -> float:
    """Return the cosine; not a number where one of them is not."""
    return float(left @ right / max(float(np.linalg.norm(left) * np.linalg.norm(right)), 1e-12))


def _unusable(path: Path, detail: str) -> GgufUnusable:
    return GgufUnusable(path=path, detail=detail)
