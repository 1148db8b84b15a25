"""all-MiniLM-L6-v2 on ONNX Runtime: the embedder that needs no server.

ONNX Runtime and the tokenizer are imported and opened when the first text comes: a command that
embeds nothing pays nothing, not even for the weights to be there.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Generic, Protocol, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from carrel.core.ports import EmbeddedQuery, TokenCounter
from carrel.core.space import Encoder, Vectors
from carrel.engines.minilm_reference import REFERENCE, TOLERANCE
from carrel.engines.weights import MINILM, TENSORS, TOKENIZER
from carrel.engines.word_pieces import WordPieces

WIDTH = 384
MAX_TOKENS = 254  # of text; with the two special tokens it reads 256
GRAPH_NAME = "encoder-v1-float32.onnx"  # another for every version of the graph: older ones are left aside

_BATCH_TOKENS = (
    512  # padding counted; 2048 leaves the processor's cache: 4 % slower for long texts, 20 % short
)
_WINDOW = 512  # texts whose tokens are held at once
_ERRORS_ONLY = 3  # ONNX Runtime's severity

T = TypeVar("T")


class GraphUnusable(Exception):
    """The graph cannot be opened, or computes something other than all-MiniLM-L6-v2."""


class _Session(Protocol):
    """The part of ``onnxruntime.InferenceSession`` used here; safe to call from several threads."""

    def run(
        self, output_names: None, input_feed: dict[str, NDArray[np.int32]]
    ) -> Sequence[NDArray[np.float32]]: ...


class MiniLm:
    """The opened model."""

    def __init__(self, graph: Path, pieces: WordPieces, threads: int) -> None:
        """Open the graph and compare a few vectors with the official ones.

        Raises:
            GraphUnusable: it cannot be opened or gives other vectors.
        """
        self._pieces = pieces
        self._session = _open_session(graph, threads)
        found = self.embed(tuple(REFERENCE))[:, :8]
        difference = float(np.abs(found - np.array(tuple(REFERENCE.values()))).max())
        if not difference <= TOLERANCE:  # also where it is not a number
            raise GraphUnusable(f"{graph} differs from the reference by {difference:.2g}")

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return [len(texts), 384], rows of length 1. Only the first 254 tokens of a text are read."""
        vectors = np.empty((len(texts), WIDTH), np.float32)
        for rows, part in self.embed_in_parts(texts):
            vectors[rows] = part
        return vectors

    def embed_in_parts(self, texts: Sequence[str]) -> Iterator[tuple[list[int], Vectors]]:
        """Yield (numbers of texts, their vectors), a batch of texts of like length at a time."""
        for start in range(0, len(texts), _WINDOW):
            window = texts[start : start + _WINDOW]
            tokens = [self._pieces.ids(text, MAX_TOKENS) for text in window]
            for batch in _batches(tokens):
                yield [start + row for row in batch], self._run([tokens[row] for row in batch])

    def _run(self, batch: Sequence[list[int]]) -> Vectors:
        longest = max(map(len, batch))
        tokens = np.zeros((len(batch), longest), np.int32)
        mask = np.zeros_like(tokens)
        for row, ids in enumerate(batch):
            tokens[row, : len(ids)] = ids
            mask[row, : len(ids)] = 1
        sums = self._session.run(None, {"tokens": tokens, "mask": mask})[0]
        unit: Vectors = sums / np.linalg.norm(sums, axis=1, keepdims=True)
        return unit


def _batches(tokens: Sequence[list[int]]) -> Iterator[list[int]]:
    """Yield rows of texts of like length, so that little is padded and memory stays bounded."""
    batch: list[int] = []
    for row in sorted(range(len(tokens)), key=lambda row: len(tokens[row])):
        # Lengths rise, so the newest text decides how long every row of its batch becomes.
        if batch and (len(batch) + 1) * len(tokens[row]) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _open_session(graph: Path, threads: int) -> _Session:
    import onnxruntime

    onnxruntime.set_default_logger_severity(_ERRORS_ONLY)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Waiting threads sleep: a server that idles should not burn a core a thread.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no base of their own
        raise GraphUnusable(f"{graph} cannot be opened: {error}") from error
    return cast(_Session, session)


class MiniLmEmbedder:
    """all-MiniLM-L6-v2 as an ``Embedder``; opened when first used.

    A text longer than ``max_tokens`` is read up to there; the rest does not count. Empty text has a
    vector too (that of the special tokens).
    """

    def __init__(self, prepare: Callable[[], Path], threads: int) -> None:
        """Take what supplies the model's folder when it is needed.

        Args:
            prepare: makes sure that weights and graph are there, and returns the graph's path; called
                again after an unusable graph was deleted.
            threads: how many ONNX Runtime uses for one call, at least 1.
        """
        self._prepare = prepare
        self._threads = threads
        self._pieces = _Once(self._open_pieces)
        self._model = _Once(self._open_model)

    @property
    def encoder(self) -> Encoder:
        """Known without the weights: they are accepted by their SHA-256 only."""
        return Encoder(
            model=MINILM.model,
            revision=f"sha256:{TENSORS.sha256} float32",
            document_template="{text}",
            pooling="mean",
            width=WIDTH,
        )

    @property
    def max_tokens(self) -> int:
        """254: the model reads 256, two of them special."""
        return MAX_TOKENS

    @property
    def languages(self) -> frozenset[str]:
        """English: of Chinese it knows single characters, and few of them."""
        return frozenset({"en"})

    @property
    def tokens(self) -> TokenCounter:
        """The model's tokenizer. Raises like ``embed_documents``."""
        return self._pieces.get()

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Return [len(texts), 384], rows of length 1, independent of one another.

        Raises:
            ModelUnavailable: the weights are not here and could not be fetched.
            ModelCorrupt: a file is not the official one.
            StorageFull: there is no room for the weights.
        """
        return self._model.get().embed(texts)

    def embed_in_parts(self, texts: Sequence[str]) -> Iterator[tuple[Sequence[int], Vectors]]:
        """Yield (numbers of texts, their vectors, [len(numbers), 384]), by batches. Raises likewise."""
        yield from self._model.get().embed_in_parts(texts)

    def embed_query(self, text: str, instruction: str = "") -> EmbeddedQuery:  # noqa: ARG002 - of the port
        """Embed a question as it is: this model reads no instructions. Raises likewise."""
        return EmbeddedQuery(self.embed_documents([text])[0])

    @property
    def parallel_calls(self) -> int:
        """1: a call takes every thread it may."""
        return 1

    def close(self) -> None:
        """Nothing is open that does not end with the process."""

    def load(self) -> None:
        """Open the model now rather than at the first text. Raises like ``embed_documents``."""
        self._model.get()

    def _open_pieces(self) -> WordPieces:
        return WordPieces(self._prepare().with_name(TOKENIZER.name))

    def _open_model(self) -> MiniLm:
        pieces = self._pieces.get()
        graph = self._prepare()
        try:
            return MiniLm(graph, pieces, self._threads)
        except GraphUnusable:
            # A damaged disk, or weights exchanged under it: build it anew from files hashed again.
            graph.unlink(missing_ok=True)
            return MiniLm(self._prepare(), pieces, self._threads)


class _Once(Generic[T]):
    """Something made when first asked for, once, even by several threads."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = Lock()
        self._made: list[T] = []

    def get(self) -> T:
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]
