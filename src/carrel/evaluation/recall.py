"""What cutting vectors costs: how many of the ten nearest are still found, size by size. Pure.

A vector is cut as an index cuts it: its first dimensions, of length 1 again. What the full vectors find is
taken as right; whether that answers the question is another matter.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from carrel.core.space import Vectors

NEAREST = 10
SIZES = (32, 64, 128, 256, 384, 512, 768, 1024, 1536, 2048)
"""Dimensions that are looked at, beside the full width."""

_BYTES_A_NUMBER = 4
_AS_NEAR = 1e-6  # in cosines: what lies no further off than that is as good a neighbour


@dataclass(frozen=True, slots=True)
class CutRecall:
    """One size: its dimensions, and which share of the nearest it still finds, 0 to 1."""

    dimensions: int
    recall: float

    @property
    def bytes_a_passage(self) -> int:
        """How many bytes its vector takes in the memory of an index."""
        return _BYTES_A_NUMBER * self.dimensions


def recall_of_cuts(
    vectors: Vectors, queries: NDArray[np.int64], nearest: int = NEAREST
) -> tuple[CutRecall, ...]:
    """Return the recall of every size below the width, and of the width itself, which is 1.

    Args:
        vectors: [n, width], rows of length 1.
        queries: [m] numbers of the rows that are asked for; a row does not find itself.
        nearest: how many are looked for; fewer where there are not so many others.

    The dot products of a size are those of the size before and of what it adds, so that all sizes together
    take about as long as the full width alone; beside the vectors, [m, n] numbers are held a few times.
    """
    count, width = vectors.shape
    wanted = min(nearest, count - 1)
    if wanted < 1 or not len(queries):
        return ()
    sizes = (*(size for size in SIZES if size < width), width)
    products = np.zeros((len(queries), count), np.float32)
    squares = np.zeros(count, np.float32)
    found: list[NDArray[np.int64]] = []
    begin = 0
    for size in sizes:
        added = vectors[:, begin:size]
        products += added[queries] @ added.T
        squares += np.einsum("nd,nd->n", added, added)
        # The query's own length changes no order. A row without length is near to nothing.
        lengths: Vectors = np.sqrt(np.maximum(squares, np.float32(1e-24)))
        cosines: Vectors = np.divide(products, lengths, dtype=np.float32)
        cosines[np.arange(len(queries)), queries] = -np.inf
        found.append(np.argpartition(-cosines, wanted - 1, axis=1)[:, :wanted])
        begin = size
    return tuple(
        CutRecall(size, _share(cosines, rows, found[-1])) for size, rows in zip(sizes, found, strict=True)
    )


def _share(cosines: Vectors, rows: NDArray[np.int64], right: NDArray[np.int64]) -> float:
    """Return which share of the rows, [m, nearest], is as near as the last of the right ones."""
    last = np.take_along_axis(cosines, right, axis=1).min(axis=1, keepdims=True)
    return float(np.mean(np.take_along_axis(cosines, rows, axis=1) >= last - _AS_NEAR))
