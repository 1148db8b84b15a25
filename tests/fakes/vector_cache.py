"""A vector cache in memory."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from carrel.core.space import Encoder, Vectors, rounded


class InMemoryVectorCache:
    """VectorCache port over a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], NDArray[np.float16]] = {}

    def get(self, encoder: Encoder, keys: Sequence[str]) -> dict[str, Vectors]:
        found = {key: self.kept.get((encoder.id, key)) for key in keys}
        return {
            key: rounded(vector.astype(np.float32))
            for key, vector in found.items()
            if vector is not None and vector.shape == (encoder.width,)
        }

    def put(self, encoder: Encoder, vectors: Mapping[str, Vectors]) -> None:
        for key, vector in vectors.items():
            self.kept.setdefault((encoder.id, key), vector.astype(np.float16))

    def close(self) -> None:
        """Nothing is open."""
