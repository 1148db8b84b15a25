"""Reads what ``/v1/embeddings`` replies: vectors as numbers or base64, by index, checked."""

import base64
import binascii
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from carrel.core.language import tr
from carrel.core.space import Vectors

_LEAST_NORM = 1e-6


class UnusableReply(Exception):
    """The reply has not a vector a text, or they are no vectors; the text says what is wrong.

    ``fault`` says it to programs: "shape", "count", "index", "encoding", "width", "numbers" or "zero".
    """

    def __init__(self, detail: str, fault: str) -> None:
        super().__init__(detail)
        self.fault = fault


def read_vectors(document: object, texts: int, width: int = 0) -> Vectors:
    """Return [texts, width] as the server gave them, row ``i`` for text ``i``, not normalised.

    Args:
        document: the reply as JSON values.
        texts: how many were sent.
        width: the dimensions that are expected; 0 where they are not known.

    Raises:
        UnusableReply: a vector is missing, doubled, of another width, not finite or zero.
    """
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, list):
        raise UnusableReply(tr("it holds no list of embeddings"), "shape")
    if len(data) != texts:
        detail = tr("{found} vectors for {texts} texts").format(found=len(data), texts=texts)
        raise UnusableReply(detail, "count")
    rows: list[NDArray[np.float32] | None] = [None] * texts
    for place, item in enumerate(data):
        if not isinstance(item, dict):
            raise UnusableReply(tr("an embedding is no object"), "shape")
        index = item.get("index", place)
        if not isinstance(index, int) or not 0 <= index < texts or rows[index] is not None:
            detail = tr("the index {index} is doubled or out of range").format(index=index)
            raise UnusableReply(detail, "index")
        rows[index] = _vector(item.get("embedding"))
    return _checked([row for row in rows if row is not None], width)


def unit(vectors: Vectors) -> Vectors:
    """Return the rows with length 1."""
    # In 64 bits: the squares of large numbers are no 32-bit numbers any more.
    exact = vectors.astype(np.float64)
    found: Vectors = (exact / np.linalg.norm(exact, axis=1, keepdims=True)).astype(np.float32)
    return found


def _vector(value: object) -> NDArray[np.float32]:
    try:
        if isinstance(value, str):
            # Little-endian on the wire, whatever this machine is.
            return np.frombuffer(base64.b64decode(value, validate=True), "<f4").astype(np.float32)
        if isinstance(value, list) and value:
            # Servers of one token-level vector a text wrap it once more.
            numbers = value[0] if len(value) == 1 and isinstance(value[0], list) else value
            return np.array(numbers, np.float64).astype(np.float32)
    except (ValueError, TypeError, OverflowError, binascii.Error) as error:
        raise UnusableReply(tr("an embedding is neither numbers nor base64"), "encoding") from error
    raise UnusableReply(tr("an embedding is neither numbers nor base64"), "encoding")


def _checked(rows: Sequence[NDArray[np.float32]], width: int) -> Vectors:
    wanted = width or len(rows[0])
    for row in rows:
        if row.ndim != 1 or len(row) != wanted:
            detail = tr("vectors of {found} dimensions, not {wanted}")
            found = len(row) if row.ndim == 1 else row.shape
            raise UnusableReply(detail.format(found=found, wanted=wanted), "width")
    vectors: Vectors = np.stack(rows)
    if not np.isfinite(vectors).all():
        detail = tr("vectors with values that are no numbers (NaN or infinite)")
        raise UnusableReply(detail, "numbers")
    if float(np.linalg.norm(vectors.astype(np.float64), axis=1).min()) < _LEAST_NORM:
        raise UnusableReply(tr("a vector of zeros"), "zero")
    return vectors
