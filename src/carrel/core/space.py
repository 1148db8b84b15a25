"""Encoders and spaces: which vectors may be compared with which.

An encoder turns a text into a vector; everything that changes that vector is part of its
identity. A space is an encoder and a number of dimensions. Query instructions belong to neither:
they change the question, not the library.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from carrel.core.ids import fingerprint

Vectors = NDArray[np.float32]
"""Embeddings, [texts, dimensions], each row of length 1."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """Everything that decides the vector of a document."""

    model: str
    revision: str  # what was loaded, e.g. the weights' SHA-256 and the number format
    document_template: str  # "{text}" where documents are sent bare
    pooling: str  # "mean", "cls" or "last"
    width: int  # full number of dimensions
    normalised: bool = True

    @property
    def id(self) -> str:
        """32 hexadecimal digits; equal for equal encoders."""
        return fingerprint(
            self.model,
            self.revision,
            self.document_template,
            self.pooling,
            str(self.width),
            str(self.normalised),
        )


@dataclass(frozen=True, slots=True)
class Space:
    """The vectors of one encoder, cut to ``dimensions``."""

    encoder: Encoder
    dimensions: int

    @property
    def id(self) -> str:
        """32 hexadecimal digits; equal for equal spaces. An index carries it and refuses others."""
        return fingerprint(self.encoder.id, str(self.dimensions))


def cut(vectors: Vectors, dimensions: int) -> Vectors:
    """Return vectors cut to their first ``dimensions``, each of length 1 again; rows or one vector.

    What is left of a vector of a model trained for it is a good vector by itself (Kusupati et al.,
    "Matryoshka Representation Learning", 2022).
    """
    if dimensions == vectors.shape[-1]:
        return vectors
    kept = vectors[..., :dimensions]
    unit: Vectors = kept / np.maximum(np.linalg.norm(kept, axis=-1, keepdims=True), np.float32(1e-12))
    return unit
