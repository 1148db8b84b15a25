"""Encoders and spaces: which vectors may be compared with which.

An encoder turns a text into a vector; everything that changes that vector is part of its
identity. A space is an encoder and a number of dimensions. Query instructions belong to neither:
they change the question, not the library.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from carrel.core.engine_errors import DimensionsImpossible
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


_FEWEST_DIMENSIONS = 32  # of what is left of a vector, where nobody says what the model was trained for


def checked_dimensions(encoder: Encoder, wanted: int, mrl_range: tuple[int, int] | None = None) -> int:
    """Return ``wanted`` dimensions as a knowledge base keeps them: 0 for the model's full width.

    Args:
        encoder: whose vectors are cut; its full width is always possible.
        wanted: 0 for the full width.
        mrl_range: fewest and most dimensions that the model was trained to be cut to, where it is known.

    Raises:
        DimensionsImpossible: the vectors cannot be cut to so many.
    """
    if wanted in (0, encoder.width):
        return 0
    least, most = mrl_range or (_FEWEST_DIMENSIONS, encoder.width)
    most = min(most, encoder.width)
    if not least <= wanted <= most:
        expected = f"{least} to {most}, or {encoder.width}" if least <= most else str(encoder.width)
        raise DimensionsImpossible(model=encoder.model, wanted=wanted, expected=expected)
    return wanted


def rounded(vectors: Vectors) -> Vectors:
    """Return vectors as they are after the cache: rounded to 16 bits, of length 1 again."""
    coarse = vectors.astype(np.float16).astype(np.float32)
    unit: Vectors = coarse / np.maximum(np.linalg.norm(coarse, axis=-1, keepdims=True), np.float32(1e-12))
    return unit


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
