"""A vector cache in memory."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from carrel.core.space import Encoder, Vectors, rounded


class InMemoryVectorCache:
    """VectorCache port over a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], NDArray[np.float16]] = {}
        self._numbers: dict[tuple[str, str], int] = {}  # of what is there, in the order in which it came
        self._examined = self._newest = 0

    def get(self, encoder: Encoder, keys: Sequence[str]) -> dict[str, Vectors]:
        found = {key: self.kept.get((encoder.id, key)) for key in keys}
        return {
            key: rounded(vector.astype(np.float32))
            for key, vector in found.items()
            if vector is not None and vector.shape == (encoder.width,)
        }

    def put(self, encoder: Encoder, vectors: Mapping[str, Vectors]) -> None:
        for key, vector in vectors.items():
            self._keep((encoder.id, key), vector.astype(np.float16))

    def names(self, after: tuple[str, str], limit: int) -> list[tuple[str, str]]:
        return sorted(name for name in self.kept if name > after)[:limit]

    def delete(self, keys: Sequence[str]) -> bool:
        for name in [name for name in self.kept if name[1] in set(keys)]:
            del self.kept[name], self._numbers[name]
        return True

    def unexamined(self, limit: int) -> list[tuple[int, str]]:
        found = [(number, name[1]) for name, number in self._numbers.items() if number > self._examined]
        return found[:limit]

    def mark_examined(self, number: int, gone: Sequence[str]) -> bool:
        self._examined = number
        return self.delete(gone)

    def copy_out(self, names: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        return {name: self.kept[name].astype("<f2").tobytes() for name in names if name in self.kept}

    def copy_in(self, vectors: Mapping[tuple[str, str], bytes]) -> bool:
        for name, vector in vectors.items():
            self._keep(name, np.frombuffer(vector, "<f2").astype(np.float16))
        return True

    def _keep(self, name: tuple[str, str], vector: NDArray[np.float16]) -> None:
        if name not in self.kept:
            self.kept[name] = vector
            self._newest += 1
            self._numbers[name] = self._newest

    def close(self) -> None:
        """Nothing is open."""
